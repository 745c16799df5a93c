"""WhisperX (`requirements-whisperx.txt`): its diarization, on the pipeline that `pyannote` has too, and its way with words."""

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from speech import audio
from speech.diarization import offline, turns
from speech.diarization.pyannote import PyannoteDiarizer, waveform
from speech.failures import UNLOADABLE, of_loading
from speech.speakers import Spoken
from speech.types import DiarizerSpec, Json, OnProgress, ShouldStop, SpeakerCount, Stopped, Turn
from speech.weights import COMMUNITY


def load(spec: DiarizerSpec) -> "WhisperXDiarizer":
    """Return the diarizer with its weights loaded. Raises EngineError where that fails, ImportError without WhisperX."""
    offline.prepare()
    try:
        with offline.quiet():
            return WhisperXDiarizer(spec)
    except UNLOADABLE as err:
        raise of_loading(err, what="The weights of whisperx") from err


class WhisperXDiarizer(PyannoteDiarizer):
    """WhisperX's own around a pipeline of pyannote's; its constructor can only take one from the hub."""

    def __init__(self, spec: DiarizerSpec) -> None:
        from whisperx.diarize import DiarizationPipeline

        super().__init__(spec)
        self._whisperx: Any = DiarizationPipeline.__new__(DiarizationPipeline)
        self._whisperx.model = self._pipeline

    @property
    def pins(self) -> Json:
        return super().pins | {"diarizer": "whisperx", "whisperx_version": version("whisperx")}

    def diarize(
        self, work: Path, *, speakers: SpeakerCount, on_progress: OnProgress, should_stop: ShouldStop
    ) -> tuple[Turn, ...]:
        duration = audio.duration_of(work)
        if not duration:
            return ()

        def report(percent: float) -> None:
            if should_stop():
                raise Stopped
            on_progress(duration * percent / 100, duration)

        samples = waveform(work)
        if COMMUNITY in self._spec.weights:
            samples = samples.float() / 32768
        with offline.quiet():
            found = self._whisperx(
                samples[0].numpy(),
                min_speakers=speakers.least,
                max_speakers=speakers.most,
                progress_callback=report,
            )
        return turns.number(zip(found["start"], found["end"], found["speaker"], strict=True), duration=duration)


def assign_words(segments: Sequence[Spoken], heard: Sequence[Turn]) -> list[int | None] | None:
    """Return the speaker of each word of all segments as WhisperX gives it; None where WhisperX is not installed."""
    if find_spec("whisperx") is None:
        return None
    offline.prepare()
    import pandas

    with offline.quiet():
        from whisperx.diarize import assign_word_speakers
    transcript: Any = {"segments": [_transcript(segment) for segment in segments]}
    rows = [(turn.start, turn.end, turn.speaker) for turn in heard]
    assign_word_speakers(pandas.DataFrame(rows, columns=["start", "end", "speaker"]), transcript)
    found = [word.get("speaker") for segment in transcript["segments"] for word in segment["words"]]
    return [None if speaker is None else int(speaker) for speaker in found]


def _transcript(segment: Spoken) -> Json:
    words = [{"word": word[2], "start": word[0], "end": word[1]} for word in segment.words]
    return {"start": segment.start, "end": segment.end, "text": segment.text, "words": words}
