"""A labelling on a text, and what a person changes about it."""

import pytest

from speech.types import Turn
from transcripts.models import Edit, Job, Segment, Speaker
from transcripts.services.edits import EditRefused, assign, merge, rename, undo
from transcripts.services.history import history, latest_change
from transcripts.services.labelled import work_out
from transcripts.services.speakers import apply_labelling, label_filled, restore

pytestmark = pytest.mark.django_db

TWO = (Turn(0.0, 4.6, 1), Turn(4.6, 9.0, 2))
"""The change is in the middle of the second of three segments of three seconds."""
OTHERS = (Turn(0.0, 3.0, 1), Turn(3.0, 4.6, 2), Turn(4.6, 9.0, 3))
CONTENT = ("pk", "piece", "index", "part", "start", "end", "text", "words", "speaker", "also")


@pytest.fixture
def job(completed_job):
    return completed_job


@pytest.fixture
def labelled(job):
    apply_labelling(job, TWO, provenance={"diarizer": "fake"})
    job.refresh_from_db()
    return job


def _rows(job):
    return list(job.segments.order_by("index", "part").values_list(*CONTENT))


def _said(job):
    """Return who says what, by number or name."""
    return [
        (str(row.speaker) if row.speaker else "", row.text.strip()) for row in job.segments.select_related("speaker")
    ]


def _speaker(job, number):
    return Speaker.objects.get(labelling=job.labelling, number=number)


def _whole_texts(job):
    return {
        index: "".join(job.segments.filter(index=index).order_by("part").values_list("text", flat=True))
        for index in range(3)
    }


def test_labelling_cuts_segments_where_the_speaker_changes(job):
    before = _rows(job)

    labelling = apply_labelling(job, TWO, provenance={"diarizer": "fake"})

    job.refresh_from_db()
    assert _said(job) == [
        ("Speaker 1", "And so, my fellow Americans,"),
        ("Speaker 1", "ask not what your country"),
        ("Speaker 2", "can do for you,"),
        ("Speaker 2", "ask what you can do for your country."),
    ]
    assert (job.labelling, job.diarizer) == (labelling, "fake")
    assert labelling.turns == [[0.0, 4.6, 1], [4.6, 9.0, 2]]
    parts = job.segments.filter(index=1).order_by("part")
    assert [part.part for part in parts] == [0, 1]
    assert [word for part in parts for word in part.words] == before[1][7]
    assert (parts[0].start, parts[1].end) == (3.0, 6.0)
    assert _whole_texts(job) == {row[2]: row[6] for row in before}


def test_edit_of_a_labelling_has_only_what_changed(labelled):
    edit = Edit.objects.get()
    untouched, cut, _last = labelled.segments.filter(part=0).order_by("index")

    assert (edit.kind, edit.author, edit.job) == (Edit.Kind.LABELLING, None, labelled)
    assert edit.after["segments"][str(untouched.pk)] == {"speaker_id": _speaker(labelled, 1).pk}
    assert set(edit.before["segments"][str(cut.pk)]) == {"end", "text", "words", "speaker_id"}
    assert [row for row in edit.before["segments"].values() if row is None] == [None]
    assert edit.before["job"] == {"labelling_id": None, "diarizer": ""}


def test_undo_and_redo_of_a_labelling_give_the_very_rows(job, alice):
    before = _rows(job)
    apply_labelling(job, TWO, provenance={"diarizer": "fake"})
    after = _rows(job)

    undone = undo(Edit.objects.get(), author=alice)

    job.refresh_from_db()
    assert (_rows(job), job.labelling, job.diarizer) == (before, None, "")
    undo(undone, author=alice)
    job.refresh_from_db()
    assert (_rows(job), job.labelling is not None, job.diarizer) == (after, True, "fake")


def test_second_undo_of_one_edit_is_refused(labelled, alice):
    edit = Edit.objects.get()
    undo(edit, author=alice)
    with pytest.raises(EditRefused, match="undone already"):
        undo(edit, author=alice)
    assert Edit.objects.count() == 2


