"""A stretch that is transcribed again: what it is compared with, and how it gets into the text."""

import json
import time
from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from speech.types import Turn
from tests.conftest import MakeJob
from transcripts import exports
from transcripts.models import Edit, Job, SearchEntry, Segment
from transcripts.models.recording import MEDIA_GONE
from transcripts.search import index
from transcripts.services import corrections, edits, stretches
from transcripts.services.accept import JobRequest, Refused
from transcripts.services.decided import put_away
from transcripts.services.patches import EditRefused
from transcripts.services.speakers import apply_labelling
from transcripts.services.stretches import transcribe_stretch, widened
from transcripts.services.suggestions import ALL_THERE_IS, CHANGED, GAPS, NOT_DONE, accept, present, suggested

Kind, State = Job.Kind, Job.State


@pytest.fixture(autouse=True)
def fake_engine(settings):
    settings.FAKE_ENGINE = True


@pytest.fixture
def suggest(completed_job: Job, make_job: MakeJob):
    """Return a function that makes a completed stretch job of words that are said one after the other, evenly."""

    def suggest(start: float, end: float, *texts: str, state: str = State.COMPLETED) -> Job:
        bounds = {"stretch_start": start, "stretch_end": end}
        job = make_job(completed_job.recording, kind=Kind.STRETCH, source=completed_job, state=state, **bounds)
        words = [f" {word}" for text in texts for word in text.split()]
        step = (end - start) / max(1, len(words))
        rows, at = [], 0
        for number, text in enumerate(texts):
            count = len(text.split())
            own = [[start + step * n, start + step * (n + 1), words[n], 0.8] for n in range(at, at + count)]
            rows.append(_row(job, number, own))
            at += count
        Segment.objects.bulk_create(rows)
        return job

    return suggest


def _row(job: Job, index: int, words: list) -> Segment:
    numbers = {"mean_log_probability": -0.5, "no_speech_probability": 0, "compression_ratio": 1, "temperature": 0.2}
    text = "".join(word[2] for word in words)
    return Segment(
        job=job, piece=0, index=index, start=words[0][0], end=words[-1][1], text=text, words=words, **numbers
    )


def _accept(job: Job, author: User) -> Edit:
    return accept(job, mark=present(job).mark, author=author)


def _texts(job: Job) -> list[str]:
    return [text.strip() for text in job.segments.values_list("text", flat=True)]


def test_talk_that_overlaps_all_along_is_one_stretch_and_found_at_once():
    began = time.process_time()
    spans = [(at / 10, at / 10 + 1) for at in range(50_000)]
    assert stretches._unbroken(spans) == [(0.0, 5000.9)]
    assert stretches._unbroken([(0, 2), (1, 3), (3, 4), (6, 7)]) == [(0, 3), (3, 4), (6, 7)]
    assert time.process_time() - began < 1


def test_stretch_is_widened_to_whole_segments(completed_job: Job):
    completed_job.recording.duration_seconds = 12.0
    assert widened(completed_job, 4.0, 5.0) == (3.0, 6.0)
    assert widened(completed_job, 2.9, 3.1) == (0.0, 6.0)
    assert widened(completed_job, 9.5, 10.0) == (9.0, 10.5)
    assert widened(completed_job, 8.0, 99.0) == (6.0, 12.0)
    with pytest.raises(Refused):
        widened(completed_job, 12.0, 400.0)


def test_job_of_a_stretch_asks_for_it_alone(completed_job: Job):
    job = transcribe_stretch(completed_job, 4, 5, JobRequest("fake", "fake", "de", prompt="Moon"))
    asked = (job.kind, job.source, job.stretch_start, job.stretch_end, job.asked_language, job.prompt, job.diarize)
    assert asked == (Kind.STRETCH, completed_job, 3.0, 6.0, "de", "Moon", False)
    assert transcribe_stretch(completed_job, 3.5, 4, JobRequest("fake", "fake", "de", prompt="Moon")) == job
    assert transcribe_stretch(completed_job, 3.5, 4, JobRequest("fake", "fake", "en")) != job


