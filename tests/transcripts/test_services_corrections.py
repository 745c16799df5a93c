"""What a person changes about the text, as it stays in the database."""

from itertools import pairwise

import pytest
from django.contrib.auth.models import User

from speech.types import Turn
from tests.conftest import MakeJob, MakeSegments
from transcripts.models import Edit, Job
from transcripts.services import corrections
from transcripts.services.corrections import Conflict, SentAgain, delete, insert, join, set_times, write
from transcripts.services.edits import EditRefused, restore, undo
from transcripts.services.history import history, latest_change, latest_undone
from transcripts.services.replacing import Search, find, replace_all
from transcripts.services.speakers import apply_labelling

pytestmark = pytest.mark.django_db

FIRST = "And so, my fellow Americans,"
SECOND = "ask not what your country can do for you,"
THIRD = "ask what you can do for your country."
CONTENT = ("pk", "piece", "index", "part", "start", "end", "text", "words", "speaker", "also")


@pytest.fixture
def job(completed_job: Job) -> Job:
    return completed_job


def texts(job: Job) -> list[str]:
    return [row.text.strip() for row in job.segments.all()]


def times(job: Job) -> list[tuple[float, float]]:
    return [(round(row.start, 2), round(row.end, 2)) for row in job.segments.all()]


def rows(job: Job) -> list[tuple[object, ...]]:
    return list(job.segments.values_list(*CONTENT))


def pk(job: Job, place: int) -> int:
    return job.segments.all()[place].pk


def words_join_to_the_text(job: Job) -> bool:
    return all("".join(word[2] for word in row.words) == row.text for row in job.segments.all())


def test_write_keeps_the_times_of_words_that_stay(job: Job, alice: User):
    before = job.segments.all()[1].words
    edit = write(job, pk(job, 1), "ask not what our country can do for you,", base=SECOND, author=alice)
    row = job.segments.all()[1]
    assert row.words[3] == [before[3][0], before[3][1], " our", None, True]
    assert row.words[:3] + row.words[4:] == before[:3] + before[4:]
    assert (row.text, row.start, row.end) == (" ask not what our country can do for you,", 3.0, 6.0)
    assert (edit.kind, edit.author) == (Edit.Kind.CORRECT, alice)
    assert edit.before["segments"][str(row.pk)] == {"text": " " + SECOND, "words": before}


def test_write_splits_where_a_line_ends(job: Job, alice: User):
    words = job.segments.all()[1].words
    edit = write(job, pk(job, 1), "ask not what\r\nyour country can\n\ndo for you,", base=SECOND, author=alice)
    assert texts(job) == [FIRST, "ask not what", "your country can", "do for you,", THIRD]
    assert [word for row in job.segments.all()[1:4] for word in row.words] == words
    assert times(job)[1:4] == [(3.0, 4.0), (4.0, 5.0), (5.0, 6.0)]
    assert [(row.index, row.part) for row in job.segments.all()[1:4]] == [(1, 0), (1_000_000, 0), (1_000_001, 0)]
    assert edit.kind == Edit.Kind.SPLIT


def test_split_of_a_part_leads_the_later_parts_with_it(job: Job, alice: User):
    apply_labelling(job, [Turn(0, 4, 1), Turn(4, 5, 2), Turn(5, 9, 1)], provenance={"diarizer": "fake"})
    before = rows(job)
    assert texts(job) == [FIRST, "ask not what", "your country can", "do for you,", THIRD]
    edit = write(job, pk(job, 2), "your\ncountry can", base="your country can", author=alice)
    assert texts(job)[2:5] == ["your", "country can", "do for you,"]
    places = [(row.index, row.part) for row in job.segments.all()[1:5]]
    assert places == [(1, 0), (1, 1), (1_000_000, 0), (1_000_000, 1)]
    apply_labelling(job, [Turn(0, 9, 1)], provenance={"diarizer": "fake"})
    assert texts(job) == [FIRST, "ask not what your", "country can do for you,", THIRD]
    undo(Edit.objects.latest("pk"), author=alice)
    undo(edit, author=alice)
    assert rows(job) == before


