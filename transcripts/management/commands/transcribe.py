"""Transcribe files from the command line, by the same way and into the same library as the pages do."""

import logging
import os
import signal
from argparse import BooleanOptionalAction
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from registry import terminal
from registry.management.prepared import PreparedCommand
from speech.languages import LANGUAGES
from speech.options import check, parse
from speech.types import SpeakerCount
from transcripts import batch, direct, lease
from transcripts.batch import Found
from transcripts.engine import EngineHost
from transcripts.exports import FORMATS
from transcripts.management.shown import NotDone, Outcome, quiet_log, run_shown
from transcripts.models import Job
from transcripts.names import printable
from transcripts.outputs import write_exports
from transcripts.services.accept import AUTO, JobRequest, Refused, accept_path, check_request
from transcripts.services.defaults import Defaults, defaults_of, export_options_of
from transcripts.services.duplicates import AlreadyHere
from transcripts.services.restart import transcribe_again

log = logging.getLogger(__name__)

KNOWN = "\n  Already in the library as “{}”: this is another transcript of that recording."
NO_FILES_WRITTEN = "With --enqueue a worker does the work and writes no files: leave out --formats and --output."
NOBODY = f"There is no administrator to own the recordings. Add one with `{terminal.manage('createsuperuser')}`, or use --owner."
NOT_WRITTEN = "Its text is in the library, but could not be written to a file ({})."
UNEXPECTED = "Something unexpected went wrong; the log has the details."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with each file."""

    owner: User
    request: JobRequest
    formats: tuple[str, ...]
    folder: Path
    is_for_worker: bool


class Command(PreparedCommand):
    help = "Transcribe audio and video files. The results are in the library too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="A file, or a folder with --recursive.")
        parser.add_argument("--recursive", action="store_true", help="Take the media files in folders, however deep.")
        parser.add_argument("--engine", help="auto, faster-whisper or whisper (default: the owner's).")
        parser.add_argument("--model", help="auto, or for example base or tiny.en (default: the owner's).")
        parser.add_argument("--language", metavar="CODE", help="auto, or for example en (default: the owner's).")
        parser.add_argument("--task", help="transcribe, or translate into English (default: the owner's).")
        parser.add_argument("--prompt", default="", help="Names and words that are spoken, to have them spelt right.")
        parser.add_argument(
            "--track", type=int, default=1, metavar="N", help="Which audio track of the file (default: 1)."
        )
        parser.add_argument(
            "--diarize",
            action=BooleanOptionalAction,
            help="Identify speakers, or leave it (default: the owner's).",
        )
        parser.add_argument("--diarizer", default=AUTO, help="auto, pyannote, whisperx or vad (default: auto).")
        parser.add_argument(
            "--speakers", metavar="COUNT", help="auto, a number, or a range such as 2-5 (default: the owner's)."
        )
        parser.add_argument("--channels", action="store_true", help="One speaker per channel, in stereo recordings.")
        parser.add_argument(
            "--option",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="An option of the engine, such as beam_size=3; can be given several times. See docs/options.md.",
        )
        parser.add_argument("--formats", help=f"Separated by commas: {', '.join(FORMATS)} (default: txt).")
        parser.add_argument("--output", type=Path, metavar="DIR", help="Where to write (default: the current folder).")
        parser.add_argument(
            "--owner", metavar="USER", help="Whose recordings these are (default: the administrator's)."
        )
        parser.add_argument("--enqueue", action="store_true", help="Leave the work to the worker, and write no files.")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = _wanted(options)
        found = batch.find(options["paths"], recursive=options["recursive"])
        try:
            with (
                quiet_log(options["verbosity"]),
                direct.Interruption() as interruption,
                closing(EngineHost()) as engine,
            ):
                outcome = self._take_all(found, wanted, engine, interruption)
        except KeyboardInterrupt as err:
            raise CommandError("Interrupted again, and ended at once.", returncode=128 + signal.SIGINT) from err
        outcome.report(signal_number=interruption.signal_number)

    def _take_all(
        self, found: list[Found], wanted: Wanted, engine: EngineHost, interruption: direct.Interruption
    ) -> Outcome:
        """Take one file after the other, until an interruption."""
        names = batch.output_names([item.path for item in found])
        outcome = Outcome(len(found))
        for item in found:
            if interruption.wish():
                break
            outcome.begun += 1
            try:
                self.stdout.write(_take(item, names[item.path], wanted, engine, interruption))
            except (NotDone, Refused, OSError) as err:
                outcome.note(item.label, err)
            except Exception:
                log.exception("file %d of the batch failed", outcome.begun)
                outcome.failures.append(f"{item.label}: {UNEXPECTED}")
        return outcome


def _wanted(options: dict[str, Any]) -> Wanted:
    """Return what the options say. Raises CommandError, with what there is, where one names something that is not."""
    if options["track"] < 1:
        raise CommandError("Audio tracks are counted from 1: --track 1 is the first.")
    try:
        owner = _owner(options["owner"])
        mine = defaults_of(owner)
        speakers = _speakers(options, mine)
        text = _text(options, mine)
        request = JobRequest(**text, prompt=options["prompt"], audio_track=options["track"] - 1, **speakers)
        request = replace(request, extra_options=check(request.expected_engine, parse("\n".join(options["option"]))))
        check_request(request)
    except (Refused, ValueError) as err:
        raise CommandError(str(err)) from err
    if options["enqueue"] and (options["formats"] or options["output"]):
        raise CommandError(NO_FILES_WRITTEN)
    formats = _formats(options["formats"] or "txt")
    return Wanted(owner, request, formats, _folder(options["output"] or Path()), options["enqueue"])


def _text(options: dict[str, Any], mine: Defaults) -> dict[str, Any]:
    """Return what is asked about the text: what the owner has set, where an option is left out."""
    engine, model = options["engine"], options["model"]
    is_usual = engine is None and model is None
    if is_usual:
        engine, model = mine.engine, mine.model
    language = mine.language if options["language"] is None else options["language"]
    return {
        "engine": engine or AUTO,
        "model": model or AUTO,
        "language": language,
        "task": options["task"] or mine.task,
        "warnings": mine.warnings if is_usual else (),
    }


def _speakers(options: dict[str, Any], mine: Defaults) -> dict[str, Any]:
    """Return what is asked about speakers. Whoever says how they are to be identified wants them identified."""
    count, by_channel = SpeakerCount.parse(options["speakers"] or AUTO), options["channels"]
    diarize = options["diarize"]
    is_told = bool(count) or by_channel or options["diarizer"] != AUTO
    if diarize is False and is_told:
        raise CommandError(
            "--no-diarize leaves the speakers out, and another option says how to identify them. Drop one."
        )
    if diarize is None:
        diarize = is_told or mine.diarize
    if options["speakers"] is None:
        count = mine.speakers
    return {"diarize": diarize, "diarizer": options["diarizer"], "speakers": count, "by_channel": by_channel}


def _formats(names: str) -> tuple[str, ...]:
    formats = tuple(dict.fromkeys(name.strip().lower() for name in names.split(",") if name.strip()))
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise CommandError(f"There is no format {', '.join(unknown) or names!r}. Choose from: {', '.join(FORMATS)}.")
    return formats


def _folder(folder: Path) -> Path:
    """Return the folder for the texts, made where it is missing: an hour of work must not end without a place to go."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise CommandError(f"Could not make the folder {folder} ({err.strerror}).") from err
    if not os.access(folder, os.W_OK):
        raise CommandError(f"Nothing can be written to the folder {folder}.")
    return folder


