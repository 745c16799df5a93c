"""The list of recordings, its rows in place, and the state of the queue."""

import re
import uuid
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs

import pytest
from django.contrib.auth.models import User
from django.forms.models import model_to_dict
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from preferences.models import Settings
from tags.models import Tag
from tags.services import tags_called
from tests.conftest import MakeJob, MakeRecording, MakeSegments
from transcripts.models import Job, Recording, SavedFilter, Segment, Speaker
from transcripts.services.titles import rename

RUNNING = {"state": Job.State.RUNNING, "stage": Job.Stage.TRANSCRIBING, "lease_token": uuid.uuid4()}


@pytest.fixture
def running_job(make_job: MakeJob, make_recording: MakeRecording, make_segments: MakeSegments) -> Job:
    """Return a job that has done 12:40 of 48:02 in 190 seconds."""
    job = make_job(
        make_recording(title="Field review", duration_seconds=2882.0),
        lease_expires_at=timezone.now() + timedelta(minutes=1),
        batches_done=8,
        audio_seconds_done=760,
        transcribing_seconds=190,
        **RUNNING,
    )
    make_segments(job)
    return job


def test_empty_list_invites_the_first_upload(alice_client: Client):
    text = alice_client.get("/").text
    assert "Drop in your first recording" in text
    assert "<table" not in text


def test_running_row_shows_how_far_it_is_and_the_last_words(alice_client: Client, running_job: Job):
    text = alice_client.get("/").text
    assert '<progress class="bar" max="100" value="26"' in text
    assert "12:40 of 48:02, about 9 min left" in text
    assert "… ask what you can do for your country." in text


def test_list_watches_only_what_can_still_change(alice_client: Client, running_job: Job, completed_job: Job):
    [query] = re.findall(r'hx-get="/rows/\?([^"]*)"', alice_client.get("/").text)
    assert parse_qs(unescape(query))["job"] == [str(running_job.pk)]


def test_finished_list_watches_nothing(alice_client: Client, completed_job: Job):
    assert "/rows/" not in alice_client.get("/").text


def test_blocked_row_says_why(alice_client: Client, make_job: MakeJob):
    make_job(blocked_reason="No speech model is installed.")
    assert "No speech model is installed." in alice_client.get("/").text


def test_failed_row_says_why(alice_client: Client, make_job: MakeJob):
    make_job(state=Job.State.FAILED, error="The file is damaged.")
    assert "The file is damaged." in alice_client.get("/").text


