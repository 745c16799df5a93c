"""Fields and widgets of the settings' forms."""

from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.db import models
from django.forms import BoundField, Widget

from preferences.choices import Choice, offered

JOINERS = "\u200c\u200d"
"""Invisible, and part of words in some languages and of some emoji."""


def bounds(column: "models.Field[Any, Any]") -> dict[str, Any]:
    """Return the least number of a column, so that all below it are refused with the same sentence, those below 0 too."""
    least = [check.limit_value for check in column.validators if isinstance(check, MinValueValidator)]
    return {"min_value": max(least)} if least else {}


def bounded(column: "models.Field[Any, Any]", **kwargs: Any) -> forms.Field | None:
    """Return the field of a form for a column, within its bounds."""
    return column.formfield(**kwargs, **bounds(column))


class LineField(forms.CharField):
    """Words that stand among others: without what turns the rest of a line round or cannot be seen."""

    def to_python(self, value: Any) -> str:
        words = " ".join(str(super().to_python(value) or "").split())
        shown = "".join(letter for letter in words if letter.isprintable() or letter in JOINERS)
        return " ".join(shown.split()).strip(f"{JOINERS} ")


class GuidedField(BoundField):
    """A field that has the focus when it is the first of its form that is wrong."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Widget | None = None) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        wrong = [field.name for field in self.form if field.errors]
        return attrs | {"autofocus": self.name == wrong[0]} if wrong else attrs


class Offers(forms.Select):
    """Shows what cannot be had now too, with the reason, but lets nobody choose it anew."""

    unavailable: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, label: Any, selected: bool, *args: Any, **kwargs: Any) -> Any:
        option = super().create_option(name, value, label, selected, *args, **kwargs)
        if str(value) in self.unavailable and not selected:
            option["attrs"]["disabled"] = True
        return option


class OfferField(forms.ChoiceField):
    """A choice among what another app offers. What is set already may stay, also where it cannot be had any more."""

    widget = Offers

    def offer(self, what: str, *before: tuple[str, str], current: str, by_staff: bool = True) -> None:
        """Fill in the choices: those `before`, then what is offered."""
        found = offered(what, by_staff=by_staff)
        values = {value for value, _label in before} | {choice.value for choice in found}
        gone = [] if current in values else [(current, f"{current} (not known any more)")]
        self.choices = [*before, *_listed(found), *gone]
        self._closed = {choice.value: choice.refusal for choice in found if choice.reason and choice.value != current}
        assert isinstance(self.widget, Offers)
        self.widget.unavailable = frozenset(self._closed)

    def validate(self, value: str) -> None:
        super().validate(value)
        if refusal := self._closed.get(value):
            raise forms.ValidationError(refusal)


def _listed(found: list[Choice]) -> list[tuple[str, Any]]:
    """Return the choices as a list shows them: what stands under a group comes last."""
    groups = dict.fromkeys(choice.group for choice in found if choice.group)
    free = [(choice.value, _label(choice)) for choice in found if not choice.group]
    return [
        *free,
        *((group, [(choice.value, choice.label) for choice in found if choice.group == group]) for group in groups),
    ]


def _label(choice: Choice) -> str:
    if not choice.reason:
        return choice.label
    reason = choice.reason.rstrip(".")
    return f"{choice.label}: {reason[0].lower()}{reason[1:]}"
