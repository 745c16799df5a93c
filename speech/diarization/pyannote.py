"""pyannote.audio: its community-1 pipeline where that is installed, else open weights (`speech.diarization.pipeline`)."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speech import audio
from speech.asr.devices import NO_GPU, usable_cores
from speech.diarization import offline, turns
from speech.failures import UNLOADABLE, of_loading
from speech.types import (
    SAMPLE_RATE,
    DiarizerSpec,
    Json,
    OnProgress,
    ShouldStop,
    SpeakerCount,
    Stopped,
    Turn,
)
from speech.weights import COMMUNITY, ENCODER, SEGMENTATION

if TYPE_CHECKING:
    import torch

STEPS = ("segmentation", "embeddings")
"""What takes the time, in pyannote's words; each counts as half."""


def load(spec: DiarizerSpec) -> "PyannoteDiarizer":
    """Return the diarizer with its weights loaded. Raises EngineError where that fails."""
    offline.prepare()
    try:
        with offline.quiet():
            return PyannoteDiarizer(spec)
    except UNLOADABLE as err:
        raise of_loading(err, what="The weights of pyannote") from err


def load_pipeline(spec: DiarizerSpec) -> Any:
    """Return a pipeline of pyannote's on the spec's weights and device. Call `offline.prepare` first."""
    import torch
    from pyannote.audio import Pipeline

    threads = spec.threads or usable_cores()
    if COMMUNITY in spec.weights:
        torch.set_num_threads(threads)
        pipeline = Pipeline.from_pretrained(Path(spec.weights[COMMUNITY]))
    else:
        torch.set_num_threads(1)  # The pipeline works on several batches side by side.
        from speech.diarization.pipeline import OpenPipeline

        pipeline = OpenPipeline(
            segmentation=Path(spec.weights[SEGMENTATION]), encoder=Path(spec.weights[ENCODER]), threads=threads
        )
    return pipeline.to(torch.device(_device(spec)))


def _device(spec: DiarizerSpec) -> str:
    import torch

    return "cuda" if spec.device in ("auto", "cuda") and torch.cuda.is_available() else "cpu"


def waveform(work: Path) -> "torch.Tensor":
    """Return a work file as int16 samples, shape (1, n), that stay on the disk until they are used."""
    import numpy as np
    import torch

    samples = np.memmap(work, dtype=np.int16, mode="c")
    return torch.from_numpy(samples)[None]


class PyannoteDiarizer:
    """One pipeline of pyannote's."""

    def __init__(self, spec: DiarizerSpec) -> None:
        self._pipeline = load_pipeline(spec)
        self._spec = spec
        self.warnings: list[str] = [NO_GPU] if spec.device == "cuda" and _device(spec) == "cpu" else []

    @property
    def pins(self) -> Json:

        return {
            "diarizer": "pyannote",
            "diarizer_version": version("pyannote.audio"),
            "torch_version": version("torch"),
            "weights": sorted(self._spec.weights),
            "device": _device(self._spec),
            "threads": self._spec.threads or usable_cores(),
        }

    def diarize(
        self, work: Path, *, speakers: SpeakerCount, on_progress: OnProgress, should_stop: ShouldStop
    ) -> tuple[Turn, ...]:
        """Return who speaks when. Community-1 wants the whole recording as floats: 230 MB an hour more."""
        duration = audio.duration_of(work)
        if not duration:
            return ()

        def hook(step: str, artefact: object, *, file: object, total: int = 0, completed: int = 0) -> None:
            if should_stop():
                raise Stopped
            if step in STEPS and total:
                share = min(1.0, completed / total)  # pyannote's own counts padding too.
                on_progress(float(duration * (STEPS.index(step) + share) / len(STEPS)), duration)

        samples = waveform(work)
        if COMMUNITY in self._spec.weights:
            samples = samples.float() / 32768
        with offline.quiet():
            output = self._pipeline(
                {"waveform": samples, "sample_rate": SAMPLE_RATE},
                min_speakers=speakers.least,
                max_speakers=speakers.most,
                hook=hook,
            )
        found = output.speaker_diarization.itertracks(yield_label=True)
        return turns.number(((part.start, part.end, name) for part, _, name in found), duration=duration)
