import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from speech import speakers
from speech.speakers import Part
from speech.types import Piece, Plan, Turn


@dataclass
class Spoken:
    start: float
    end: float
    text: str
    words: list[list] = field(default_factory=list)
    piece: int = 0


def _spoken(text: str, *, start: float = 0.0, step: float = 0.5) -> Spoken:
    """Return a segment with a word for each step; `_` is a step of silence."""
    steps = text.split()
    words = [
        [start + step * number, start + step * (number + 1), f" {word}", 0.9]
        for number, word in enumerate(steps)
        if word != "_"
    ]
    return Spoken(words[0][0], words[-1][1], "".join(word[2] for word in words), words)


def _said(segment: Spoken, *turns: tuple[float, float, int]) -> list[tuple[int | None, str]]:
    [parts] = speakers.label([segment], [Turn(*turn) for turn in turns])
    return [(part.speaker, part.text) for part in parts]


def test_label_cuts_where_the_speaker_changes():
    said = _said(_spoken("Who is there? It is me."), (0.0, 1.5, 1), (1.5, 3.0, 2))

    assert said == [(1, " Who is there?"), (2, " It is me.")]


def test_label_puts_a_late_turn_at_the_sentence_that_it_begins_with():
    said = _said(_spoken("Who is there? It is me."), (0.0, 1.8, 1), (1.8, 3.0, 2))

    assert said == [(1, " Who is there?"), (2, " It is me.")]


def test_label_gives_a_word_to_the_speaker_of_most_of_it():
    said = _said(_spoken("one two three four"), (0.0, 1.2, 1), (1.2, 2.0, 2))

    assert said == [(1, " one two"), (2, " three four")]


def test_label_smooths_a_flip_within_a_sentence():
    said = _said(_spoken("one two three four five"), (0.0, 1.0, 1), (1.0, 1.5, 2), (1.5, 2.5, 1))

    assert said == [(1, " one two three four five")]


def test_label_keeps_a_short_turn_that_is_a_sentence():
    said = _said(_spoken("I see. Yes. And then it rained."), (0.0, 1.0, 1), (1.0, 1.5, 2), (1.5, 3.5, 1))

    assert said == [(1, " I see."), (2, " Yes."), (1, " And then it rained.")]


def test_label_keeps_an_interruption_within_a_sentence():
    text = "one two stop that now please three four"
    said = _said(_spoken(text), (0.0, 1.0, 1), (1.0, 3.0, 2), (3.0, 4.0, 1))

    assert said == [(1, " one two"), (2, " stop that now please"), (1, " three four")]


def test_label_gives_words_outside_of_turns_to_the_nearest_one():
    said = _said(_spoken("one two. _ _ _ three four."), (0.0, 0.4, 1), (3.2, 3.5, 2))

    assert said == [(1, " one two."), (2, " three four.")]


def test_label_gives_words_far_from_any_turn_to_their_neighbours():
    said = _said(_spoken("one two three four five six seven eight"), (0.0, 0.5, 1))

    assert said == [(1, " one two three four five six seven eight")]


def test_label_leaves_a_segment_far_from_any_turn_without_a_speaker():
    segments = [_spoken("one two"), _spoken("three four", start=20.0), _spoken("five", start=40.0)]

    parts = speakers.label(segments, [Turn(0.0, 1.0, 1), Turn(40.0, 40.5, 2)])

    assert [[part.speaker for part in group] for group in parts] == [[1], [None], [2]]


def test_label_tells_who_speaks_at_the_same_time():
    [parts] = speakers.label([_spoken("one two three four")], [Turn(0.0, 2.0, 1), Turn(0.8, 1.6, 3), Turn(1.7, 2.5, 2)])

    assert parts == [Part(0, 4, 1, (3,), 0.0, 2.0, " one two three four")]


def test_label_of_words_that_two_say_goes_to_whoever_says_the_rest():
    said = _said(_spoken("one two three four"), (0.0, 2.0, 2), (0.9, 2.1, 1))

    assert said == [(2, " one two three four")]


def test_label_without_words_takes_the_segment_as_a_whole():
    segment = Spoken(0.0, 4.0, " one two three")

    assert _said(segment, (0.0, 1.0, 1), (1.0, 4.0, 2)) == [(2, " one two three")]


def test_label_does_not_cut_a_text_that_is_not_its_words():
    segment = _spoken("one two three four")
    segment.text = " somebody else's text"

    assert _said(segment, (0.0, 1.2, 1), (1.2, 2.0, 2)) == [(1, " somebody else's text")]


