"""Keep the index as the text is. Everything here is called in the transaction that changes the text, and costs what it changes.

A recording is found by its title and by the text that it shows. While it shows none, by that of the job that wrote last.
"""

from collections.abc import Collection, Iterable, Iterator
from hashlib import md5
from itertools import islice
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from transcripts.models import Job, Recording, SearchEntry, Segment
from transcripts.search.words import indexed

ROWS_AT_ONCE = 500
"""A statement of SQLite takes some thousand values."""


def scope(owner_id: int, recording_id: UUID, speaker: str = "") -> str:
    """Return what an entry is narrowed down by inside the full-text index: its owner, its recording and the name of who says it."""
    words = [owner_word(owner_id), recording_word(recording_id)]
    return " ".join([*words, speaker_word(speaker)] if speaker else words)


def owner_word(owner_id: int) -> str:
    return f"u{owner_id}"


def recording_word(recording_id: UUID) -> str:
    """Return a word for a recording, as short as makes two with the same one unlikely; that costs time, and nothing else."""
    return f"r{recording_id.hex[:12]}"


def speaker_word(name: str) -> str:
    """Return a word for a name: of 10,000 names two have the same one with a probability of 2 in 10 million."""
    return f"s{md5(name.encode(), usedforsecurity=False).hexdigest()[:12]}"


def entry(recording: Recording, text: str, segment: int | None = None, *, speaker: str = "") -> SearchEntry:
    """Return the entry, not saved, for a segment's text and the name of who says it, or for a title without one."""
    where = scope(recording.owner_id, recording.pk, speaker)
    return SearchEntry(recording_id=recording.pk, segment_id=segment, words=indexed(text), scope=where)


def name(recording: Recording) -> None:
    """Have a recording found by its title as it is now."""
    SearchEntry.objects.filter(recording=recording.pk, segment=None).delete()
    entry(recording, recording.title).save()


def add(job_id: UUID, segments: Iterable[Segment]) -> None:
    """Have segments found that a job has just written, where its recording does not show another text. Nobody has them yet."""
    whole = Job.objects.whole().filter(pk=job_id)
    recording = Recording.objects.filter(jobs__in=whole, shown_job=None).only("pk", "owner").first()
    if recording is None:
        return
    _texts(recording).exclude(segment__job=job_id).delete()
    _save(entry(recording, segment.text, segment.pk) for segment in segments)


def refresh(job: Job, segment_ids: Collection[int]) -> None:
    """Have these segments of a job found as they are now; those that are gone are gone already."""
    recording = Recording.objects.only("pk", "owner", "shown_job").get(pk=job.recording_id)
    if recording.shown_job_id is None:
        rebuild(recording.pk)
    elif recording.shown_job_id == job.pk:
        for some in _some(segment_ids):
            SearchEntry.objects.filter(segment__in=some).delete()
            _save(_entries(recording, job.pk, some))


def attribute(job: Job, speakers: Collection[int | None]) -> None:
    """Have all that these speakers of a job say, and nobody for None, found by their names as they are now."""
    owner_id = Recording.objects.values_list("owner", flat=True).get(pk=job.recording_id)
    names = dict(job.speakers.filter(pk__in=filter(None, speakers)).values_list("pk", "name"))
    for speaker in speakers:
        where = scope(owner_id, job.recording_id, names.get(speaker or 0, ""))
        said = SearchEntry.objects.filter(recording=job.recording_id, segment__job=job, segment__speaker=speaker)
        said.exclude(scope=where).update(scope=where)


def rebuild(recording_id: UUID) -> None:
    """Have a recording found by its title and the text that it shows now."""
    recording = Recording.objects.only("pk", "owner", "title", "shown_job").get(pk=recording_id)
    SearchEntry.objects.filter(recording=recording_id).delete()
    entry(recording, recording.title).save()
    if job_id := recording.shown_job_id or _last_with_words(recording):
        _save(_entries(recording, job_id))


def _texts(recording: Recording) -> QuerySet[SearchEntry]:
    return SearchEntry.objects.filter(recording=recording.pk).exclude(segment=None)


def _last_with_words(recording: Recording) -> UUID | None:
    words = Segment.objects.words().filter(job=OuterRef("pk"))
    jobs = Job.objects.whole().filter(Exists(words), recording=recording.pk)
    return jobs.order_by("-created_at", "id").values_list("pk", flat=True).first()


def _entries(recording: Recording, job_id: UUID, segment_ids: Collection[int] | None = None) -> Iterator[SearchEntry]:
    """Return entries for segments of a job, all of them where none are named."""
    segments = Segment.objects.words().filter(job=job_id)
    if segment_ids is not None:
        segments = segments.filter(pk__in=segment_ids)
    texts = segments.order_by("start", "piece", "index", "part").values_list("pk", "text", "speaker__name")
    return (entry(recording, text, pk, speaker=name or "") for pk, text, name in texts)


def _save(entries: Iterable[SearchEntry]) -> None:
    SearchEntry.objects.bulk_create((each for each in entries if each.words), batch_size=ROWS_AT_ONCE)


def _some(pks: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(pks)
    while found := list(islice(rest, ROWS_AT_ONCE)):
        yield found
