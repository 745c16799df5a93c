"""The sections of the settings, each a form. The administration has the same fields with the same checks."""

import hashlib
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.template.defaultfilters import pluralize

from preferences import choices, forecast
from preferences.fields import GuidedField, LineField, OfferField, bounded
from preferences.models import MOST_DAYS, Settings, UserDefaults
from preferences.zones import zones

NONE = ("", "None in particular")
CHOSEN_ABOVE = "This one is chosen above already. Choose another one, or none."
NO_SPEAKERS = (
    "Identifying speakers is switched off for the installation: this counts once an administrator switches it on."
)
KEPT_TOO_LONG = (
    "After {0} day{1} everything is deleted. Set at most {0} here, or 0, which is as long as the text is kept."
)


class SectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Some of the columns of a row. Only they are written, so that two people can change two sections at once."""

    bound_field_class = GuidedField
    columns: ClassVar[tuple[str, ...]] = ()
    """What it changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = {field.name: field for field in self._meta.model._meta.fields}
        values = [
            str(found[name].to_python(value)) for name, value in self.values().items()
        ]  # As the database has them.
        self.mark = hashlib.sha256("\n".join(values).encode()).hexdigest()[:16]
        """Tells apart what was set when the form was opened: a page sends it back."""
        self.is_changed = self.values() != defaults(type(self))
        """Whether anything was set then otherwise than it was to begin with, whatever somebody has typed since."""

    def values(self) -> dict[str, Any]:
        """Return what is set; of a valid form, what is to be written."""
        return {name: getattr(self.instance, name) for name in self.columns}

    def offer(self, field: str, what: str, *before: tuple[str, str], current: str, by_staff: bool = True) -> None:
        found = self.fields[field]
        assert isinstance(found, OfferField)
        found.offer(what, *before, current=current, by_staff=by_staff)
        self.initial.setdefault(field, current)


def defaults(form: type[SectionForm]) -> dict[str, Any]:
    """Return what a section's columns are to begin with."""
    fields = {field.name: field for field in form._meta.model._meta.fields}
    return {name: fields[name].get_default() for name in form.columns}


class SiteForm(SectionForm):
    columns: ClassVar[tuple[str, ...]] = ("site_name",)

    class Meta:
        model = Settings
        fields = ("site_name",)
        field_classes: ClassVar = {"site_name": LineField}


class SpeechForm(SectionForm):
    """Refuses a model and a language that do not go together, unless they were set before."""

    columns: ClassVar[tuple[str, ...]] = (
        "default_engine",
        "default_model",
        "default_language",
        "may_choose_model",
        "show_extra_options",
        "fetch_weights",
    )
    speech_model = OfferField(
        label="Model", required=False, help_text="What transcribes where nobody chooses. It needs to be installed."
    )
    default_language = OfferField(
        label="Language", required=False, help_text="The language that new recordings are expected in."
    )

    class Meta:
        model = Settings
        fields = ("speech_model", "default_language", "may_choose_model", "show_extra_options", "fetch_weights")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = "/".join(filter(None, (self.instance.default_engine, self.instance.default_model)))
        self.offer("speech_model", choices.MODELS, ("", f"As the server was started: {_named()}"), current=current)
        language = self.instance.default_language
        self.offer("default_language", choices.LANGUAGES, ("", "Detect"), current=language)
        self._pair = (current, language)

    def clean(self) -> None:
        super().clean()
        if not {"speech_model", "default_language"} <= set(self.cleaned_data):
            return
        wanted = (self.cleaned_data["speech_model"], self.cleaned_data["default_language"])
        refusal = choices.clash(*wanted) if wanted != self._pair else ""
        if refusal:
            self.add_error("speech_model", refusal)

    def clean_speech_model(self) -> str:
        value: str = self.cleaned_data["speech_model"]
        if "/" in value or not value:
            self.instance.default_engine, _, self.instance.default_model = value.partition("/")
        return value


