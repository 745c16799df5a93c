"""Search all transcripts that a person may see."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import F, Q

from transcripts.models import Recording, SearchEntry, Segment, Speaker
from transcripts.search.filters import Filters, scope_of
from transcripts.search.matching import Candidate, candidates
from transcripts.search.query import Query
from transcripts.search.ranking import Found, ranked
from transcripts.search.snippets import Piece, pieces, second_of

MOST_RANKED = 2000
"""So many places are weighed against each other; of more, those that were written last."""
MOST_SAID = 1000
"""As many where a speaker is named: with a common word and a name PostgreSQL reads 86 rows for each place, from the newest on."""
RECORDINGS_PER_PAGE = 10
PASSAGES_PER_RECORDING = 3
PASSAGES_PER_PAGE = 50
"""Where the search is within one recording."""

UNSHOWN = ("words", "recording__peaks", "segment__job__plan", "segment__job__provenance")


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage in which something was found. `seconds` is where in the recording the first word of it is spoken."""

    segment: Segment
    pieces: list[Piece]
    seconds: float

    @property
    def speaker(self) -> Speaker | None:
        return self.segment.speaker


@dataclass(frozen=True, slots=True)
class FoundRecording:
    """A recording with the best passages, in order of time, and how many more there are."""

    recording: Recording
    title: list[Piece]
    hits: list[Hit]
    more: int

    @property
    def version(self) -> UUID | None:
        """Return the version that the hits are in, None where the recording's page opens with it."""
        jobs = {hit.segment.job_id for hit in self.hits} - {self.recording.shown_job_id}
        return next(iter(jobs), None)


@dataclass(frozen=True, slots=True)
class Results:
    """A page of what was found. `passages` and `recordings` count all of it, up to what is ranked."""

    found: list[FoundRecording]
    passages: int = 0
    recordings: int = 0
    number: int = 1
    has_next: bool = False
    capped_at: int = 0
    """How many places were ranked where there are more: then only the newest ones are here. 0 where all were."""


def search(user: User, query: Query, filters: Filters | None = None, *, page: int = 1) -> Results:
    """Return a page of what a person finds, the best first. Costs two queries, and one more where a speaker is named."""
    filters = filters or Filters()
    scope = scope_of(user, filters) if query else None
    if scope is None:
        return Results([])
    most = MOST_SAID if filters.speaker else MOST_RANKED
    places = candidates(query, scope, limit=most + 1)
    found = ranked(query, places[:most])
    if filters.recording:
        shown, has_next = _within(found, page)
    else:
        first = (page - 1) * RECORDINGS_PER_PAGE
        shown = [(one, one.passages[:PASSAGES_PER_RECORDING]) for one in found[first : first + RECORDINGS_PER_PAGE]]
        has_next = len(found) > first + RECORDINGS_PER_PAGE
    return Results(
        list(_read(user, query, shown)),
        passages=sum(len(one.passages) for one in found),
        recordings=len(found),
        number=page,
        has_next=has_next,
        capped_at=most if len(places) > most else 0,
    )


Shown = list[tuple[Found, Sequence[Candidate]]]
"""Recordings with the places in each that a page shows."""


def _within(found: Sequence[Found], page: int) -> tuple[Shown, bool]:
    """Return a page of all passages of the one recording that was found, in the order of the text."""
    first = (page - 1) * PASSAGES_PER_PAGE
    places = [(one, sorted(one.passages, key=lambda place: place.pk)) for one in found]
    shown: Shown = [(one, passages[first : first + PASSAGES_PER_PAGE]) for one, passages in places]
    return shown, any(len(passages) > first + PASSAGES_PER_PAGE for _, passages in places)


def _read(user: User, query: Query, shown: Shown) -> Iterator[FoundRecording]:
    """Yield what is shown of the recordings, where this person may see them still. Costs a query."""
    wanted = [(one, places or one.places[:1]) for one, places in shown]
    pks = [place.pk for _, places in wanted for place in places]
    still = Q(segment=None) | Q(recording__shown_job=None) | Q(segment__job=F("recording__shown_job"))
    entries = SearchEntry.objects.filter(still, pk__in=pks, recording__in=Recording.objects.visible_to(user))
    entries = entries.select_related("segment__speaker", "segment__job", "recording__owner").defer(*UNSHOWN)
    read = {entry.pk: entry for entry in entries}
    for one, places in wanted:
        there = [read[place.pk] for place in places if place.pk in read]
        if there:
            segments = [entry.segment for entry in there if entry.segment is not None]
            yield _shown(query, there[0].recording, segments, more=len(one.passages) - len(segments))


def _shown(query: Query, recording: Recording, segments: Iterable[Segment], *, more: int) -> FoundRecording:
    hits = [_hit(query, segment) for segment in segments]
    hits.sort(key=lambda hit: hit.segment.start)
    return FoundRecording(recording, pieces(query, recording.title), hits, more)


def _hit(query: Query, segment: Segment) -> Hit:
    second = second_of(query, segment.text, segment.words)
    return Hit(segment, pieces(query, segment.text), segment.start if second is None else second)
