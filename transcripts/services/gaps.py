"""Stretches without text, because every engine died in them: how they are marked, tried again, and filled."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from speech.types import Json
from transcripts import lease
from transcripts.makers import MADE_BY
from transcripts.models import Job, Segment
from transcripts.search import index
from transcripts.services.ruling import apply_rules
from transcripts.services.speakers import label_filled
from transcripts.times import stretch

ASKED = ("asked_engine", "asked_model", "asked_language", "task", "prompt", "extra_options")
"""What is asked of the job that tries again: the same as of the first."""

NOT_TRANSCRIBED = "{} could not be transcribed: {}"


def gap(job: Job, piece: int, *, reason: str) -> Segment:
    """Return the row that marks a piece of a job's plan as not transcribed, not saved. `reason` goes on after a colon."""
    assert job.plan is not None
    place = job.plan["pieces"][piece]
    return Segment(
        job=job,
        piece=piece,
        index=0,
        start=place["start"],
        end=place["end"],
        text="",
        mean_log_probability=0.0,
        no_speech_probability=0.0,
        compression_ratio=0.0,
        temperature=0.0,
        gap=reason[0].upper() + reason[1:],
    )


def warning(gap: Segment) -> str:
    """Return the sentence that names a gap among the warnings of its job."""
    return NOT_TRANSCRIBED.format(stretch(gap.start, gap.end), gap.gap[0].lower() + gap.gap[1:])


def retry(source_id: UUID) -> Job | None:
    """Return the queued job that tries a completed job's gaps again, or the one that does so already; None without gaps,
    and where the media is not kept any more.

    Safe to call by two at once: they get the same job.
    """
    with transaction.atomic():
        source = Job.objects.select_for_update().get(pk=source_id)
        if source.kind != Job.Kind.WHOLE or source.state != Job.State.COMPLETED:
            return None
        if under_way := source.retries.unfinished().filter(kind=Job.Kind.GAPS).first():
            return under_way
        if not source.recording.has_media:
            return None
        pieces = list(source.segments.gaps().values_list("piece", flat=True))
        return _create(source, pieces) if pieces else None


def _create(source: Job, pieces: Iterable[int]) -> Job:
    assert source.plan is not None
    plan: Json = source.plan | {"batches": [(piece, piece + 1) for piece in pieces]}
    asked = {name: getattr(source, name) for name in ASKED}
    found = {name: getattr(source, name) for name in ("audio_track", "language", "language_probability")}
    return Job.objects.create(
        recording_id=source.recording_id,
        owner_id=source.owner_id,
        kind=Job.Kind.GAPS,
        source=source,
        plan=plan,
        provenance=source.provenance,
        prepared_seconds=source.prepared_seconds,
        **asked,
        **found,
    )


def complete(job: Job, lease_token: UUID) -> None:
    """End a job that tried gaps again, and put what it found in their place. A gap that it did not fill stays.

    Raises LeaseLost.
    """
    with transaction.atomic():
        lease.release(job.pk, lease_token, Job.State.COMPLETED)
        source = Job.objects.select_for_update().get(retries=job)
        settled = _fill(source, job)
        still_missing = {warning(gap) for gap in job.segments.gaps()}
        kept = [sentence for sentence in source.warnings if sentence not in settled]
        news = [sentence for sentence in job.warnings if sentence not in still_missing]
        changes: Json = {"warnings": list(dict.fromkeys([*kept, *news]))}
        if MADE_BY in job.provenance:
            changes["provenance"] = source.provenance | {MADE_BY: job.provenance[MADE_BY]}
        Job.objects.filter(pk=source.pk).update(**changes)


def _fill(source: Job, job: Job) -> set[str]:
    """Move what a job found into the gaps of its source and return the warnings that are settled by it."""
    assert job.plan is not None
    missing = set(job.segments.gaps().values_list("piece", flat=True))
    tried = {first for first, _ in job.plan["batches"]} - missing
    filled = [gap for gap in source.segments.gaps() if gap.piece in tried]
    source.segments.filter(pk__in=[gap.pk for gap in filled]).delete()
    job.segments.filter(piece__in=[gap.piece for gap in filled]).update(job=source)
    label_filled(source, {gap.piece for gap in filled})
    apply_rules(source, pieces={gap.piece for gap in filled})
    index.rebuild(source.recording_id)
    return {warning(gap) for gap in filled}
