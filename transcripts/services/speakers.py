"""Who speaks, brought to the text: segments are cut where the speaker changes, each part with its speaker."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from speech.speakers import Part, label, label_by_channel
from speech.types import Json, Plan, Turn
from transcripts.models import Edit, Job, Labelling, Segment, Speaker
from transcripts.services.matching import same_speakers
from transcripts.services.patches import CONTENT, Columns, EditRefused, Rows, State, carry_out, editing

CHANNELS = "channels"
"""In place of a diarizer's name: each channel of the recording is one speaker."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A segment as it was recognised, its parts joined again. `rows` are the parts."""

    rows: tuple[Segment, ...]

    @property
    def start(self) -> float:
        return self.rows[0].start

    @property
    def end(self) -> float:
        return self.rows[-1].end

    @property
    def text(self) -> str:
        return "".join(row.text for row in self.rows)

    @property
    def words(self) -> list[Any]:
        return [word for row in self.rows for word in row.words]


def apply_labelling(job: Job, turns: Sequence[Turn], *, provenance: Json, author: User | None = None) -> Labelling:
    """Keep what a diarizer heard and give the text of the job to the speakers, as one edit.

    Who was named in the text before keeps the name. Earlier labellings stay. Takes a second or two for three hours.
    """
    with transaction.atomic():
        locked = Job.objects.select_for_update().defer("plan").get(pk=job.pk)
        heard = [[turn.start, turn.end, turn.speaker] for turn in turns]
        labelling = Labelling.objects.create(job=locked, turns=heard, provenance=provenance)
        numbers = sorted({turn.speaker for turn in turns})
        Speaker.objects.bulk_create([Speaker(job=locked, labelling=labelling, number=number) for number in numbers])
        wholes = _wholes(locked)
        parts = _labelled(labelling, wholes)
        _take_over_names(labelling, wholes, parts)
        _use(locked, labelling, wholes, parts, author=author)
    return labelling


def restore(labelling: Labelling, *, author: User | None) -> Edit:
    """Use a labelling again that the job had before, with the names it had. Raises EditRefused."""
    with editing(labelling.job_id) as job:
        wholes = _wholes(job)
        return _use(job, labelling, wholes, _labelled(labelling, wholes), author=author)


def label_filled(job: Job, pieces: Collection[int]) -> None:
    """Give the text that was found for these pieces to the speakers of the labelling in use; nothing where there is none.

    Call it in a transaction that holds the job's row.
    """
    if job.labelling is None:
        return
    wholes = _wholes(job)
    pairs = zip(wholes, _labelled(job.labelling, wholes), strict=True)
    filled = [pair for pair in pairs if pair[0].rows[0].piece in pieces]
    segments, created = _cut(filled, _owners(job.labelling))
    try:
        carry_out(job, {"segments": segments}, kind=Edit.Kind.LABELLING, author=None, created=created)
    except EditRefused:  # Nobody was heard there.
        return


def turns_of(labelling: Labelling) -> list[Turn]:
    return [Turn(start, end, speaker) for start, end, speaker in labelling.turns]


def _labelled(labelling: Labelling, wholes: Sequence[Whole]) -> list[list[Part]]:
    """Return whose the words are: the channel's that they were recognised in where each has its speaker, else by the turns."""
    turns = turns_of(labelling)
    if labelling.provenance.get("diarizer") != CHANNELS:
        return label(wholes, turns)
    pieces = Plan.from_json(labelling.job.plan or {}).pieces
    return label_by_channel(wholes, [pieces[whole.rows[0].piece].channel for whole in wholes], turns)


def _wholes(job: Job) -> list[Whole]:
    """Return the text of a job as it was recognised, in order of time."""
    rows = job.segments.words().order_by("piece", "index", "part")
    groups = [Whole(tuple(group)) for _, group in groupby(rows, key=lambda row: (row.piece, row.index))]
    return sorted(groups, key=lambda whole: whole.start)


def _use(
    job: Job, labelling: Labelling, wholes: Sequence[Whole], parts: Sequence[Sequence[Part]], *, author: User | None
) -> Edit:
    segments, created = _cut(zip(wholes, parts, strict=True), _owners(labelling))
    used = {"labelling_id": labelling.pk, "diarizer": labelling.provenance.get("diarizer", "")}
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
    return Segment(job_id=first.job_id, **{name: getattr(first, name) for name in CONTENT} | columns | {"part": number})


def _owners(labelling: Labelling) -> dict[int, int]:
    """Return whose each number of a labelling is: the speaker's id, or that of whom they were merged into."""
    merged = dict(labelling.job.speakers.values_list("pk", "merged_into"))
    return {number: _last(merged, pk) for number, pk in labelling.speakers.values_list("number", "pk")}


def _last(merged: Mapping[int, int | None], pk: int) -> int:
    while (into := merged[pk]) is not None:
        pk = into
    return pk


def _take_over_names(labelling: Labelling, wholes: Sequence[Whole], parts: Sequence[Sequence[Part]]) -> None:
    """Name the speakers of a new labelling like those whose text they get, each like one at the most."""
    names = dict(labelling.job.speakers.exclude(name="").values_list("pk", "name"))
    same = same_speakers(
        (
            [(row.start, row.end, row.speaker_id) for row in whole.rows],
            [(part.start, part.end, part.speaker) for part in new],
        )
        for whole, new in zip(wholes, parts, strict=True)
    )
    speakers = [speaker for speaker in labelling.speakers.all() if same.get(speaker.number) in names]
    for speaker in speakers:
        speaker.name = names[same[speaker.number]]
    Speaker.objects.bulk_update(speakers, ["name"])
