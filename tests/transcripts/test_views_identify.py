"""Identifying the speakers of a text that is there: asked for on its page, and how far it is."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from speech.types import Turn
from tests.conftest import MakeJob
from transcripts import lease
from transcripts.models import Edit, Job
from transcripts.services.identify import complete, identify_again
from transcripts.services.speakers import apply_labelling

HX = {"HX-Request": "true"}
RUNNING = {"state": Job.State.RUNNING, "stage": Job.Stage.IDENTIFYING, "lease_token": uuid.uuid4()}


def _page(client: Client, job: Job) -> str:
    return client.get(f"/recordings/{job.recording_id}/").text


def _panel(text: str) -> str:
    panel = re.findall(r'<section class="panel".*?</section>', text, re.DOTALL)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", panel).split())


def _line(text: str) -> str:
    """Return what the head of the page says of it."""
    line = re.findall(r'<span class="identifying-line".*?</span>', text, re.DOTALL)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", line).split())


def _notice(text: str) -> str:
    found = re.findall(r'<div class="notice.*?<p>(.*?)</p>', text, re.DOTALL)
    return found[0] if found else ""


def test_page_offers_to_identify_speakers(alice_client: Client, completed_job: Job):
    assert _panel(_page(alice_client, completed_job)) == "Speakers not known yet Identify speakers…"


def test_recording_without_words_has_no_panel(alice_client: Client, make_job: MakeJob):
    assert _panel(_page(alice_client, make_job(state=Job.State.COMPLETED))) == "Speakers"


def test_identify_asks_how_many(alice_client: Client, completed_job: Job):
    address = f"/jobs/{completed_job.pk}/identify"
    assert "<h1>Identify speakers</h1>" in alice_client.get(address).text
    assert '<h2 id="dialog-title">' in alice_client.get(address, headers=HX | {"HX-Target": "dialog"}).text
    assert completed_job.retries.count() == 0


def test_identify_starts_a_job_and_shows_that_it_waits(alice_client: Client, completed_job: Job):
    data = {"speakers": "3"}
    response = alice_client.post(f"/jobs/{completed_job.pk}/identify", data, headers=HX)
    job = completed_job.retries.get()
    assert (job.kind, job.least_speakers, job.most_speakers) == (Job.Kind.SPEAKERS, 3, 3)
    assert "Speakers will be identified as soon as it is their turn." in _panel(response.text)
    assert _line(response.text) == "Speakers will be identified as soon as it is their turn"
    assert f'hx-get="/jobs/{completed_job.pk}/identifying" hx-trigger="every 2s' in response.text
    assert response.headers["HX-Retarget"] == "#messages"


def test_pressing_twice_makes_one_job(alice_client: Client, completed_job: Job):
    for _ in range(2):
        response = alice_client.post(f"/jobs/{completed_job.pk}/identify", {"speakers": ""})
        assert response.url == f"/recordings/{completed_job.recording_id}/"
    assert completed_job.retries.count() == 1


@pytest.mark.parametrize("data", [{"speakers": "99"}, {"speaker_range": "9-3"}, {"diarizer": "nobody"}])
def test_identify_refuses_what_cannot_be_done(alice_client: Client, completed_job: Job, data: dict[str, str]):
    response = alice_client.post(f"/jobs/{completed_job.pk}/identify", data, headers=HX | {"HX-Target": "dialog"})
    assert response.status_code == 422
    assert 'class="errorlist"' in response.text
    assert completed_job.retries.count() == 0


def test_identify_says_why_a_text_without_words_has_no_speakers(alice_client: Client, make_job: MakeJob):
    job = make_job(state=Job.State.COMPLETED)
    text = alice_client.post(f"/jobs/{job.pk}/identify", follow=True).text
    assert "There is no text in which speakers could be identified." in text


def test_poll_tells_how_far_it_is_by_two_queries(
    alice_client: Client, completed_job: Job, django_assert_num_queries: DjangoAssertNumQueries
):
    attempt = identify_again(completed_job.pk)
    expires = timezone.now() + timedelta(minutes=1)
    Job.objects.filter(pk=attempt.pk).update(
        **RUNNING, lease_expires_at=expires, prepared_seconds=11, identified_seconds=5.5
    )
    with django_assert_num_queries(4):  # session, user, job, attempt
        response = alice_client.get(f"/jobs/{completed_job.pk}/identifying", headers=HX)
    assert response.status_code == 200
    assert "Identifying speakers: 0:05 of 0:11" in response.text
    assert _line(response.text) == "Identifying speakers, 0:05 of 0:11"
    assert _line(_page(alice_client, completed_job)) == "Identifying speakers, 0:05 of 0:11"
    assert 'value="50"' in response.text


def test_poll_ends_with_the_speakers_in_the_text(alice_client: Client, completed_job: Job):
    attempt = identify_again(completed_job.pk)
    apply_labelling(completed_job, [Turn(0, 9, 1)], provenance={})
    Job.objects.filter(pk=attempt.pk).update(state=Job.State.COMPLETED)
    response = alice_client.get(f"/jobs/{completed_job.pk}/identifying", headers=HX)
    assert response.status_code == 286
    assert '<article id="transcript" hx-swap-oob="innerHTML">' in response.text
    assert ">Speaker 1</bdi>" in response.text
    assert "The speakers are identified." in response.text
    assert _panel(response.text).startswith("1 speaker Save 0:09, 1 turn")


@pytest.mark.parametrize("again", [False, True])
def test_end_is_told_in_the_notice_with_the_way_back(alice_client: Client, completed_job: Job, again: bool):
    if again:
        apply_labelling(completed_job, [Turn(0, 9, 1)], provenance={})
    attempt = identify_again(completed_job.pk)
    turns = [Turn(0, 3, 1), Turn(3, 6, 2), Turn(6, 9, 3)]
    complete(attempt, lease.start_directly(attempt), turns, provenance={"diarizer": "vad"})

    text = alice_client.get(f"/jobs/{completed_job.pk}/identifying", headers=HX).text

    assert _notice(text) == f"The speakers were identified{' again' if again else ''}: 3 speakers."
    assert 'id="messages" role="status" hx-swap-oob="true"' in text
    assert _line(text) == ""
    edit = Edit.objects.latest("pk")
    [undo] = re.findall(r'<form class="notice-undo" method="post" action="([^"]*)"', text)
    assert undo == f"/jobs/{completed_job.pk}/edits/{edit.pk}/undo"
    alice_client.post(undo, headers=HX)
    assert completed_job.speakers.speaking().count() == (1 if again else 0)


def test_end_that_is_undone_already_offers_no_undo(alice_client: Client, completed_job: Job):
    attempt = identify_again(completed_job.pk)
    complete(attempt, lease.start_directly(attempt), [Turn(0, 9, 1)], provenance={"diarizer": "vad"})
    alice_client.post(f"/jobs/{completed_job.pk}/undo", headers=HX)
    text = alice_client.get(f"/jobs/{completed_job.pk}/identifying", headers=HX).text
    assert 'class="notice-undo"' not in text


def test_failure_is_told_in_the_notice_of_an_open_page(alice_client: Client, completed_job: Job):
    attempt = identify_again(completed_job.pk)
    Job.objects.filter(pk=attempt.pk).update(state=Job.State.FAILED, error="The speakers could not be identified.")
    text = alice_client.get(f"/jobs/{completed_job.pk}/identifying", headers=HX).text
    assert _notice(text) == "The speakers could not be identified."


def test_notice_stays_where_there_is_nothing_to_tell(alice_client: Client, completed_job: Job):
    attempt = identify_again(completed_job.pk)
    Job.objects.filter(pk=attempt.pk).update(state=Job.State.CANCELLED)
    assert 'id="messages"' not in alice_client.get(f"/jobs/{completed_job.pk}/identifying", headers=HX).text


def test_failure_is_told_and_can_be_tried_again(alice_client: Client, completed_job: Job):
    attempt = identify_again(completed_job.pk)
    error = "The speakers could not be identified. The engine crashed. The text is as it was."
    Job.objects.filter(pk=attempt.pk).update(state=Job.State.FAILED, error=error)
    assert _panel(_page(alice_client, completed_job)).endswith(f"{error} Identify speakers…")


def test_failure_of_the_first_time_is_told(alice_client: Client, completed_job: Job):
    why = "The speakers could not be identified. The engine crashed. The text is complete."
    Job.objects.filter(pk=completed_job.pk).update(identified=Job.Identified.FAILED, warnings=["Something else.", why])
    assert _panel(_page(alice_client, completed_job)).endswith(f"{why} Identify speakers…")


def test_paused_attempt_goes_on_by_a_button(alice_client: Client, completed_job: Job):
    attempt = identify_again(completed_job.pk)
    Job.objects.filter(pk=attempt.pk).update(state=Job.State.PAUSED)
    text = _page(alice_client, completed_job)
    assert _panel(text).endswith("Identifying speakers is paused. Go on")
    assert f'action="/jobs/{attempt.pk}/resume"' in text
    assert f'hx-get="/jobs/{completed_job.pk}/identifying" hx-trigger="job-changed from:body"' in text
    poll = alice_client.get(f"/jobs/{completed_job.pk}/identifying", headers=HX)
    assert (poll.status_code, "is paused" in poll.text) == (200, True)


def test_poll_of_others_stops(bob_client: Client, completed_job: Job):
    address = f"/jobs/{completed_job.pk}/identifying"
    assert bob_client.get(address).status_code == 404
    assert (bob_client.get(address, headers=HX).status_code, bob_client.get(address, headers=HX).content) == (286, b"")
