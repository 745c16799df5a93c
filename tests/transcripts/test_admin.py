"""Recordings and jobs in the administration."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from transcripts.models import Job


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def _cells(text: str, column: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(rf'<td class="field-{column}[^"]*">(.*?)</td>', text)]


def test_jobs_have_their_owner_and_a_stage_only_while_they_are_not_over(
    admin: Client, make_job, alice: User, bob: User, django_assert_max_num_queries
):
    make_job(owner=alice, state=Job.State.COMPLETED, stage=Job.Stage.FINISHING)
    make_job(owner=bob, state=Job.State.PAUSED, stage=Job.Stage.TRANSCRIBING)
    with django_assert_max_num_queries(10):
        text = admin.get("/admin/transcripts/job/").text
    assert dict(zip(_cells(text, "owner"), _cells(text, "stage_now"), strict=True)) == {
        "alice": "–",
        "bob": "Transcribing",
    }
    narrowed = admin.get(f"/admin/transcripts/job/?owner__id__exact={bob.pk}").text
    assert _cells(narrowed, "owner") == ["bob"]