class SpeakersForm(SectionForm):
    columns: ClassVar[tuple[str, ...]] = ("diarization", "identify_speakers", "default_diarizer", "may_choose_diarizer")
    default_diarizer = OfferField(
        label="Method", required=False, help_text="What tells speakers apart where nobody chooses."
    )

    class Meta:
        model = Settings
        fields = ("diarization", "identify_speakers", "default_diarizer", "may_choose_diarizer")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.instance.default_diarizer
        self.offer("default_diarizer", choices.DIARIZERS, ("", "Automatic: the best that can run"), current=current)


class QueueForm(SectionForm):
    columns: ClassVar[tuple[str, ...]] = ("concurrency", "queue_paused")

    class Meta:
        model = Settings
        fields = ("concurrency", "queue_paused")
        formfield_callback = bounded


class KeepingForm(SectionForm):
    """Asks before it saves what would delete something that is kept as it is now."""

    columns: ClassVar[tuple[str, ...]] = ("upload_limit_megabytes", "keep_media_days", "keep_days")
    confirmed = forms.BooleanField(
        label="Delete them for good",
        required=False,
        help_text="Needed only where a change deletes something at once, which is said then.",
    )

    class Meta:
        model = Settings
        fields = ("upload_limit_megabytes", "keep_media_days", "keep_days", "confirmed")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before = (self.instance.keep_media_days, self.instance.keep_days)

    def clean(self) -> None:
        super().clean()
        wanted = (self.cleaned_data.get("keep_media_days"), self.cleaned_data.get("keep_days"))
        if None in wanted or wanted == self._before:
            return
        if any((number or 0) > MOST_DAYS for number in wanted):  # The model says so, after this.
            return
        media_days, days = (number or 0 for number in wanted)
        if 0 < days < media_days:
            self.add_error("keep_media_days", KEPT_TOO_LONG.format(days, pluralize(days)))
            return
        if self.cleaned_data.get("confirmed"):
            return
        doomed = _doomed(wanted)
        if doomed.is_more_than(_doomed(self._before)):
            self.add_error("confirmed", f"This deletes {doomed} within a minute, which cannot be undone.")


def _doomed(days: tuple[Any, ...]) -> forecast.Doomed:
    return forecast.doomed(keep_media_days=days[0], keep_days=days[1])


