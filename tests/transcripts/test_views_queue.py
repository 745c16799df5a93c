"""The queue page: who sees what, what may be moved, held and set, and what its polls cost."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from preferences.models import Settings
from tests.conftest import MakeJob, MakeRecording
from transcripts import presence
from transcripts.models import Job, Recording
from transcripts.views import line as page

HTMX = {"HX-Request": "true", "HX-Target": "line"}


@pytest.fixture(autouse=True)
def worker(db: None) -> None:
    """Have a machine on the list: without one nobody can tell when a job starts."""
    presence.announce()


@pytest.fixture
def titled(make_recording: MakeRecording):
    """Return a function that makes a recording of 48:02 with this title."""
    return lambda title, **fields: make_recording(b"x", title=title, duration_seconds=2882.0, **fields)


@pytest.fixture
def run(make_job: MakeJob):
    """Return a function that makes a job which has done 12:40 in 190 seconds."""

    def make(recording: Recording, **fields) -> Job:
        lease = {"lease_token": uuid.uuid4(), "lease_expires_at": timezone.now() + timedelta(minutes=1)}
        done = {"stage": Job.Stage.TRANSCRIBING, "audio_seconds_done": 760, "transcribing_seconds": 190}
        return make_job(recording, state=Job.State.RUNNING, **lease, **done, **fields)

    return make


def _words(text: str) -> str:
    """Return what a page says, without its markup and what is in closed menus."""
    shown = re.sub(r'<details class="menu.*?</details>', " ", text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", shown).split())


def _line(client: Client) -> str:
    return _words(client.get("/queue/line").text)


def test_empty_queue_says_so_and_stops_asking(alice_client: Client):
    response = alice_client.get("/queue/")
    assert "The queue is empty." in response.text
    assert "every 2s" not in response.text.partition('id="line"')[2]
    assert alice_client.get("/queue/line").status_code == 286


def test_page_tells_how_far_the_running_are_and_when_the_waiting_start(alice_client: Client, run, make_job, titled):
    run(titled("Field review"))
    make_job(titled("Interview"))
    text = _words(alice_client.get("/queue/").text)
    assert "Running 1 Field review 48:02 26 % 12:40 of 48:02, about 9 min left" in text
    assert "Waiting 1 Position 1 Interview 48:02 starts in about 9 min" in text
    assert 'hx-trigger="every 2s, queue-changed from:body"' in alice_client.get("/queue/line").text


def test_others_are_told_by_number_only(alice_client: Client, run, make_job, titled, bob: User):
    run(titled("Secret of Bob", owner=bob))
    make_job(titled("Mine"))
    for number in range(3):
        make_job(titled(f"Secret {number}", owner=bob))
    make_job(titled("Blocked secret", owner=bob), blocked_reason="No model.")
    text = _line(alice_client)
    assert text.startswith("Running 1 1 job of others Waiting 4 Position 1 Mine")
    assert "2–4 3 jobs of others Cannot start yet 1 1 job of others" in text
    for secret in ("Secret", "bob", "No model"):
        assert secret not in text


def test_staff_see_all_with_their_owners(carol_client: Client, run, make_job, titled, bob: User):
    run(titled("Of Bob", owner=bob))
    make_job(titled("Of Alice"))
    text = _line(carol_client)
    assert "Of Bob bob 48:02" in text
    assert "Of Alice alice 48:02" in text
    assert "of others" not in text


def test_blocked_job_says_why(alice_client: Client, make_job, titled):
    make_job(titled("Mine"), blocked_reason="No speech model is installed.")
    assert "Cannot start yet 1 Mine 48:02 No speech model is installed." in _line(alice_client)


def test_title_is_text_not_markup(alice_client: Client, make_job, titled):
    make_job(titled('"><script>alert(1)</script>'))
    make_job(titled('"><script>alert(2)</script>'))
    assert "<script>alert" not in alice_client.get("/queue/line").text


def test_only_what_can_be_moved_has_a_button(alice_client: Client, carol_client: Client, make_job, titled, bob: User):
    make_job(titled("Bob's first", owner=bob))
    make_job(titled("Alice's first"))
    make_job(titled("Alice's second"))
    buttons = [re.findall("Move “(.*?)” to", client.get("/queue/line").text) for client in (alice_client, carol_client)]
    assert buttons == [["Alice&#x27;s second"], ["Alice&#x27;s first", "Alice&#x27;s second"]]


def test_owner_moves_their_job_to_the_front_in_place(alice_client: Client, make_job, titled):
    make_job(titled("First"))
    job = make_job(titled("Second"))
    response = alice_client.post(f"/jobs/{job.pk}/front", headers=HTMX)
    text = _words(response.text)
    assert text.index("Second") < text.index("First")
    assert "“Second” is moved to the front." in text
    assert "<html" not in response.text


def test_moving_works_without_javascript(alice_client: Client, make_job, titled):
    make_job(titled("First"))
    job = make_job(titled("Second"))
    text = _words(alice_client.post(f"/jobs/{job.pk}/front", follow=True).text)
    assert "“Second” is moved to the front." in text
    assert text.index("Position 1 Second") < text.index("First")


def test_job_that_has_started_meanwhile_is_left_alone(alice_client: Client, run, titled):
    job = run(titled("Quick"))
    assert "“Quick” does not wait any more" in alice_client.post(f"/jobs/{job.pk}/front", follow=True).text


def test_others_cannot_move_a_job(bob_client: Client, client: Client, job: Job):
    assert bob_client.post(f"/jobs/{job.pk}/front").status_code == 404
    assert client.post(f"/jobs/{job.pk}/front").url.startswith("/sign-in/")
    assert bob_client.get(f"/jobs/{job.pk}/front").status_code == 405
    job.refresh_from_db()
    assert (job.rank, job.priority) == (0, 0)


@pytest.mark.parametrize("address", ["hold", "resume", "concurrency"])
def test_only_staff_steer_the_queue(alice_client: Client, client: Client, address: str):
    Settings.objects.create(pk=1, queue_paused=address == "resume", concurrency=2)
    before = Settings.objects.values().get()
    assert alice_client.post(f"/queue/{address}", {"concurrency": 9}).status_code == 403
    assert client.post(f"/queue/{address}").url.startswith("/sign-in/")
    assert Settings.objects.values().get() == before


def test_staff_hold_the_queue_and_resume_it(carol_client: Client, alice_client: Client, job: Job):
    held = _words(carol_client.post("/queue/hold", follow=True).text)
    assert (
        "waiting jobs start when you or another administrator resumes it. What runs goes on. Resume the queue" in held
    )
    assert held.count("The queue is held") == 1
    assert "waiting jobs start when an administrator resumes it. What runs goes on." in _line(alice_client)
    assert "The queue is held by an administrator" in _words(alice_client.get("/").text)
    assert "1 held" in _words(alice_client.get("/queue/state").text)
    assert "Resume the queue" not in alice_client.get("/queue/").text

    assert "The queue is resumed" in carol_client.post("/queue/resume", follow=True).text
    assert "held" not in _words(alice_client.get("/").text)


def test_hold_is_told_where_nothing_waits(alice_client: Client):
    Settings.objects.create(pk=1, queue_paused=True)
    text = _line(alice_client)
    assert text == (
        "The queue is held, and nothing waits. What you upload waits until an administrator resumes the queue. Upload a recording"
    )


def test_administrator_resumes_an_empty_queue_where_it_says_so(carol_client: Client):
    Settings.objects.create(pk=1, queue_paused=True)
    text = _words(carol_client.get("/queue/").text)
    assert text.count("The queue is held") == 1
    assert "What you upload waits until you or another administrator resumes the queue. Resume the queue" in text
    assert "The queue is held. Running jobs go on" in _words(carol_client.get("/").text)


@pytest.mark.parametrize("page", ["upload", "recording", "live"])
def test_page_of_a_job_that_waits_says_that_the_queue_is_held(alice_client: Client, job: Job, page: str):
    Settings.objects.create(pk=1, queue_paused=True)
    addresses = {
        "upload": "/upload/",
        "recording": f"/recordings/{job.recording_id}/",
        "live": f"/jobs/{job.pk}/live?version=queued--",
    }
    sentence = "The queue is held by an administrator: waiting jobs start when an administrator resumes it."
    assert _words(alice_client.get(addresses[page]).text).count(sentence) == 1
    Settings.objects.update(queue_paused=False)
    assert "held" not in _words(alice_client.get(addresses[page]).text)


def _menu(client: Client, job: Job) -> list[str]:
    """Return what the menu of a job offers, where the queue shows one."""
    menus = re.findall(
        rf'<details class="menu" id="menu-{job.pk}-.*?</details>', client.get("/queue/line").text, re.DOTALL
    )
    return [
        re.sub(r"<[^>]*>", "", item).strip() for menu in menus for item in re.findall(r'"menu-item".*?>(.*)<', menu)
    ]


def test_each_job_offers_what_fits_it(alice_client: Client, bob_client: Client, run, make_job, titled):
    running, stopping = run(titled("Running")), run(titled("Stopping"), stop_request="pause")
    ending = run(titled("Ending"), stop_request="cancel")
    waiting, blocked = make_job(titled("Waiting")), make_job(titled("Blocked"), blocked_reason="No model.")
    paused = make_job(titled("Paused"), state=Job.State.PAUSED)
    assert {job: _menu(alice_client, job) for job in (running, waiting, blocked, stopping, paused, ending)} == {
        running: ["Pause", "Cancel…"],
        waiting: ["Pause", "Cancel…"],
        blocked: ["Pause", "Cancel…"],
        stopping: ["Go on", "Cancel…"],
        paused: ["Go on", "Cancel…"],
        ending: [],
    }
    assert "menu-" not in bob_client.get("/queue/line").text


def test_paused_jobs_of_ones_own_stand_below_the_line(alice_client: Client, make_job, titled, bob: User):
    make_job(titled("Mine"), state=Job.State.PAUSED)
    make_job(titled("Secret of Bob", owner=bob), state=Job.State.PAUSED)
    text = _line(alice_client)
    assert text.startswith("The queue is empty.")
    assert text.endswith("Paused 1 Mine 48:02 Go on")


def test_job_is_paused_and_goes_on_from_the_queue(alice_client: Client, job: Job):
    back = {"Referer": "http://testserver/queue/"}
    assert alice_client.post(f"/jobs/{job.pk}/pause", headers=back).url == "http://testserver/queue/"
    assert "Paused 1 Inaugural address" in _line(alice_client)
    assert "queue-changed" in alice_client.post(f"/jobs/{job.pk}/resume", headers=HTMX).headers["HX-Trigger"]
    assert "Waiting 1 Position 1 Inaugural address" in _line(alice_client)


def test_staff_set_how_many_jobs_run_at_once(carol_client: Client):
    Settings.objects.create(pk=1, queue_paused=True, upload_limit_megabytes=7)
    response = carol_client.post("/queue/concurrency", {"concurrency": "3"}, follow=True)
    assert "Up to 3 jobs run at once now." in response.text
    current = Settings.load()
    assert (current.concurrency, current.queue_paused, current.upload_limit_megabytes) == (3, True, 7)


@pytest.mark.parametrize("value", ["0", "65", "-1", "", "two", "1.5", "9" * 400, "３２\x00"])
def test_jobs_at_once_refuse_what_is_no_number_from_1_to_64(carol_client: Client, value: str):
    response = carol_client.post("/queue/concurrency", {"concurrency": value})
    assert response.status_code == 422
    assert 'class="errorlist"' in response.text
    assert Settings.load().concurrency == 1


@pytest.mark.parametrize("address", ["/queue/concurrency", "/settings/queue/", "/admin/settings/settings/1/change/"])
def test_jobs_at_once_say_the_same_of_all_that_is_too_little(carol_client: Client, carol: User, address: str):
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    texts = [carol_client.post(address, {"concurrency": value}).text for value in ("0", "-1")]
    said = [re.findall(r"Ensure this value is greater than or equal to \d+\.", text) for text in texts]
    assert said == [["Ensure this value is greater than or equal to 1."]] * 2


def test_only_staff_are_offered_the_settings(alice_client: Client, carol_client: Client):
    shown = [
        ("Jobs at once" in text, "Hold the queue" in text)
        for text in (c.get("/queue/").text for c in (alice_client, carol_client))
    ]
    assert shown == [(False, False), (True, True)]


def test_long_queue_is_shown_up_to_a_number(alice_client: Client, make_job, titled, bob: User, monkeypatch):
    monkeypatch.setattr(page, "MOST_ROWS", 3)
    recording, theirs = titled("Mine"), titled("Theirs", owner=bob)
    for _ in range(5):
        make_job(recording)
    make_job(theirs)
    text = _line(alice_client)
    assert text.count("Mine") == 3
    assert "2 1 job of others" in text
    assert "2 more of yours" in text


@pytest.mark.parametrize("count", [1, 30])
def test_polls_cost_two_queries_for_one_job_and_for_thirty(
    alice_client: Client, run, make_job, titled, django_assert_num_queries: DjangoAssertNumQueries, count: int
):
    """Beyond session and user. The state of the queue, which every page asks for, costs one."""
    Settings.load()
    for number in range(count):
        running, waiting = run(titled(f"Running {number}")), make_job(titled(f"Waiting {number}"))
    ids = "&".join(f"job={pk}" for pk in Job.objects.values_list("pk", flat=True))
    live = re.search(r'hx-get="(/jobs/[^"]*/live[^"]*)"', alice_client.get(f"/recordings/{running.recording_id}/").text)
    held = re.search(r'hx-get="(/jobs/[^"]*/live[^"]*)"', alice_client.get(f"/recordings/{waiting.recording_id}/").text)
    for address, queries in (
        ("/queue/line", 2),
        (f"/rows/?{ids}", 2),
        (live[1], 2),
        (held[1].replace("&amp;", "&"), 2),
        ("/queue/state", 1),
    ):
        with django_assert_num_queries(2 + queries):
            assert alice_client.get(address).status_code == 200


def test_recording_page_tells_the_place_and_keeps_it_true(alice_client: Client, run, make_job, titled):
    run(titled("Field review"))
    first, second = make_job(titled("First")), make_job(titled("Second"))
    text = alice_client.get(f"/recordings/{second.recording_id}/").text
    assert "2nd in line, starts in about 21 min" in _words(text)
    live = re.search(r'hx-get="(/jobs/[^"]*/live[^"]*)"', text)[1].replace("&amp;", "&")
    first.delete()
    assert "Next in line, starts in about 9 min" in _words(alice_client.get(live).text)


def test_row_of_a_waiting_job_tells_its_place(alice_client: Client, make_job, titled):
    make_job(titled("First"))
    make_job(titled("Second"))
    text = _words(alice_client.get("/").text)
    assert "Second 2nd in line" in text
    assert "First Next in line, starts in less than a minute" in text


def test_unknown_pace_tells_only_the_position(alice_client: Client, run, make_job, titled):
    job = run(titled("Field review"))
    Job.objects.filter(pk=job.pk).update(audio_seconds_done=0, transcribing_seconds=0)
    make_job(titled("Mine"))
    assert "Mine Next in line 48:02 Waiting" in _words(alice_client.get("/").text)


def test_text_of_a_job_that_is_given_back_is_not_lost_on_the_page(alice_client: Client, run, titled, make_segments):
    """The last batch may be committed between the last poll and the release."""
    job = run(titled("Field review"))
    live = re.search(r'hx-get="(/jobs/[^"]*/live[^"]*)"', alice_client.get(f"/recordings/{job.recording_id}/").text)[1]
    make_segments(job)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, lease_token=None, lease_expires_at=None)
    assert "ask not what your country" in alice_client.get(live.replace("&amp;", "&")).text


def test_job_for_speakers_is_told_from_a_transcription(alice_client: Client, completed_job: Job, make_job: MakeJob):
    facts = {"kind": Job.Kind.SPEAKERS, "source": completed_job, "identifying_share": 1.0, "expected_pace": 0.1}
    job = make_job(completed_job.recording, **facts)
    assert "<span>speakers only</span>" in alice_client.get("/queue/").text
    held = {"lease_token": uuid.uuid4(), "lease_expires_at": timezone.now() + timedelta(minutes=1)}
    done = {"stage": Job.Stage.IDENTIFYING, "prepared_seconds": 11.0, "identified_seconds": 5.5}
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, **held, **done)
    text = alice_client.get("/queue/").text
    assert "Identifying speakers, 0:05 of 0:11, less than a minute left" in " ".join(text.split())
    assert 'value="50"' in text
    question = alice_client.get(f"/jobs/{job.pk}/cancel").text
    assert ("Stop identifying the speakers of" in question, "The text stays as it is." in question) == (True, True)


def test_cancel_of_a_text_that_waits_for_its_speakers_says_what_it_means(alice_client: Client, make_job: MakeJob):
    job = make_job(state=Job.State.PAUSED, stage=Job.Stage.IDENTIFYING, audio_seconds_done=11.0)
    assert "The text is complete and stays. Its speakers can be identified later." in (
        alice_client.get(f"/jobs/{job.pk}/cancel").text
    )
