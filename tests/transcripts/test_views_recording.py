"""The page of a recording, what it learns while the job runs, and its deletion."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from preferences.models import Settings
from tests.conftest import MakeJob, MakeSegments
from transcripts.models import Comment, Edit, Job, Labelling, Recording, Rule, Segment, Speaker
from transcripts.services.ruling import apply_rules


@pytest.fixture
def running_job(make_job: MakeJob) -> Job:
    lease = {"lease_token": uuid.uuid4(), "lease_expires_at": timezone.now() + timedelta(minutes=1)}
    return make_job(state=Job.State.RUNNING, stage=Job.Stage.TRANSCRIBING, **lease)


def _page(job: Job) -> str:
    return f"/recordings/{job.recording_id}/"


def _live_address(text: str) -> str:
    return re.findall(r'hx-get="(/jobs/[^"]+/live[^"]*)"', text)[0].replace("&amp;", "&")


def _words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", "".join(re.findall(r'<p dir="auto">.*?</p>', text, re.DOTALL))).split())


def test_page_shows_the_text_in_paragraphs_with_times(alice_client: Client, completed_job: Job):
    text = alice_client.get(_page(completed_job)).text
    assert _words(text) == (
        "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country."
    )
    assert 'href="?t=0.00#paragraph-0-0"' in text
    assert 'data-words="0:0.00 4:0.60 8:1.20 11:1.80 18:2.40"' in text


@pytest.mark.parametrize(
    ("query", "fragment"),
    [
        ("?t=83.5", "#t=83.50"),
        ("?t=0", "#t=0.00"),
        ("", ""),
        ("?t=", ""),
        ("?t=-3", ""),
        ("?t=nan", ""),
        ("?t=inf", ""),
        ("?t=1:23", ""),
        ("?t=%22%3E%3Cb%3E", ""),
    ],
)
def test_address_says_where_the_player_starts(alice_client: Client, completed_job: Job, query: str, fragment: str):
    text = alice_client.get(_page(completed_job) + query).text
    assert re.findall(r'<audio src="([^"]*)"', text) == [f"/recordings/{completed_job.recording_id}/media{fragment}"]


@pytest.mark.parametrize(("percent", "value"), [(0.0, None), (0.5, "50")])
def test_bar_stands_for_no_share_while_none_is_known(
    alice_client: Client, running_job: Job, percent: float, value: str | None
):
    Job.objects.filter(pk=running_job.pk).update(audio_seconds_done=11.0 * percent)
    bar = re.findall(r"<progress [^>]*>", alice_client.get(_page(running_job)).text)[0]
    assert (re.findall(r'value="(\d+)"', bar) or [None]) == [value]


def test_page_offers_exports_only_when_the_job_is_complete(alice_client: Client, completed_job: Job, running_job: Job):
    export = f"/jobs/{completed_job.pk}/export?format="
    formats = re.findall(re.escape(export) + r"(\w+)", alice_client.get(_page(completed_job)).text)
    assert sorted(formats) == ["docx", "html", "json", "md", "srt", "tsv", "txt", "vtt"]
    assert "/export" not in alice_client.get(_page(running_job)).text


def test_page_shows_the_facts(alice_client: Client, make_job: MakeJob):
    job = make_job(state=Job.State.COMPLETED, engine="whisper", model="base", language="de", language_probability=0.976)
    text = alice_client.get(_page(job)).text
    facts = [
        " ".join(re.sub(r"<[^>]+>", "", fact).split())
        for fact in re.findall(r"<li(?: [^>]*)?>.*?</li>", text, re.DOTALL)
    ]
    assert facts[:3] == ["0:11", "German (detected, 98 %)", "base, whisper"]
    assert facts[4] == "jfk.opus"


def test_page_does_not_claim_to_have_detected_the_only_language_of_a_model(alice_client: Client, make_job: MakeJob):
    job = make_job(state=Job.State.COMPLETED, engine="whisper", model="tiny.en", language="en")
    assert "English (the only language of this model)" in alice_client.get(_page(job)).text
    assert "English, the only language of this model" in " ".join(
        alice_client.get(f"/jobs/{job.pk}/report").text.split()
    )


def test_page_shows_the_extra_options(alice_client: Client, make_job: MakeJob):
    asked = {"beam_size": 3, "hotwords": "<b>Selenite</b>", "suppress_tokens": [-1, 13]}
    text = alice_client.get(_page(make_job(state=Job.State.COMPLETED, extra_options=asked))).text
    assert "<li>beam_size=3, hotwords=&lt;b&gt;Selenite&lt;/b&gt;, suppress_tokens=-1,13</li>" in text


def test_recording_without_speech_says_so(alice_client: Client, make_job: MakeJob):
    job = make_job(state=Job.State.COMPLETED)
    assert "No speech was found in this recording." in alice_client.get(_page(job)).text


def test_job_whose_file_is_gone_does_not_say_that_it_is_kept(alice_client: Client, make_job: MakeJob):
    job = make_job(state=Job.State.FAILED, error_code="media_missing", error="The file is gone.")

    text = alice_client.get(f"/recordings/{job.recording_id}/").text

    assert "<strong>The file is gone.</strong>" in text
    assert "The recording is kept" not in text


def test_failed_job_says_why_and_what_is_kept(alice_client: Client, make_job: MakeJob):
    job = make_job(state=Job.State.FAILED, error="The file is damaged.", audio_seconds_done=4)
    text = alice_client.get(_page(job)).text
    assert "<strong>The file is damaged.</strong> The recording and the text recognised so far are kept." in text
    assert "/live" not in text


WARNINGS = ["Model small is not installed.", "Two pieces were unclear."]


def test_warnings_are_folded_into_one_line(alice_client: Client, make_job: MakeJob):
    job = make_job(state=Job.State.COMPLETED, warnings=WARNINGS)
    text = alice_client.get(_page(job)).text
    assert "2 warnings" in text
    assert "<li>Two pieces were unclear.</li>" in text
    assert re.findall(r'<details class="warnings.*?( open)? hx-preserve>', text) == [""]


def test_warnings_are_unfolded_for_who_comes_to_read_them(alice_client: Client, make_job: MakeJob):
    job = make_job(state=Job.State.COMPLETED, warnings=WARNINGS)
    [link] = re.findall(r'class="recording-notes" href="(.*?)"', alice_client.get("/").text)
    assert link == f"{_page(job)}?warnings=1#standing"
    assert re.findall(r'<details class="warnings.*?( open)? hx-preserve>', alice_client.get(link).text) == [" open"]


@pytest.mark.parametrize(("warning", "is_folded"), [("It is <b>cut</b>.", False), ("It is cut. " * 20, True)])
def test_short_warning_that_is_alone_is_shown_at_once(
    alice_client: Client, make_job: MakeJob, warning: str, is_folded: bool
):
    job = make_job(state=Job.State.COMPLETED, warnings=[warning])
    text = alice_client.get(_page(job)).text
    assert ("It is &lt;b&gt;cut&lt;/b&gt;.</p>" in text, '<details class="warnings' in text) == (
        not is_folded,
        is_folded,
    )


@pytest.mark.parametrize("query", ["?warnings=", "?warnings=%00&t=x", "?t=-1&warnings=no"])
def test_strange_start_of_a_page_is_ignored(alice_client: Client, completed_job: Job, query: str):
    text = alice_client.get(_page(completed_job) + query).text
    assert f'src="/recordings/{completed_job.recording_id}/media"' in text


def test_text_appears_while_the_job_runs(alice_client: Client, running_job: Job, make_segments: MakeSegments):
    address = _live_address(alice_client.get(_page(running_job)).text)
    make_segments(running_job, ("The first words.",))
    Job.objects.update(batches_done=1)
    response = alice_client.get(address)
    assert response.status_code == 200
    assert 'hx-swap-oob="beforeend:#transcript"' in response.text
    assert _words(response.text) == "The first words."


def test_last_paragraph_grows_and_new_ones_are_added(
    alice_client: Client, running_job: Job, make_segments: MakeSegments
):
    make_segments(running_job, ("The first words",))
    address = _live_address(alice_client.get(_page(running_job)).text)
    assert "The first words" not in alice_client.get(address).text
    _add(running_job, index=1, start=3.1, text=" and more.")
    last = _add(running_job, index=2, start=9.0, text=" After a pause.")
    text = alice_client.get(address).text
    assert '<section class="paragraph" id="paragraph-0-0" hx-swap-oob="true">' in text
    assert '<section class="paragraph" id="paragraph-0-2">' in text
    assert "The first words" in text
    assert f"paragraph=0-2&after={last.pk}" in _live_address(text)


def test_text_of_the_second_channel_comes_between_that_of_the_first(
    alice_client: Client, running_job: Job, make_segments: MakeSegments
):
    Job.objects.filter(pk=running_job.pk).update(by_channel=True)
    make_segments(running_job, ("One.", "Three.", "Five."), seconds=9.0)
    Segment.objects.filter(job=running_job).update(end=F("start") + 1)
    address = _live_address(alice_client.get(_page(running_job)).text)
    _add(running_job, index=7, start=13.0, text="Four.")
    _add(running_job, index=8, start=30.0, text="Six.")
    text = alice_client.get(address).text
    inserted = re.findall(r'<div hx-swap-oob="([^"]*)">\s*<section class="paragraph" id="([^"]*)"', text)
    assert inserted == [("beforebegin:#paragraph-0-2", "paragraph-0-7"), ("beforeend:#transcript", "paragraph-0-8")]
    assert _words(text) == "Four.Six."


def test_speakers_appear_when_they_are_identified(alice_client: Client, running_job: Job, make_segments: MakeSegments):
    first, *_ = make_segments(running_job)
    address = _live_address(alice_client.get(_page(running_job)).text)
    labelling = Labelling.objects.create(job=running_job, turns=[[0, 3, 1]])
    ann = Speaker.objects.create(job=running_job, labelling=labelling, number=1, name="Ann")
    Segment.objects.filter(pk=first.pk).update(speaker=ann)
    Job.objects.filter(pk=running_job.pk).update(labelling=labelling)
    text = alice_client.get(address).text
    assert '<article id="transcript" hx-swap-oob="innerHTML">' in text
    assert f'<bdi class="name" data-name="{ann.pk}" data-hue="1">Ann</bdi>' in text
    assert "<article" not in alice_client.get(_live_address(text)).text


def test_text_that_rules_changed_at_the_end_is_sent_anew(alice_client: Client, running_job: Job, alice: User):
    _add(running_job, index=0, start=0.0, text=" A calm moon.")
    address = _live_address(alice_client.get(_page(running_job)).text)
    Rule.objects.create(owner=alice, find="moon", replacement="stone")
    apply_rules(running_job)
    Job.objects.filter(pk=running_job.pk).update(
        state=Job.State.COMPLETED, stage="", lease_token=None, lease_expires_at=None
    )
    text = alice_client.get(address).text
    assert '<article id="transcript" hx-swap-oob="innerHTML">' in text
    assert "A calm stone." in text


def _add(job: Job, *, index: int, start: float, text: str) -> Segment:
    numbers = {
        "mean_log_probability": -0.2,
        "no_speech_probability": 0,
        "compression_ratio": 1,
        "temperature": 0,
    }
    Job.objects.filter(pk=job.pk).update(batches_done=F("batches_done") + 1)
    return Segment.objects.create(job=job, piece=0, index=index, start=start, end=start + 1, text=text, **numbers)


def test_end_of_the_job_changes_the_page_in_place(alice_client: Client, running_job: Job, make_segments: MakeSegments):
    address = _live_address(alice_client.get(_page(running_job)).text)
    make_segments(running_job)
    Job.objects.filter(pk=running_job.pk).update(
        state=Job.State.COMPLETED, stage="", lease_token=None, lease_expires_at=None
    )
    response = alice_client.get(address)
    assert response.status_code == 286
    assert response.headers["HX-Trigger"] == '{"queue-changed": {}}'
    assert "The transcript is complete." in response.text
    assert "format=srt" in response.text
    assert "/live" not in response.text


def test_live_costs_two_queries_however_long_the_text_is(
    alice_client: Client,
    running_job: Job,
    make_segments: MakeSegments,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    address = _live_address(alice_client.get(_page(running_job)).text)
    make_segments(running_job, ("A sentence of some words.",) * 300)
    Job.objects.update(batches_done=1)
    with django_assert_num_queries(4):  # session, user, job, segments
        alice_client.get(address)


def test_live_is_silent_while_nothing_changes(alice_client: Client, running_job: Job):
    address = _live_address(alice_client.get(_page(running_job)).text)
    response = alice_client.get(address)
    assert (response.status_code, response.content) == (204, b"")
    Job.objects.update(stop_request=Job.StopRequest.PAUSE)
    assert "Pausing…" in alice_client.get(address).text


def test_live_stops_when_the_recording_is_deleted(alice_client: Client, running_job: Job):
    address = _live_address(alice_client.get(_page(running_job)).text)
    running_job.recording.delete()
    response = alice_client.get(address, headers={"HX-Request": "true"})
    assert (response.status_code, response.content) == (286, b"")
    assert alice_client.get(address).status_code == 404


def test_live_tells_others_the_same_as_of_a_deleted_recording(bob_client: Client, running_job: Job):
    response = bob_client.get(f"/jobs/{running_job.pk}/live", headers={"HX-Request": "true"})
    assert (response.status_code, response.content) == (286, b"")


@pytest.mark.parametrize(
    "query", ["paragraph=1", "after=-1", "paragraph=' OR 1", "after=1e99", "paragraph=9999999999-1", "labelling=x"]
)
def test_live_refuses_positions_that_are_none(alice_client: Client, running_job: Job, query: str):
    assert alice_client.get(f"/jobs/{running_job.pk}/live?{query}").status_code == 400


def test_others_find_nothing(bob_client: Client, completed_job: Job):
    address = _page(completed_job)
    addresses = [address, f"{address}delete/", f"{address}media", f"/jobs/{completed_job.pk}/live"]
    assert [bob_client.get(each).status_code for each in addresses] == [404] * 4
    assert bob_client.post(f"{address}delete/").status_code == 404
    assert Recording.objects.count() == 1


def test_staff_see_the_recordings_of_others(carol_client: Client, completed_job: Job):
    assert "<h1" in carol_client.get(_page(completed_job)).text


def test_stranger_is_sent_to_sign_in(client: Client, completed_job: Job):
    address = _page(completed_job)
    for each in (
        address,
        f"{address}delete/",
        f"{address}media",
        f"/jobs/{completed_job.pk}/live",
        "/rows/",
        "/queue/",
    ):
        assert client.get(each).url.startswith("/sign-in/")


def test_delete_asks_first(alice_client: Client, completed_job: Job):
    response = alice_client.get(f"{_page(completed_job)}delete/")
    assert "Delete “Inaugural address”?" in response.text
    assert Recording.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_delete_removes_the_recording_and_says_so(alice_client: Client, completed_job: Job):
    response = alice_client.post(f"{_page(completed_job)}delete/", follow=True)
    assert "“Inaugural address” is deleted." in response.text
    assert (Recording.objects.count(), Job.objects.count(), Segment.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("count", [1, 30])
def test_page_costs_five_queries_whatever_is_around_the_text(
    alice_client: Client,
    completed_job: Job,
    make_job: MakeJob,
    make_segments: MakeSegments,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
):
    recording, job = completed_job.recording, completed_job
    make_segments(make_job(recording, state=Job.State.FAILED, error="Once more."), ("Something.",) * count)
    for number in range(count):
        labelling = Labelling.objects.create(job=job, turns=[], provenance={"diarizer": "vad"})
        Speaker.objects.create(job=job, labelling=labelling, number=number + 1)
        Edit.objects.create(job=job, kind=Edit.Kind.CORRECT, before={}, after={}, author=job.owner)
        Comment.objects.create(recording=recording, author=job.owner, at=number, text="x")
        make_job(recording, kind=Job.Kind.SPEAKERS, source=job, state=Job.State.CANCELLED)
        make_job(recording, kind=Job.Kind.GAPS, source=job, state=Job.State.CANCELLED)
    job.segments.update(speaker=Speaker.objects.first())
    Settings.load()
    with django_assert_num_queries(6):  # session, user, jobs, what is around, segments, settings with queue
        text = alice_client.get(_page(job)).text
    assert (text.count(", vad</small>"), text.count("data-play-at")) == (count, count)


@pytest.mark.parametrize("count", [1, 30])
def test_page_on_which_a_newer_version_waits_costs_as_much(
    alice_client: Client,
    completed_job: Job,
    make_job: MakeJob,
    django_assert_num_queries: DjangoAssertNumQueries,
    count,
):
    for _ in range(count):
        make_job(completed_job.recording)
    with django_assert_num_queries(7):  # the line in place of the queue
        text = alice_client.get(_page(completed_job)).text
    assert "A new transcription waits in the queue." in text
    assert f"{count} waiting" in text


def test_labelling_is_told_with_its_time(alice_client: Client, completed_job: Job):
    Labelling.objects.create(job=completed_job, turns=[], provenance={})
    Labelling.objects.update(created_at="2026-01-02T12:00:00Z")
    text = alice_client.get(_page(completed_job)).text
    assert "<p>0 speakers<small>2 Jan 2026, 12:00</small></p>" in text
