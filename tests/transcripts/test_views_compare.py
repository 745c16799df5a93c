"""The page that compares two versions of a transcript."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.conftest import MakeJob, MakeSegments
from transcripts.models import Job
from transcripts.services import corrections

OTHER = ("And so, my fellow Americans,", " ask what your country can do,", " ask what you can do for your country.")


@pytest.fixture
def other_job(completed_job: Job, make_job: MakeJob, make_segments: MakeSegments) -> Job:
    """Return a second complete version, which is not shown."""
    job = make_job(completed_job.recording, state=Job.State.COMPLETED, engine="whisper", model="tiny", language="en")
    make_segments(job, OTHER)
    return job


def _address(job: Job, **query: object) -> str:
    return f"/recordings/{job.recording_id}/compare?" + "&".join(f"{name}={value}" for name, value in query.items())


def _marks(text: str) -> list[tuple[str, str]]:
    return re.findall(r'<(ins|del) data-difference="\d+">([^<]*)<', text)


def test_shown_version_is_compared_with_the_newest_other_one(alice_client: Client, completed_job: Job, other_job: Job):
    text = alice_client.get(_address(completed_job)).text
    assert _marks(text) == [("del", "not"), ("del", "for you,")]
    assert "<strong>2 differences</strong>" in text
    assert re.findall(r'<option value="([\w-]+)" selected>', text) == [str(completed_job.pk), str(other_job.pk)]
    assert "(only in A)" in text


def test_versions_are_chosen(alice_client: Client, completed_job: Job, other_job: Job):
    text = alice_client.get(_address(completed_job, left=other_job.pk, right=completed_job.pk)).text
    assert _marks(text) == [("ins", "not"), ("ins", "for you,")]
    assert f"?left={completed_job.pk}&amp;right={other_job.pk}" in text


def test_only_one_that_is_named_is_compared_with_the_one_in_use(
    alice_client: Client, completed_job: Job, other_job: Job
):
    for query in ({"right": other_job.pk}, {"right": completed_job.pk}, {"left": other_job.pk}):
        text = alice_client.get(_address(completed_job, **query)).text
        assert len(set(re.findall(r'<option value="([\w-]+)" selected>', text))) == 2


def test_corrections_are_compared_unless_it_is_to_be_as_recognised(
    alice_client: Client, alice, completed_job: Job, other_job: Job
):
    row = completed_job.segments.all()[1]
    corrections.write(completed_job, row.pk, OTHER[1].strip(), base=row.text, author=alice)
    last = completed_job.segments.all()[2]
    corrections.write(completed_job, last.pk, "", base=last.text, author=alice)
    assert _marks(alice_client.get(_address(completed_job)).text) == [("ins", OTHER[2].strip())]
    text = alice_client.get(_address(completed_job, recognised="on")).text
    assert _marks(text) == [("del", "not"), ("del", "for you,")]
    assert completed_job.segments.count() == 2


def test_equal_texts_are_folded(alice_client: Client, completed_job: Job, make_job, make_segments):
    make_segments(make_job(completed_job.recording, state=Job.State.COMPLETED))
    text = alice_client.get(_address(completed_job)).text
    assert "No differences." in text
    assert re.findall(r"1 equal paragraph<span[^>]*>([^<]*)<", text) == ["0:00 to 0:09"]
    assert "my fellow Americans" in text


def test_version_is_put_in_use_from_the_page_and_taken_back(alice_client: Client, completed_job: Job, other_job: Job):
    text = alice_client.get(_address(completed_job)).text
    [action] = re.findall(r'action="(/jobs/[\w-]+/show[^"]*)"', text)
    pair = f"left={completed_job.pk}&right={other_job.pk}"
    assert unescape(action) == f"/jobs/{other_job.pk}/show?{pair}"
    used = alice_client.post(unescape(action), follow=True)
    compared = _address(completed_job, left=completed_job.pk, right=other_job.pk)
    assert used.redirect_chain[0][0] == compared
    assert "The recording shows the text of" in used.text
    completed_job.recording.refresh_from_db()
    assert completed_job.recording.shown_job_id == other_job.pk

    way_back = f"/jobs/{completed_job.pk}/show?{pair}&back=1"
    assert way_back in map(unescape, re.findall(r'action="([^"]*)"', used.text))
    back = alice_client.post(way_back, headers={"hx-request": "true"})
    assert back["HX-Redirect"] == compared
    completed_job.recording.refresh_from_db()
    assert completed_job.recording.shown_job_id == completed_job.pk
    redo = f"/jobs/{other_job.pk}/show?{pair}"
    assert redo in map(unescape, re.findall(r'action="([^"]*)"', alice_client.get(back["HX-Redirect"]).text))


def test_single_version_has_nothing_to_be_compared_with(alice_client: Client, completed_job: Job):
    assert "There is only one version" in alice_client.get(_address(completed_job)).text
    assert "Compare versions" not in alice_client.get(f"/recordings/{completed_job.recording_id}/").text


def test_versions_lead_to_the_comparison(alice_client: Client, completed_job: Job, other_job: Job):
    address = f"/recordings/{completed_job.recording_id}/"
    assert f'href="{address}compare"' in alice_client.get(address).text
    assert f'href="{address}compare?right={other_job.pk}"' in alice_client.get(f"{address}?version={other_job.pk}").text


@pytest.mark.parametrize("value", ["nonsense", "0b6c92df-0000-4000-8000-000000000000", "'%00<b>", "9" * 99])
def test_version_that_is_none_is_not_found(alice_client: Client, completed_job: Job, other_job: Job, value: str):
    assert alice_client.get(_address(completed_job), {"left": value}).status_code == 404


def test_page_that_is_none_is_the_last(alice_client: Client, completed_job: Job, other_job: Job):
    assert alice_client.get(_address(completed_job, page="99999")).status_code == 200
    assert alice_client.get(_address(completed_job, page="x")).status_code == 200


def test_job_of_another_recording_is_no_version(alice_client: Client, completed_job: Job, other_job: Job, make_job):
    assert alice_client.get(_address(completed_job, left=make_job().pk)).status_code == 404


def test_others_see_nothing(client: Client, bob_client: Client, completed_job: Job, other_job: Job):
    assert bob_client.get(_address(completed_job)).status_code == 404
    assert client.get(_address(completed_job)).status_code == 302


def test_long_texts_are_paged_at_the_same_cost(alice_client: Client, completed_job: Job, other_job: Job, make_segments):
    with CaptureQueriesContext(
        connection,
    ) as few:
        alice_client.get(_address(completed_job))
    for job, word in ((completed_job, "moon"), (other_job, "sun")):
        job.segments.all().delete()
        make_segments(job, tuple(f" number {at} is the {word} above the sea." for at in range(1200)))
    with CaptureQueriesContext(connection) as many:
        text = alice_client.get(_address(completed_job)).text
    assert len(few) == len(many)
    numbers = [int(number) for number in re.findall(r'<del data-difference="(\d+)"', text)]
    assert numbers[0] == 1
    second = alice_client.get(_address(completed_job, page=2)).text
    assert re.findall(r'<del data-difference="(\d+)"', second)[0] == str(numbers[-1] + 1)
    assert 'rel="next"' in text
