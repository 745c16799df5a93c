"""The sections of the settings pages, in their order."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import QueryDict

from preferences.forms import (
    AppearanceForm,
    KeepingForm,
    MyExportsForm,
    MyTranscriptionForm,
    PlayingForm,
    QueueForm,
    SectionForm,
    SiteForm,
    SpeakersForm,
    SpeechForm,
    defaults,
)
from preferences.models import Settings, UserDefaults


@dataclass(frozen=True, slots=True)
class Section:
    """A form with its title and what it is about, in a sentence."""

    name: str
    title: str
    about: str
    form: type[SectionForm]

    @property
    def is_of_installation(self) -> bool:
        return self.form._meta.model is Settings

    def open(self, user: User, data: QueryDict | None = None) -> SectionForm:
        """Return the form with what is set now, or with what somebody sent."""
        if self.is_of_installation:
            return self.form(data, instance=Settings.load())
        mine = UserDefaults.objects.filter(user=user).first() or UserDefaults(user=user)
        if self.form is MyTranscriptionForm:
            may_choose = user.is_staff or Settings.load().may_choose_model
            return MyTranscriptionForm(data, instance=mine, by_staff=user.is_staff, may_choose_model=may_choose)
        return self.form(data, instance=mine)

    def save(self, user: User, form: SectionForm) -> None:
        """Write what a valid form says."""
        self._write(user, form.values())

    def reset(self, user: User) -> None:
        """Set all of it as it was to begin with."""
        self._write(user, defaults(self.form))

    def _write(self, user: User, values: dict[str, object]) -> None:
        if self.is_of_installation:
            Settings.objects.update_or_create(pk=1, defaults=values)  # What depends on them is told.
        else:
            UserDefaults.objects.update_or_create(user=user, defaults=values)


MINE = (
    Section(
        "transcription",
        "Transcription",
        "What the upload form begins with, and what uploads by script get that name nothing else.",
        MyTranscriptionForm,
    ),
    Section("playing", "Playing", "How the player behaves on the page of a recording.", PlayingForm),
    Section("exports", "Exports", "What the export menu offers first, and whether texts have times.", MyExportsForm),
    Section(
        "appearance", "Appearance", "How Selenite looks to you, and how it writes dates and times.", AppearanceForm
    ),
)
INSTALLATION = (
    Section("site", "Name", "What this installation is called.", SiteForm),
    Section("speech", "Transcription", "What transcribes, and who may choose it.", SpeechForm),
    Section("speakers", "Speakers", "Whether and how speakers are told apart.", SpeakersForm),
    Section("queue", "Queue", "How many jobs run, and whether any starts.", QueueForm),
    Section(
        "keeping",
        "Uploads and keeping",
        "How large a recording may be, and for how long it is kept. What runs is never deleted.",
        KeepingForm,
    ),
)
SECTIONS = {section.name: section for section in (*MINE, *INSTALLATION)}
