"""pyannote.audio's speaker diarization on open weights.

pyannote's: the segmentation network, the estimate of how many speak at once, the order of the steps and the making of the
annotation (`SpeakerDiarization.apply`). Ours: chunks read from the disk as they are needed, each voice embedded once by
another encoder, the clustering, and a reconstruction whose memory does not grow with chunks times people.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pyannote.audio import Inference, Model, Pipeline
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.core import SlidingWindow, SlidingWindowFeature
from pyannote.pipeline.parameter import ParamDict, Uniform
from scipy.optimize import linear_sum_assignment

from speech.diarization.clustering import Heard, find_people
from speech.diarization.encoder import DIMENSION, FRAMES_A_SECOND, SpeakerEncoder
from speech.diarization.parallel import in_parallel
from speech.types import MOST_SPEAKERS, SAMPLE_RATE, SpeakerCount

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

CHUNK_SECONDS = 5.0
"""What the segmentation was trained on."""
STEP_SECONDS = 1.0
"""Chunks begin so far apart. With perfect clustering 5.5 % at 1 s and at 0.5 s (twice the work), 7.2 % at 2 s (2026-11)."""
CHUNK, STEP = int(CHUNK_SECONDS * SAMPLE_RATE), int(STEP_SECONDS * SAMPLE_RATE)
"""The same in samples."""
BATCH = 16
"""Chunks at once."""
THRESHOLD = 0.5
"""Somebody speaks above it. With perfect clustering 5.5 % at 0.5, 6.5 % at 0.4, 6.9 % at 0.6 (2026-11)."""
BRIDGED_SECONDS = 0.5
"""A shorter pause does not end a turn. With perfect clustering 5.0 % at 0.5, 5.3 % at 0.3, 5.5 % at 0 and 0.1 (2026-11)."""
ALONE_SECONDS = 0.4
"""Where somebody speaks alone for less, their voice is taken from where others speak too."""
SILENCE = 1e-3
"""A chunk whose loudest sample is below -60 dBFS is not looked at."""

Hook = Callable[..., None] | None


class OpenPipeline(SpeakerDiarization):  # type: ignore[misc] # pyannote's types are not read
    """Call it with {"waveform": samples (1, n) as int16 or float, "sample_rate": 16000}, as any pipeline of pyannote's.

    The tensor may be a memory-mapped file: at most 20 s for each thread are in memory as floats.
    """

    def __init__(self, *, segmentation: Path, encoder: Path, threads: int) -> None:
        Pipeline.__init__(self)  # SpeakerDiarization's own wants a PLDA, which these weights have not.
        self._threads = threads
        self.legacy = False
        self.embedding_exclude_overlap = True
        self._expects_num_speakers = False
        model = Model.from_pretrained(segmentation)
        self._segmentation = Inference(model, duration=CHUNK_SECONDS, step=STEP_SECONDS, skip_aggregation=True)
        self._embedding = SpeakerEncoder(encoder)
        self.segmentation = ParamDict(threshold=Uniform(0.1, 0.9), min_duration_off=Uniform(0.0, 1.0))
        self.instantiate({"segmentation": {"threshold": THRESHOLD, "min_duration_off": BRIDGED_SECONDS}})
        self.clustering = _cluster

    def get_segmentations(self, file: Any, hook: Hook = None) -> SlidingWindowFeature:
        """Return how sure it is that each of three local people speaks, shape (chunks, frames, 3)."""
        wave = file["waveform"]
        scores = self._each_batch(
            lambda batch: self._segment(_samples(wave, batch), len(batch)), wave, "segmentation", hook
        )
        return SlidingWindowFeature(np.concatenate(scores), SlidingWindow(CHUNK_SECONDS, STEP_SECONDS, 0.0))

    def _segment(self, samples: "Floats", count: int) -> "Floats":
        """Return the scores of a batch of chunks. Silent ones cost nothing."""
        model = self._segmentation.model
        chunks = _cut(samples, count)
        shape = (count, model.num_frames(chunks.shape[1]), len(model.specifications.classes))
        scores = np.zeros(shape, dtype=np.float32)
        loud = np.abs(chunks).max(axis=1) >= SILENCE
        if loud.any():
            with torch.inference_mode():
                scores[loud] = model(torch.from_numpy(chunks[loud, None]).to(model.device)).cpu().numpy()
        return scores

    def get_embeddings(
        self,
        file: Any,
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = True,
        hook: Hook = None,
    ) -> "Floats":
        """Return the voice of each local person, shape (chunks, 3, 256). Each stretch of sound is prepared once."""
        wave, active = file["waveform"], np.nan_to_num(binary_segmentations.data) > 0
        parts = self._each_batch(lambda batch: self._listen(wave, batch, active), wave, "embeddings", hook)
        embeddings, lengths, agreement = (np.concatenate(column) for column in zip(*parts, strict=True))
        # Chunks overlap, so each voice stands for its part of the time only.
        file["heard"] = Heard(embeddings, lengths, lengths * np.float32(STEP_SECONDS / CHUNK_SECONDS), agreement)
        return embeddings.reshape(len(active), -1, DIMENSION)

    def _listen(
        self, wave: "torch.Tensor", batch: range, active: "NDArray[np.bool_]"
    ) -> tuple["Floats", "Floats", "Floats"]:
        """Return voices, lengths and agreement of the local people in a batch of chunks."""
        masks = [mask for index in batch for mask in _alone(active[index]).T]
        people = active.shape[2]
        frames = [_frames_of(mask, index // people) for index, mask in enumerate(masks)]
        voices = self._embedding.embed(self._embedding.listen(_samples(wave, batch)), frames)
        lengths = np.array([len(some) / FRAMES_A_SECOND for some in frames], dtype=np.float32)
        return voices.embeddings, lengths, voices.agreement

    def _each_batch(self, work: Callable[[range], Any], wave: "torch.Tensor", step: str, hook: Hook) -> list[Any]:
        """Return what the work gives for each batch of chunks, in order, and tell the hook after each."""
        total = chunk_count(wave.shape[1])
        batches = [range(first, min(first + BATCH, total)) for first in range(0, total, BATCH)]
        found = []
        for batch, result in zip(batches, in_parallel(work, batches, threads=self._threads), strict=True):
            found.append(result)
            if hook is not None:
                hook(step, None, completed=batch.stop, total=total)
        return found

    def reconstruct(
        self, segmentations: SlidingWindowFeature, hard_clusters: "NDArray[np.intp]", count: SlidingWindowFeature
    ) -> SlidingWindowFeature:
        """Return who speaks in each frame: of the people that chunks saw there, the surest ones."""
        people = max(1, int(hard_clusters.max()) + 1)
        frames = count.sliding_window
        total = np.zeros((len(count), people), dtype=np.float32)
        for (chunk, scores), persons in zip(segmentations, hard_clusters, strict=True):
            first = frames.closest_frame(chunk.start + frames.duration / 2)
            for person in np.unique(persons[persons >= 0]):
                rows = total[first : first + len(scores), person]
                rows += scores[: len(rows), persons == person].max(axis=1)
        return SlidingWindowFeature(_surest(total, count.data[:, 0]), frames)


def chunk_count(samples: int) -> int:
    """Return how many chunks there are; the last one may reach past the end."""
    return max(0, -(-(samples - CHUNK) // STEP)) + 1


def _samples(wave: "torch.Tensor", batch: range) -> "Floats":
    """Return the sound of a batch of chunks as floats, with silence after the end."""
    begin, end = batch.start * STEP, (batch.stop - 1) * STEP + CHUNK
    samples = wave[0, begin:end]
    values = samples.numpy().astype(np.float32)
    if not samples.is_floating_point():
        values /= 32768
    return np.pad(values, (0, end - begin - len(values)))


def _cut(samples: "Floats", count: int) -> "Floats":
    """Return a batch's chunks, shape (count, samples)."""
    return np.stack([samples[index * STEP : index * STEP + CHUNK] for index in range(count)])


