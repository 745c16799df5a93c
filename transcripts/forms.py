"""What people send."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile

from preferences.models import Settings
from registry.diarizers import diarizers
from registry.resolver import Availability, Choice, NothingRunnable, available, hindrance, limit, resolve
from speech.languages import LANGUAGES
from speech.weights import known
from transcripts.models import Job, Task
from transcripts.services.accept import PROMPT_LIMIT, JobRequest
from transcripts.services.restart import count_of
from transcripts.speaker_forms import SpeakersForm, as_chosen

MOST_ROWS = 200
"""How many rows a page may ask after at once; a page of the list has fewer."""
NEWEST = 2**63 - 1
"""The highest id that a database can give."""


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


class OptionsForm(SpeakersForm):
    """How to transcribe. Each may be left as it is. Only models that can run now are offered."""

    language = forms.ChoiceField(
        label="Language spoken",
        required=False,
        choices=[("", "Detect"), *sorted(LANGUAGES.items(), key=lambda item: item[1])],
    )
    model = forms.ChoiceField(
        label="Model",
        required=False,
        error_messages={"invalid_choice": "This model cannot run here now. Choose another one."},
    )
    translate = forms.BooleanField(label="Translate into English", required=False)
    prompt = forms.CharField(
        label="Names and words to expect",
        required=False,
        max_length=PROMPT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Names, places and rare words, spelled as you want to read them.",
    )
    diarize = forms.BooleanField(label="Identify speakers", required=False)
    by_channel = forms.BooleanField(
        label="One speaker per channel",
        required=False,
        help_text="For stereo recordings with one person on each side, such as phone calls.",
    )
    waits_because = ""
    """Why nothing at all can run now, with what to do; empty where something can."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["diarize"].initial = Settings.load().identify_speakers
        models = [model for model in available() if model.available]
        field = self.fields["model"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Automatic"), *_choices(models)]
        try:
            choice = resolve(language=self["language"].value() or "", task=_task(self["translate"].value()))
            field.help_text = _automatic(choice)
        except NothingRunnable as err:
            field.help_text = f"With “Automatic” this waits for another model. {err}" if models else ""
            self.waits_because = "" if models else str(err)
        # Not by self["model"], which would keep the explanation of “Automatic”.
        if chosen := self.data.get("model") if self.is_bound else self.initial.get("model"):
            field.help_text = _chosen(str(chosen))

    def clean(self) -> None:
        """Refuse a model for what it cannot do: a worker would have to take another one."""
        engine, _, model = self.cleaned_data.get("model", "").partition("/")
        language, task = self.cleaned_data.get("language", ""), _task(self.cleaned_data.get("translate"))
        reason = model and hindrance(engine=engine, model=model, language=language, task=task)
        if reason:
            self.add_error("model", f"{reason} Choose another one.")

    def job_request(self) -> JobRequest:
        """Return what the person asks for, of a valid form."""
        engine, _, model = self.cleaned_data["model"].partition("/")
        return JobRequest(
            engine=engine,
            model=model,
            language=self.cleaned_data["language"],
            task=_task(self.cleaned_data["translate"]),
            prompt=self.cleaned_data["prompt"],
            diarize=self._is_diarized,
            diarizer=self.cleaned_data["diarizer"],
            speakers=self.count(),
            by_channel=self._is_diarized and self.cleaned_data["by_channel"],
        )

    @property
    def _is_diarized(self) -> bool:
        """Return whether speakers are to be identified: as it is set up here, where a script names none of the options."""
        is_chosen = "speakers" in self.data  # A box that is not ticked is not sent, but this is.
        return bool(self.cleaned_data["diarize"] if is_chosen else self.fields["diarize"].initial)


class UploadForm(OptionsForm):
    """Files and how to transcribe them. Needs only the files."""

    field_order = ["recordings"]
    recordings = ManyFiles(
        label="Recordings",
        widget=ManyFilesInput(attrs={"accept": "audio/*,video/*"}),
        error_messages={"required": "Choose at least one audio or video file."},
    )
    person = forms.IntegerField(required=False, widget=forms.HiddenInput)
    """For whom the page was made that a script sends from: somebody else may have signed in since."""


def _task(translate: object) -> str:
    return (Task.TRANSLATE if translate else Task.TRANSCRIBE).value


def _choices(models: Sequence[Availability]) -> list[tuple[str, Any]]:
    """Return the models with what each is for; by engine where there is more than one."""
    engines = {
        engine: [(f"{engine}/{model.model}", _label(model)) for model in found]
        for engine, found in groupby(models, key=attrgetter("engine"))
    }
    return list(engines.items()) if len(engines) > 1 else [choice for found in engines.values() for choice in found]


def _label(model: Availability) -> str:
    return f"{model.model}: {model.purpose}" if model.purpose else model.model


def _automatic(choice: Choice) -> str:
    engine, model = choice.spec.engine, choice.spec.model
    return f"Automatic takes {model} with {_engine_and_limit(engine, model)}."


def _chosen(value: str) -> str:
    """Return what a list to choose from has no room for; nothing for a model that is none."""
    engine, _, model = value.partition("/")
    return f"Runs with {_engine_and_limit(engine, model)}." if known(engine=engine, model=model) else ""


def _engine_and_limit(engine: str, model: str) -> str:
    what = limit(engine=engine, model=model)
    return f"{engine} ({what})" if what else engine


class RestartForm(OptionsForm):
    """How to transcribe a recording again; at first as it was the last time."""

    audio_track = forms.TypedChoiceField(label="Audio track", required=False, coerce=int, empty_value="0")

    def __init__(self, *args: Any, job: Job, **kwargs: Any) -> None:
        tracks = max(job.recording.audio_tracks, job.audio_track + 1)
        super().__init__(*args, initial=_as_before(job), **kwargs)
        field = self.fields["audio_track"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(track, f"Track {track + 1}") for track in range(tracks)]
        if tracks == 1:
            field.widget = forms.HiddenInput()

    def job_request(self) -> JobRequest:
        return replace(super().job_request(), audio_track=int(self.cleaned_data["audio_track"]))


def _as_before(job: Job) -> dict[str, Any]:
    """Return what was asked of a job, as the form has it. A model that can run no more is not chosen again."""
    asked = f"{job.asked_engine or job.engine}/{job.asked_model or job.model}"
    can_run = any(model.available and asked == f"{model.engine}/{model.model}" for model in available())
    can_identify = any(found.available and job.asked_diarizer == found.diarizer for found in diarizers())
    return {
        "language": job.asked_language,
        "model": asked if can_run and (job.asked_engine or job.asked_model) else "",
        "translate": job.task == Task.TRANSLATE,
        "prompt": job.prompt,
        "audio_track": job.audio_track,
        "diarize": job.diarize,
        "by_channel": job.by_channel,
        "diarizer": job.asked_diarizer if can_identify else "",
        **as_chosen(count_of(job)),
    }


class JobIds(forms.Field):
    """The ids of the jobs whose rows a page watches."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[UUID]:
        field = forms.UUIDField()
        return [field.clean(text) for text in (value or [])[:MOST_ROWS]]


class RowsForm(forms.Form):
    job = JobIds(required=False)
    mark = forms.CharField(required=False, max_length=16)


class StartForm(forms.Form):
    """How a recording's page starts: where in the recording, in seconds, and whether its warnings are unfolded."""

    t = forms.FloatField(required=False, min_value=0)
    warnings = forms.BooleanField(required=False)


class LiveForm(forms.Form):
    """What a recording page shows already: where its last paragraph starts, its newest segment, its speakers, the job's standing."""

    paragraph = forms.RegexField(r"^\d{1,9}-\d{1,9}(-\d{1,9})?$", required=False)
    after = forms.IntegerField(required=False, min_value=0, max_value=NEWEST)
    labelling = forms.IntegerField(required=False, min_value=0, max_value=NEWEST)
    version = forms.CharField(required=False, max_length=50)
    mark = forms.CharField(required=False, max_length=16)


class ConcurrencyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Settings
        fields = ("concurrency",)
        labels = {"concurrency": "Jobs at once"}
        help_texts = {
            "concurrency": "On all machines together, from 1 to 64. The cores of a machine are shared out among its jobs."
        }
