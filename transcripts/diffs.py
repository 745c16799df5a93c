"""What differs between two texts, word by word."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from transcripts.correcting import Token, matches, tokens


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one of two texts, or of both. `space` stands before it."""

    kind: Literal["same", "gone", "new"]
    space: str
    text: str


def differences(old: str, new: str) -> list[Run]:
    """Return both texts as one: what is the same in them, what only the old one has, and what only the new one has."""
    runs = groupby(_kinds(tokens(old), tokens(new)), key=lambda pair: pair[0])
    return [_run(kind, [token for _kind, token in pairs]) for kind, pairs in runs]


def _run(kind: Literal["same", "gone", "new"], some: list[Token]) -> Run:
    text = "".join(token.space + token.text for token in some)
    return Run(kind, some[0].space, text.removeprefix(some[0].space))


def _kinds(old: list[Token], new: list[Token]) -> Iterator[tuple[Literal["same", "gone", "new"], Token]]:
    place = 0
    match = matches([token.text for token in old], [token.text for token in new])
    for number, token in enumerate(old):
        if number not in match:
            yield "gone", token
            continue
        yield from (("new", added) for added in new[place : match[number]])
        yield "same", new[match[number]]
        place = match[number] + 1
    yield from (("new", added) for added in new[place:])