class MyTranscriptionForm(SectionForm):
    """`by_staff`: whether an administrator chooses; `may_choose_model`: whether anything can be chosen."""

    columns: ClassVar[tuple[str, ...]] = ("model", "language", "diarize", "speakers", "translate")
    model = OfferField(label="Model", required=False)
    language = OfferField(label="Language spoken", required=False)
    diarize = forms.TypedChoiceField(
        label="Identify speakers",
        required=False,
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        empty_value=None,
    )
    speakers = OfferField(label="How many speakers", required=False)

    class Meta:
        model = UserDefaults
        fields = ("model", "language", "diarize", "speakers", "translate")

    def __init__(self, *args: Any, by_staff: bool = True, may_choose_model: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = self.instance
        self.initial["diarize"] = {None: "", True: "yes", False: "no"}[mine.diarize]
        current = Settings.load()
        self._offer_to_identify(current)
        has_it = f"As the installation has it: {_named(current.default_engine, current.default_model)}"
        self.offer("model", choices.MODELS, ("", has_it), current=mine.model, by_staff=by_staff)
        detect = (UserDefaults.DETECT, "Detect")
        self.offer("language", choices.LANGUAGES, ("", _installed_language(current)), detect, current=mine.language)
        self.offer("speakers", choices.SPEAKERS, ("", "As many as are heard"), current=mine.speakers)
        if not may_choose_model:
            del self.fields["model"]
        self._pair = (mine.model, mine.language)

    def _offer_to_identify(self, current: Settings) -> None:
        word = "yes" if current.diarization and current.identify_speakers else "no"
        diarize = self.fields["diarize"]
        assert isinstance(diarize, forms.ChoiceField)
        if not current.diarization:
            diarize.help_text = self.fields["speakers"].help_text = NO_SPEAKERS
        diarize.choices = [("", f"As the installation has it: {word}"), ("yes", "Yes"), ("no", "No")]

    def clean(self) -> None:
        super().clean()
        wanted = (self.cleaned_data.get("model"), self.cleaned_data.get("language"))
        if None in wanted or wanted == self._pair:
            return
        if refusal := choices.clash(*_effective(*wanted)):
            self.add_error("model", refusal)


def _effective(model: Any, language: Any) -> tuple[str, str]:
    """Return the model and the language that a job gets: what a person has not set is as the installation has it."""
    current = Settings.load()
    installed = "/".join(filter(None, (current.default_engine, current.default_model)))
    spoken = "" if language == UserDefaults.DETECT else language or current.default_language
    return model or installed, spoken


def _named(engine: str = "", model: str = "") -> str:
    """Return what a model is called; of an empty one, that which the server was started with."""
    return f"{model or settings.DEFAULT_MODEL} ({engine or settings.DEFAULT_ENGINE})"


def _installed_language(current: Settings) -> str:
    code = current.default_language
    return f"As the installation has it: {choices.label_of(choices.LANGUAGES, code) if code else 'detect'}"


class MyExportsForm(SectionForm):
    columns: ClassVar[tuple[str, ...]] = ("export_times", "export_formats")
    ranks = ("first_format", "second_format", "third_format")
    first_format = OfferField(label="First in the menu", required=False)
    second_format = OfferField(label="Second", required=False)
    third_format = OfferField(label="Third", required=False, help_text="The other formats come after them.")

    class Meta:
        model = UserDefaults
        fields = ("export_times", "first_format", "second_format", "third_format")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = [*self.instance.export_formats, *[""] * len(self.ranks)]
        for name, current in zip(self.ranks, mine, strict=False):
            self.offer(name, choices.FORMATS, NONE, current=current)

    def clean(self) -> None:
        super().clean()
        chosen: list[str] = []
        for rank in self.ranks:
            name = self.cleaned_data.get(rank)
            if name in chosen:
                self.add_error(rank, CHOSEN_ABOVE)
            elif name:
                chosen.append(name)
        self.instance.export_formats = chosen


class AppearanceForm(SectionForm):
    columns: ClassVar[tuple[str, ...]] = ("theme", "time_zone", "date_format")
    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        choices=lambda: [("", "The server's"), *zones()],
        error_messages={"invalid_choice": "There is no such time zone. Choose one of the list."},
    )

    class Meta:
        model = UserDefaults
        fields = ("theme", "time_zone", "date_format")


class PlayingForm(SectionForm):
    columns: ClassVar[tuple[str, ...]] = ("rewind_seconds",)

    class Meta:
        model = UserDefaults
        fields = ("rewind_seconds",)


class SettingsForm(SiteForm, SpeechForm, SpeakersForm, QueueForm, KeepingForm):
    """All of the installation, for the administration."""

    columns: ClassVar[tuple[str, ...]] = tuple(
        name for form in (SiteForm, SpeechForm, SpeakersForm, QueueForm, KeepingForm) for name in form.columns
    )

    class Meta:
        model = Settings
        fields = (
            *SiteForm.Meta.fields,
            *SpeechForm.Meta.fields,
            *SpeakersForm.Meta.fields,
            *QueueForm.Meta.fields,
            *KeepingForm.Meta.fields,
        )
        field_classes = SiteForm.Meta.field_classes


class UserDefaultsForm(MyTranscriptionForm, PlayingForm, MyExportsForm, AppearanceForm):
    """All of one person, for the administration."""

    columns: ClassVar[tuple[str, ...]] = tuple(
        name for form in (MyTranscriptionForm, PlayingForm, MyExportsForm, AppearanceForm) for name in form.columns
    )

    class Meta:
        model = UserDefaults
        fields = (
            "user",
            *MyTranscriptionForm.Meta.fields,
            *PlayingForm.Meta.fields,
            *MyExportsForm.Meta.fields,
            *AppearanceForm.Meta.fields,
        )
