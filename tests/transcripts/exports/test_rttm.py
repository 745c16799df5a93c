"""Who speaks when, as RTTM."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.transcripts.exports.samples import document, random_segments, segment, voice
from transcripts.exports import FORMATS, ExportOptions, render
from transcripts.exports.document import Document, Segment, Turn
from transcripts.exports.rttm import joined
from transcripts.models import Speaker


def said(start: float, end: float, name: str | None) -> Segment:
    return segment(start, end, "word", speaker=name)


def heard(*turns: tuple[float, float, str]) -> tuple[Turn, ...]:
    return tuple(Turn(start, end, voice(name)) for start, end, name in turns)


def lines(
    segments: Iterable[Segment], turns: tuple[Turn, ...], *, title: str = "Title"
) -> list[tuple[float, float, str]]:
    """Return (start, end, name) of each line, read as the format has it."""
    content = replace(document(list(segments), title=title), turns=turns)
    found = []
    for line in _written(content).splitlines():
        kind, file, channel, start, length, *_, name, _, _ = line.split(" ")
        assert (kind, file, channel) == ("SPEAKER", "Title", "1")
        found.append((float(start), round(float(start) + float(length), 3), name))
    return found


def _written(content: Document) -> str:
    return FORMATS["rttm"].render(content, ExportOptions()).decode()


def test_turns_are_as_they_were_heard_with_their_overlap():
    turns = heard((0, 4, "Ann"), (3, 6, "Ben"), (8, 9, "Ann"))
    assert lines([said(0, 4, "Ann"), said(4, 6, "Ben")], turns) == [(0, 4, "Ann"), (3, 6, "Ben"), (8, 9, "Ann")]


def test_passage_given_to_another_by_hand_decides():
    turns = heard((0, 10, "Ann"), (5, 6, "Ben"))
    text = [said(0, 3, "Ann"), said(3, 4, "Eve"), said(4, 10, "Ann")]
    assert lines(text, turns) == [(0, 3, "Ann"), (3, 4, "Eve"), (4, 10, "Ann"), (5, 6, "Ben")]


def test_whoever_is_heard_beside_another_may_have_the_words():
    turns = heard((0, 10, "Ann"), (2, 6, "Ben"))
    assert lines([said(2, 7, "Ben")], turns) == [(0, 10, "Ann"), (2, 6, "Ben")]


def test_passage_in_which_nobody_was_heard_is_a_turn():
    assert lines([said(1, 2, "Ann"), said(5, 6, None)], ()) == [(1, 2, "Ann")]


def test_passages_that_overlap_share_a_turn_out():
    assert lines([said(1, 4, "Eve"), said(3, 5, "Ben")], heard((0, 10, "Ann"))) == [
        *((0, 1, "Ann"), (1, 4, "Eve"), (4, 5, "Ben"), (5, 10, "Ann"))
    ]


def test_turns_that_touch_are_one():
    assert joined(heard((3, 4, "Ann"), (0, 2, "Ann"), (1, 3, "Ann"), (2, 5, "Ben"))) == [
        *heard((0, 4, "Ann"), (2, 5, "Ben"))
    ]


@pytest.mark.parametrize("name", ["Ann  B.", " Ann;B.", "Ann\u00a0B.", "安\u3000娜"])
def test_names_are_one_word_each(name: str):
    [(_, _, written)] = lines([], heard((0, 1, name)))
    assert written in ("Ann_B.", "安_娜")


def test_two_people_never_get_one_name():
    turns = (Turn(0, 1, voice("Ann B")), Turn(2, 3, voice("Ann_B")), Turn(4, 5, voice("Ann B")))
    assert [name for _, _, name in lines([], turns)] == ["Ann_B", f"Ann_B_{voice('Ann_B').id}", "Ann_B"]


def test_title_is_one_word():
    content = replace(document([], title="A ;; b\u2003c"), turns=heard((0, 1, "Ann")))
    assert _written(content) == "SPEAKER A_b_c 1 0.000 1.000 <NA> <NA> Ann <NA> <NA>\n"


@pytest.mark.parametrize("seed", range(5))
def test_no_time_of_a_turn_is_lost(seed: int):
    names = ("Ann", "Ben", "Eve")
    segments = [
        replace(each, speaker=voice(names[place % 3])) for place, each in enumerate(random_segments(seed, words=300))
    ]
    turns = heard(*((place * 4.0, place * 4.0 + 5, names[place // 2 % 3]) for place in range(60)))
    found = lines(sorted(segments, key=lambda each: each.start), turns)
    covered = {second for start, end, _ in found for second in range(round(start), round(end))}
    assert set(range(241)) <= covered


def test_renamed_and_merged_speakers_have_their_names(make_dialog):
    job = make_dialog()
    Speaker.objects.filter(pk=72).update(merged_into=71)
    Speaker.objects.filter(pk=71).update(name="Anna Nowak")
    names = [line.split()[7] for line in render(job, "rttm").decode().splitlines()]
    assert names == ["Anna_Nowak", "Anna_Nowak", "Zoë_-->_guest", "Anna_Nowak", "Zoë_-->_guest"]
