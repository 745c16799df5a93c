"""By which of their tags a person narrows something down, also where an address names one that they do not have."""

from typing import Any

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from tags.models import Tag


class TagFilter(forms.Form):
    """Any or all of some tags of a person."""

    tag = forms.MultipleChoiceField(label="Tags", required=False)
    match = forms.ChoiceField(label="Of several tags", required=False, choices=[("any", "Any"), ("all", "All")])

    def __init__(self, *args: Any, user: AbstractBaseUser | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_tags = list(Tag.objects.of(user).only("name", "hue"))
        field = self.fields["tag"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(tag.pk), tag.name) for tag in self.own_tags]

    @property
    def chosen_tags(self) -> list[Tag]:
        """Return the tags that the form names, also where something else in it is wrong."""
        return [tag for tag in self.own_tags if str(tag.pk) in self._named_tags]

    @property
    def gone_tags(self) -> list[str]:
        """Return what the form names that is no tag of this person: one that was deleted or merged, or is somebody else's."""
        own = {str(tag.pk) for tag in self.own_tags}
        return [value for value in dict.fromkeys(self._named_tags) if value and value not in own]

    @property
    def needs_all_tags(self) -> bool:
        return bool(self["match"].value() == "all")

    @property
    def finds_nothing(self) -> bool:
        """Return whether nothing can have the tags that the form names: it needs one that nobody can put on anything."""
        return bool(self.gone_tags) and (self.needs_all_tags or not self.chosen_tags)

    @property
    def _named_tags(self) -> list[str]:
        return list(self["tag"].value() or [])


class TagsField(forms.MultipleChoiceField):
    """Tags of an address that somebody kept, or came by: those that they do not have are told, not refused."""

    def to_python(self, value: Any) -> list[str]:
        return [tag for tag in super().to_python(value) if tag]

    def valid_value(self, _value: Any) -> bool:
        return True
