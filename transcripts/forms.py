"""What people send."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile

from preferences.models import Settings
from registry.resolver import Availability, available
from speech.languages import LANGUAGES
from transcripts.models import Task
from transcripts.services.accept import PROMPT_LIMIT, JobRequest

MOST_ROWS = 200
"""How many rows a page may ask after at once; a page of the list has fewer."""


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """One or more files. What is wrong with one of them is for `accept_upload` to say, so that the others go on."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = data if isinstance(data, list) else [data] * (data is not None)
        if not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return files


class SelectAvailable(forms.Select):
    """A select in which some choices cannot be chosen."""

    disabled: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.disabled:
            option["attrs"]["disabled"] = True
        return option


class UploadForm(forms.Form):
    """Files and how to transcribe them. Needs only the files."""

    recordings = ManyFiles(
        label="Recordings",
        widget=ManyFilesInput(attrs={"accept": "audio/*,video/*"}),
        error_messages={"required": "Choose at least one audio or video file."},
    )
    language = forms.ChoiceField(
        label="Language spoken",
        required=False,
        choices=[("", "Detect"), *sorted(LANGUAGES.items(), key=lambda item: item[1])],
    )
    model = forms.ChoiceField(label="Model", required=False, widget=SelectAvailable)
    translate = forms.BooleanField(label="Translate into English", required=False)
    prompt = forms.CharField(
        label="Names and words to expect",
        required=False,
        max_length=PROMPT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Names, places and technical words as they are written. It helps to spell them right.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["model"]
        assert isinstance(field, forms.ChoiceField)
        assert isinstance(field.widget, SelectAvailable)
        models = available()
        ready = [model for model in models if model.available]
        others = [model for model in models if not model.available]
        field.choices = [("", "Automatic"), *((_value(model), f"{model.model} ({model.engine})") for model in ready)]
        if others:
            field.choices += [("Cannot run here now", [(_value(model), model.reason.rstrip(".")) for model in others])]
        field.widget.disabled = frozenset(_value(model) for model in others)
        self.can_start = bool(ready)

    def clean_model(self) -> str:
        value: str = self.cleaned_data["model"]
        widget = self.fields["model"].widget
        assert isinstance(widget, SelectAvailable)
        if value in widget.disabled:
            raise forms.ValidationError("This model cannot run here now. Choose another one.")
        return value

    def job_request(self) -> JobRequest:
        """Return what the person asks for, of a valid form."""
        engine, _, model = self.cleaned_data["model"].partition("/")
        return JobRequest(
            engine=engine,
            model=model,
            language=self.cleaned_data["language"],
            task=(Task.TRANSLATE if self.cleaned_data["translate"] else Task.TRANSCRIBE).value,
            prompt=self.cleaned_data["prompt"],
        )


def _value(model: Availability) -> str:
    return f"{model.engine}/{model.model}"


class JobIds(forms.Field):
    """The ids of the jobs whose rows a page watches."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[UUID]:
        field = forms.UUIDField()
        return [field.clean(text) for text in (value or [])[:MOST_ROWS]]


class RowsForm(forms.Form):
    job = JobIds(required=False)


class LiveForm(forms.Form):
    """What a recording page shows already: where its last paragraph starts, its last segment, and the job's standing."""

    paragraph = forms.RegexField(r"^\d{1,9}-\d{1,9}$", required=False)
    after = forms.RegexField(r"^\d{1,9}-\d{1,9}$", required=False)
    version = forms.CharField(required=False, max_length=50)


class ConcurrencyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Settings
        fields = ("concurrency",)
        labels = {"concurrency": "Jobs at once"}
        help_texts = {
            "concurrency": "On all machines together, from 1 to 64. The cores of a machine are shared out among its jobs."
        }
