"""GET /jobs/<id>/export."""

import json
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from transcripts.exports import FORMATS
from transcripts.models import Job, Speaker

LISTED = "Choose one of these formats: txt, docx, md, html, srt, vtt, tsv, rttm or json."


def address(job: Job, query: str = "format=txt") -> str:
    return f"/jobs/{job.pk}/export?{query}"


@pytest.mark.parametrize("name", FORMATS)
def test_export_answers_with_the_file(alice_client: Client, completed_job: Job, name: str):
    response = alice_client.get(address(completed_job, f"format={name}"))
    assert response.status_code == 200
    assert response["Content-Type"] == FORMATS[name].content_type
    assert response["Content-Disposition"] == (
        f"attachment; filename=\"Inaugural address.{name}\"; filename*=UTF-8''Inaugural%20address.{name}"
    )
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}
    assert response["X-Content-Type-Options"] == "nosniff"


def test_export_holds_the_text(alice_client: Client, completed_job: Job):
    data = json.loads(alice_client.get(address(completed_job, "format=json")).content)
    assert [segment["text"] for segment in data["segments"]] == [
        "And so, my fellow Americans,",
        "ask not what your country can do for you,",
        "ask what you can do for your country.",
    ]


def test_export_leaves_names_out_where_they_are_not_wanted(alice_client: Client, completed_job: Job):
    ann = Speaker.objects.create(job=completed_job, number=1, name="Ann")
    completed_job.segments.update(speaker=ann)
    named, bare = (alice_client.get(address(completed_job, f"format=txt&names={each}")).content for each in "10")
    assert named.decode().startswith("Ann:  And so")
    assert bare.startswith(b"And so")


def test_export_follows_the_options(alice_client: Client, completed_job: Job):
    timed = alice_client.get(address(completed_job, "format=txt&times=1")).content
    plain = alice_client.get(address(completed_job, "format=md&times=0")).content
    narrow = alice_client.get(address(completed_job, "format=srt&line_length=16&lines_per_cue=1")).content
    assert timed.startswith(b"[0:00:00] And so")
    assert b"`" not in plain
    assert max(len(line) for line in narrow.decode().splitlines() if "-->" not in line) <= 16


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", LISTED),
        ("format=", LISTED),
        ("format=pdf", LISTED),
        ("format=TXT", LISTED),
        ("format=txt&times=yes", "Times are 1 (with) or 0 (without)."),
        ("format=txt&names=yes", "Names are 1 (with) or 0 (without)."),
        ("format=srt&line_length=0", "Longest subtitle line: Ensure this value is greater than or equal to 12."),
        ("format=srt&line_length=1e9", "Longest subtitle line: Enter a whole number."),
        ("format=srt&lines_per_cue=99", "Lines in a subtitle: Ensure this value is less than or equal to 5."),
    ],
)
def test_export_refuses_what_cannot_be_asked_for(alice_client: Client, completed_job: Job, query: str, sentence: str):
    response = alice_client.get(address(completed_job, query))
    assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert response.content.decode() == sentence


@pytest.mark.parametrize(
    "state", [state for state in Job.State if state not in (Job.State.COMPLETED, Job.State.RUNNING)]
)
def test_export_of_a_job_that_is_not_complete_answers_a_sentence(alice_client: Client, completed_job: Job, state: str):
    Job.objects.filter(pk=completed_job.pk).update(state=state)
    response = alice_client.get(address(completed_job))
    assert (response.status_code, response["Content-Type"]) == (409, "text/plain; charset=utf-8")
    text = response.content.decode()
    assert text.startswith("The job ")
    assert text.endswith(".")
    assert "Americans" not in text


def test_export_of_a_running_job_says_when_it_can_be_had(alice_client: Client, make_job):
    job = make_job(state=Job.State.RUNNING, lease_token=uuid4(), lease_expires_at=timezone.now())
    response = alice_client.get(address(job))
    assert response.status_code == 409
    assert response.content.decode() == (
        "The job is running. "
        "This recording is not transcribed yet: its transcript can be exported as soon as it is done."
    )


def test_export_is_for_the_owner_and_staff(bob_client: Client, carol_client: Client, completed_job: Job):
    hidden = bob_client.get(address(completed_job))
    assert hidden.status_code == 404
    assert b"Americans" not in hidden.content
    assert carol_client.get(address(completed_job)).status_code == 200


def test_export_does_not_tell_others_whether_a_job_exists(bob_client: Client, completed_job: Job, job: Job):
    answers = {
        bob_client.get(url).status_code for url in (address(completed_job), address(job), address(job, "format=pdf"))
    }
    assert answers == {404}
    assert bob_client.get(f"/jobs/{uuid4()}/export?format=txt").status_code == 404


def test_export_sends_a_stranger_to_sign_in(client: Client, completed_job: Job):
    response = client.get(address(completed_job))
    assert response.status_code == 302
    assert response["Location"].split("?")[0] == "/sign-in/"


def test_export_takes_no_post(alice_client: Client, completed_job: Job):
    assert alice_client.post(address(completed_job)).status_code == 405