@pytest.mark.parametrize("state", [State.QUEUED, State.PAUSED])
def test_text_that_is_not_over_is_not_transcribed_in_part(completed_job: Job, state: str):
    Job.objects.filter(pk=completed_job.pk).update(state=state)
    with pytest.raises(Refused):
        transcribe_stretch(completed_job, 4, 5, JobRequest())


def test_without_media_nothing_is_transcribed_again(completed_job: Job):
    completed_job.recording.media = ""
    completed_job.recording.save()
    with pytest.raises(Refused, match=MEDIA_GONE[:30]):
        transcribe_stretch(completed_job, 4, 5, JobRequest())


def test_suggestion_takes_the_place_of_the_stretch_with_its_own_times(completed_job: Job, suggest, alice: User):
    job = suggest(3.0, 6.0, "ask then what", "my country does for me")
    before = list(completed_job.segments.values())
    edit = _accept(job, alice)
    assert _texts(completed_job) == [
        "And so, my fellow Americans,",
        "ask then what",
        "my country does for me",
        "ask what you can do for your country.",
    ]
    row = completed_job.segments.all()[1]
    assert (row.words[0], row.temperature) == ([3.0, 3.375, " ask", 0.8], 0.2)
    job.refresh_from_db()
    assert (job.suggestion, job.accepted_as, edit.kind) == (Job.Suggestion.ACCEPTED, edit, Edit.Kind.SUGGESTION)
    edits.undo(edit, author=alice)
    assert list(completed_job.segments.values()) == before


def test_what_was_changed_meanwhile_is_compared_and_not_overwritten_unseen(completed_job: Job, suggest, alice: User):
    job = suggest(3.0, 6.0, "ask then what")
    seen = present(job).mark
    row = completed_job.segments.all()[1]
    corrections.write(completed_job, row.pk, "Ask nothing at all.", base=row.text, author=alice)
    with pytest.raises(EditRefused, match=CHANGED[:30]):
        accept(job, mark=seen, author=alice)
    assert present(job).text == "Ask nothing at all."
    _accept(job, alice)
    assert _texts(completed_job)[1] == "ask then what"


def test_segment_that_reaches_out_of_the_stretch_keeps_its_other_words(completed_job: Job, suggest, alice: User):
    job = suggest(3.0, 6.0, "new words")
    first = completed_job.segments.first()
    corrections.join(completed_job, first.pk, base=first.text, author=alice)
    corrections.join(completed_job, first.pk, base=completed_job.segments.first().text, author=alice)
    assert completed_job.segments.count() == 1
    assert present(job).text == "ask not what your country can do for you,"
    edit = _accept(job, alice)
    assert _texts(completed_job) == [
        "And so, my fellow Americans,",
        "new words",
        "ask what you can do for your country.",
    ]
    edits.undo(edit, author=alice)
    assert completed_job.segments.count() == 1


def test_words_stay_between_their_neighbours(completed_job: Job, suggest, alice: User):
    job = suggest(2.5, 6.5, "a b c d e f g h")
    job.stretch_start, job.stretch_end = 3.0, 6.0
    job.save()
    _accept(job, alice)
    words = [word for row in completed_job.segments.all() for word in row.words]
    assert all(one[1] <= other[0] for one, other in pairwise(words))
    assert _texts(completed_job)[1] == "a b c d e f g h"


def test_speakers_are_kept_by_overlap(completed_job: Job, suggest, alice: User):
    apply_labelling(completed_job, [Turn(0, 4.5, 1), Turn(4.5, 9, 2)], provenance={})
    _accept(suggest(0.0, 9.0, *["one two three four five six seven eight nine ten."] * 2), alice)
    said = [(row.speaker.number, row.text.split()[0]) for row in completed_job.segments.select_related("speaker")]
    assert said == [(1, "one"), (2, "one")]


