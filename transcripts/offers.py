"""Lists to choose from, with what cannot be chosen here now and why."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from django import forms

from registry.diarizers import PURPOSES, DiarizerAvailability
from registry.resolver import Availability

AUTOMATIC = ("", "Automatic")
OTHERS = "Cannot be chosen now"

Choices = list[tuple[str, Any]]


class Offers(forms.Select):
    """Shows what cannot be chosen too, but lets nobody choose it. `closed` are the values of those."""

    closed: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.closed:
            option["attrs"]["disabled"] = True
        return option


def offer(form: forms.Form, name: str, choices: Choices, *, closed: frozenset[str]) -> None:
    """Give a field its choices, of which some cannot be chosen: such a one is not chosen at first either."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    assert isinstance(field.widget, Offers)
    field.choices = [AUTOMATIC, *choices]
    field.widget.closed = closed
    first = form.get_initial_for_field(field, name) or ""
    if first in closed or not field.valid_value(first):
        form.initial = {**form.initial, name: ""}


def model_choices(models: Sequence[Availability]) -> Choices:
    """Return the models with what each is for, by engine where there is more than one; then the others by what is in their way."""
    engines = {
        engine: [(name_of(model), _label(model)) for model in found]
        for engine, found in groupby((model for model in models if model.available), key=attrgetter("engine"))
    }
    there = list(engines.items()) if len(engines) > 1 else [choice for found in engines.values() for choice in found]
    closed = defaultdict[str, list[tuple[str, str]]](list)
    for model in models:
        if not model.available:
            closed[_hindrance(model)].append((name_of(model), _closed_label(model)))
    return [*there, *closed.items()]


def name_of(model: Availability) -> str:
    return f"{model.engine}/{model.model}"


def diarizer_choices(diarizers: Sequence[DiarizerAvailability]) -> Choices:
    return [(found.diarizer, _diarizer_label(found.diarizer, found.reason)) for found in diarizers]


def _label(model: Availability) -> str:
    return f"{model.model}: {model.purpose}" if model.purpose else model.model


def _hindrance(model: Availability) -> str:
    """Return what is in the way of this model and of others: most are merely not installed."""
    if model.is_merely_absent:
        return f"Not installed for {model.engine}"
    return OTHERS if _is_its_own(model) else model.reason.rstrip(".")


def _is_its_own(model: Availability) -> bool:
    return f"odel {model.model} " in model.reason


def _closed_label(model: Availability) -> str:
    if _hindrance(model) != OTHERS:
        return model.model
    return f"{model.model} with {model.engine}: {model.reason.rstrip('.')}"


def _diarizer_label(name: str, reason: str) -> str:
    reason = reason.rstrip(".")
    if not reason:
        return f"{name} ({PURPOSES[name]})" if name in PURPOSES else name
    return reason if reason.startswith(name) else f"{name}: {reason[0].lower()}{reason[1:]}"
