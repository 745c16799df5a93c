"""How it stands with a job, in words and signs: the same on the list and on the recording page."""

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from django.template.defaultfilters import pluralize

from speech import options
from transcripts import line
from transcripts.line import Place
from transcripts.makers import IMPORTED_FROM
from transcripts.models import Job, Task
from transcripts.names import short_file_name
from transcripts.times import stretch

State = Job.State

ICONS = {
    State.QUEUED: "clock",
    State.RUNNING: "loader",
    State.PAUSED: "circle-pause",
    State.COMPLETED: "circle-check",
    State.FAILED: "circle-alert",
    State.CANCELLED: "circle-slash",
}
PLACEHOLDERS = {
    State.QUEUED: "The text appears here once the transcription has started.",
    State.RUNNING: "The text appears here as it is recognised.",
    State.PAUSED: "The text appears here once the transcription goes on.",
    State.COMPLETED: "No speech was found in this recording.",
    State.FAILED: "There is no text.",
    State.CANCELLED: "There is no text.",
}
ANNOUNCEMENTS = {
    State.QUEUED: "The transcription waits.",
    State.RUNNING: "The transcription has started.",
    State.PAUSED: "The transcription is paused.",
    State.COMPLETED: "The transcript is complete.",
    State.FAILED: "The transcription failed.",
    State.CANCELLED: "The transcription was cancelled.",
}
"""What a screen reader is told when the state changes."""
STOPPING: dict[str, str] = {Job.StopRequest.PAUSE: "Pausing…", Job.StopRequest.CANCEL: "Cancelling…"}
"""How a job stands that was asked to stop, until its worker has obeyed."""
PARTS: dict[str, str] = {
    Job.Kind.GAPS: "missing stretches only",
    Job.Kind.SPEAKERS: "speakers only",
}
"""What a job is about that does not make a transcript of its own."""
NO_WORKER = "No worker is running: transcription starts when one is."
NO_SPEECH = "No speech"
STEADY = (Job.Stage.TRANSCRIBING, Job.Stage.IDENTIFYING)
POLL_SECONDS = 2
SLOW_POLLS = ((60.0, 10), (15.0, 5))
"""With more than so many seconds left of steady work, a page asks so seldom: each answer with news costs 5 to 7 ms of processor
time, and 50 open pages that all ask every 2 s slow a small model down by 8 %."""
SHORT_WARNING = 160
"""In characters: about two lines of the page."""
UNCHANGED = 204
"""Tells a page that asks to leave all as it is, and to ask again."""
FEW_NAMES = 2
IMPORTED_ENDINGS = ("srt", "vtt", "txt", "json")
"""All that imports of earlier versions kept of the name of their file."""
LAST_WORDS = 90
"""How many characters of the text recognised last a row shows."""


