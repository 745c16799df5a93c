"""Which words stand together on the screen, in which lines, and from when to when.

The costs weigh what good subtitles ask for (as the guidelines of the BBC and of Netflix have it): cues that end with a
sentence, a clause or a pause, that can be read in the time they stay, and that are neither crammed nor a leftover word.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from transcripts.exports.document import Segment, Speaker
from transcripts.exports.options import ExportOptions
from transcripts.exports.subtitles.partition import cheapest_partition
from transcripts.exports.subtitles.timing import COLUMNS_PER_SECOND, LONGEST_SECONDS, SHORTEST_SECONDS, Span, settle
from transcripts.exports.subtitles.tokens import Token, tokens

PAUSE_SECONDS = 1.0
"""A cue never spans a longer silence."""
BREATH_SECONDS = 0.3

CUE = 1.0
SENTENCE_INSIDE = 0.8
BREAK_AT_CLAUSE = 0.6
BREAK_ANYWHERE = 2.0
BREAK_INSIDE_WORD = 1.0
"""Between two characters of a script without spaces, where nobody knows the words."""
CRAMMED = 1.0
SECOND_TOO_SHORT = 4.0
LINE = 1000.0
"""More than all else together: a cue takes as few lines as it can."""
UNEVEN_LINES = 4.0


@dataclass(frozen=True, slots=True)
class Cue:
    """What is on the screen from one time to another, in milliseconds: at least one line, no line empty."""

    start: int
    end: int
    lines: tuple[str, ...]
    speaker: Speaker | None


def cut_cues(segments: Iterable[Segment], options: ExportOptions) -> list[Cue]:
    """Return the cues of a transcript in order, none overlapping another.

    A word longer than a line stands on a line of its own, whole: an address cut in two is of no use.
    """
    groups = [group for run in _runs(tokens(segments)) for group in _cut(run, options)]
    spans = settle([Span(group[0].start, group[-1].end, _width(group)) for group in groups])
    return [
        Cue(start, end, tuple(_lines(group, options.line_length)), group[0].speaker)
        for group, (start, end) in zip(groups, spans, strict=True)
    ]


def _runs(stream: Iterable[Token]) -> Iterator[list[Token]]:
    """Yield the tokens between two pauses or changes of speaker."""
    run: list[Token] = []
    for token in stream:
        if run and (token.start - run[-1].end > PAUSE_SECONDS or token.speaker != run[-1].speaker):
            yield run
            run = []
        run.append(token)
    if run:
        yield run


def _cut(run: list[Token], options: ExportOptions) -> list[list[Token]]:
    breaks = [*(_break_cost(token, following) for token, following in pairwise(run)), 0.0]

    def costs(first: int) -> Iterator[float]:
        """Yield the cost of a cue from this token to each that still fits."""
        lines, line, columns, inside = 1, 0, 0, 0
        start = run[first].start
        for position in range(first, len(run)):
            token = run[position]
            added = token.width + (1 if token.space_before and line else 0)
            columns += added
            line += added
            if line > options.line_length and line > token.width:
                lines, line = lines + 1, token.width
            if position > first and (lines > options.lines_per_cue or token.end - start > LONGEST_SECONDS):
                return
            free = run[position + 1].start - start if position + 1 < len(run) else LONGEST_SECONDS
            fullness = columns / (options.line_length * options.lines_per_cue)
            yield (
                CUE
                + fullness * fullness
                + breaks[position]
                + inside * SENTENCE_INSIDE
                + _haste(columns, token.end - start, free)
            )
            inside += token.ends_sentence

    return [run[first:last] for first, last in cheapest_partition(len(run), costs)]


def _break_cost(token: Token, following: Token) -> float:
    if token.ends_sentence:
        return 0.0
    inside_word = 0.0 if following.space_before else BREAK_INSIDE_WORD
    if token.ends_clause or following.start - token.end > BREATH_SECONDS:
        return BREAK_AT_CLAUSE
    return BREAK_ANYWHERE + inside_word


def _haste(columns: int, spoken: float, free: float) -> float:
    """Return the cost of too little time to read. A cue may stay for the time that is free before the next one."""
    wanted = max(SHORTEST_SECONDS, columns / COLUMNS_PER_SECOND)
    shown = max(spoken, min(wanted, free))
    return CRAMMED * (1 - shown / wanted) * (shown < wanted) + SECOND_TOO_SHORT * max(0.0, SHORTEST_SECONDS - shown)


def _lines(group: list[Token], length: int) -> list[str]:
    """Return the text of a cue in as few lines as hold it, of about the same width, broken where a clause ends."""
    breaks = [*(_break_cost(token, following) for token, following in pairwise(group)), 0.0]

    def costs(first: int) -> Iterator[float]:
        columns = 0
        for position in range(first, len(group)):
            token = group[position]
            columns += token.width + (1 if token.space_before and position > first else 0)
            if columns > length and position > first:
                return
            yield LINE + UNEVEN_LINES * (columns / length) ** 2 + breaks[position]

    return [_text(group[first:last]) for first, last in cheapest_partition(len(group), costs)]


def _text(group: list[Token]) -> str:
    return "".join(f" {token.text}" if token.space_before else token.text for token in group).strip()


def _width(group: list[Token]) -> int:
    return sum(token.width + token.space_before for token in group) - group[0].space_before
