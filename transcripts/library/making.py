"""Put made-up recordings with their texts into the database. There are no media behind them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from transcripts.library.speech import LANGUAGES, Speech
from transcripts.models import Job, Recording, SearchEntry, Segment, Speaker
from transcripts.models.recording import Playback, named
from transcripts.search import index

SHARES = (12, 4, 3, 2, 2, 2)
"""How many of the recordings are in each of the languages, in parts."""
STATES = [Job.State.COMPLETED] * 94 + [Job.State.FAILED] * 4 + [Job.State.CANCELLED] * 2
NAMES = ["Ann", "Ben", "Cäcilia", "Dmitri", "Élodie", "Farid", "Haruki", "João", "Łukasz", "Mei", "Óscar", "Priya"]
TOPICS = ["Interview", "Lecture", "Meeting", "Podcast", "Seminar", "Sitzung", "Réunion", "Wywiad", "会議", "采访"]
RECORDINGS_AT_ONCE = 50
WORD_SECONDS = 0.4
PAUSE_SECONDS = 0.6
DAYS = 1500
STEREO = 0.5


@dataclass(frozen=True, slots=True)
class Size:
    """How much is made. `people` own the recordings, the first of them half of these."""

    recordings: int
    segments: int
    people: int = 5


def make(size: Size, *, seed: int = 1) -> Iterator[int]:
    """Make recordings, and yield how many there are after each few. The same each time, dates aside, in an empty library."""
    draw = random.Random(seed)  # noqa: S311 - Nobody must be unable to guess it.
    owners = [User.objects.get_or_create(username=f"library-{number}")[0] for number in range(size.people)]
    speeches = [Speech(language) for language in LANGUAGES]
    numbers = _segment_pks()
    for first in range(0, size.recordings, RECORDINGS_AT_ONCE):
        some = range(first, min(first + RECORDINGS_AT_ONCE, size.recordings))
        batch = Batch(draw, owners, speeches, numbers)
        for number in some:
            done, left = size.segments * number // size.recordings, size.segments * (number + 1) // size.recordings
            batch.add(number, left - done, age=timedelta(days=DAYS * (1 - number / size.recordings)))
        batch.save()
        yield some.stop


def _segment_pks() -> Iterator[int]:
    last = Segment.objects.order_by("-pk").values_list("pk", flat=True).first()
    return count((last or 0) + 1)


class Batch:
    """Rows that are written together."""

    def __init__(self, draw: random.Random, owners: list[User], speeches: list[Speech], numbers: Iterator[int]) -> None:
        self._draw, self._owners, self._speeches, self._numbers = draw, owners, speeches, numbers
        self._recordings: list[Recording] = []
        self._jobs: list[Job] = []
        self._speakers: list[Speaker] = []
        self._segments: list[Segment] = []
        self._entries: list[SearchEntry] = []

    def add(self, number: int, segments: int, *, age: timedelta) -> None:
        """Add a recording, with its job, its speakers and its text."""
        draw = self._draw
        speech = draw.choices(self._speeches, SHARES)[0]
        recording = self._recording(number, speech)
        recording.created_at = timezone.now() - age
        job = self._job(recording, speech.language.code, age)
        speakers = self._heard(job)
        said = list(self._text(job, speech, speakers, segments))
        recording.duration_seconds = job.prepared_seconds = job.audio_seconds_done = said[-1].end if said else 0.0
        self._segments += said
        self._entries.append(index.entry(recording, recording.title))
        self._entries += [
            index.entry(recording, segment.text, segment.pk, speaker=segment.speaker.name if segment.speaker else "")
            for segment in said
        ]

    def _recording(self, number: int, speech: Speech) -> Recording:
        draw = self._draw
        owner = self._owners[0] if draw.random() < STEREO else draw.choice(self._owners)
        title = f"{draw.choice(TOPICS)} {number}:{speech.language.space.join(speech.say(draw, 3))}"[:200]
        recording = Recording(
            owner=owner,
            title=title,
            original_filename=f"{title}.mp3",
            found_by=named(title, f"{title}.mp3"),
            size_bytes=draw.randrange(10**6, 10**8),
            sha256=f"{draw.getrandbits(256):064x}",
            container="mp3",
            audio_codec="mp3",
            playback_state=Playback.NONE,
            peaks=[draw.randrange(256) for _ in range(200)],
        )
        recording.media.name = f"recordings/{recording.pk}"
        self._recordings.append(recording)
        return recording

    def _job(self, recording: Recording, language: str, age: timedelta) -> Job:
        state = self._draw.choice(STATES)
        job = Job(recording=recording, owner=recording.owner, state=state, stage=Job.Stage.FINISHING, diarize=True)
        job.engine, job.model, job.language, job.language_probability = "faster-whisper", "base", language, 0.97
        job.error = "" if state == Job.State.COMPLETED else "Made up."
        job.started_at = job.finished_at = job.created_at = timezone.now() - age
        self._jobs.append(job)
        return job

    def _heard(self, job: Job) -> list[Speaker]:
        """Return who speaks: some of them have names."""
        draw = self._draw
        names = draw.sample(NAMES, draw.randint(1, 4))
        found = [Speaker(job=job, number=number + 1, name=name) for number, name in enumerate(names)]
        if draw.random() < STEREO:
            found[-1].name = ""
        self._speakers += found
        return found

    def _text(self, job: Job, speech: Speech, speakers: list[Speaker], segments: int) -> Iterator[Segment]:
        draw, at = self._draw, 0.0
        speaker = speakers[0]
        for number in range(segments):
            if draw.random() < 0.15:  # So often somebody else goes on.
                speaker = draw.choice(speakers)
            words = speech.say(draw, draw.randint(6, 18))
            words[-1] += "." if speech.language.space else "。"
            end = at + len(words) * WORD_SECONDS
            yield Segment(
                pk=next(self._numbers),
                job=job,
                piece=number,
                index=0,
                start=round(at, 2),
                end=round(end, 2),
                text="".join(words),
                words=_timed(words, at),
                mean_log_probability=-0.25,
                no_speech_probability=0.02,
                compression_ratio=1.4,
                temperature=0.0,
                speaker=speaker,
            )
            at = end + PAUSE_SECONDS

    def save(self) -> None:
        """Write the rows. A recording and the job that it shows name each other, and both would be made today."""
        dated = [(row, row.created_at) for rows in (self._recordings, self._jobs) for row in rows]
        with transaction.atomic():
            Recording.objects.bulk_create(self._recordings)
            Job.objects.bulk_create(self._jobs)
            for row, created_at in dated:
                row.created_at = created_at
            for job in self._jobs:
                job.recording.shown_job = job if job.state == Job.State.COMPLETED else None
            Recording.objects.bulk_update(self._recordings, ["shown_job", "created_at"])
            Job.objects.bulk_update(self._jobs, ["created_at"])
            Speaker.objects.bulk_create(self._speakers)
            Segment.objects.bulk_create(self._segments)
            SearchEntry.objects.bulk_create(self._entries)


def _timed(words: list[str], start: float) -> list[list[object]]:
    return [
        [round(start + place * WORD_SECONDS, 2), round(start + (place + 1) * WORD_SECONDS, 2), word, 0.9]
        for place, word in enumerate(words)
    ]