def test_text_that_was_cut_by_hand_is_not_cut_beside_it(job: Job, alice: User):
    late = [Turn(0, 4.33, 1), Turn(4.33, 9, 2)]
    apply_labelling(job, late, provenance={"diarizer": "fake"})
    assert texts(job) == [FIRST, "ask not what your", "country can do for you,", THIRD]
    write(job, pk(job, 1), "ask not what\nyour", base="ask not what your", author=alice)
    apply_labelling(job, late, provenance={"diarizer": "fake"})
    assert texts(job) == [FIRST, "ask not what", "your country can do for you,", THIRD]
    assert [row.speaker.number for row in job.segments.all()] == [1, 1, 2, 2]


def test_text_that_was_cut_by_hand_is_cut_where_another_speaks_for_long(job: Job, alice: User):
    write(job, pk(job, 1), "ask not\nwhat your country can do for you,", base=SECOND, author=alice)
    apply_labelling(job, [Turn(0, 4.67, 1), Turn(4.67, 9, 2)], provenance={"diarizer": "fake"})
    assert texts(job) == [FIRST, "ask not", "what your country", "can do for you,", THIRD]


def test_speakers_are_told_apart_in_a_text_with_a_hole(job: Job, alice: User):
    apply_labelling(job, [Turn(0, 4, 1), Turn(4, 5, 2), Turn(5, 9, 1)], provenance={"diarizer": "fake"})
    delete(job, pk(job, 2), base="your country can", author=alice)
    apply_labelling(job, [Turn(0, 3.4, 1), Turn(3.4, 5.4, 2), Turn(5.4, 9, 3)], provenance={"diarizer": "fake"})
    assert texts(job) == [FIRST, "ask", "not what do", "for you,", THIRD]


def test_write_of_the_same_text_changes_nothing(job: Job, alice: User):
    with pytest.raises(EditRefused, match="like this already"):
        write(job, pk(job, 1), f"  {SECOND}\n", base=SECOND, author=alice)
    assert not Edit.objects.exists()


def test_write_of_nothing_deletes(job: Job, alice: User):
    edit = write(job, pk(job, 1), " \n", base=SECOND, author=alice)
    assert (texts(job), edit.kind) == ([FIRST, THIRD], Edit.Kind.DELETE)


def test_last_text_is_not_deleted(job: Job, alice: User):
    delete(job, pk(job, 0), base=FIRST, author=alice)
    delete(job, pk(job, 0), base=SECOND, author=alice)
    with pytest.raises(EditRefused, match="all the text there is"):
        delete(job, pk(job, 0), base=THIRD, author=alice)


def test_conflict_has_both_texts(job: Job, alice: User, bob: User):
    write(job, pk(job, 1), "Ask not,", base=SECOND, author=bob)
    with pytest.raises(Conflict) as caught:
        write(job, pk(job, 1), "ask knot", base=SECOND, author=alice)
    assert (caught.value.mine, caught.value.theirs) == ("ask knot", "Ask not,")
    assert texts(job)[1] == "Ask not,"


@pytest.mark.parametrize(
    "text", ["ask not what\nyour country can do for you,", "ask not\nwhat your\ncountry can do for you!"]
)
def test_split_that_is_sent_again_changes_nothing(job: Job, alice: User, text: str):
    write(job, pk(job, 1), text, base=SECOND, author=alice)
    before = rows(job)
    with pytest.raises(SentAgain, match="It is like this already") as caught:
        write(job, pk(job, 1), text, base=SECOND, author=alice)
    assert caught.value.created == [pk(job, place) for place in range(2, 2 + text.count("\n"))]
    assert (rows(job), job.edits.count()) == (before, 1)