def test_labelling_again_joins_what_was_cut_and_keeps_names(labelled, alice):
    whole = _whole_texts(labelled)
    rename(_speaker(labelled, 2), "Ann", author=alice)

    apply_labelling(labelled, OTHERS, provenance={"diarizer": "other"})

    labelled.refresh_from_db()
    assert [name for name, _ in _said(labelled)] == ["Speaker 1", "Speaker 2", "Ann", "Ann"]
    assert _whole_texts(labelled) == whole
    assert labelled.labellings.count() == 2
    apply_labelling(labelled, (Turn(0.0, 9.0, 1),), provenance={})
    assert [row.part for row in labelled.segments.all()] == [0, 0, 0]


def test_restore_brings_back_an_earlier_labelling_as_an_edit(labelled, alice):
    first, said = labelled.labelling, _said(labelled)
    rename(_speaker(labelled, 1), "Ben", author=alice)
    apply_labelling(labelled, OTHERS, provenance={"diarizer": "other"})

    edit = restore(first, author=alice)

    labelled.refresh_from_db()
    assert [text for _, text in _said(labelled)] == [text for _, text in said]
    assert [name for name, _ in _said(labelled)] == ["Ben", "Ben", "Speaker 2", "Speaker 2"]
    assert (labelled.labelling, labelled.diarizer) == (first, "fake")
    undo(edit, author=alice)
    labelled.refresh_from_db()
    assert labelled.diarizer == "other"


def test_restore_of_the_labelling_in_use_says_that_it_is_so(labelled, alice):
    with pytest.raises(EditRefused, match="like this already"):
        restore(labelled.labelling, author=alice)


def test_rename_changes_the_name_everywhere_and_can_be_undone(labelled, alice):
    edit = rename(_speaker(labelled, 1), "  Zoë \x00 \n Müller ", author=alice)

    assert [name for name, _ in _said(labelled)] == ["Zoë Müller", "Zoë Müller", "Speaker 2", "Speaker 2"]
    assert (edit.author, edit.before["speakers"]) == (alice, {str(_speaker(labelled, 1).pk): {"name": ""}})
    undo(edit, author=alice)
    assert _speaker(labelled, 1).name == ""


@pytest.mark.parametrize(("name", "reason"), [("x" * 101, "100 characters"), ("speaker 2", "merge"), (" ", "already")])
def test_name_that_cannot_be_is_refused(labelled, alice, name, reason):
    with pytest.raises(EditRefused, match=reason):
        rename(_speaker(labelled, 1), name, author=alice)
    assert (_speaker(labelled, 1).name, Edit.objects.count()) == ("", 1)


def test_merge_gives_all_to_one_who_takes_the_name(labelled, alice):
    rename(_speaker(labelled, 1), "Ann", author=alice)
    both = labelled.segments.filter(speaker=_speaker(labelled, 2)).last()
    both.also = [_speaker(labelled, 1).pk]
    both.save(update_fields=["also"])
    before = _rows(labelled)

    edit = merge(_speaker(labelled, 1), _speaker(labelled, 2), author=alice)

    assert {name for name, _ in _said(labelled)} == {"Ann"}
    assert all(row.also == [] for row in labelled.segments.all())
    with pytest.raises(EditRefused, match="Reload"):
        merge(_speaker(labelled, 2), _speaker(labelled, 1), author=alice)
    undo(edit, author=alice)
    assert (_rows(labelled), _speaker(labelled, 1).merged_into) == (before, None)


def test_merge_with_oneself_or_a_stranger_is_refused(labelled, make_job, alice):
    stranger = Speaker.objects.create(job=make_job(state=Job.State.COMPLETED), number=1)
    for into in (_speaker(labelled, 1), stranger):
        with pytest.raises(EditRefused):
            merge(_speaker(labelled, 1), into, author=alice)


def test_assign_gives_a_selection_to_another_or_a_new_speaker(labelled, alice):
    first, second = labelled.segments.all()[:2]

    assign(labelled, [first.pk], _speaker(labelled, 2), author=alice)
    new = assign(labelled, [first.pk, second.pk], None, author=alice)

    assert [name for name, _ in _said(labelled)] == ["Speaker 3", "Speaker 3", "Speaker 2", "Speaker 2"]
    undo(new, author=alice)
    assert [name for name, _ in _said(labelled)] == ["Speaker 2", "Speaker 1", "Speaker 2", "Speaker 2"]


def test_assign_works_on_a_text_that_was_never_labelled(job, alice):
    assign(job, [job.segments.first().pk], None, author=alice)
    assert [name for name, _ in _said(job)] == ["Speaker 1", "", ""]