def test_stretch_without_speech_takes_its_text_away_but_not_all_there_is(completed_job: Job, suggest, alice: User):
    _accept(suggest(3.0, 6.0), alice)
    assert len(_texts(completed_job)) == 2
    with pytest.raises(EditRefused, match=ALL_THERE_IS[:20]):
        _accept(suggest(0.0, 9.0), alice)


def test_words_that_were_missed_are_put_into_the_silence(completed_job: Job, suggest, alice: User):
    edit = _accept(suggest(9.0, 11.0, "Thank you."), alice)
    assert _texts(completed_job)[-1] == "Thank you."
    edits.undo(edit, author=alice)
    assert len(_texts(completed_job)) == 3


def test_text_does_not_make_way_for_a_gap(completed_job: Job, suggest, alice: User):
    job = suggest(3.0, 9.0, "there it is")
    gap = _row(job, 1, [[6.0, 9.0, "", 1.0]])
    gap.words, gap.gap = [], "The engine crashed."
    gap.save()
    with pytest.raises(EditRefused, match=GAPS[:20]):
        _accept(job, alice)
    last = completed_job.segments.last()
    corrections.delete(completed_job, last.pk, base=last.text, author=alice)
    _accept(job, alice)
    assert _texts(completed_job)[1:] == ["there it is"]


def test_gap_is_filled(completed_job: Job, suggest, alice: User):
    row = completed_job.segments.all()[1]
    Segment.objects.filter(pk=row.pk).update(text="", words=[], gap="The engine crashed.")
    edit = _accept(suggest(3.0, 6.0, "there it is"), alice)
    assert (completed_job.segments.gaps().count(), _texts(completed_job)[1]) == (0, "there it is")
    edits.undo(edit, author=alice)
    assert completed_job.segments.gaps().count() == 1


def test_nothing_is_accepted_before_it_is_done(completed_job: Job, suggest, alice: User):
    job = suggest(3.0, 6.0, "some", state=State.PAUSED)
    with pytest.raises(EditRefused, match=NOT_DONE):
        _accept(job, alice)


def test_suggestion_that_is_put_away_can_be_accepted_later(completed_job: Job, suggest, alice: User):
    job = suggest(3.0, 6.0, "some other words")
    put_away(job)
    job.refresh_from_db()
    assert (job.suggestion, [line.text for line in suggested(job)]) == (Job.Suggestion.REFUSED, [" some other words"])
    _accept(job, alice)
    assert _texts(completed_job)[1] == "some other words"


def test_only_what_is_open_is_put_away(completed_job: Job, suggest, alice: User):
    waiting, used = suggest(3.0, 6.0, state=State.QUEUED), suggest(3.0, 6.0, "some other words")
    _accept(used, alice)
    for job in (waiting, used):
        put_away(job)
    found = dict(Job.objects.values_list("pk", "suggestion"))
    assert (found[waiting.pk], found[used.pk]) == (Job.Suggestion.OPEN, Job.Suggestion.ACCEPTED)


def _decided(job: Job) -> str:
    """Return what the state of a suggestion says, which has to be what the text does."""
    now = Job.objects.values_list("suggestion", flat=True).get(pk=job.pk)
    assert job.source is not None
    assert (now == Job.Suggestion.ACCEPTED) == ("some other words" in _texts(job.source))
    return now


def test_decision_follows_the_text(completed_job: Job, suggest, alice: User):
    """A suggestion whose acceptance is undone is to be decided again; done again, or restored, it is what the text says."""
    job = suggest(3.0, 6.0, "some other words")
    undone = edits.undo(_accept(job, alice), author=alice)
    assert _decided(job) == Job.Suggestion.OPEN
    again = edits.undo(undone, author=alice)
    assert _decided(job) == Job.Suggestion.ACCEPTED
    edits.undo(again, author=alice)
    assert _decided(job) == Job.Suggestion.OPEN
    _accept(job, alice)
    edits.restore(completed_job, 0, author=alice)
    assert _decided(job) == Job.Suggestion.OPEN


