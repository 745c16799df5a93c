"""openai-whisper on torch: the reference implementation, one piece after the other."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speech import asr, planning, vad
from speech.asr import checks
from speech.asr.devices import CALLED, NO_GPU, OTHER_NUMBERS, usable_cores
from speech.asr.tuning import Tuning
from speech.failures import UNLOADABLE, of_loading
from speech.types import EngineError, EngineSpec, Json, Options, Piece, PieceResult, Segment, Word

if TYPE_CHECKING:
    from speech.asr.engine import Samples

log = logging.getLogger(__name__)

ALIGNMENT_HEADS = "alignment_heads.json"
"""Beside a rebuilt checkpoint: pairs of layer and head, which the checkpoint itself has no room for."""


def load(spec: EngineSpec) -> "OpenAIWhisper":
    """Return the engine with its weights loaded. Raises EngineError where that fails."""
    try:
        return OpenAIWhisper(spec)
    except UNLOADABLE as err:
        raise of_loading(err, what=f"The weights of {spec.model}") from err


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
        self.warnings = vad.warnings()
        if spec.device == "cuda" and not cuda:
            self.warnings.append(NO_GPU)
        self._model = self._load()
        if spec.compute_type not in ("auto", self._compute_type):
            self.warnings.append(OTHER_NUMBERS.format(CALLED[self._device], spec.compute_type, self._compute_type))
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
    def _compute_type(self) -> str:
        """Return the kind of numbers: on a processor openai-whisper has one only."""
        return "float16" if self._device == "cuda" and self._spec.compute_type != "float32" else "float32"

    @property
    def pins(self) -> Json:
        import torch
        import whisper

        return {
            "engine": "whisper",
            "engine_version": f"{whisper.__version__} (torch {torch.__version__})",
            "model": self._spec.model,
            "device": self._device,
            "compute_type": self._compute_type,
            "instruction_set": "",
            "threads": self._threads,
        }

    def check_language(self, language: str) -> None:
        from whisper.tokenizer import LANGUAGES

        known = list(LANGUAGES)[: self._model.num_languages] if self._model.is_multilingual else ["en"]
        if language not in known:
            message = f"The model {self._spec.model} does not know the language {language}."
            raise EngineError(message, permanent=True, code="unknown_language")

    def detect_language(self, windows: "Sequence[Samples]") -> tuple[str, float | None]:
        import whisper

        if not self._model.is_multilingual:
            return "en", None
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
        tuning = Tuning.of(options)
        result = self._model.transcribe(
            samples,
            language=language or "en",
            task=options.task,
            temperature=tuning.temperatures,
            beam_size=tuning.beam_size,
            patience=tuning.patience,
            best_of=tuning.best_of,
            length_penalty=tuning.length_penalty,
            compression_ratio_threshold=tuning.compression_ratio_threshold,
            logprob_threshold=tuning.log_prob_threshold,
            no_speech_threshold=tuning.no_speech_threshold,
            suppress_blank=tuning.suppress_blank,
            suppress_tokens=list(tuning.suppress_tokens),
            initial_prompt=tuning.words_before(options.prompt) or None,
            condition_on_previous_text=False,
            word_timestamps=options.word_times,
            fp16=self._compute_type == "float16",
            verbose=None,
        )
        return tuple(
            _segment(piece, segment, tuning.limits) for segment in result["segments"] if segment["text"].strip()
        )


def _segment(piece: Piece, segment: Json, limits: checks.Limits) -> Segment:
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
        doubts=checks.doubts(segment["text"], mean_log_probability=mean, limits=limits),
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
