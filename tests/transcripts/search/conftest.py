"""Recordings with texts to find."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tests.conftest import MakeJob, MakeRecording, MakeSegments
from transcripts.models import Job, Recording, Speaker
from transcripts.search import index
from transcripts.search.filters import Filters
from transcripts.search.finding import search
from transcripts.search.query import parse

MakeText = Callable[..., Job]


@pytest.fixture
def make_text(make_recording: MakeRecording, make_job: MakeJob, make_segments: MakeSegments) -> MakeText:
    """Return a function that makes a recording that shows a text: Alice's, one segment for each text, unless told otherwise."""

    def make(
        *texts: str, recording: Recording | None = None, days: int = 0, language: str = "en", **fields: Any
    ) -> Job:
        recording = recording or make_recording(b"x", **fields)
        job = make_job(recording, state=Job.State.COMPLETED, language=language)
        make_segments(job, texts)
        created_at = timezone.now() - timedelta(days=days)
        Recording.objects.filter(pk=recording.pk).update(shown_job=job, created_at=created_at)
        job.recording.refresh_from_db()
        index.rebuild(recording.pk)
        return job

    return make


def say(job: Job, name: str, **which: Any) -> Speaker:
    """Give segments of a job, all of them unless told otherwise, to somebody new by this name, and have them found so."""
    speaker = Speaker.objects.create(job=job, number=job.speakers.count() + 1, name=name)
    job.segments.filter(**which).update(speaker=speaker)
    index.attribute(job, {speaker.pk})
    return speaker


def texts(user: User, query: str, **filters: Any) -> list[str]:
    """Return the texts that a person finds, the best recording first."""
    results = search(user, parse(query), Filters(**filters))
    return [hit.segment.text for found in results.found for hit in found.hits]


def titles(user: User, query: str, **filters: Any) -> list[str]:
    """Return the titles of the recordings that a person finds, the best first."""
    return [found.recording.title for found in search(user, parse(query), Filters(**filters)).found]
