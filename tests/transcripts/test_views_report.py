"""The report of a transcript: how good it is, as far as a machine can tell."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.conftest import MakeJob, MakeSegments
from transcripts.models import Edit, Job, Rule, Segment
from transcripts.services.ruling import apply_rules
from transcripts.views.report import read_report

HX = {"HX-Request": "true", "HX-Target": "report"}


@pytest.fixture
def talk(make_job: MakeJob, make_segments: MakeSegments) -> Job:
    """Return a job with ten words of which one is doubtful, a loop of five segments and a gap."""
    now = timezone.now()
    job = make_job(
        state=Job.State.COMPLETED,
        engine="faster-whisper",
        model="base",
        language="en",
        language_probability=0.97,
        started_at=now - timedelta(seconds=90),
        finished_at=now,
        transcribing_seconds=30.0,
        audio_seconds_done=60.0,
        provenance={"engine_version": "1.2.1", "weights_sha256": "ab" * 32, "device": "cpu", "compute_type": "int8"},
        warnings=["0:40 to 0:52 could not be transcribed: <b>it crashed</b>."],
    )
    rows = make_segments(job, (" So this is it.", *[" Thanks."] * 5, " It is over now."))
    rows[0].words[2][3] = 0.1
    rows[0].save()
    Segment.objects.create(
        job=job, piece=9, index=0, start=40.0, end=52.0, text="", gap="The engine crashed.", **METRICS
    )
    return job


METRICS = dict.fromkeys(("mean_log_probability", "no_speech_probability", "compression_ratio", "temperature"), 0.0)


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_report_tells_all_that_is_known(alice_client: Client, talk: Job):
    talk.recording.clipped_share = 0.034
    talk.recording.save()
    html = alice_client.get(f"/jobs/{talk.pk}/report", headers=HX).text
    text = plain(html)
    assert "<html" not in html
    assert "Doubtful words 6 of 13, 46.2 %" in text
    assert "Loops 1 , perhaps said only once: 0:03" in text
    assert "Gaps 1, 0:12 in all" in text
    assert "Language English, detected with 97 %" in text
    assert "Loudness Too loud for the recorder in 3.4 % of the time" in text
    assert "Speed 0.50 s of work for each second, 1:30 in all" in text
    assert "Made by base, faster-whisper 1.2.1 (cpu, int8)" in text
    assert f'title="SHA-256: {"ab" * 32}">{"ab" * 6}<' in html
    assert "&lt;b&gt;it crashed" in html


def test_report_is_a_page_of_its_own_without_javascript(alice_client: Client, talk: Job):
    page = alice_client.get(f"/recordings/{talk.recording_id}/").text
    assert f'href="/jobs/{talk.pk}/report">Show the report' in page
    html = alice_client.get(f"/jobs/{talk.pk}/report").text
    assert "<h1>Quality</h1>" in html
    assert "Doubtful words" in html


def test_report_of_a_text_that_nothing_is_known_of(alice_client: Client, make_job: MakeJob):
    job = make_job(state=Job.State.FAILED, error="The file is damaged.")
    text = plain(alice_client.get(f"/jobs/{job.pk}/report", headers=HX).text)
    assert text == "Doubtful words Nothing is known of single words. Loops None Gaps None"


def test_report_counts_what_rules_replaced(alice_client: Client, talk: Job, alice: User):
    Rule.objects.create(owner=alice, find="thanks", replacement="thank you")
    apply_rules(talk)
    assert read_report(talk).rules == 5
    assert "In 5 segments" in plain(alice_client.get(f"/jobs/{talk.pk}/report", headers=HX).text)
    assert "Replacement rules applied" in alice_client.get(f"/jobs/{talk.pk}/history").text
    assert talk.edits.get().kind == Edit.Kind.RULES


def test_report_is_for_those_who_may_see_the_recording(bob_client: Client, client: Client, talk: Job):
    assert bob_client.get(f"/jobs/{talk.pk}/report").status_code == 404
    assert client.get(f"/jobs/{talk.pk}/report").url.startswith("/sign-in/")


def test_report_costs_the_same_for_any_length(
    alice_client: Client, talk: Job, make_segments: MakeSegments, django_assert_max_num_queries: DjangoAssertNumQueries
):
    with django_assert_max_num_queries(6) as short:
        alice_client.get(f"/jobs/{talk.pk}/report", headers=HX)
    talk.segments.all().delete()
    make_segments(talk, tuple(f" Words of number {number}." for number in range(300)))
    with django_assert_max_num_queries(len(short)):
        alice_client.get(f"/jobs/{talk.pk}/report", headers=HX)
