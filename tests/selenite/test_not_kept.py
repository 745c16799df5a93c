"""What a browser may keep of a page: nothing, where it would be shown again after it has changed."""

import pytest
from django.test import Client

from transcripts.models import Job

pytestmark = pytest.mark.django_db

NOT_KEPT = "private, no-store"


@pytest.mark.parametrize("address", ["/", "/search/?q=country", "/queue/", "/tags/", "/settings/", "/nowhere/"])
def test_pages_are_not_kept(alice_client: Client, completed_job: Job, address: str):
    assert alice_client.get(address).headers["Cache-Control"] == NOT_KEPT


@pytest.mark.parametrize("address", ["/recordings/{recording}/", "/jobs/{job}/history", "/jobs/{job}/report"])
def test_pages_of_a_recording_are_not_kept(alice_client: Client, completed_job: Job, address: str):
    address = address.format(recording=completed_job.recording_id, job=completed_job.pk)
    assert alice_client.get(address).headers["Cache-Control"] == NOT_KEPT


def test_sign_in_page_and_whatever_leads_there_are_not_kept(client: Client):
    assert client.get("/").headers["Cache-Control"] == NOT_KEPT
    assert "no-store" in client.get("/sign-in/").headers["Cache-Control"]


def test_what_says_itself_how_long_it_lasts_does(alice_client: Client, completed_job: Job):
    media = alice_client.get(f"/recordings/{completed_job.recording_id}/media", headers={"Range": "bytes=0-9"})
    media.close()
    assert (media.status_code, media.headers["Cache-Control"]) == (206, "private, no-cache")