def test_title_is_text_not_markup(alice_client: Client, make_job: MakeJob, make_recording: MakeRecording):
    make_job(make_recording(title="<script>alert(1)</script>"))
    text = alice_client.get("/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert(1)" not in text


def test_each_person_sees_their_own_and_staff_all(
    alice_client: Client, bob_client: Client, carol_client: Client, job: Job
):
    seen = ["Inaugural address" in client.get("/").text for client in (alice_client, bob_client, carol_client)]
    assert seen == [True, False, True]


def test_staff_are_told_whose_recording_it_is(alice_client: Client, carol_client: Client, job: Job):
    owner = '<p class="recording-note">alice</p>'
    assert [owner in client.get("/").text for client in (alice_client, carol_client)] == [False, True]


def test_recording_stands_once_with_its_newest_job(alice_client: Client, completed_job: Job, make_job: MakeJob):
    make_job(completed_job.recording, state=Job.State.FAILED, error="The second run failed.")
    text = alice_client.get("/").text
    assert text.count('class="recording"') == 1
    assert "The second run failed." in text


def test_row_tells_of_the_text_in_use_where_that_is_not_the_newest(
    alice_client: Client, completed_job: Job, make_job: MakeJob
):
    make_job(completed_job.recording, state=Job.State.COMPLETED, warnings=["The model was another one."], language="de")
    for shown in (completed_job, completed_job.recording.jobs.exclude(pk=completed_job.pk).get()):
        Recording.objects.update(shown_job=shown)
        text = alice_client.get("/").text
        assert (text.count('class="recording"'), "1 warning" in text) == (1, shown != completed_job)
        assert ("German" in text) == (shown != completed_job)


def test_list_has_pages_of_fifty(alice_client: Client, make_job: MakeJob, make_recording: MakeRecording):
    for number in range(51):
        make_job(make_recording(b"x", title=f"Recording {number}"))
    assert "1 to 50 of 51" in alice_client.get("/").text
    assert "51 to 51 of 51" in alice_client.get("/?page=2").text
    assert "51 to 51 of 51" in alice_client.get("/?page=99").text


@pytest.mark.parametrize("count", [1, 30])
def test_list_costs_the_same_for_one_row_and_for_thirty(
    alice_client: Client,
    make_job: MakeJob,
    make_recording: MakeRecording,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
):
    for _ in range(count):
        make_job(make_recording(b"x"))
    with django_assert_num_queries(7):  # session, user, tags, count, rows, line, settings
        alice_client.get("/")
    ids = "&".join(f"job={pk}" for pk in Job.objects.values_list("pk", flat=True))
    with django_assert_num_queries(4):  # session, user, rows, line
        alice_client.get(f"/rows/?{ids}")


def test_rows_are_answered_in_place_while_they_run(alice_client: Client, running_job: Job):
    response = alice_client.get(f"/rows/?job={running_job.pk}")
    assert response.status_code == 200
    assert f'id="row-{running_job.pk}" hx-swap-oob="true"' in response.text
    assert f'hx-get="/rows/?job={running_job.pk}&amp;mark=' in response.text
    assert "HX-Trigger" not in response.headers


def test_rows_that_are_as_they_were_are_not_sent_again(alice_client: Client, running_job: Job, job: Job):
    [address] = re.findall(r'hx-get="(/rows/[^"]*)"', alice_client.get(f"/rows/?job={running_job.pk}").text)
    response = alice_client.get(unescape(address))
    assert (response.status_code, response.content) == (204, b"")
    Job.objects.filter(pk=running_job.pk).update(audio_seconds_done=800)
    assert "13:20 of 48:02" in alice_client.get(unescape(address)).text


def test_waiting_rows_are_always_sent(alice_client: Client, job: Job):
    assert "mark" not in alice_client.get(f"/rows/?job={job.pk}").text
    assert alice_client.get(f"/rows/?job={job.pk}&mark=").status_code == 200


def test_rows_stop_when_all_jobs_are_over(alice_client: Client, completed_job: Job):
    response = alice_client.get(f"/rows/?job={completed_job.pk}")
    assert response.status_code == 286
    assert "Inaugural address: The transcript is complete." in response.text
    assert response.headers["HX-Trigger"] == '{"queue-changed": {}}'


def test_rows_stop_when_the_recordings_are_deleted(alice_client: Client, running_job: Job):
    address = f"/rows/?job={running_job.pk}"
    running_job.recording.delete()
    response = alice_client.get(address, headers={"HX-Request": "true"})
    assert (response.status_code, response.text.split()) == (286, ["<div", 'id="watch"></div>'])


def test_rows_of_others_are_not_answered(bob_client: Client, running_job: Job):
    response = bob_client.get(f"/rows/?job={running_job.pk}")
    assert response.status_code == 286
    assert "Field review" not in response.text


def test_rows_refuse_what_is_no_id(alice_client: Client):
    assert alice_client.get("/rows/?job=1 OR 1").status_code == 400


def test_queue_counts_what_the_person_may_see(
    alice_client: Client, bob_client: Client, running_job: Job, make_job: MakeJob
):
    make_job()
    response = alice_client.get("/queue/state")
    assert (response.status_code, "1 running" in response.text, "1 waiting" in response.text) == (200, True, True)
    response = bob_client.get("/queue/state")
    assert (response.status_code, "Queue empty" in response.text) == (286, True)


def test_list_shows_where_the_recording_is(alice_client: Client, recording: Recording, job: Job):
    assert f'href="/recordings/{recording.pk}/"' in alice_client.get("/").text


def test_pages_ask_the_less_often_the_longer_it_takes(alice_client: Client, running_job: Job):
    """It has done 760 of 2882 seconds."""
    addresses = ("/", f"/rows/?job={running_job.pk}", f"/jobs/{running_job.pk}/live")

    def asks_every(seconds: int) -> bool:
        return all(f'hx-trigger="every {seconds}s' in alice_client.get(address).text for address in addresses)

    assert asks_every(10)
    Job.objects.update(transcribing_seconds=10)
    assert asks_every(5)
    Job.objects.update(transcribing_seconds=3)
    assert asks_every(2)
    Job.objects.update(transcribing_seconds=190, stop_request=Job.StopRequest.PAUSE)
    assert asks_every(2)


@pytest.mark.parametrize("query", ["q=inaugural&state=", "q=&state=", "state=&state=queued"])
def test_any_state_narrows_nothing(alice_client: Client, job: Job, query: str):
    assert 'class="recording"' in alice_client.get(f"/?{query}").text


@pytest.mark.parametrize("query", ["ubung", "ÜBUNG", "\u0075\u0308bung 3", "CAFE.MP3", "100%"])
def test_list_finds_titles_and_files_whatever_their_case_and_accents(
    alice_client: Client, make_job: MakeJob, make_recording: MakeRecording, query: str
):
    make_job(make_recording(title="Übung 3: 100% sicher", original_filename="café.mp3"))
    make_job(make_recording(title="Ubuntu 1000", original_filename="caffè.mp3"))
    text = alice_client.get("/", {"q": query}).text
    assert (text.count('class="recording"'), "Übung 3" in text) == (1, True)


def test_list_finds_a_recording_by_its_new_title_only(alice_client: Client, job: Job):
    rename(job.recording, "Été")
    assert 'class="recording"' in alice_client.get("/", {"q": "ete"}).text
    assert 'class="recording"' in alice_client.get("/", {"q": "jfk"}).text
    assert 'class="recording"' not in alice_client.get("/", {"q": "inaugural"}).text


def test_complete_job_without_words_says_so(alice_client: Client, completed_job: Job):
    page = f"/recordings/{completed_job.recording_id}/"
    assert "No speech" not in alice_client.get("/").text
    assert 'class="button button-main"' in alice_client.get(page).text
    completed_job.segments.all().delete()
    assert "No speech</span>" in alice_client.get("/").text
    assert 'class="button button-main"' not in alice_client.get(page).text


def test_gap_is_not_called_no_speech(alice_client: Client, completed_job: Job):
    completed_job.segments.update(text="", gap="The engine crashed.")
    assert "No speech" not in alice_client.get("/").text


def test_rows_tell_files_apart_that_share_a_title(
    alice_client: Client, make_job: MakeJob, make_recording: MakeRecording
):
    for name in ("truncated.mp3", "truncated.wav", "other.flac"):
        make_job(make_recording(title="truncated", original_filename=name))
    extensions = re.findall(r'class="recording-extension">([^<]*)<', alice_client.get("/").text)
    assert sorted(extensions) == [".mp3", ".wav"]


def test_queue_that_is_held_is_not_just_empty(alice_client: Client, completed_job: Job):
    Settings.objects.update_or_create(pk=1, defaults={"queue_paused": True})
    text = alice_client.get("/queue/state").text
    assert ("Queue held" in text, "data-held" in text) == (True, True)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["Ann"], "Ann"),
        (["Ann", "", "Ben", "Eve"], "Ann, Ben and 2 more"),
        (["", ""], "2 speakers"),
        ([""], "1 speaker"),
    ],
)
def test_row_tells_who_speaks(alice_client: Client, completed_job: Job, names: list[str], words: str):
    speakers = [
        Speaker.objects.create(job=completed_job, number=number, name=name) for number, name in enumerate(names)
    ]
    Speaker.objects.create(job=completed_job, number=9, name="Says nothing any more")
    first = completed_job.segments.first()
    for index, speaker in enumerate(speakers):
        Segment.objects.create(
            **model_to_dict(first, exclude=("id", "job", "speaker", "part")),
            job=completed_job,
            part=index + 1,
            speaker=speaker,
        )
    text = alice_client.get("/").text
    assert re.findall(r'<span[^>]*class="recording-speakers" dir="auto">(.*?)</span> English', text) == [words]


