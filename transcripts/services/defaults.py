"""What is asked of a person's jobs where nobody says otherwise: as they have set it, else as the installation has it."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from preferences.models import Settings, UserDefaults
from registry import known
from speech.types import SpeakerCount
from transcripts.exports.options import ExportOptions
from transcripts.models import Task

NONE_SUCH = "There is no model “{}” here any more."


@dataclass(frozen=True, slots=True)
class Defaults:
    """`engine` and `model` are empty for the installation's, `language` for one that is to be detected.

    `lost` is why the model that is set is left out, as a sentence, where there is no such model any more.
    """

    engine: str
    model: str
    language: str
    task: str
    diarize: bool
    speakers: SpeakerCount | None
    lost: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what a job has to say of a model that is set and left out."""
        return (not_used(self.lost),) if self.lost else ()


def defaults_of(owner: User) -> Defaults:
    """Return the values for jobs of this person. A model that they may not choose any more is left out."""
    mine, here = UserDefaults.of(owner), Settings.load()
    engine, _, model = mine.model.partition("/") if here.may_choose_model or owner.is_staff else ("", "", "")
    is_lost = bool(engine) and not known.load().has(engine, model)
    language = mine.language or here.default_language
    diarize = here.identify_speakers if mine.diarize is None else mine.diarize
    return Defaults(
        engine="" if is_lost else engine,
        model="" if is_lost else model,
        language="" if language == UserDefaults.DETECT else language,
        task=(Task.TRANSLATE if mine.translate else Task.TRANSCRIBE).value,
        diarize=diarize and here.diarization,
        speakers=_count(mine.speakers),
        lost=NONE_SUCH.format(mine.model) if is_lost else "",
    )


def not_used(reason: str) -> str:
    """Return the warning of a job that goes without its owner's usual model, for a reason that is a sentence."""
    return f"The usual model was not used: {reason[0].lower()}{reason[1:]}"


def export_options_of(person: User) -> ExportOptions:
    """Return how this person's exports are written where they do not choose."""
    return ExportOptions(times=None if UserDefaults.of(person).export_times else False)


def _count(text: str) -> SpeakerCount | None:
    try:
        return SpeakerCount.parse(text)
    except ValueError:
        return None
