"""Which of the places that were found come first. The same on every database, so nothing here asks one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log1p
from uuid import UUID

from transcripts.search.matching import Candidate
from transcripts.search.query import Query, Term

CLOSENESS = 2.0
"""What it counts that all words stand side by side, against a passage of nothing but these words, which is 1."""
IN_ORDER = 0.5
TITLE = 1.5
OFTEN = 0.2
"""What it counts how often the words are in a recording: as much for ten times as for what sets two good passages apart."""
SHORT = 8
"""Words by which every passage is taken to be longer, so that one of two words is not the best for each of them."""


@dataclass(frozen=True, slots=True)
class Found:
    """The places in one recording, the best first. `has_title` tells whether the words are in its title."""

    places: tuple[Candidate, ...]
    has_title: bool
    score: float

    @property
    def passages(self) -> tuple[Candidate, ...]:
        """Return the places in the text."""
        return tuple(place for place in self.places if place.segment is not None)


def ranked(query: Query, candidates: Iterable[Candidate]) -> list[Found]:
    """Return the recordings in which something was found, the best first; equal ones as the candidates come."""
    places: dict[UUID | str, list[tuple[float, Candidate]]] = {}
    for candidate in candidates:
        places.setdefault(candidate.recording, []).append((score(query, candidate), candidate))
    return sorted((_found(some) for some in places.values()), key=lambda found: -found.score)


def _found(scored: list[tuple[float, Candidate]]) -> Found:
    scored.sort(key=lambda pair: -pair[0])
    places = tuple(candidate for _, candidate in scored)
    has_title = any(place.segment is None for place in places)
    return Found(places, has_title, scored[0][0] + OFTEN * log1p(len(places)))


def score(query: Query, candidate: Candidate) -> float:
    """Return how good a place is: how much of it the words are, and how close together they stand."""
    words = candidate.words.split()
    firsts, matched = [], 0
    for term in query.wanted:
        found = _places(term, words)
        firsts += found[:1]
        matched += len(found) * len(term.words)
    value = matched / (len(words) + SHORT)
    if len(firsts) > 1:
        total = sum(len(term.words) for term in query.wanted)
        value += CLOSENESS * min(1.0, total / (max(firsts) - min(firsts) + len(query.wanted[-1].words)))
        value += IN_ORDER if all(one < other for one, other in pairwise(firsts)) else 0.0
    return value + (TITLE if candidate.segment is None else 0.0)


def _places(term: Term, words: Sequence[str]) -> list[int]:
    """Return where a term begins among words."""
    count, first = len(term.words), term.words[0]
    if count == 1:
        return [at for at, word in enumerate(words) if word == first or (term.goes_on and word.startswith(first))]
    return [at for at, word in enumerate(words) if word == first and term.matches(words[at : at + count])]
