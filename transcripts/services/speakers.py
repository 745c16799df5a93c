"""Who speaks, brought to the text: segments are cut where the speaker changes, each part with its speaker."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.contrib.auth.models import User
from django.db import transaction

from speech.speakers import Part
from speech.types import Json, Turn
from transcripts.models import Edit, Job, Labelling, Segment, Speaker
from transcripts.services.labelled import Labelled, Whole, work_out
from transcripts.services.matching import same_speakers
from transcripts.services.patches import CONTENT, Columns, EditRefused, Rows, State, carry_out, editing


def apply_labelling(
    job: Job, turns: Sequence[Turn], *, provenance: Json, author: User | None = None, ahead: Labelled | None = None
) -> Labelling:
    """Keep what a diarizer heard and give the text of the job to the speakers, as one edit.

    Who was named in the text before keeps the name. Earlier labellings stay. `ahead` is what `work_out` made of the turns: without
    it a transaction is open for some seconds where the text is long.
    """
    with transaction.atomic():
        locked = Job.objects.select_for_update().defer("plan").get(pk=job.pk)
        heard = [[turn.start, turn.end, turn.speaker] for turn in turns]
        labelling = Labelling.objects.create(job=locked, turns=heard, provenance=provenance)
        numbers = sorted({turn.speaker for turn in turns})
        Speaker.objects.bulk_create([Speaker(job=locked, labelling=labelling, number=number) for number in numbers])
        labelled = _labelled(locked, labelling, ahead)
        _take_over_names(labelling, labelled)
        _use(locked, labelling, labelled, author=author)
    return labelling


def restore(labelling: Labelling, *, author: User | None) -> Edit:
    """Use a labelling again that the job had before, with the names it had. Raises EditRefused."""
    ahead = _labelled(labelling.job, labelling, None)
    with editing(labelling.job_id) as job:
        return _use(job, labelling, _labelled(job, labelling, ahead), author=author)


def label_filled(job: Job, pieces: Collection[int]) -> None:
    """Give the text that was found for these pieces to the speakers of the labelling in use; nothing where there is none.

    Call it in a transaction that holds the job's row.
    """
    if job.labelling is None:
        return
    pairs = _labelled(job, job.labelling, None).pairs
    filled = [pair for pair in pairs if pair[0].rows[0].piece in pieces]
    segments, created = _cut(filled, _owners(job.labelling))
    try:
        carry_out(job, {"segments": segments}, kind=Edit.Kind.LABELLING, author=None, created=created)
    except EditRefused:  # Nobody was heard there.
        return


def _labelled(job: Job, labelling: Labelling, ahead: Labelled | None) -> Labelled:
    turns = [Turn(start, end, speaker) for start, end, speaker in labelling.turns]
    return work_out(job, turns, diarizer=_diarizer(labelling), ahead=ahead)


def _diarizer(labelling: Labelling) -> str:
    name: str = labelling.provenance.get("diarizer", "")
    return name


def _use(job: Job, labelling: Labelling, labelled: Labelled, *, author: User | None) -> Edit:
    segments, created = _cut(labelled.pairs, _owners(labelling))
    used = {"labelling_id": labelling.pk, "diarizer": _diarizer(labelling)}
    wanted: State = {"segments": segments, "job": used}
    return carry_out(job, wanted, kind=Edit.Kind.LABELLING, author=author, created=created)


def _cut(pairs: Iterable[tuple[Whole, Sequence[Part]]], owners: Mapping[int, int]) -> tuple[Rows, list[Segment]]:
    """Return the rows as the parts want them, None for those that are one too many, and those that are to be added."""
    rows: Rows = {}
    created: list[Segment] = []
    for whole, parts in pairs:
        columns = [_columns(whole, part, owners) for part in parts]
        rows |= {str(row.pk): None for row in whole.rows[len(parts) :]}
        rows |= {str(row.pk): wanted for row, wanted in zip(whole.rows, columns, strict=False)}
        created += [_new_part(whole, number, columns[number]) for number in range(len(whole.rows), len(parts))]
    return rows, created


def _columns(whole: Whole, part: Part, owners: Mapping[int, int]) -> Columns:
    """Return what a part's row says."""
    speaker = owners.get(part.speaker) if part.speaker else None
    also = dict.fromkeys(owners[number] for number in part.also if number in owners)
    return {
        "start": part.start,
        "end": part.end,
        "text": part.text,
        "words": whole.words[part.first : part.last],
        "speaker_id": speaker,
        "also": [pk for pk in also if pk != speaker],
    }


def _new_part(whole: Whole, number: int, columns: Columns) -> Segment:
    first = whole.rows[0]
    part = (
        whole.rows[-1].part + 1 + number - len(whole.rows)
    )  # There may be fewer rows than their parts count: some were deleted.
    return Segment(job_id=first.job_id, **{name: getattr(first, name) for name in CONTENT} | columns | {"part": part})


def _owners(labelling: Labelling) -> dict[int, int]:
    """Return whose each number of a labelling is: the speaker's id, or that of whom they were merged into."""
    merged = dict(labelling.job.speakers.values_list("pk", "merged_into"))
    return {number: _last(merged, pk) for number, pk in labelling.speakers.values_list("number", "pk")}


def _last(merged: Mapping[int, int | None], pk: int) -> int:
    while (into := merged[pk]) is not None:
        pk = into
    return pk


def _take_over_names(labelling: Labelling, labelled: Labelled) -> None:
    """Name the speakers of a new labelling like those whose text they get, each like one at the most."""
    names = dict(labelling.job.speakers.exclude(name="").values_list("pk", "name"))
    same = same_speakers(
        (
            [(row.start, row.end, row.speaker_id) for row in whole.rows],
            [(part.start, part.end, part.speaker) for part in parts],
        )
        for whole, parts in labelled.pairs
    )
    speakers = [speaker for speaker in labelling.speakers.all() if same.get(speaker.number) in names]
    for speaker in speakers:
        speaker.name = names[same[speaker.number]]
    Speaker.objects.bulk_update(speakers, ["name"])
