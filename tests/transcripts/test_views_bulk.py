"""Many recordings at once: ticked in the list, cleared, or deleted by a script's filters."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.conftest import MakeJob, MakeRecording
from transcripts.models import Job, Recording

State = Job.State
DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}
pytestmark = pytest.mark.django_db(transaction=True)


def _held() -> dict[str, object]:
    return {
        "state": State.RUNNING,
        "lease_token": uuid.uuid4(),
        "lease_expires_at": timezone.now() + timedelta(hours=1),
    }


@pytest.fixture
def theirs(bob: User, make_job: MakeJob, make_recording: MakeRecording) -> Job:
    """Return Bob's job, which everything of Alice's must leave alone."""
    return make_job(make_recording(owner=bob, title="Bob's"), state=State.FAILED)


def _confirm(client: Client, question: str) -> str:
    """Press the button of a question and return the page that it leads to."""
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', question))
    assert fields.pop("csrfmiddlewaretoken")
    return client.post("/recordings/selected", fields, follow=True).text


def _tick(client: Client, action: str, *jobs: Job, **fields: str) -> str:
    data = {"action": action, "recording": [str(job.recording_id) for job in jobs], **fields}
    return client.post("/recordings/selected", data, follow=True).text


def test_question_names_the_count_and_changes_nothing(alice_client: Client, make_job: MakeJob):
    jobs = [make_job(state=State.COMPLETED), make_job(**_held()), make_job()]
    text = _tick(alice_client, "delete", *jobs[:2])
    assert "Delete 2 recordings?" in text
    assert "1 of them is not transcribed completely yet." in text
    assert Recording.objects.count() == 3


def test_question_names_the_first_recordings(
    alice_client: Client, alice: User, make_job: MakeJob, make_recording: MakeRecording
):
    jobs = [make_job(make_recording(owner=alice, title=f"Talk {number}")) for number in range(7)]
    assert "<p>“Talk 3”.</p>" in _tick(alice_client, "delete", jobs[3])
    assert re.search(r"<p>(“Talk \d”, ){4}“Talk \d” and 2 more\.</p>", _tick(alice_client, "delete", *jobs))
    Recording.objects.update(title="W" * 255)
    assert "<p>“" + 59 * "W" + "…”.</p>" in _tick(alice_client, "restart", jobs[3])


def test_question_about_one_is_in_the_singular(alice_client: Client, make_job: MakeJob):
    text = _tick(alice_client, "delete", make_job())
    for words in (
        "Delete 1 recording?",
        "It is not transcribed completely yet.",
        "The recording, its text",
        ">Keep it<",
    ):
        assert words in text, words


def test_delete_takes_exactly_those_that_were_counted(alice_client: Client, make_job: MakeJob):
    jobs = [make_job(state=State.COMPLETED), make_job(**_held())]
    question = _tick(alice_client, "delete", everything="1")
    late = make_job()
    assert "2 recordings deleted." in _confirm(alice_client, question)
    assert [job.pk for job in Job.objects.all()] == [late.pk]
    assert not any(job.recording.media.storage.exists(job.recording.media.name) for job in jobs)


def test_cancel_stops_what_is_not_over(alice_client: Client, make_job: MakeJob):
    waiting, running, done = make_job(), make_job(**_held()), make_job(state=State.COMPLETED)
    question = _tick(alice_client, "cancel", waiting, running, done)
    assert "Cancel the transcription of 2 of 3 recordings?" in question
    text = _confirm(alice_client, question)
    assert "The transcription of 2 recordings is cancelled." in text
    states = [Job.objects.values_list("state", "stop_request").get(pk=job.pk) for job in (waiting, running, done)]
    assert states == [("cancelled", ""), ("running", "cancel"), ("completed", "")]
    assert "There was nothing left to do." in _confirm(alice_client, question.replace(running.recording_id.hex, ""))
    assert "there is nothing to cancel." in _tick(alice_client, "cancel", waiting, done)


def test_restart_transcribes_each_as_it_was(alice_client: Client, make_job: MakeJob):
    failed = make_job(state=State.FAILED, asked_language="pl")
    question = _tick(alice_client, "restart", failed)
    assert "1 recording will be transcribed again." in _confirm(alice_client, question)
    _confirm(alice_client, question)
    assert [(job.asked_language, job.state) for job in failed.recording.jobs.all()] == [
        ("pl", "queued"),
        ("pl", "failed"),
    ]


def test_all_that_match_are_those_that_the_list_shows(alice_client: Client, make_job: MakeJob):
    for state in (State.FAILED, State.FAILED, State.COMPLETED):
        make_job(state=state)
    text = _tick(alice_client, "delete", everything="1", state="failed")
    assert "Delete 2 recordings?" in text
    assert alice_client.get("/?state=failed").text.count('class="recording"') == 2
    assert "No recording matches." in alice_client.get("/?q=nowhere").text


def test_others_recordings_are_not_there(alice_client: Client, theirs: Job):
    assert "Nothing is selected." in _tick(alice_client, "delete", theirs)
    fields = {"action": "delete", "confirmed": "1", "ids": theirs.recording_id.hex}
    alice_client.post("/recordings/selected", fields)
    assert Recording.objects.count() == 1


def test_staff_are_told_whose_they_are(carol_client: Client, theirs: Job):
    assert "It belongs to other people." in _tick(carol_client, "delete", theirs)


def test_nothing_ticked_is_a_calm_sentence(alice_client: Client, make_job: MakeJob):
    make_job()
    assert "Nothing is selected. Tick the recordings first." in _tick(alice_client, "delete")
    response = alice_client.post("/recordings/selected", {"action": "delete"}, headers=DIALOG)
    assert (response.headers["HX-Retarget"], "Nothing is selected." in response.text) == ("#messages", True)


@pytest.mark.parametrize(
    "data", [{}, {"action": "burn"}, {"action": "delete", "recording": "1"}, {"action": "delete", "ids": "x y"}]
)
def test_nonsense_is_refused(alice_client: Client, make_job: MakeJob, data: dict[str, str]):
    make_job()
    assert alice_client.post("/recordings/selected", data).status_code == 400
    assert Recording.objects.count() == 1


def test_question_comes_as_a_dialog_where_there_is_one(alice_client: Client, make_job: MakeJob):
    data = {"action": "delete", "recording": str(make_job().recording_id)}
    response = alice_client.post("/recordings/selected", data, headers=DIALOG)
    assert ("<html" in response.text, "Delete 1 recording?" in response.text) == (False, True)


def test_clear_keeps_every_recording_with_a_text(
    alice_client: Client, completed_job: Job, make_job: MakeJob, theirs: Job
):
    make_job(completed_job.recording, state=State.FAILED)
    make_job(state=State.CANCELLED)
    question = alice_client.get("/recordings/clear").text
    assert "Clear 2 failed or cancelled transcriptions?" in question
    assert "1 recording without another text will be deleted with its file." in question
    assert "2 failed or cancelled transcriptions cleared." in alice_client.post("/recordings/clear", follow=True).text
    assert set(Job.objects.all()) == {completed_job, theirs}
    assert "there is nothing to clear." in alice_client.get("/recordings/clear", follow=True).text


def _delete(client: Client, query: str) -> tuple[int, dict[str, object]]:
    response = client.delete(f"/jobs?{query}")
    return response.status_code, response.json()


def test_delete_by_filters(alice_client: Client, make_job: MakeJob, theirs: Job):
    old, new, done = make_job(state=State.FAILED), make_job(state=State.FAILED), make_job(state=State.COMPLETED)
    Job.objects.filter(pk=old.pk).update(created_at=datetime(2025, 12, 31, 23, tzinfo=UTC))
    query = "state=failed&before=2026-01-01"
    assert _delete(alice_client, f"{query}&dry_run=1") == (200, {"deleted": 0, "would_delete": 1})
    assert Job.objects.count() == 4
    assert _delete(alice_client, query) == (200, {"deleted": 1})
    assert set(Job.objects.all()) == {new, done, theirs}
    assert not Recording.objects.filter(pk=old.recording_id).exists()


def test_delete_by_title_leaves_running_jobs(alice_client: Client, make_job: MakeJob):
    running, paused = make_job(**_held()), make_job(state=State.PAUSED)
    assert _delete(alice_client, "q=INAUGURAL") == (200, {"deleted": 1})
    assert not Job.objects.filter(pk=paused.pk).exists()
    assert _delete(alice_client, "state=running") == (200, {"deleted": 1})
    assert not Recording.objects.filter(pk=running.recording_id).exists()


def test_delete_of_the_shown_version_shows_another(alice_client: Client, completed_job: Job, make_job: MakeJob):
    earlier = make_job(completed_job.recording, state=State.COMPLETED, finished_at=timezone.now())
    Job.objects.filter(pk=earlier.pk).update(created_at=datetime(2025, 1, 1, tzinfo=UTC))
    Recording.objects.update(shown_job=earlier)
    assert _delete(alice_client, "before=2026-01-01") == (200, {"deleted": 1})
    assert Recording.objects.get().shown_job == completed_job


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Name at least one filter"),
        ("dry_run=1", "Name at least one filter"),
        ("q=", "Name at least one filter"),
        ("befor=2026-01-01", "There is no filter befor."),
        ("state=failed&before=yesterday", "before: Enter a valid date."),
        ("state=broken", "state: Select a valid choice."),
    ],
)
def test_delete_without_a_proper_filter_deletes_nothing(
    alice_client: Client, make_job: MakeJob, query: str, sentence: str
):
    make_job(state=State.FAILED)
    status, answer = _delete(alice_client, query)
    assert (status, sentence in str(answer["error"]), "Nothing was deleted." in str(answer["error"])) == (
        400,
        True,
        True,
    )
    assert Job.objects.count() == 1


def test_delete_never_takes_what_is_others(alice_client: Client, carol_client: Client, client: Client, theirs: Job):
    assert _delete(alice_client, "state=failed") == (200, {"deleted": 0})
    assert _delete(carol_client, "state=failed") == (200, {"deleted": 0})
    assert client.delete("/jobs?state=failed").url.startswith("/sign-in/")
    assert Job.objects.count() == 1


def test_delete_needs_a_token(alice: User, make_job: MakeJob):
    make_job(state=State.FAILED)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.delete("/jobs?state=failed").status_code == 403
    client.get("/upload/")
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    assert client.delete("/jobs?state=failed", headers=token).json() == {"deleted": 1}
