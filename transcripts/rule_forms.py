"""What people send to make a replacement rule."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from transcripts.models import Rule
from transcripts.rules import clean

MOST_RULES = 1000
"""So many a person can have, and the installation: all of them are looked for in each text at once."""

NOTHING = "This would change nothing."
TWICE = "There is a rule for this already. Change that one."
TOO_MANY = f"There are {MOST_RULES} rules, which is as many as there can be. Delete some first."


class AnyRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule of anybody, as administrators see it."""

    class Meta:
        model = Rule
        fields = ["owner", "find", "replacement", "whole_words", "match_case"]
        error_messages = {"find": {"required": "Write what is to be replaced."}}

    def clean_find(self) -> str:
        found = clean(self.cleaned_data["find"])
        if not found:
            raise forms.ValidationError(str(self.fields["find"].error_messages["required"]))
        return found

    def clean_replacement(self) -> str:
        return clean(self.cleaned_data["replacement"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "find" not in data or "replacement" not in data:
            return data
        if data["find"] == data["replacement"]:
            self.add_error("replacement", NOTHING)
        others = Rule.objects.filter(owner=self.owner).exclude(pk=self.instance.pk)
        if others.filter(find__iexact=data["find"], match_case=data.get("match_case", False)).exists():
            self.add_error("find", TWICE)
        elif self._is_new_there and others.count() >= MOST_RULES:
            self.add_error(None, TOO_MANY)
        return data

    @property
    def owner(self) -> User | None:
        """Return whose rule it is to be, None for the installation's."""
        owner: User | None = self.cleaned_data.get("owner")
        return owner

    @property
    def _is_new_there(self) -> bool:
        """Return whether whose rule it is to be does not have it yet."""
        owner = self.owner
        return self.instance.pk is None or self.instance.owner_id != (None if owner is None else owner.pk)


class RuleForm(AnyRuleForm):
    """A rule of one's own; for staff, of the installation where they say so."""

    for_all = forms.BooleanField(label="For everybody here", required=False)

    class Meta(AnyRuleForm.Meta):
        fields = ["find", "replacement", "whole_words", "match_case"]

    def __init__(self, *args: Any, author: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.author = author
        self.fields["for_all"].initial = self.instance.pk is not None and self.instance.owner_id is None
        for name in ("find", "replacement"):
            self.fields[name].widget.attrs |= {"autocomplete": "off", "dir": "auto"}
        if not author.is_staff:
            del self.fields["for_all"]

    @property
    def owner(self) -> User | None:
        """Return whose rule it is to be. A rule that staff makes for all is nobody's."""
        return None if self.author.is_staff and self.cleaned_data.get("for_all") else self.author

    def save(self, commit: bool = True) -> Any:
        self.instance.owner = self.owner
        return super().save(commit)

    def save_once(self) -> Rule | None:
        """Save the rule, or return None, with the error in the form, where another request made one for the same just now."""
        try:
            with transaction.atomic():
                rule: Rule = self.save()
        except IntegrityError:
            self.add_error("find", TWICE)
            return None
        return rule
