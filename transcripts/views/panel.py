"""Who speaks in a transcript, how much, and where: what the page shows beside the text."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from transcripts.models import Job, Speaker
from transcripts.services.history import latest_change, latest_undone
from transcripts.views.attempts import Attempt
from transcripts.views.known import Heard, Known, read_known
from transcripts.views.text import PageParagraph, Position


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker with what they say. `percent` is their share of all the time in which somebody is named."""

    speaker: Speaker
    seconds: float
    percent: int
    turns: int
    first: Position
    start: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """A name that somebody typed and that could not be given, and why."""

    speaker: int
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Panel:
    """`newest_edit` tells which state of the text the page shows; `change` is the last one that can be undone,
    `undone` the one whose undoing can be taken back.
    """

    job: Job
    voices: tuple[Voice, ...]
    attempt: Attempt
    labellings: tuple[Heard, ...]
    newest_edit: int
    change: int | None
    undone: int | None
    refusal: Refusal | None = None

    @property
    def earlier(self) -> list[Heard]:
        """Return the labellings that are not in use."""
        return [each for each in self.labellings if each.pk != self.job.labelling_id]


def read_panel(
    job: Job,
    text: Sequence[PageParagraph],
    known: Known | None = None,
    *,
    viewer: User,
    refusal: Refusal | None = None,
) -> Panel | None:
    """Return what stands beside a text; None while the text may still change, and beside no text.

    Costs two queries where it is not known yet what is around the text.
    """
    if not job.is_over or not any(not paragraph.gap for paragraph in text):
        return None
    known = known or read_known(job)
    edits = known.edits
    return Panel(
        job,
        tuple(voices(text)),
        Attempt(job, known.identified),
        known.labellings,
        max((entry[0] for entry in edits), default=0),
        latest_change(edits, viewer.pk),
        latest_undone(edits, viewer.pk),
        refusal,
    )


def voices(text: Iterable[PageParagraph]) -> list[Voice]:
    """Return those who speak, by their numbers."""
    seconds: defaultdict[int, float] = defaultdict(float)
    turns: Counter[int] = Counter()
    firsts: dict[int, PageParagraph] = {}
    for paragraph in text:
        if (speaker := paragraph.speaker) is None:
            continue
        firsts.setdefault(speaker.pk, paragraph)
        turns[speaker.pk] += paragraph.begins_turn
        seconds[speaker.pk] += sum(line.end - line.start for line in paragraph.lines)
    shares = percents(list(seconds.values()))
    found = [
        Voice(first.speaker, seconds[pk], percent, turns[pk], first.first, first.start)
        for (pk, first), percent in zip(firsts.items(), shares, strict=True)
        if first.speaker
    ]
    return sorted(found, key=lambda voice: (voice.speaker.number, voice.speaker.pk))


def percents(amounts: Sequence[float]) -> list[int]:
    """Return the shares as whole numbers that add up to 100: what is left after rounding down goes to the largest rests."""
    total = sum(amounts)
    if not total:
        return [0] * len(amounts)
    exact = [100 * amount / total for amount in amounts]
    shares = [int(share) for share in exact]
    by_rest = sorted(range(len(exact)), key=lambda place: shares[place] - exact[place])
    for place in by_rest[: 100 - sum(shares)]:
        shares[place] += 1
    return shares