def test_split_that_is_sent_again_over_what_somebody_changed_since_is_a_conflict(job: Job, alice: User, bob: User):
    text = "ask not what\nyour country can do for you,"
    write(job, pk(job, 1), text, base=SECOND, author=alice)
    write(job, pk(job, 2), "our country can do for you,", base="your country can do for you,", author=bob)
    with pytest.raises(Conflict) as caught:
        write(job, pk(job, 1), text, base=SECOND, author=alice)
    assert (caught.value.mine, caught.value.theirs) == (text, "ask not what")
    assert texts(job)[1:3] == ["ask not what", "our country can do for you,"]


def test_line_added_below_a_segment_is_added_once_though_it_is_sent_again(job: Job, alice: User):
    write(job, pk(job, 2), f"{THIRD}\nYes.", base=THIRD, author=alice)
    with pytest.raises(SentAgain):
        write(job, pk(job, 2), f"{THIRD}\nYes.", base=THIRD, author=alice)
    assert texts(job) == [FIRST, SECOND, THIRD, "Yes."]


def test_line_that_the_next_segment_says_too_can_be_added(job: Job, alice: User):
    delete(job, pk(job, 1), base=SECOND, author=alice)
    write(job, pk(job, 0), f"{FIRST}\n{THIRD}", base=FIRST, author=alice)
    assert texts(job) == [FIRST, THIRD, THIRD]


def test_conflict_where_the_segment_is_gone(job: Job, alice: User):
    gone = pk(job, 1)
    delete(job, gone, base=SECOND, author=alice)
    with pytest.raises(Conflict) as caught:
        write(job, gone, "mine", base=SECOND, author=alice)
    assert (caught.value.mine, caught.value.theirs) == ("mine", None)


@pytest.mark.parametrize("act", [join, delete])
def test_action_on_another_text_than_shown_is_a_conflict(job: Job, alice: User, act):
    with pytest.raises(Conflict):
        act(job, pk(job, 1), base="something else", author=alice)


def test_join_with_the_next(job: Job, alice: User):
    words = [word for row in job.segments.all()[:2] for word in row.words]
    join(job, pk(job, 0), base=FIRST, author=alice)
    row = job.segments.all()[0]
    assert texts(job) == [f"{FIRST} {SECOND}", THIRD]
    assert ([[*word[:2], word[2].strip()] for word in row.words], row.start, row.end) == (
        [[*word[:2], word[2].strip()] for word in words],
        0.0,
        6.0,
    )
    assert words_join_to_the_text(job)
    with pytest.raises(EditRefused, match="no text after this one"):
        join(job, pk(job, 1), base=THIRD, author=alice)


def test_join_refuses_what_is_said_at_once(job: Job, alice: User):
    second = job.segments.all()[1]
    second.start, second.words = 2.0, [[2.0, 6.0, " mm", 0.9]]
    second.save()
    with pytest.raises(EditRefused, match="at the same time"):
        join(job, pk(job, 0), base=FIRST, author=alice)


def test_insert_takes_the_time_that_is_free(job: Job, alice: User):
    delete(job, pk(job, 1), base=SECOND, author=alice)
    insert(job, pk(job, 0), "one more", where="after", author=alice)
    insert(job, pk(job, 2), "and one", where="before", author=alice)
    assert texts(job) == [FIRST, "one more", "and one", THIRD]
    assert times(job)[1:3] == [(3.0, 3.96), (5.16, 6.0)]
    assert words_join_to_the_text(job)


def test_insert_needs_time(job: Job, alice: User):
    with pytest.raises(EditRefused, match="no time between"):
        insert(job, pk(job, 0), "one more", where="after", author=alice)
    with pytest.raises(EditRefused, match="recording begins here"):
        insert(job, pk(job, 0), "one more", where="before", author=alice)
    insert(job, pk(job, 2), "the end", where="after", author=alice)
    assert times(job)[3] == (9.0, 9.84)
    job.recording.duration_seconds = 9.9
    job.recording.save()
    with pytest.raises(EditRefused, match="recording ends here"):
        insert(job, pk(job, 3), "one more", where="after", author=alice)