@pytest.mark.parametrize("count", [1, 30])
def test_list_costs_the_same_where_speakers_and_tags_are_known(
    alice_client: Client,
    make_job: MakeJob,
    make_recording: MakeRecording,
    make_segments: MakeSegments,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
):
    for _ in range(count):
        job = make_job(make_recording(b"x"), state=Job.State.COMPLETED)
        make_segments(job)
        job.segments.update(speaker=Speaker.objects.create(job=job, number=1))
        job.recording.tags.add(*tags_called(["One", "Two"], owner=job.owner))
    Settings.load()
    with django_assert_num_queries(6):  # session, user, tags, count, rows, settings with queue
        text = alice_client.get("/").text
    assert (text.count("1 speaker<"), text.count('class="tag" data-hue="2" href')) == (count, count)
    ids = "&".join(f"job={pk}" for pk in Job.objects.values_list("pk", flat=True))
    with django_assert_num_queries(3):  # session, user, rows
        assert alice_client.get(f"/rows/?{ids}").text.count(">Two</a>") == count


def test_row_tells_who_speaks_as_soon_as_its_job_is_done(alice_client: Client, completed_job: Job):
    completed_job.segments.update(speaker=Speaker.objects.create(job=completed_job, number=1, name="Ann"))
    assert ">Ann</span>" in alice_client.get(f"/rows/?job={completed_job.pk}").text