@dataclass(frozen=True, slots=True)
class TagShown:
    """A tag as a list shows it."""

    pk: int
    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A job as a person sees it. Templates get it in place of the row.

    `place` is where it stands in the queue: None for one that is in no line, or whose place nobody asked for.
    """

    job: Job
    place: Place | None = None

    @property
    def is_running(self) -> bool:
        return self.job.state == State.RUNNING

    @property
    def speakers_words(self) -> str:
        """Return who speaks in a few words: those who have names, else how many they are. Empty where it is not known."""
        speakers = self._speaker_names
        names = [name for name in speakers if name]
        if not names:
            return f"{len(speakers)} speaker{pluralize(len(speakers))}" if speakers else ""
        more = len(speakers) - len(names[:FEW_NAMES])
        return ", ".join(names[:FEW_NAMES]) + (f" and {more} more" if more else "")

    @property
    def _speaker_names(self) -> list[str]:
        """Return the name of each who speaks, once the job is over and where the query asked for it."""
        return [name for (name,) in getattr(self.job, "speaker_names", ())] if self.job.is_over else []

    @property
    def tags(self) -> list[TagShown]:
        """Return the viewer's tags on the recording; none where the query did not ask for them."""
        return [TagShown(*columns) for columns in getattr(self.job, "own_tags", ())]

    @property
    def blocked_reason(self) -> str:
        """Return why the job cannot start or go on, empty where nothing is in its way."""
        if self.job.is_over or self.is_running:
            return ""
        is_stuck = self.job.state == State.QUEUED and not getattr(self.job, "has_worker", True)
        return " ".join(filter(None, (NO_WORKER if is_stuck else "", self.job.blocked_reason)))

    @property
    def has_words(self) -> bool:
        """Return whether there is any text; True where the query did not ask for it."""
        return getattr(self.job, "has_words", True)

    @property
    def is_silent(self) -> bool:
        """Return whether it is complete and nobody speaks; False where the query did not ask for it."""
        return self.job.state == State.COMPLETED and getattr(self.job, "is_silent", False)

    @property
    def name(self) -> str:
        if self.is_silent:
            return "silent"
        return "blocked" if self.blocked_reason else self.job.state

    @property
    def icon(self) -> str:
        return ICONS[State(self.job.state)]

    @property
    def words(self) -> str:
        if self.is_running and self.job.stop_request:
            return STOPPING[self.job.stop_request]
        if self.is_running and self.job.stage:
            return Job.Stage(self.job.stage).label
        return NO_SPEECH if self.is_silent else State(self.job.state).label

    @property
    def part(self) -> str:
        """Return what of a recording the job is about, in a word or two; empty for the whole of it."""
        start, end = self.job.stretch_start, self.job.stretch_end
        if start is not None and end is not None:
            return f"{stretch(start, end)} only"
        return PARTS.get(self.job.kind, "")

    @property
    def announcement(self) -> str:
        return PLACEHOLDERS[State.COMPLETED] if self.is_silent else ANNOUNCEMENTS[State(self.job.state)]

    @property
    def version(self) -> str:
        """Return what changes when the page has to say something new, apart from the progress."""
        return f"{self.job.state}-{self.job.stage}-{self.job.stop_request}"

    @property
    def mark(self) -> str | None:
        """Return what changes when anything changes that a page shows of the job; None where that hangs on other jobs too."""
        job = self.job
        progress = (job.batches_done, job.prepared_seconds, job.audio_seconds_done, job.expected_pace)
        speakers = (job.identified_seconds, job.identifying_seconds)
        facts = (job.pk, self.version, job.labelling_id, job.blocked_reason, job.warnings, *progress, *speakers)
        return None if job.state == State.QUEUED else repr(facts)

    @property
    def poll_seconds(self) -> int:
        """Return after how long a page asks anew what has become of the job."""
        job = self.job
        is_steady = self.is_running and job.stage in STEADY and not job.stop_request
        left = (job.seconds_left or 0.0) if is_steady else 0.0
        return next((seconds for more, seconds in SLOW_POLLS if left > more), POLL_SECONDS)

    @property
    def last_words(self) -> str:
        """Return the end of what was recognised last; empty where the query did not ask for it."""
        text = " ".join((getattr(self.job, "last_words", None) or "").split())
        return text if len(text) <= LAST_WORDS else text[-LAST_WORDS:].partition(" ")[2] or text[-LAST_WORDS:]

    @property
    def kept(self) -> str:
        """Return what is safe after a job that did not complete."""
        if self.job.error_code == "media_missing":
            return "The text recognised so far is kept." if self.job.audio_seconds_done else ""
        if self.job.audio_seconds_done:
            return "The recording and the text recognised so far are kept."
        return "The recording is kept."

    @property
    def only_warning(self) -> str:
        """Return the warning that needs no list to unfold: a short one that is alone."""
        warnings = self.job.warnings
        return warnings[0] if len(warnings) == 1 and len(warnings[0]) <= SHORT_WARNING else ""

    @property
    def can_pause(self) -> bool:
        return self.job.state in (State.QUEUED, State.RUNNING) and not self.job.stop_request

    @property
    def can_resume(self) -> bool:
        """Return whether it is paused, or about to be."""
        return self.job.state == State.PAUSED or self.job.stop_request == Job.StopRequest.PAUSE

    @property
    def can_cancel(self) -> bool:
        return not self.job.is_over and self.job.stop_request != Job.StopRequest.CANCEL

    @property
    def placeholder(self) -> str:
        """Return what stands in place of the text while there is none."""
        return PLACEHOLDERS[State(self.job.state)]

    @property
    def is_detected(self) -> bool:
        return not self.job.asked_language and self.job.language_probability is not None

    @property
    def is_only_language(self) -> bool:
        """Return whether the language is that of the model, which knows no other: nobody chose it, and nothing was detected."""
        return not self.job.asked_language and self.job.language_probability is None and bool(self.job.model)

    @property
    def language_percent(self) -> int:
        return round(100 * (self.job.language_probability or 0))

    @property
    def origin(self) -> str:
        """Return what made the text: a model with its engine, or which file it was imported from. Empty where that is not known."""
        made = [self.job.model, self.job.engine] if self.job.model else []
        file = short_file_name(str(self.job.provenance.get(IMPORTED_FROM) or ""))
        imported = [f"imported (.{file})" if file in IMPORTED_ENDINGS else f"imported from {file}"] if file else []
        words = ", ".join([*made, *imported])
        return words if made else words[:1].upper() + words[1:]

    @property
    def is_translated(self) -> bool:
        return self.job.task == Task.TRANSLATE

    @property
    def extra_options(self) -> str:
        """Return the options beyond the usual ones, as somebody would write them."""
        return options.as_text(self.job.extra_options).replace("\n", ", ")

    @property
    def text_language(self) -> str:
        return "en" if self.is_translated else self.job.language


def mark_of(rows: Iterable[Standing]) -> str | None:
    """Return a short text that changes when the mark of any of them does; None where one of them has none."""
    marks = [row.mark for row in rows]
    return None if None in marks else f"{crc32(repr(sorted(filter(None, marks))).encode()):x}"


def marked(rows: list[Standing]) -> list[tuple[str, str]]:
    """Return the part of a query string by which the next poll is told that nothing is new."""
    mark = mark_of(rows)
    return [("mark", mark)] if rows and mark else []


def standings(jobs: Iterable[Job]) -> list[Standing]:
    """Return how it stands with each, those that wait with their places. Costs a query where one of them waits."""
    jobs = list(jobs)
    if not any(job.state == State.QUEUED for job in jobs):
        return [Standing(job) for job in jobs]
    now = line.read()
    return [Standing(job, now.place_of(job.pk)) for job in jobs]