def test_times_go_as_far_as_the_neighbours(job: Job, alice: User):
    delete(job, pk(job, 1), base=SECOND, author=alice)
    set_times(job, pk(job, 1), 2.0, 20.0, base=THIRD, author=alice)
    assert times(job) == [(0.0, 3.0), (3.0, 11.0)]
    with pytest.raises(EditRefused, match="no more time"):
        set_times(job, pk(job, 1), 1.0, 30.0, base=THIRD, author=alice)
    with pytest.raises(EditRefused, match="ends after it starts"):
        set_times(job, pk(job, 1), 5.0, 5.0, base=THIRD, author=alice)


def test_segment_without_word_times_stays_without(job: Job, alice: User):
    job.segments.update(words=[])
    write(job, pk(job, 1), "ask not\nwhat your country can do for you, he said", base=SECOND, author=alice)
    assert texts(job)[1:3] == ["ask not", "what your country can do for you, he said"]
    assert times(job)[1:3] == [(3.0, 3.44), (3.44, 6.0)]
    join(job, pk(job, 1), base="ask not", author=alice)
    assert texts(job)[1] == "ask not what your country can do for you, he said"
    assert [row.words for row in job.segments.all()] == [[], [], []]


def test_undo_and_redo_any_number_of_steps(job: Job, alice: User):
    states = [rows(job)]
    write(job, pk(job, 0), "One\ntwo three", base=FIRST, author=alice)
    states.append(rows(job))
    join(job, pk(job, 1), base="two three", author=alice)
    states.append(rows(job))
    delete(job, pk(job, 0), base="One", author=alice)
    states.append(rows(job))
    for state in reversed(states[:-1]):
        undo(Edit.objects.get(pk=latest_change(history(job), alice.pk)), author=alice)
        assert rows(job) == state
    assert latest_change(history(job), alice.pk) is None
    for state in states[1:]:
        undo(Edit.objects.get(pk=latest_undone(history(job), alice.pk)), author=alice)
        assert rows(job) == state
    assert latest_undone(history(job), alice.pk) is None


def test_undo_leaves_what_others_did(job: Job, alice: User, bob: User):
    mine = write(job, pk(job, 0), "One", base=FIRST, author=alice)
    write(job, pk(job, 1), "Two", base=SECOND, author=bob)
    assert latest_change(history(job), alice.pk) == mine.pk
    undo(mine, author=alice)
    assert texts(job)[:2] == [FIRST, "Two"]


def test_what_others_changed_since_is_not_undone(job: Job, alice: User, bob: User):
    mine = write(job, pk(job, 0), "One", base=FIRST, author=alice)
    write(job, pk(job, 0), "One and a half", base="One", author=bob)
    with pytest.raises(EditRefused, match="changed again later"):
        undo(mine, author=alice)
    assert texts(job)[0] == "One and a half"


def test_what_is_brought_back_does_not_overlap_with_what_others_put_there(job: Job, alice: User, bob: User):
    first = job.segments.all()[0]
    deleted = delete(job, pk(job, 1), base=SECOND, author=alice)
    set_times(job, first.pk, first.start, first.end + 1, base=FIRST, author=bob)
    before = rows(job)
    with pytest.raises(EditRefused, match="changed again later"):
        undo(deleted, author=alice)
    assert rows(job) == before


def test_nothing_is_redone_after_something_new(job: Job, alice: User):
    undo(write(job, pk(job, 0), "One", base=FIRST, author=alice), author=alice)
    assert latest_undone(history(job), alice.pk) is not None
    write(job, pk(job, 1), "Two", base=SECOND, author=alice)
    assert latest_undone(history(job), alice.pk) is None


