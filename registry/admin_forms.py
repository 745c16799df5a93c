"""Forms of the administration of weights."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from preferences.fields import LineField
from registry import scan, sync, viability
from registry.models import Provider, SpeechModel
from speech import weights
from speech.languages import LANGUAGES
from speech.weights import WeightsError

LEAST_MEMORY_BYTES, MOST_MEMORY_BYTES = 10**6, 10**12
"""What is beyond these was meant in another unit."""


class SpeechModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Makes or changes a row. A new one is for weights that were brought by hand."""

    class Meta:
        model = SpeechModel
        fields: ClassVar = [
            "provider",
            "key",
            "name",
            "enabled",
            "disabled_reason",
            "for_people",
            "install_path",
            "licence",
            "languages",
            "translates",
            "memory_bytes",
        ]
        field_classes: ClassVar = {"disabled_reason": LineField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "provider" in self.fields:
            provider = self.fields["provider"]
            assert isinstance(provider, forms.ModelChoiceField)
            provider.queryset = Provider.objects.filter(kind=Provider.Kind.ASR, key__in=weights.ENGINES)
        if "name" in self.fields:
            self.fields["name"].required = False

    def clean_install_path(self) -> str:
        path: str = self.cleaned_data["install_path"].strip()
        if problem := _problem_with(path):
            raise ValidationError(problem)
        if path != self.instance.install_path and _is_of_another(path, self.instance):
            raise ValidationError("Another model has its files there. Each needs a place of its own.")
        return path

    def clean_memory_bytes(self) -> int | None:
        """Return what a person knows better, or the estimate where the field was emptied."""
        memory_bytes: int | None = self.cleaned_data["memory_bytes"]
        if memory_bytes is None:
            memory_bytes = sync.estimate_of(self.instance)
        elif "memory_bytes" not in self.changed_data:
            return memory_bytes
        elif not LEAST_MEMORY_BYTES <= memory_bytes <= MOST_MEMORY_BYTES:
            raise ValidationError(
                f"Give it in bytes, from {LEAST_MEMORY_BYTES:,} (1 MB) to {MOST_MEMORY_BYTES:,} (1 TB), or leave it empty."
            )
        self.instance.memory_is_measured = False
        return memory_bytes

    def clean_languages(self) -> str:
        codes = self.cleaned_data["languages"].split()
        unknown = [code for code in codes if code not in LANGUAGES]
        if unknown:
            raise ValidationError(f"Whisper has no language “{unknown[0]}”.")
        return " ".join(dict.fromkeys(codes))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("name") and "name" in self.fields:
            cleaned["name"] = cleaned.get("key") or self.instance.key
        if self.instance.pk is None and cleaned.get("provider"):
            self.instance.store = cleaned["provider"].key
            place = SpeechModel.objects.filter(store=self.instance.store, key=cleaned.get("key"))
            if place.exists():
                self.add_error("key", "There is a model of this name already.")
        if not self.errors and self._is_elsewhere(cleaned) and (problem := _no_model(self.instance, cleaned)):
            self.add_error("install_path", problem)
        return cleaned

    def _is_elsewhere(self, cleaned: dict[str, Any]) -> bool:
        """Return whether a row is new, or its weights lie where they did not."""
        path = cleaned.get("install_path", "")
        return self.instance.pk is None or (bool(path) and path != self.initial.get("install_path"))


def _problem_with(path: str) -> str:
    """Return why a path cannot be where weights lie, as a sentence; empty where it can."""
    if not path:
        return ""
    try:
        place = weights.resolve(settings.WEIGHTS_DIR, path)
        return "" if place.exists() else f"Nothing lies at {place}."
    except ValueError:
        return "Give an absolute path, or one inside the weights folder."
    except OSError as err:
        return f"This path cannot be looked at: {err.strerror or err}."


def _no_model(row: SpeechModel, cleaned: dict[str, Any]) -> str:
    """Return why what lies there is no model, with what was expected; empty where it may be one."""
    key, path = row.key or cleaned["key"], cleaned["install_path"]
    try:
        weights.look(settings.WEIGHTS_DIR, engine=row.store, model=key, path=path)
    except WeightsError as err:
        return err.message
    return ""


def _is_of_another(path: str, model: SpeechModel) -> bool:
    """Return whether a path that exists is, or lies in, the place of another row: to remove one would empty the other."""
    if not path:
        return False
    place = weights.resolve(settings.WEIGHTS_DIR, path).resolve()
    return any(place.is_relative_to(other) for other in scan.places_of_others(model))


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """Makes or changes a row. A new one is for an engine or diarizer that is not part of Selenite."""

    class Meta:
        model = Provider
        fields: ClassVar = [
            "key",
            "kind",
            "name",
            "module",
            "enabled",
            "disabled_reason",
            "for_people",
            "notes",
            "position",
        ]
        field_classes: ClassVar = {"disabled_reason": LineField}

    def clean_module(self) -> str:
        module: str = self.cleaned_data["module"].strip()
        if module and not all(part.isidentifier() for part in module.split(".")):
            raise ValidationError("Give the dotted path of a Python module, such as “our_engines.fast”.")
        if not module and (self.cleaned_data.get("key") or self.instance.key) not in viability.LIBRARIES:
            raise ValidationError("Say in which module it is: it is not part of Selenite.")
        return module


class ReasonForm(forms.Form):
    """Why something is disabled."""

    reason = LineField(
        max_length=200,
        required=False,
        help_text="Shown wherever it is offered no more, such as “too slow on this machine”.",
    )
