"""What people fill in about tags. Which languages and models there are to choose from is for the caller to say."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.db import IntegrityError, transaction

from tags.models import Tag
from tags.names import LONGEST_NAME, BadName, clean_name, key_of, split_names

Choices = list[Any]
COLOURS = ("Blue", "Orange", "Green", "Pink", "Ochre", "Turquoise", "Red", "Violet")
TAKEN = "You have a tag “{}” already. To make one of the two, merge them."


class Names(forms.CharField):
    """One or more names of tags, with commas between them."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        own = {
            "list": "own-tags",
            "autocomplete": "off",
            "spellcheck": "false",
            "dir": "auto",
            "maxlength": 1000,
            "placeholder": "Add a tag",
        }
        return super().widget_attrs(widget) | own

    def clean(self, value: Any) -> list[str]:
        try:
            names = split_names(super().clean(value))
        except BadName as err:
            raise forms.ValidationError(str(err)) from err
        if self.required and not names:
            raise forms.ValidationError(self.error_messages["required"])
        return names


class Speakers(forms.NullBooleanSelect):
    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.choices = [("unknown", "As usual"), ("true", "Identify them"), ("false", "Leave them out")]


class NamesForm(forms.Form):
    """Tags to put on something."""

    names = Names(label="Add tags", error_messages={"required": "Type the name of a tag."})


class TagForm(forms.ModelForm):  # type: ignore[type-arg]
    """A tag with what it carries. A model that it carries and that cannot run now stays among the choices."""

    hue = forms.TypedChoiceField(
        label="Colour", coerce=int, widget=forms.RadioSelect, choices=list(enumerate(COLOURS, start=1))
    )
    language = forms.ChoiceField(label="Language spoken", required=False)
    model = forms.ChoiceField(label="Model", required=False)
    diarize = forms.NullBooleanField(label="Speakers", widget=Speakers)

    class Meta:
        model = Tag
        fields = ("name", "hue", "language", "model", "diarize", "vocabulary")
        labels = {"vocabulary": "Names and words to expect"}
        help_texts = {"vocabulary": "Names, places and rare words, spelled as you want to read them."}
        widgets = {
            "name": forms.TextInput(attrs={"maxlength": LONGEST_NAME, "autocomplete": "off", "dir": "auto"}),
            "vocabulary": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, languages: Choices, models: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("language", languages)
        self._offer("model", models)

    def _offer(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        kept = getattr(self.instance, name)
        known = [("", "As usual"), *choices]
        field.choices = known if kept in _values(known) else [*known, (kept, f"{kept} (cannot run now)")]

    def clean_name(self) -> str:
        try:
            name = clean_name(self.cleaned_data["name"])
        except BadName as err:
            raise forms.ValidationError(str(err)) from err
        others = Tag.objects.filter(owner=self.instance.owner_id, key=key_of(name)).exclude(pk=self.instance.pk)
        if other := others.first():
            raise forms.ValidationError(TAKEN.format(other.name))
        return name

    def save_once(self) -> bool:
        """Save the tag; return False, with the error in the form, where another request took its name just now."""
        try:
            with transaction.atomic():
                self.save()
        except IntegrityError:
            self.add_error("name", TAKEN.format(self.cleaned_data["name"]))
            return False
        return True


class MergeForm(forms.Form):
    """Which tag takes the place of another one."""

    into = forms.ModelChoiceField(
        label="Merge into",
        queryset=Tag.objects.none(),
        error_messages={"required": "Choose a tag.", "invalid_choice": "This tag is not there any more."},
    )

    def __init__(self, *args: Any, tag: Tag, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["into"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Tag.objects.filter(owner=tag.owner_id).exclude(pk=tag.pk)


def _values(choices: Choices) -> Collection[str]:
    """Return the values of choices, of which some may stand in groups."""
    groups = [label if isinstance(label, list | tuple) else [(value, label)] for value, label in choices]
    return {value for group in groups for value, _ in group}