def test_decision_follows_a_restoration_that_is_undone(completed_job: Job, suggest, alice: User):
    job = suggest(3.0, 6.0, "some other words")
    _accept(job, alice)
    undone = edits.undo(edits.restore(completed_job, 0, author=alice), author=alice)
    assert _decided(job) == Job.Suggestion.ACCEPTED
    edits.undo(undone, author=alice)
    assert _decided(job) == Job.Suggestion.OPEN


def test_decision_follows_the_text_to_any_point(completed_job: Job, suggest, alice: User):
    """Also where the suggestion was accepted anew meanwhile, or joined with what stands before it."""
    job = suggest(3.0, 6.0, "some other words")
    edit = _accept(job, alice)
    undone = edits.undo(edit, author=alice)
    edits.restore(completed_job, edit.pk, author=alice)
    assert _decided(job) == Job.Suggestion.ACCEPTED
    edits.restore(completed_job, undone.pk, author=alice)
    assert _decided(job) == Job.Suggestion.OPEN
    anew = _accept(job, alice)
    edits.restore(completed_job, 0, author=alice)
    edits.restore(completed_job, edit.pk, author=alice)
    assert _decided(job) == Job.Suggestion.ACCEPTED
    edits.restore(completed_job, anew.pk, author=alice)
    first = completed_job.segments.first()
    joined = corrections.join(completed_job, first.pk, base=first.text, author=alice)
    edits.restore(completed_job, 0, author=alice)
    edits.restore(completed_job, joined.pk, author=alice)
    assert Job.objects.get(pk=job.pk).suggestion == Job.Suggestion.ACCEPTED


def test_suggestion_that_is_put_away_stays_so(completed_job: Job, suggest, alice: User):
    job, other = suggest(3.0, 6.0, "some other words"), suggest(0.0, 3.0, "and so on")
    undone = edits.undo(_accept(job, alice), author=alice)
    put_away(job)
    edits.undo(_accept(other, alice), author=alice)
    assert _decided(job) == Job.Suggestion.REFUSED
    edits.undo(undone, author=alice)
    assert _decided(job) == Job.Suggestion.ACCEPTED


def test_undoing_again_and_again_asks_no_more(completed_job: Job, suggest, alice: User):
    edit, counts = _accept(suggest(3.0, 6.0, "some other words"), alice), []
    for _ in range(12):
        with CaptureQueriesContext(connection) as seen:
            edit = edits.undo(Edit.objects.get(pk=edit.pk), author=alice)
        counts.append(len(seen))
    assert counts[-2:] == counts[:2]


def test_export_says_what_made_an_accepted_stretch(completed_job: Job, suggest, alice: User):
    job = suggest(3.0, 6.0, "some other words")
    Job.objects.filter(pk=job.pk).update(provenance={"engine": "whisper", "model": "tiny", "threads": 2})
    assert "accepted" not in json.loads(exports.render(completed_job, "json"))["job"]
    edit = _accept(job, alice)
    made = {"start": 3.0, "end": 6.0, "engine": "whisper", "model": "tiny"}
    assert json.loads(exports.render(completed_job, "json"))["job"]["accepted"] == [made]
    edits.undo(edit, author=alice)
    assert "accepted" not in json.loads(exports.render(completed_job, "json"))["job"]


def test_accepted_words_are_found(completed_job: Job, suggest, alice: User):
    index.rebuild(completed_job.recording_id)
    _accept(suggest(3.0, 6.0, "moonlight sonata"), alice)
    words = " ".join(SearchEntry.objects.filter(recording=completed_job.recording_id).values_list("words", flat=True))
    assert ("sonata" in words, "your country can do" in words) == (True, False)