def test_any_point_can_be_restored(job: Job, alice: User):
    as_recognised = rows(job)
    point = write(job, pk(job, 0), "One\ntwo three", base=FIRST, author=alice).pk
    then = rows(job)
    join(job, pk(job, 1), base="two three", author=alice)
    apply_labelling(job, [Turn(0, 4, 1), Turn(4, 9, 2)], provenance={"diarizer": "fake"})
    delete(job, pk(job, 0), base="One", author=alice)
    last = rows(job)
    edit = restore(job, point, author=alice)
    assert rows(job) == then
    restore(job, 0, author=alice)
    assert rows(job) == as_recognised
    undo(Edit.objects.latest("pk"), author=alice)
    undo(edit, author=alice)
    assert rows(job) == last


def test_find_and_replace(job: Job, alice: User):
    search = Search("ASK", "beg")
    hits = find(job, search)
    assert [hit.pieces for hit in hits] == [
        ("", "ask", " not what your country can do for you,"),
        ("", "ask", THIRD[3:]),
    ]
    edit = replace_all(job, search, count=2, author=alice)
    assert texts(job) == [FIRST, SECOND.replace("ask", "beg"), THIRD.replace("ask", "beg")]
    assert (edit.kind, len(edit.after["segments"])) == (Edit.Kind.REPLACE, 2)


@pytest.mark.parametrize(
    ("search", "count"),
    [
        (Search("you"), 4),
        (Search("you", whole_words=True), 2),
        (Search("Ask", match_case=True), 0),
        (Search("you can   do"), 1),
        (Search(" you", whole_words=True), 2),
        (Search(".*"), 0),
        (Search("(a+)+$"), 0),
        (Search(" "), 0),
    ],
)
def test_find_takes_text_as_it_is(job: Job, search: Search, count: int):
    assert sum(hit.count for hit in find(job, search)) == count


@pytest.mark.parametrize(
    ("search", "text", "found"),
    [
        (Search("कल", "आज", whole_words=True), "कल कला कल", "आज कला आज"),
        (Search("कल", "आज"), "कल कला", "आज आजा"),
        (Search("aa a", "x", whole_words=True), "aaa aa a", "aaa x"),
        (Search("aa", "x"), "aaa aa", "xa x"),
        (Search("กา", "x", whole_words=True), "เกากา", "เกาx"),
        (Search("東京", "x", whole_words=True), "東京都", "x都"),
    ],
)
def test_replace_knows_where_words_end(search: Search, text: str, found: str):
    assert search.apply(text) == found


def test_replacement_is_no_pattern(job: Job, alice: User):
    replace_all(job, Search("Americans", r"\1 <b>\g<0></b>"), count=1, author=alice)
    assert texts(job)[0] == r"And so, my fellow \1 <b>\g<0></b>,"


def test_replace_refuses_another_count_than_shown(job: Job, alice: User):
    with pytest.raises(EditRefused, match="Look at them again"):
        replace_all(job, Search("ask", "beg"), count=3, author=alice)


def test_text_of_a_job_that_runs_is_not_changed(make_job: MakeJob, make_segments: MakeSegments, alice: User):
    job = make_job()
    make_segments(job)
    with pytest.raises(EditRefused, match="not over yet"):
        write(job, pk(job, 0), "One", base=FIRST, author=alice)


def test_longest_text(job: Job, alice: User):
    with pytest.raises(EditRefused, match="5000 characters"):
        write(job, pk(job, 0), "x" * 5001, base=FIRST, author=alice)
    write(job, pk(job, 0), "x" * corrections.LONGEST_TEXT, base=FIRST, author=alice)


def test_words_never_run_backwards_after_a_split_in_the_middle_of_a_word(job: Job, alice: User):
    write(job, pk(job, 0), "And s\no, my fellow Americans,", base=FIRST, author=alice)
    spans = [word for row in job.segments.all() for word in row.words]
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