def test_label_without_turns_has_no_speakers():
    assert _said(_spoken("one two")) == [(None, " one two")]


def test_label_of_a_gap_is_nobodys():
    gap = Spoken(0.0, 10.0, "")

    assert speakers.label([gap], [Turn(0.0, 10.0, 1)]) == [[Part(0, 0, None, (), 0.0, 10.0, "")]]


def test_label_of_nothing_is_nothing():
    assert speakers.label([], [Turn(0.0, 1.0, 1)]) == []


def _two_channels() -> Plan:
    spans = ((0.0, 3.0, 2), (1.0, 9.0, 1), (12.0, 14.0, 2))
    pieces = tuple(Piece(start, end, ((start, end),), channel) for start, end, channel in spans)
    return Plan(20.0, "en", 0.9, pieces, ((0, 3),))


def test_channel_turns_are_numbered_like_the_channels():
    assert speakers.channel_turns(_two_channels()) == (Turn(0.3, 2.7, 2), Turn(1.3, 8.7, 1), Turn(12.3, 13.7, 2))


def test_channel_turns_of_a_recording_without_channels_are_none():
    assert speakers.channel_turns(Plan(20.0, "en", 0.9, (Piece(0.0, 9.0, ((0.0, 9.0),)),), ((0, 1),))) == ()


def test_label_by_channel_leaves_every_word_where_it_was_recognised():
    segments = [_spoken("one two three four"), _spoken("five six", start=1.0), Spoken(12.0, 14.0, "")]

    labelled = speakers.label_by_channel(segments, [2, 1, 2], speakers.channel_turns(_two_channels()))

    assert [[(part.speaker, part.also, part.text) for part in parts] for parts in labelled] == [
        [(2, (1,), " one two three four")],
        [(1, (2,), " five six")],
        [(None, (), "")],
    ]


def _chance_recording(seed: int) -> tuple[list[Spoken], list[Turn]]:
    """Return segments and turns without any sense: pauses, words of no length, words out of order, silence, overlap."""
    chance, time, segments = random.Random(seed), 0.0, []
    for _ in range(chance.randint(0, 12)):
        time += chance.choice([0.0, 0.2, 3.0])
        words = []
        for _ in range(chance.randint(0, 15)):
            start = max(0.0, time + chance.uniform(-0.2, 0.3))
            time = start + chance.choice([0.0, 0.1, 0.4, 2.0])
            words.append([start, time, chance.choice([" a", " well,", " No.", "字", ""]), chance.random()])
        text = "".join(word[2] for word in words)
        start = words[0][0] if words else time
        segments.append(Spoken(start, max(time, start), text, words))
    starts = sorted(chance.uniform(0.0, time + 1.0) for _ in range(chance.randint(0, 20)))
    return segments, [Turn(start, start + chance.uniform(0.05, 6.0), chance.randint(1, 5)) for start in starts]


@pytest.mark.parametrize("seed", range(60))
def test_label_keeps_every_word_once_in_order(seed: int):
    segments, turns = _chance_recording(seed)

    labelled = speakers.label(segments, turns)

    assert len(labelled) == len(segments)
    for segment, parts in zip(segments, labelled, strict=True):
        assert [index for part in parts for index in range(part.first, part.last)] == list(range(len(segment.words)))
        assert "".join(part.text for part in parts) == segment.text
        assert (parts[0].start, parts[-1].end) == (segment.start, segment.end)
        assert all(segment.start <= part.start <= part.end <= segment.end for part in parts)
        assert all(one.speaker != other.speaker for one, other in pairwise(parts))
        assert all(part.speaker not in part.also for part in parts)
        assert {part.speaker for part in parts} <= {None, *(turn.speaker for turn in turns)}


@pytest.mark.parametrize("seed", range(20))
def test_label_does_not_depend_on_the_numbers_of_the_speakers(seed: int):
    segments, turns = _chance_recording(seed)
    names = {1: 7, 2: 9, 3: 11, 4: 12, 5: 20, None: None}

    labelled = speakers.label(segments, turns)
    renamed = speakers.label(segments, [Turn(turn.start, turn.end, names[turn.speaker]) for turn in turns])

    assert [[names[part.speaker] for part in parts] for parts in labelled] == [
        [part.speaker for part in parts] for parts in renamed
    ]
