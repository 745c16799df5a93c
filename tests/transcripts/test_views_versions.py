"""Several transcripts of one recording: which is open, which is shown, and what a new one changes."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from preferences.models import Settings
from tests.conftest import MakeJob, MakeSegments
from transcripts import lease
from transcripts.models import Edit, Job, Recording

State = Job.State
NEW = "Altogether other words."


@pytest.fixture
def running_job(completed_job: Job, make_job: MakeJob, make_segments: MakeSegments) -> Job:
    """Return a second job on the recording of the completed one."""
    held = {"lease_token": uuid.uuid4(), "lease_expires_at": timezone.now() + timedelta(hours=1)}
    job = make_job(
        completed_job.recording, state=State.RUNNING, stage=Job.Stage.TRANSCRIBING, audio_seconds_done=4, **held
    )
    make_segments(job, (NEW,))
    return job


def _page(job: Job, *, version: bool = False) -> str:
    return f"/recordings/{job.recording_id}/" + (f"?version={job.pk}" if version else "")


def test_earlier_text_is_shown_while_a_new_one_is_made(alice_client: Client, completed_job: Job, running_job: Job):
    text = alice_client.get(_page(completed_job)).text
    assert ("my fellow Americans" in text, NEW in text) == (True, False)
    assert re.search(r"A new transcription is running:\s+0:04 of 0:11", text)
    assert f'href="?version={running_job.pk}"' in text
    assert f"/jobs/{completed_job.pk}/export?format=srt" in text


def test_new_text_can_be_looked_at_while_it_is_made(alice_client: Client, completed_job: Job, running_job: Job):
    text = alice_client.get(_page(running_job, version=True)).text
    assert (NEW in text, "my fellow Americans" in text, "/export" in text) == (True, False, False)
    assert f'hx-get="/jobs/{running_job.pk}/live' in text
    assert "The recording shows its earlier text until this one is complete." in text


def test_page_learns_that_the_new_one_is_done(alice_client: Client, completed_job: Job, running_job: Job):
    address = f"/recordings/{completed_job.recording_id}/version?version={completed_job.pk}"
    response = alice_client.get(address)
    assert "HX-Request" in response["Vary"]
    assert f'hx-get="{address}&amp;awaited=1"' in response.text
    assert (response.status_code, "every 2s" in response.text) == (200, True)
    lease.complete(running_job.pk, running_job.lease_token)
    response = alice_client.get(address)
    assert (response.status_code, "every 2s" in response.text) == (286, False)
    assert "A newer one is in use." in response.text
    awaited = alice_client.get(f"{address}&awaited=1").text
    assert ("The new transcription is complete and in use now." in awaited, "A newer one" in awaited) == (True, False)
    assert NEW in alice_client.get(_page(completed_job)).text


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_new_one_that_came_to_nothing_leaves_the_text(
    alice_client: Client, completed_job: Job, running_job: Job, state: Job.State
):
    lease.release(running_job.pk, running_job.lease_token, state, error="The file is damaged.")
    text = alice_client.get(_page(completed_job)).text
    said = "A newer transcription failed. The file is damaged." if state == State.FAILED else "was cancelled."
    assert (said in text, "my fellow Americans" in text) == (True, True)


def test_versions_are_listed_with_what_made_them(alice_client: Client, completed_job: Job, running_job: Job):
    text = alice_client.get(_page(completed_job)).text
    menu = text.partition('class="menu versions"')[2].partition("</details>")[0]
    assert re.findall(r"\?version=([\w-]+)", menu) == [str(running_job.pk), str(completed_job.pk)]
    assert ("2 versions" in menu, "base, faster-whisper, English" in menu) == (True, True)


def test_versions_say_which_is_in_use_and_which_is_open(
    alice_client: Client, completed_job: Job, make_job: MakeJob, make_segments: MakeSegments
):
    newer = make_job(completed_job.recording, state=State.COMPLETED)
    make_segments(newer, (NEW,))
    text = (
        alice_client.get(_page(newer, version=True))
        .text.partition('class="menu versions"')[2]
        .partition("</details>")[0]
    )
    assert re.findall(r"<small>([^<]*)</small>\s*</a>", text) == ["Done, open here", "In use"]
    text = alice_client.get(_page(completed_job)).text.partition('class="menu versions"')[2].partition("</details>")[0]
    assert re.findall(r"<small>([^<]*)</small>\s*</a>", text) == ["Done", "In use, open here"]


def test_new_one_that_waits_says_when_the_queue_is_held(alice_client: Client, completed_job: Job, make_job: MakeJob):
    make_job(completed_job.recording)
    assert "A new transcription waits in the queue." in alice_client.get(_page(completed_job)).text
    Settings.objects.create(pk=1, queue_paused=True)
    address = f"/recordings/{completed_job.recording_id}/version?version={completed_job.pk}"
    for text in (alice_client.get(_page(completed_job)).text, alice_client.get(address).text):
        assert "A new transcription waits. The queue is held by an administrator: waiting jobs start" in text


def test_one_version_is_no_list(alice_client: Client, completed_job: Job):
    assert "versions" not in alice_client.get(_page(completed_job)).text.partition("<main")[2].partition("</header>")[2]


def test_earlier_version_can_be_the_shown_one_again(alice_client: Client, completed_job: Job, running_job: Job):
    lease.complete(running_job.pk, running_job.lease_token)
    address = f"/jobs/{completed_job.pk}/show"
    assert f'action="{address}"' in alice_client.get(_page(completed_job, version=True)).text
    assert alice_client.post(address).url == _page(completed_job)
    assert "my fellow Americans" in alice_client.get(_page(completed_job)).text


def test_only_a_complete_version_can_be_shown(alice_client: Client, completed_job: Job, running_job: Job):
    response = alice_client.post(f"/jobs/{running_job.pk}/show", follow=True)
    assert "Only a complete transcript can be the one that is shown." in response.text
    completed_job.recording.refresh_from_db()
    assert completed_job.recording.shown_job == completed_job


def _correct(job: Job, kind: Edit.Kind = Edit.Kind.CORRECT) -> None:
    Edit.objects.create(job=job, kind=kind, before={}, after={})


def test_text_that_was_worked_on_stays_in_use_until_somebody_decides(
    alice_client: Client, completed_job: Job, running_job: Job
):
    _correct(completed_job)
    lease.complete(running_job.pk, running_job.lease_token)

    text = alice_client.get(_page(completed_job)).text
    assert ("my fellow Americans" in text, NEW in text) == (True, False)
    assert "A new transcription is complete." in text
    assert f"compare?right={running_job.pk}" in text

    keep = f"/jobs/{completed_job.pk}/show"
    assert f'action="{keep}"' in text
    assert alice_client.post(keep).url == _page(completed_job)
    text = alice_client.get(_page(completed_job)).text
    assert ("my fellow Americans" in text, "A new transcription is complete." in text) == (True, False)

    alice_client.post(f"/jobs/{running_job.pk}/show")
    assert NEW in alice_client.get(_page(completed_job)).text


def test_page_that_waits_for_a_new_text_learns_that_the_old_one_stays(
    alice_client: Client, completed_job: Job, running_job: Job
):
    _correct(completed_job, Edit.Kind.RENAME)
    lease.complete(running_job.pk, running_job.lease_token)
    address = f"/recordings/{completed_job.recording_id}/version?version={completed_job.pk}&awaited=1"
    assert "The text that you have worked on stays in use" in alice_client.get(address).text


@pytest.mark.parametrize("kind", [Edit.Kind.LABELLING, Edit.Kind.RULES])
def test_what_a_transcription_did_itself_is_nobodys_work(
    alice_client: Client, completed_job: Job, running_job: Job, kind: Edit.Kind
):
    _correct(completed_job, kind)
    lease.complete(running_job.pk, running_job.lease_token)
    assert NEW in alice_client.get(_page(completed_job)).text


@pytest.mark.parametrize("version", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_version_that_is_none_is_not_found(alice_client: Client, completed_job: Job, make_job: MakeJob, version: str):
    asked = version or make_job().pk  # One of another recording.
    assert alice_client.get(f"{_page(completed_job)}?version={asked}").status_code == 404


def test_job_that_fills_gaps_is_no_version(alice_client: Client, completed_job: Job, make_job: MakeJob):
    gaps = make_job(completed_job.recording, kind=Job.Kind.GAPS, source=completed_job, state=State.FAILED)
    assert "A newer transcription" not in alice_client.get(_page(completed_job)).text
    assert f'id="row-{completed_job.pk}"' in alice_client.get("/").text
    assert alice_client.get(_page(gaps, version=True)).status_code == 404


def test_form_is_filled_in_as_it_was(alice_client: Client, make_job: MakeJob, recording, settings):
    settings.FAKE_ENGINE = True
    recording.audio_tracks = 3
    recording.save()
    asked = {"asked_engine": "fake", "asked_model": "fake", "asked_language": "pl", "prompt": "Świnoujście"}
    job = make_job(recording, state=State.COMPLETED, task="translate", audio_track=1, **asked)
    text = alice_client.get(f"/jobs/{job.pk}/restart").text
    for part in ('value="pl" selected', 'value="fake/fake" selected', ">Świnoujście</textarea>", 'value="1" selected'):
        assert part in re.sub(r"\s+", " ", text).replace("> Ś", ">Ś"), part
    assert re.search(r'name="translate"[^>]*checked', text)


def test_track_and_options_of_the_form_are_the_new_jobs(alice_client: Client, make_job: MakeJob, recording):
    recording.audio_tracks = 2
    recording.save()
    job = make_job(recording, state=State.COMPLETED)
    alice_client.post(f"/jobs/{job.pk}/restart", {"language": "en", "audio_track": "1", "prompt": "Kennedy"})
    new = Job.objects.exclude(pk=job.pk).get()
    assert (new.asked_language, new.audio_track, new.prompt, new.task) == ("en", 1, "Kennedy", "transcribe")


@pytest.mark.parametrize("data", [{"language": "xx"}, {"language": "en", "audio_track": "7"}])
def test_option_that_is_none_is_told_and_starts_nothing(alice_client: Client, completed_job: Job, data: dict[str, str]):
    response = alice_client.post(f"/jobs/{completed_job.pk}/restart", data)
    assert (response.status_code, "Select a valid choice" in response.text) == (422, True)
    assert Job.objects.count() == 1


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_part_of_a_text_is_shown_until_a_new_one_is_complete(
    alice_client: Client, make_job: MakeJob, make_segments: MakeSegments, state: Job.State
):
    partial = make_job(state=state, audio_seconds_done=4)
    make_segments(partial)
    held = {"lease_token": uuid.uuid4(), "lease_expires_at": timezone.now() + timedelta(hours=1)}
    new = make_job(partial.recording, state=State.RUNNING, stage=Job.Stage.TRANSCRIBING, **held)
    make_segments(new, (NEW,))
    text = alice_client.get(_page(partial)).text
    assert ("my fellow Americans" in text, NEW in text, "A new transcription is running" in text) == (True, False, True)
    lease.complete(new.pk, new.lease_token)
    assert NEW in alice_client.get(_page(partial)).text


def test_nothing_that_was_recognised_does_not_hide_a_part(
    alice_client: Client, make_job: MakeJob, make_segments: MakeSegments
):
    partial = make_job(state=State.CANCELLED, audio_seconds_done=4)
    make_segments(partial)
    make_job(partial.recording, state=State.FAILED, error="The file is damaged.")
    text = alice_client.get(_page(partial)).text
    assert ("my fellow Americans" in text, "A newer transcription failed." in text) == (True, True)


@pytest.mark.parametrize("state", [State.COMPLETED, State.CANCELLED])
def test_new_one_without_speech_leaves_the_words(
    alice_client: Client, make_job: MakeJob, make_segments: MakeSegments, state: Job.State
):
    earlier = make_job(state=state)
    make_segments(earlier)
    Recording.objects.update(shown_job=earlier if state == State.COMPLETED else None)
    held = {"lease_token": uuid.uuid4(), "lease_expires_at": timezone.now() + timedelta(hours=1)}
    silent = make_job(earlier.recording, state=State.RUNNING, **held)
    lease.complete(silent.pk, silent.lease_token)
    text = alice_client.get(_page(earlier)).text
    assert "my fellow Americans" in text
    assert "The new transcription found no speech; the earlier text is still shown." in text


def test_versions_and_facts_name_the_track_where_there_are_several(
    alice_client: Client, completed_job: Job, running_job: Job
):
    assert "udio track" not in alice_client.get(_page(completed_job)).text
    Recording.objects.update(audio_tracks=2)
    Job.objects.filter(pk=running_job.pk).update(audio_track=1)
    text = alice_client.get(_page(completed_job)).text
    assert ("<li>Audio track 1</li>" in text, "audio track 2" in text) == (True, True)
