"""Identify the speakers of texts that are in the library, without transcribing again."""

from contextlib import closing
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from registry import known
from registry.known import FAKE
from registry.management.prepared import PreparedCommand
from speech.types import SpeakerCount
from transcripts import direct, lease
from transcripts.engine import EngineHost
from transcripts.management.shown import LATER_STATUS, DoneLater, NotDone, quiet_log, run_shown
from transcripts.models import Job, Recording
from transcripts.names import printable
from transcripts.services.accept import AUTO
from transcripts.services.defaults import defaults_of
from transcripts.services.identify import NotIdentifiable, identify_again

NONE_SUCH = "There is no job and no recording {}. The address of its page has the number of a recording."
INTERRUPTED = "Interrupted. The text is as it was."
NO_DIARIZER = "There is no diarizer {!r}. Choose one of: {}."


class Command(PreparedCommand):
    help = "Identify who speaks in a text that is in the library. What was there before can be restored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="JOB|RECORDING", help="Its number, as in the address of its page.")
        parser.add_argument("--diarizer", default=AUTO, help="auto, pyannote, whisperx or vad (default: auto).")
        parser.add_argument(
            "--speakers", metavar="COUNT", help="auto, a number, or a range such as 2-5 (default: the owner's)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        diarizer = _diarizer(options["diarizer"])
        source = _find(options["id"])
        try:
            count = _count(options["speakers"], source)
            self.stdout.write(_identify(source, diarizer, count, options["verbosity"]))
        except DoneLater as err:
            raise CommandError(str(err), returncode=LATER_STATUS) from err
        except (NotDone, NotIdentifiable, ValueError) as err:
            raise CommandError(str(err)) from err


def _identify(source: Job, diarizer: str, count: SpeakerCount | None, verbosity: int) -> str:
    """Run a job that identifies the speakers of another one's text, and return the line that says what it found."""
    with quiet_log(verbosity), direct.Interruption() as interruption, closing(EngineHost()) as engine:
        job = identify_again(source.pk, diarizer=diarizer, speakers=count, then=lease.start_directly)
        try:
            seconds = run_shown(job, printable(source.recording.title), engine, interruption)
        except NotDone as err:
            if not interruption.signal_number:
                raise
            lease.request_stop(job.pk, Job.StopRequest.CANCEL)  # Nothing is half done that could go on.
            raise CommandError(INTERRUPTED, returncode=128 + interruption.signal_number) from err
    return _line(source, job, seconds)


def _count(text: str | None, source: Job) -> SpeakerCount | None:
    """Return how many speakers are wanted: as its owner has set it, where the command does not say. Raises ValueError."""
    return defaults_of(source.owner).speakers if text is None else SpeakerCount.parse(text)


def _diarizer(name: str) -> str:
    names = [AUTO, *(diarizer.key for diarizer in known.load().diarizers())]
    if name not in (FAKE, *names):
        raise CommandError(NO_DIARIZER.format(name, ", ".join(names)))
    return "" if name == AUTO else name


def _find(number: str) -> Job:
    """Return the job with this number, or the text in use of the recording with it. Raises CommandError."""
    try:
        pk = UUID(number)
    except ValueError as err:
        raise CommandError(NONE_SUCH.format(number)) from err
    jobs = Job.objects.whole().select_related("recording", "owner").defer("plan")
    job = jobs.filter(pk=pk).first()
    if job is None and (recording := Recording.objects.filter(pk=pk).first()):
        theirs = jobs.filter(recording=recording)
        job = theirs.filter(pk=recording.shown_job_id or pk).first() or theirs.first()
    if job is None:
        raise CommandError(NONE_SUCH.format(pk))
    return job


def _line(source: Job, job: Job, seconds: float) -> str:
    """Return what is said at the end: who was found, how fast, and the warnings."""
    source.refresh_from_db()
    found = source.speakers.speaking().count()
    audio = source.audio_seconds or 0.0
    factor = f", real-time factor {seconds / audio:.2f}" if audio else ""
    people = "1 speaker" if found == 1 else f"{found} speakers"
    title = printable(source.recording.title)
    line = f"{title}: {people} in {audio:.1f} s of audio, found in {seconds:.1f} s{factor}, by {source.diarizer}"
    return "\n  Warning: ".join([line, *job.warnings])