@pytest.fixture
def three(make_job: MakeJob, make_recording: MakeRecording) -> list[Job]:
    """Return jobs on three recordings, the newest last, with tags: red; red and round; none."""
    facts = [("beta", 20.0, Job.State.FAILED), ("Alpha", None, Job.State.COMPLETED), ("gamma", 30.0, Job.State.QUEUED)]
    jobs = [make_job(make_recording(b"x", title=title, duration_seconds=s), state=state) for title, s, state in facts]
    red, rounded = tags_called(["red", "round"], owner=jobs[0].owner)
    jobs[0].recording.tags.add(red)
    jobs[1].recording.tags.add(red, rounded)
    return jobs


def _titles(client: Client, address: str) -> list[str]:
    return re.findall(r'class="recording-link".*?>(.*?)</a>', client.get(address).text)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["gamma", "Alpha", "beta"]),
        ("sort=date", ["beta", "Alpha", "gamma"]),
        ("sort=title", ["Alpha", "beta", "gamma"]),
        ("sort=-title", ["gamma", "beta", "Alpha"]),
        ("sort=duration", ["beta", "gamma", "Alpha"]),
        ("sort=-duration", ["gamma", "beta", "Alpha"]),
        ("sort=state", ["gamma", "beta", "Alpha"]),
    ],
)
def test_list_is_sorted(alice_client: Client, three: list[Job], query: str, titles: list[str]):
    assert _titles(alice_client, f"/?{query}") == titles


def test_sort_is_kept_by_the_heads_of_columns_and_told(alice_client: Client, three: list[Job]):
    text = alice_client.get("/?q=a&sort=title").text
    assert 'aria-sort="ascending"><a class="sort" href="?q=a&amp;sort=-title">Title</a>' in text
    assert 'aria-sort="none"><a class="sort" href="?q=a">Added</a>' in text


@pytest.mark.parametrize(
    ("names", "match", "titles"),
    [
        (["red"], "", ["Alpha", "beta"]),
        (["red", "round"], "", ["Alpha", "beta"]),
        (["red", "round"], "all", ["Alpha"]),
        (["round"], "all", ["Alpha"]),
    ],
)
def test_list_is_narrowed_by_any_or_all_tags(
    alice_client: Client, alice: User, three: list[Job], names: list[str], match: str, titles: list[str]
):
    tags = "&".join(f"tag={tag.pk}" for tag in Tag.objects.of(alice).named(names))
    assert _titles(alice_client, f"/?{tags}&match={match}") == titles


def test_list_is_not_narrowed_by_a_tag_of_somebody_else(bob_client: Client, carol_client: Client, three: list[Job]):
    tag = Tag.objects.get(name="red")
    for client in (bob_client, carol_client):
        text = client.get(f"/?tag={tag.pk}").text
        assert "No recording matches." in text
        assert ">red<" not in text


