"""What the history of a text says of each change, and where it leads."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from preferences.models import Settings
from speech.types import Turn
from tests.conftest import MakeJob, MakeSegments
from transcripts.models import Edit, Job, Recording, Segment
from transcripts.services import corrections
from transcripts.services.edits import assign, restore, undo
from transcripts.services.speakers import apply_labelling

FIRST = "And so, my fellow Americans,"
SECOND = "ask not what your country can do for you,"
THIRD = "ask what you can do for your country."
LONG = "word " * 60


@pytest.fixture
def talk(completed_job: Job) -> Job:
    return completed_job


def _entries(client: Client, job: Job) -> list[str]:
    """Return the rows as they are read, without who made each and when, and without what can be pressed."""
    html = client.get(f"/jobs/{job.pk}/history").text
    rows = re.findall(r'<li class="entry" data-row>(.*?)</li>', html, re.DOTALL)
    said = [re.sub(r"<time.*?</time>|<form.*?</form>|<[^>]+>", " ", row, flags=re.DOTALL) for row in rows]
    words = [" ".join(unescape(text).split()).replace(" ,", ",") for text in said]
    return [re.sub(r" (alice|Selenite),,?", "", text) for text in words]


def _links(client: Client, job: Job) -> list[str]:
    return [
        unescape(link) for link in re.findall(r'href="([^"]*[?&;]t=[^"]*)"', client.get(f"/jobs/{job.pk}/history").text)
    ]


def _row(job: Job, place: int) -> Segment:
    return job.segments.all()[place]


def _times(job: Job, start: float, end: float, alice: User) -> Edit:
    row = _row(job, 1)
    return corrections.set_times(job, row.pk, start, end, base=SECOND, author=alice)


def test_changed_times_are_told_with_the_words_and_the_place(talk: Job, alice_client: Client, alice: User):
    _times(talk, 3.5, 5.25, alice)
    assert _entries(alice_client, talk) == [
        f"Times changed at 0:03, show it in the text {SECOND} Start 0:03.00 → 0:03.50, end 0:06.00 → 0:05.25"
    ]
    assert _links(alice_client, talk) == [f"/recordings/{talk.recording_id}/?t=3.50"]
    _times(talk, 3.5, 5, alice)
    assert _entries(alice_client, talk)[0].endswith(f"{SECOND} End 0:05.25 → 0:05.00")


def test_undoing_tells_what_and_where(talk: Job, alice_client: Client, alice: User):
    undo(_times(talk, 3.5, 6, alice), author=alice)
    assert _entries(alice_client, talk)[0] == (
        f"Undone: times changed at 0:03, show it in the text {SECOND} Start 0:03.50 → 0:03.00"
    )
    undone = undo(corrections.write(talk, _row(talk, 0).pk, "And yet", base=FIRST, author=alice), author=alice)
    html = alice_client.get(f"/jobs/{talk.pk}/history").text
    assert "<del>yet</del><ins>so, my fellow Americans,</ins>" in html.replace("</del> <ins>", "</del><ins>")
    assert _entries(alice_client, talk)[0].startswith("Undone: text corrected at 0:00")
    undo(undone, author=alice)
    assert _entries(alice_client, talk)[0].startswith("Redone at 0:00")


def test_change_of_one_segment_leads_to_it_as_long_as_it_is_there(talk: Job, alice_client: Client, alice: User):
    first, second = _row(talk, 0), _row(talk, 1)
    corrections.write(talk, first.pk, "And\nso", base=FIRST, author=alice)
    corrections.write(talk, second.pk, "ask", base=SECOND, author=alice)
    assert len(_links(alice_client, talk)) == 2
    corrections.join(talk, second.pk, base="ask", author=alice)
    corrections.delete(talk, second.pk, base=f"ask {THIRD}", author=alice)
    assert _links(alice_client, talk) == [f"/recordings/{talk.recording_id}/?t=0.00"]
    assert [" at " in text for text in _entries(alice_client, talk)] == [False, False, False, True]


def test_words_given_to_somebody_are_told_by_their_segment(talk: Job, alice_client: Client, alice: User):
    apply_labelling(talk, [Turn(0, 20, 1)], provenance={"diarizer": "vad"})
    assign(talk, [_row(talk, 1).pk], None, author=alice)
    assert _entries(alice_client, talk)[0] == f"Speaker changed at 0:03, show it in the text {SECOND}"
    row = _row(talk, 2)
    assign(talk, [row.pk], None, author=alice, words=(row.words[2][0], row.words[3][0]))
    assert _entries(alice_client, talk)[0] == "Speaker changed at 0:06, show it in the text ask what"


def test_change_of_several_segments_says_how_many(talk: Job, alice_client: Client, alice: User):
    apply_labelling(talk, [Turn(0, 3, 1), Turn(3, 20, 2)], provenance={"diarizer": "vad"})
    assert _entries(alice_client, talk) == ["Speakers identified 3 segments"]
    assign(talk, [_row(talk, 0).pk, _row(talk, 1).pk], None, author=alice)
    restore(talk, 0, author=alice)
    assert _entries(alice_client, talk)[:2] == ["Earlier state restored 3 segments", "Speaker changed 2 segments"]
    assert _links(alice_client, talk) == []


def test_long_text_is_told_by_its_beginning(
    alice_client: Client, alice: User, make_job: MakeJob, make_segments: MakeSegments
):
    job = make_job(state=Job.State.COMPLETED)
    make_segments(job, (LONG, "the end"), seconds=30)
    Recording.objects.filter(pk=job.recording_id).update(shown_job=None)
    row = _row(job, 0)
    corrections.set_times(job, row.pk, 1, 30, base=LONG, author=alice)
    [said] = _entries(alice_client, job)
    assert len(said) < 160
    assert "word word…" in said
    assert _links(alice_client, job) == [f"/recordings/{job.recording_id}/?version={job.pk}&t=1.00"]


@pytest.mark.parametrize("count", [1, 30])
def test_places_cost_one_query(
    talk: Job, alice_client: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries, count: int
):
    for number in range(count):
        _times(talk, 3.01 + number / 100, 6, alice)
    Settings.load()
    with django_assert_num_queries(
        9
    ):  # session, user, job, count, edits, titles, places, labelling, settings with queue
        assert len(_links(alice_client, talk)) == count