def _owner(name: str | None) -> User:
    people = User.objects.filter(is_active=True)
    if name is None:
        owner, problem = people.filter(is_superuser=True).order_by("pk").first(), NOBODY
    else:
        owner, problem = people.filter(username=name).first(), f"There is no active user {name!r}."
    if owner is None:
        raise CommandError(problem)
    return owner


def _take(item: Found, name: str, wanted: Wanted, engine: EngineHost, interruption: direct.Interruption) -> str:
    """Do what is wanted with one file and return the line that says so. Raises NotDone, Refused and OSError."""
    if item.problem:
        raise NotDone(item.problem)
    job, note = _accept(item.path, wanted)
    if wanted.is_for_worker:
        return f"{item.label}: waits for a worker as job {job.pk}{note}"
    seconds = run_shown(job, item.label, engine, interruption)
    try:
        options = export_options_of(wanted.owner)
        paths = write_exports(job, wanted.folder, name=name, formats=wanted.formats, options=options)
    except OSError as err:
        raise NotDone(NOT_WRITTEN.format(err.strerror)) from err
    return _line(item.label, job, seconds, paths) + note


def _accept(path: Path, wanted: Wanted) -> tuple[Job, str]:
    """Take a file in, or have the recording transcribed again where it is here already, and a note that says so."""
    then = None if wanted.is_for_worker else lease.start_directly
    try:
        return accept_path(path, owner=wanted.owner, request=wanted.request, then=then), ""
    except AlreadyHere as err:
        return transcribe_again(err.recording, wanted.request, then=then), KNOWN.format(printable(err.recording.title))


def _line(label: str, job: Job, seconds: float, paths: list[Path]) -> str:
    """Return what is said about a file that is done: its length, its speed, its texts and its warnings."""
    audio = job.audio_seconds or 0
    factor = f"real-time factor {seconds / audio:.2f}" if audio else "no audio"
    language = LANGUAGES.get(job.language, "no language")
    files = ", ".join(printable(str(path)) for path in paths)
    line = f"{label}: {audio:.1f} s of audio in {seconds:.1f} s, {factor}, {language} -> {files}"
    return "\n  Warning: ".join([line, *job.warnings])
