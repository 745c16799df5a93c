"""openai-whisper on torch: the reference implementation, one piece after the other."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speech import asr, planning
from speech.asr import checks
from speech.asr.devices import NO_GPU, usable_cores
from speech.types import EngineError, EngineSpec, Json, Options, Piece, PieceResult, Segment, Word

if TYPE_CHECKING:
    from speech.asr.engine import Samples

log = logging.getLogger(__name__)

TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
CANDIDATES = 5
ALIGNMENT_HEADS = "alignment_heads.json"
"""Beside a rebuilt checkpoint: pairs of layer and head, which the checkpoint itself has no room for."""


def load(spec: EngineSpec) -> "OpenAIWhisper":
    """Return the engine with its weights loaded. Raises EngineError where that fails."""
    try:
        return OpenAIWhisper(spec)
    except (RuntimeError, ValueError, OSError, KeyError) as err:
        message = f"The weights of {spec.model} could not be loaded: {err}."
        raise EngineError(message, permanent=False, code="weights_broken") from err


class OpenAIWhisper:
    batch_size = 2
    find_pieces = staticmethod(planning.find_pieces)

    def __init__(self, spec: EngineSpec) -> None:
        import torch

        cuda = spec.device in ("auto", "cuda") and torch.cuda.is_available()
        self._spec = spec
        self._device = "cuda" if cuda else "cpu"
        self._threads = spec.threads or usable_cores()
        torch.set_num_threads(self._threads)
        self.warnings: list[str] = []
        self._model = self._load()
        heads = Path(spec.weights).with_name(ALIGNMENT_HEADS)
        if heads.exists():
            self._model.alignment_heads = _sparse(self._model, json.loads(heads.read_text(encoding="utf-8")))

    def _load(self) -> Any:
        """Return the model on the graphics card where that works, else on the processor."""
        import whisper

        try:
            return whisper.load_model(self._spec.weights, device=self._device)
        except RuntimeError:
            if self._device == "cpu":
                raise
            log.exception("no use of the graphics card")
            self._device = "cpu"
            self.warnings.append(NO_GPU)
            return whisper.load_model(self._spec.weights, device="cpu")

    @property
    def pins(self) -> Json:
        import torch
        import whisper

        return {
            "engine": "whisper",
            "engine_version": f"{whisper.__version__} (torch {torch.__version__})",
            "model": self._spec.model,
            "device": self._device,
            "compute_type": "float16" if self._device == "cuda" else "float32",
            "instruction_set": "",
            "threads": self._threads,
        }

    def check_language(self, language: str) -> None:
        from whisper.tokenizer import LANGUAGES

        known = list(LANGUAGES)[: self._model.num_languages] if self._model.is_multilingual else ["en"]
        if language not in known:
            raise EngineError(f"The model {self._spec.model} does not know the language {language}.", permanent=True)

    def detect_language(self, windows: "Sequence[Samples]") -> tuple[str, float]:
        import whisper

        if not self._model.is_multilingual:
            return "en", 1.0
        totals: dict[str, float] = {}
        for samples in windows:
            mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(samples), n_mels=self._model.dims.n_mels)
            for code, probability in whisper.detect_language(self._model, mel.to(self._model.device))[1].items():
                totals[code] = totals.get(code, 0.0) + probability
        language = max(totals, key=lambda code: totals[code])
        return language, totals[language] / len(windows)

    def transcribe(
        self,
        pieces: Mapping[int, Piece],
        samples: "Sequence[Samples]",
        options: Options,
        *,
        language: str,
        on_progress: Callable[[], None],
    ) -> list[PieceResult]:
        results = []
        for (index, piece), part in zip(pieces.items(), samples, strict=True):
            on_progress()
            results.append(PieceResult(index, self._piece(index, piece, part, options, language)))
        return results

    def _piece(
        self, index: int, piece: Piece, samples: "Samples", options: Options, language: str
    ) -> tuple[Segment, ...]:
        import torch

        torch.manual_seed(asr.SEED + index)
        result = self._model.transcribe(
            samples,
            language=language or "en",
            task=options.task,
            temperature=TEMPERATURES,
            beam_size=options.beam_size,
            best_of=CANDIDATES,
            initial_prompt=options.prompt.strip() or None,
            condition_on_previous_text=False,
            word_timestamps=options.word_times,
            fp16=self._device == "cuda",
            verbose=None,
        )
        return tuple(_segment(piece, segment) for segment in result["segments"] if segment["text"].strip())


def _segment(piece: Piece, segment: Json) -> Segment:
    """Return a segment of openai-whisper's result with times from the start of the recording."""
    mean = float(segment["avg_logprob"])
    return Segment(
        start=_time(piece, segment["start"]),
        end=_time(piece, segment["end"]),
        text=segment["text"],
        words=tuple(
            Word(
                _time(piece, word["start"]),
                _time(piece, word["end"]),
                word["word"],
                round(float(word["probability"]), 4),
            )
            for word in segment.get("words", [])
        ),
        mean_log_probability=round(mean, 4),
        no_speech_probability=round(float(segment["no_speech_prob"]), 4),
        compression_ratio=round(checks.compression_ratio(segment["text"]), 3),
        temperature=segment["temperature"],
        doubts=checks.doubts(segment["text"], mean_log_probability=mean),
    )


def _time(piece: Piece, seconds: float) -> float:
    """Return a time within a piece as a time of the recording, at most the piece's end."""
    return round(min(piece.start + float(seconds), piece.end), 3)


def _sparse(model: Any, heads: list[list[int]]) -> Any:
    """Return alignment heads in the form that openai-whisper keeps them in: a sparse mask of shape (n_layers, n_heads)."""
    import torch

    mask = torch.zeros(model.dims.n_text_layer, model.dims.n_text_head, dtype=torch.bool)
    for layer, head in heads:
        mask[layer, head] = True
    return mask.to_sparse().to(model.device)
