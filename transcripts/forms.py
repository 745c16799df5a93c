"""What people send."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms

from preferences.fields import bounded
from preferences.models import Settings
from registry import automatic, viability
from registry.automatic import Automatic
from registry.resolver import available, hindrance, limit
from speech import options
from speech.languages import LANGUAGES
from speech.types import Json
from transcripts.correcting import Span
from transcripts.models import Job, Task
from transcripts.moments import MomentField
from transcripts.offers import Offers, model_choices, name_of, offer
from transcripts.services.accept import PROMPT_LIMIT, JobRequest
from transcripts.services.restart import count_of
from transcripts.speaker_forms import Person, SpeakersForm, as_chosen
from transcripts.times import hundredths

MOST_ROWS = 200
"""How many rows a page may ask after at once; a page of the list has fewer."""
OF_SPEAKERS = ("diarize", "speakers", "speaker_range", "diarizer", "by_channel")
ADVANCED = ("model", "speakers", "speaker_range", "diarizer", "by_channel", "prompt", "extra_options")
"""What is folded away until somebody needs it."""
NOT_FOR_PEOPLE = "Only administrators may give extra options here."
NEWEST = 2**63 - 1
"""The highest id that a database can give."""


class OptionsForm(SpeakersForm):
    """How to transcribe. Each may be left as it is. What cannot run now is shown with the reason, but cannot be chosen.

    What holds for this person where they choose nothing is the `initial` of the fields.
    """

    language = forms.ChoiceField(
        label="Language spoken",
        required=False,
        choices=[("", "Detect"), *sorted(LANGUAGES.items(), key=lambda item: item[1])],
        widget=forms.Select(attrs={"data-model-choice": ""}),
    )
    model = forms.ChoiceField(
        label="Model",
        required=False,
        widget=Offers(attrs={"data-model-choice": ""}),
        error_messages={"invalid_choice": "There is no such model here. Choose another one."},
    )
    translate = forms.BooleanField(
        label="Translate into English", required=False, widget=forms.CheckboxInput(attrs={"data-model-choice": ""})
    )
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
    extra_options = forms.CharField(
        label="Extra options",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocapitalize": "none", "class": "code"}),
        help_text="One to a line, such as beam_size=3, or as JSON.",
    )
    folds_model = True
    """Whether the model is one of the choices that are folded away."""
    waits_because = ""
    """Why nothing at all can run now, with what to do; empty where something can."""

    def __init__(self, *args: Any, user: Person | None = None, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["diarize"].initial = self.known.settings.identify_speakers
        if not self.known.settings.diarization:
            for name in OF_SPEAKERS:
                del self.fields[name]
        self._offer_models()

    def _offer_models(self) -> None:
        models = available(by_staff=self.by_staff, known=self.known)
        closed = frozenset(name_of(model) for model in models if not model.available)
        offer(self, "model", model_choices(models), closed=closed)
        field, is_any, found = self.fields["model"], len(closed) < len(models), self._found()
        if found.taken:
            field.help_text = self._automatic(*found.taken, is_fetched=found.is_fetched)
        else:
            field.help_text = f"With “Automatic” this waits for another model. {found.nothing}" if is_any else ""
            self.waits_because = "" if is_any else found.nothing
        # Not by self["model"], which would keep the explanation of “Automatic”.
        if chosen := self.data.get("model") if self.is_bound else self.get_initial_for_field(field, "model"):
            field.help_text = self._chosen(str(chosen))

    def _found(self) -> Automatic:
        """Return what a job gets where no model is chosen."""
        wanted = viability.Task(self["language"].value() or "", task_of(self["translate"].value()))
        return automatic.find(self.known, wanted, by_staff=self.by_staff)

    def clean_extra_options(self) -> Json:
        text: str = self.cleaned_data["extra_options"]
        if text and not self._may_give_options:
            raise forms.ValidationError(NOT_FOR_PEOPLE)
        try:
            return options.parse(text)
        except ValueError as err:
            raise forms.ValidationError(str(err)) from err

    def clean(self) -> None:
        """Refuse a model for what it cannot do, where a worker would have to take another one, and options that it has not."""
        engine, _, model = self.cleaned_data.get("model", "").partition("/")
        language, task = self.cleaned_data.get("language", ""), task_of(self.cleaned_data.get("translate"))
        asked = {"engine": engine, "model": model, "language": language, "task": task}
        reason = model and hindrance(**asked, by_staff=self.by_staff, known=self.known)
        if reason:
            self.add_error("model", f"{reason} Choose another one.")
        try:
            given = self.cleaned_data.get("extra_options") or {}
            self.cleaned_data["extra_options"] = options.check(engine or self.known.default_engine, given)
        except ValueError as err:
            self.add_error("extra_options", str(err))

    def job_request(self) -> JobRequest:
        """Return what the person asks for, of a valid form."""
        engine, _, model = self.cleaned_data["model"].partition("/")
        return JobRequest(
            engine=engine,
            model=model,
            language=self.cleaned_data["language"],
            task=task_of(self.cleaned_data["translate"]),
            prompt=self.cleaned_data["prompt"],
            extra_options=self.cleaned_data["extra_options"],
            **self._of_speakers(),
        )

    def _of_speakers(self) -> dict[str, Any]:
        """Return what is asked about speakers: nothing where the installation does not identify them."""
        if "diarize" not in self.fields:
            return {}
        return {
            "diarize": self._is_diarized,
            "diarizer": self.cleaned_data["diarizer"],
            "speakers": self.count(),
            "by_channel": self._is_diarized and self.cleaned_data["by_channel"],
        }

    @property
    def _is_diarized(self) -> bool:
        """Return whether speakers are to be identified: as it is set up here, where a script names none of the options."""
        is_chosen = "speakers" in self.data or "diarize" in self.data  # A page sends no box that is not ticked.
        return bool(self.cleaned_data["diarize"] if is_chosen else self.fields["diarize"].initial)

    @property
    def shows_model(self) -> bool:
        """Return whether there is something to choose; what was refused is shown in any case."""
        return self.by_staff or self.known.settings.may_choose_model or bool(self["model"].errors)

    @property
    def shows_extra_options(self) -> bool:
        return self._may_give_options or bool(self["extra_options"].errors)

    @property
    def _may_give_options(self) -> bool:
        return self.by_staff or self.known.settings.show_extra_options

    @property
    def is_advanced(self) -> bool:
        """Return whether anything is chosen, or wrong, that few people need: it is not hidden then."""
        names = [name for name in ADVANCED if name in self.fields and (self.folds_model or name != "model")]
        return any(self[name].errors or self._is_chosen(name) for name in names)

    def _is_chosen(self, name: str) -> bool:
        return (self[name].value() or "") != (self.fields[name].initial or "")

    @property
    def accepted(self) -> tuple[options.Option, ...]:
        """Return the options that the engine accepts which is chosen, or taken where none is."""
        engine, _, _ = str(self["model"].value() or "").partition("/")
        return options.ACCEPTED.get(engine or self.known.default_engine, ())

    def _automatic(self, engine: str, model: str, *, is_fetched: bool) -> str:
        first = ", which is downloaded first" if is_fetched else ""
        return f"Automatic takes {model} with {self._engine_and_limit(engine, model)}{first}."

    def _chosen(self, value: str) -> str:
        """Return what a list to choose from has no room for; nothing for a model that is none."""
        engine, _, model = value.partition("/")
        is_known = (engine, model) in self.known.models
        return f"Runs with {self._engine_and_limit(engine, model)}." if is_known else ""

    def _engine_and_limit(self, engine: str, model: str) -> str:
        what = limit(engine=engine, model=model, known=self.known)
        return f"{engine} ({what})" if what else engine


def task_of(translate: object) -> str:
    """Return what is to be done, by whether it is to be translated."""
    return (Task.TRANSLATE if translate else Task.TRANSCRIBE).value


class RestartForm(OptionsForm):
    """How to transcribe a recording again; at first as it was the last time."""

    folds_model = False  # Another one is what most people do it for.
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


class StretchForm(OptionsForm):
    """Which stretch of a text to transcribe again, and how; at first as all of it was."""

    folds_model = False
    field_order = ["start", "end"]
    start = MomentField(label="From", max_length=20)
    end = MomentField(label="To", max_length=20)

    def __init__(self, *args: Any, job: Job, span: Span | None = None, **kwargs: Any) -> None:
        times = dict(zip(("start", "end"), map(hundredths, span), strict=True)) if span else {}
        # In a few seconds a language is easily taken for another one.
        language = {"language": job.asked_language or job.language}
        super().__init__(*args, initial=_as_before(job) | language | times, **kwargs)
        for name in OF_SPEAKERS:
            self.fields.pop(name, None)  # Who speaks is known, or found out for all of the text.

    def clean(self) -> None:
        super().clean()
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        if start is not None and end is not None and not start < end:
            self.add_error("end", "A stretch ends after it starts.")

    @property
    def is_advanced(self) -> bool:
        """Return True: other words to expect are what this is for, as often as another model."""
        return True


def _as_before(job: Job) -> dict[str, Any]:
    """Return what was asked of a job, as the form has it."""
    model = f"{job.asked_engine or job.engine}/{job.asked_model or job.model}"
    return {
        "language": job.asked_language,
        "model": model if job.asked_engine or job.asked_model else "",
        "translate": job.task == Task.TRANSLATE,
        "prompt": job.prompt,
        "audio_track": job.audio_track,
        "diarize": job.diarize,
        "by_channel": job.by_channel,
        "diarizer": job.asked_diarizer,
        "extra_options": options.as_text(job.extra_options),
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
        formfield_callback = bounded
        labels = {"concurrency": "Jobs at once"}
        help_texts = {
            "concurrency": "On all machines together, from 1 to 64. The cores of a machine are shared out among its jobs."
        }