def _alone(chunk: "NDArray[np.bool_]") -> "NDArray[np.bool_]":
    """Return where each person speaks alone, or speaks at all where that is too little, shape (frames, 3)."""
    alone = chunk & (chunk.sum(axis=1, keepdims=True) == 1)
    shortest = ALONE_SECONDS * len(chunk) / CHUNK_SECONDS
    return np.where(alone.sum(axis=0) >= shortest, alone, chunk)


def _frames_of(mask: "NDArray[np.bool_]", offset: int) -> "NDArray[np.intp]":
    """Return the encoder's frames in which a mask over the chunk at this place of its batch is true."""
    times = np.arange(int(CHUNK_SECONDS * FRAMES_A_SECOND))
    inside = mask[times * len(mask) // len(times)]
    return times[inside] + int(offset * STEP_SECONDS * FRAMES_A_SECOND)


def _cluster(
    *,
    embeddings: "Floats",
    segmentations: SlidingWindowFeature,
    num_clusters: int | None,
    min_clusters: int,
    max_clusters: float,
    file: Any,
    frames: Any,
) -> tuple["NDArray[np.intp]", None, "Floats"]:
    """Return each local person's number, shape (chunks, 3), -2 for nobody, and the voices of all. Called by pyannote."""
    count = SpeakerCount(int(min_clusters), int(min(max_clusters, MOST_SPEAKERS)))
    people = find_people(file.pop("heard"), speakers=count)
    likeness = np.nan_to_num(embeddings) @ people.T
    numbers = np.full(embeddings.shape[:2], -2, dtype=np.intp)
    for index, chunk in enumerate(segmentations.data):
        there = np.flatnonzero(chunk.any(axis=0))
        # Two people of one chunk are never the same person.
        rows, persons = linear_sum_assignment(-likeness[index, there])
        numbers[index, there[rows]] = persons
    return numbers, None, people


def _surest(total: "Floats", count: "NDArray[np.uint8]") -> "Floats":
    """Return 1 for as many people as speak at once, those with the highest totals."""
    result = np.zeros_like(total)
    order = np.argsort(-total, axis=1, kind="stable")
    for rank in range(min(int(count.max()), total.shape[1])):
        rows = np.flatnonzero(count > rank)
        result[rows, order[rows, rank]] = 1.0
    return result