@pytest.mark.parametrize(
    ("query", "titles", "sentence", "way_on"),
    [
        ("tag=x&sort=title", [], "No recording has it.", "?sort=title"),
        ("q=a&tag=9999", [], "No recording has it.", "?q=a"),
        ("tag=9999&tag=-1&match=any", [], "No recording has them.", "?"),
        ("tag=9999&tag={red}", ["Alpha", "beta"], "Only recordings with the other tag are shown.", "?tag={red}"),
        ("tag=9999&tag={red}&match=all", [], "No recording has all of the tags.", "?tag={red}"),
        (
            "tag=9999&tag={red}&tag={round}&match=all",
            [],
            "No recording has all of the tags.",
            "?tag={red}&tag={round}&match=all",
        ),
    ],
)
def test_list_tells_of_a_tag_that_is_not_there(
    alice_client: Client, alice: User, three: list[Job], query: str, titles: list[str], sentence: str, way_on: str
):
    tags = {tag.name: tag.pk for tag in Tag.objects.of(alice)}
    text = unescape(alice_client.get(f"/?{query.format(**tags)}").text)
    assert _titles(alice_client, f"/?{query.format(**tags)}") == titles
    assert sentence in text
    assert f'<a href="{way_on.format(**tags)}" data-known-tags>' in text
    assert "that you do not have" not in alice_client.get(f"/{way_on.format(**tags)}").text


def test_tag_that_is_not_there_stays_until_somebody_goes_on_without_it(
    alice_client: Client, alice: User, three: list[Job]
):
    [tag] = Tag.objects.of(alice).named(["red"])
    text = unescape(alice_client.get(f"/?tag=9999&tag={tag.pk}").text)
    assert '<input type="hidden" name="tag" value="9999" data-gone-tag>' in text  # In the form that narrows.
    assert f'href="?tag=9999&tag={tag.pk}&sort=title">Title' in text
    bulk = text[text.index('class="bulk"') :]
    bulk = bulk[: bulk.index("data-count")]
    assert (f'name="tag" value="{tag.pk}"' in bulk, "9999" in bulk) == (True, False)


def test_filter_with_a_tag_that_is_not_there_is_not_kept(alice_client: Client, alice: User, three: list[Job]):
    [tag] = Tag.objects.of(alice).named(["red"])
    query = f"tag=9999&tag={tag.pk}"
    text = unescape(alice_client.get(f"/filters/?{query}").text)
    assert ("Keep this as" in text, f'href="/?{query}"' in text) == (False, True)
    alice_client.post(f"/filters/?{query}", {"name": "x"})
    assert SavedFilter.objects.count() == 0


def test_staff_see_none_of_the_tags_of_others(carol_client: Client, three: list[Job]):
    text = carol_client.get("/").text
    assert "beta" in text
    assert ">red<" not in text


@pytest.mark.parametrize(
    "query", ["tag=x", "tag=99999999999999999999", "tag=-1", "match=none&tag=1", "state=x", "sort=size", "sort=-"]
)
def test_list_says_that_nothing_matches_what_makes_no_sense(alice_client: Client, three: list[Job], query: str):
    response = alice_client.get(f"/?{query}")
    assert response.status_code == 200
    assert "No recording matches." in response.text


def test_queue_is_counted_from_the_line_as_it_is_without_it(
    alice_client: Client, alice: User, bob: User, make_job: MakeJob, make_recording: MakeRecording
):
    make_job()
    make_job(blocked_reason="The disk is full.")
    make_job(make_recording(b"x", owner=bob))
    for is_held, words in ((False, "2 waiting"), (True, "2 held")):
        Settings.objects.update_or_create(pk=1, defaults={"queue_paused": is_held})
        assert words in alice_client.get("/").text
        assert words in alice_client.get("/queue/state").text


def test_title_that_is_too_long_is_told_in_a_sentence(alice_client: Client, completed_job: Job):
    text = alice_client.get("/", {"q": "x" * 5000}).text
    assert ("Type 200 characters of a title at most." in text, "No recording matches." in text) == (True, False)
