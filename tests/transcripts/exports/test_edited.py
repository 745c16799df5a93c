"""Exports have the text as it was edited."""

import json

from django.contrib.auth.models import User

from transcripts.exports import render
from transcripts.models import Job
from transcripts.services.corrections import write


def test_json_tells_words_that_a_person_wrote(completed_job: Job, alice: User):
    row = completed_job.segments.all()[0]
    write(completed_job, row.pk, "And so, my dear Americans,", base=row.text, author=alice)
    words = json.loads(render(completed_job, "json"))["segments"][0]["words"]
    assert words[2:4] == [
        {"start": 1.2, "end": 1.8, "text": " my", "probability": 0.9},
        {"start": 1.8, "end": 2.4, "text": " dear", "probability": None, "estimated": True},
    ]
    assert b"my dear Americans" in render(completed_job, "srt")
