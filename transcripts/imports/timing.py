"""When the words of a text are said: as they were recognised where they are the same, else between those."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import accumulate, pairwise

from transcripts.correcting import Token, tokens
from transcripts.imports.placing import SECONDS_A_CHARACTER
from transcripts.imports.transcript import Passage, Row

DECIMALS = 3


def timed(passages: Sequence[Passage], known: Sequence[Row], *, end: float) -> list[list[Row]]:
    """Return the words of each passage with their times: estimated where they are not among the recognised ones.

    Those of a passage that has times itself lie within them. `known` are the recognised words of the whole recording, in order of
    time, `end` is when it ends.
    """
    if any(passage.start is None for passage in passages):
        return _of_text(passages, known, end)
    return [_of_cue(passage, known) for passage in passages]


def _of_cue(passage: Passage, known: Sequence[Row]) -> list[Row]:
    low, high = passage.start or 0.0, passage.end or 0.0
    return _fill(tokens(passage.text), [row for row in known if low <= row[0] and row[1] <= high], low, high)


def _of_text(passages: Sequence[Passage], known: Sequence[Row], end: float) -> list[list[Row]]:
    texts = [tokens(passage.text) for passage in passages]
    words = [token for found in texts for token in found]
    last = max(
        end, known[-1][1] if known else SECONDS_A_CHARACTER * sum(len(token.text) for token in words) * (not end)
    )
    rows = iter(_fill(words, known, 0.0, last))
    return [[next(rows) for _ in found] for found in texts]


def _fill(words: Sequence[Token], known: Sequence[Row], low: float, high: float) -> list[Row]:
    """Return words that lie between two times, in order."""
    match = _matches([Token(str(row[2]).strip(), "").key for row in known], [word.key for word in words])
    texts = [word.space + word.text for word in words]
    rows: list[Row] = []
    begin = low
    for place in [*sorted(match), len(texts)]:
        row = known[match[place]] if place in match else (high, high)
        rows += _estimated(texts[len(rows) : place], begin, max(begin, row[0]))
        if place in match:
            rows.append((row[0], row[1], texts[place], *row[3:]))
            begin = row[1]
    return rows


def _matches(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Return which recognised word each new one is. Words that are everywhere are passed over first, or it would take minutes."""
    blocks = SequenceMatcher(None, old, new).get_matching_blocks()
    return {block.b + step: block.a + step for block in blocks for step in range(block.size)}


def _estimated(texts: Sequence[str], low: float, high: float) -> list[Row]:
    """Return words one after the other between two times, in proportion to their lengths."""
    total = sum(len(text) for text in texts) or 1
    edges = [low + (high - low) * place / total for place in accumulate((len(text) for text in texts), initial=0)]
    return [
        (round(one, DECIMALS), round(other, DECIMALS), text, None, True)
        for text, (one, other) in zip(texts, pairwise(edges), strict=True)
    ]
