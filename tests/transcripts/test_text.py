"""The text of the recording page: who speaks, and what a page needs that shows an earlier state of it."""

from collections.abc import Iterable

import pytest

from transcripts.models import Job, Segment, Speaker
from transcripts.views.changes import Changes, Insertion, changes
from transcripts.views.text import Line, PageParagraph, Position, page_paragraphs, read_lines, with_names


def line(index: int, start: float, text: str = "word", *, speaker: int | None = None, also: Iterable[int] = ()) -> Line:
    return Line(100 + index, 0, index, 0, start, start + 1, text, [], "", speaker, list(also))


def page(*lines: Line) -> list[PageParagraph]:
    return with_names(sorted(lines, key=lambda each: each.start), {}, engine="")


def shown(found: Changes, old: list[PageParagraph]) -> list[PageParagraph]:
    """Return the text of a page that showed the old one, after these changes."""
    replaced = {paragraph.first: paragraph for paragraph in found.replaced}
    now = [replaced.get(each.first, each) for each in old if each.first not in found.gone]
    for insertion in found.inserted:
        places = [place for place, each in enumerate(now) if each.first == insertion.before]
        at = places[0] if insertion.before else len(now)
        now[at:at] = insertion.paragraphs
    return now


def test_position_has_its_part_only_where_there_are_several():
    texts = ["3-1", "3-1-2"]
    assert [str(Position.parse(text)) for text in texts] == texts
    assert Position.parse("3-1") == Position(3, 1, 0)


def test_turn_begins_where_somebody_else_speaks():
    text = page(
        line(0, 0, speaker=1), line(1, 9, speaker=1), line(2, 10, speaker=2), line(3, 11), line(4, 12, speaker=2)
    )
    assert [(each.lines[0].speaker, each.begins_turn) for each in text] == [
        *((1, True), (1, False), (2, True), (None, False), (2, True))
    ]


def test_those_who_speak_all_along_are_told_once(completed_job: Job):
    ann, ben, eve = (Speaker(pk=pk, number=pk, name=name) for pk, name in enumerate(("Ann", "Ben", "Eve"), 1))
    names = {speaker.pk: speaker for speaker in (ann, ben, eve)}
    (paragraph,) = with_names(
        [line(0, 0, speaker=1, also=[3, 2]), line(1, 1, speaker=1, also=[2, 99])], names, engine=""
    )
    assert paragraph.also == (ben,)
    assert paragraph.partly == (eve,)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], []),
        ([], [line(0, 0)]),
        ([line(0, 0)], [line(0, 0), line(1, 1), line(2, 9)]),
        ([line(0, 0), line(2, 9)], [line(0, 0), line(1, 4), line(2, 9)]),
        ([line(1, 4), line(2, 9)], [line(0, 0), line(1, 4), line(2, 9), line(3, 20)]),
        ([line(0, 0, speaker=1), line(1, 1, speaker=2)], [line(0, 0, speaker=1), line(1, 1, speaker=1)]),
        ([line(0, 0, speaker=1), line(1, 1, speaker=1)], [line(0, 0, speaker=1), line(1, 1, speaker=2)]),
        ([line(0, 0), line(1, 4)], []),
    ],
)
def test_changes_make_the_new_text_of_the_old(before: list[Line], after: list[Line]):
    old, new = page(*before), page(*after)
    assert shown(changes(old, new), old) == new


def test_changes_leave_alone_what_looks_the_same():
    old = page(line(0, 0), line(2, 9))
    new = page(line(0, 0), line(1, 4), line(2, 9), line(3, 20))
    assert changes(old, new) == Changes((), (), (Insertion(Position(0, 2), (new[1],)), Insertion(None, (new[3],))))


def test_text_is_in_the_order_in_which_it_was_spoken(completed_job: Job):
    first, second, third = completed_job.segments.all()
    Segment.objects.filter(pk=first.pk).update(start=7.0)
    assert [each.pk for each in read_lines(completed_job)] == [second.pk, third.pk, first.pk]


def test_text_since_a_segment_that_is_gone_is_none(completed_job: Job):
    assert [each.index for each in read_lines(completed_job, since=Position(0, 1))] == [1, 2]
    assert read_lines(completed_job, since=Position(0, 1, 1)) == []


def test_paragraphs_name_those_who_speak(completed_job: Job):
    ann = Speaker.objects.create(job=completed_job, number=1, name="Ann")
    completed_job.segments.filter(index=1).update(speaker=ann)
    assert [each.speaker for each in page_paragraphs(completed_job)] == [None, ann, None]