def test_assign_of_what_is_not_there_is_refused(labelled, make_job, make_segments, alice):
    other = make_job(state=Job.State.COMPLETED)
    [theirs, *_] = make_segments(other)
    stranger = Speaker.objects.create(job=other, number=1)
    first = labelled.segments.first()
    for ids, speaker in (([theirs.pk], None), ([], None), ([first.pk, 10**9], None), ([first.pk], stranger)):
        with pytest.raises(EditRefused, match="Reload"):
            assign(labelled, ids, speaker, author=alice)
    assert Edit.objects.count() == 1


def test_undo_is_refused_where_a_later_edit_changed_the_same(labelled, alice):
    labelling, first = Edit.objects.get(), labelled.segments.first()
    later = assign(labelled, [first.pk], _speaker(labelled, 2), author=alice)
    after = _rows(labelled)

    with pytest.raises(EditRefused, match="changed again later"):
        undo(labelling, author=alice)

    assert _rows(labelled) == after
    undo(later, author=alice)
    undo(labelling, author=alice)
    assert {name for name, _ in _said(labelled)} == {""}


def test_undo_of_another_column_is_not_in_the_way(labelled, alice):
    named = rename(_speaker(labelled, 1), "Ann", author=alice)
    assign(labelled, [labelled.segments.first().pk], _speaker(labelled, 2), author=alice)
    undo(named, author=alice)
    assert _speaker(labelled, 1).name == ""


@pytest.mark.parametrize("state", [Job.State.QUEUED, Job.State.PAUSED])
def test_edits_wait_until_the_job_is_over(labelled, alice, state):
    Job.objects.update(state=state)
    edits = (
        lambda: rename(_speaker(labelled, 1), "Ann", author=alice),
        lambda: merge(_speaker(labelled, 1), _speaker(labelled, 2), author=alice),
        lambda: assign(labelled, [labelled.segments.first().pk], None, author=alice),
        lambda: undo(Edit.objects.first(), author=alice),
        lambda: restore(labelled.labelling, author=alice),
    )
    for edit in edits:
        with pytest.raises(EditRefused, match="not over yet"):
            edit()


def test_text_found_in_gaps_gets_the_speakers_in_use(labelled, alice):
    merge(_speaker(labelled, 1), _speaker(labelled, 2), author=alice)
    late = Segment.objects.create(
        job=labelled, piece=1, index=0, start=1.0, end=2.0, text="Late.", words=[[1.0, 2.0, "Late.", 0.9]],
        mean_log_probability=0, no_speech_probability=0, compression_ratio=1, temperature=0,
    )  # fmt: skip
    others = _rows(labelled)

    label_filled(labelled, {1})

    late.refresh_from_db()
    assert late.speaker == _speaker(labelled, 2)
    assert latest_change(history(labelled), alice.pk) == Edit.objects.get(kind=Edit.Kind.MERGE).pk
    assert [row for row in _rows(labelled) if row[0] != late.pk] == [row for row in others if row[0] != late.pk]


def test_labelling_of_thousands_of_segments_takes_a_second_or_two(job, make_segments, django_assert_max_num_queries):
    job.segments.all().delete()
    make_segments(job, tuple(f" This is sentence {number} of many." for number in range(2000)), seconds=3.0)
    turns = [Turn(number * 4.0, number * 4.0 + 4.0, number % 4 + 1) for number in range(1500)]

    with django_assert_max_num_queries(2600):  # One for each segment that is cut, a few for all others.
        apply_labelling(job, turns, provenance={})

    texts = list(job.segments.order_by("index", "part").values_list("text", flat=True))
    assert "".join(texts) == "".join(f" This is sentence {number} of many." for number in range(2000))
    assert len(texts) > 2500


def test_labels_worked_out_ahead_are_used_only_for_the_same_text(job):
    ahead = work_out(job, TWO, diarizer="fake")
    assert work_out(job, (), diarizer="fake", ahead=ahead).parts is ahead.parts
    job.segments.filter(index=2).delete()

    apply_labelling(job, TWO, provenance={"diarizer": "fake"}, ahead=ahead)

    assert [name for name, _ in _said(job)] == ["Speaker 1", "Speaker 1", "Speaker 2"]
