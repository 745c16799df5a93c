"""Documents of every kind, and jobs whose exports are the same bytes on every day."""

from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

import pytest

from speech.types import Options
from tests.conftest import MakeJob, MakeRecording
from tests.transcripts.exports.samples import LECTURE, Sample
from transcripts.models import Job, Labelling, Segment, Speaker

PROVENANCE = {
    "program_version": "0.1.0",
    "engine_version": "1.2.1",
    "weights_sha256": "3c" * 32,
    "device": "cpu",
    "compute_type": "int8",
    "instruction_set": "AVX512",
    "threads": 2,
    "beam_size": 5,
    "seed": 0,
    "options": asdict(Options()),
}


@pytest.fixture
def make_lecture(make_recording: MakeRecording, make_job: MakeJob):
    """Return a function that makes a completed job with the text of a sample."""

    def make(sample: Sample = LECTURE, **fields: object) -> Job:
        recording = make_recording(
            title=sample.title, original_filename="lecture.opus", sha256="5e" * 32, duration_seconds=83.25
        )
        job = make_job(
            recording,
            pk=UUID("2f4d3e0a-1f4b-4c5c-9d53-0d8f3a1b7c11"),
            engine="faster-whisper",
            model="base",
            language=sample.language,
            state=Job.State.COMPLETED,
            started_at=datetime(2026, 11, 22, 12, 0, 1, tzinfo=UTC),
            finished_at=datetime(2026, 11, 22, 12, 0, 9, 250_000, tzinfo=UTC),
            warnings=["One passage from 1:02 to 1:04 could not be transcribed."],
            provenance=PROVENANCE,
            **fields,
        )
        Job.objects.filter(pk=job.pk).update(created_at=datetime(2026, 11, 22, 12, tzinfo=UTC))
        Segment.objects.bulk_create(_row(job, index, *line) for index, line in enumerate(sample.lines))
        return Job.objects.get(pk=job.pk)

    return make


@pytest.fixture
def make_dialog(make_lecture):
    """Return a function that makes a lecture in which three people were heard, and one line was given to another by hand."""

    def make() -> Job:
        job = make_lecture()
        turns = [[0.0, 9.5, 1], [10.0, 14.0, 2], [13.0, 14.0, 1], [61.5, 75.0, 3]]
        labelling = Labelling.objects.create(job=job, turns=turns, provenance={"diarizer": "pyannote"})
        names = ("Dr. Zoë O'Brien <host>", "", "Zoë --> guest")
        ann, ben, eve = Speaker.objects.bulk_create(
            Speaker(pk=70 + number, job=job, labelling=labelling, number=number, name=name)
            for number, name in enumerate(names, 1)
        )
        Job.objects.filter(pk=job.pk).update(labelling=labelling, diarizer="pyannote")
        for segment, speaker in zip(job.segments.all(), (ann, ann, ben, eve, ann, eve), strict=True):
            segment.speaker, segment.also = speaker, [ann.pk] if speaker == ben else []
            segment.save()
        return Job.objects.get(pk=job.pk)

    return make


def _row(job: Job, index: int, start: float, words: tuple[str, ...], seconds_per_word: float) -> Segment:
    times = [start + position * seconds_per_word for position in range(len(words) + 1)]
    return Segment(
        job=job,
        piece=index // 3,
        index=index % 3,
        start=times[0],
        end=times[-1],
        text="".join(words),
        words=[[times[i], times[i + 1], word, 0.87654321] for i, word in enumerate(words)],
        mean_log_probability=-0.21,
        no_speech_probability=0.0125,
        compression_ratio=1.4,
        temperature=0.0,
        doubts=["probability"] if index == 1 else [],
    )
