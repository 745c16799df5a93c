"""Whisper on CTranslate2, through faster-whisper's model (1.2.1): loaded for the device at hand, and given batches of pieces."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from speech import planning, vad
from speech.asr.batches import Decoder
from speech.asr.decoding import Window, left_out
from speech.asr.devices import CALLED, NO_GPU, OTHER_NUMBERS, usable_cores
from speech.failures import UNLOADABLE, of_loading
from speech.types import SAMPLE_RATE, EngineError, EngineSpec, Json, Options, Piece, PieceResult, Segment

if TYPE_CHECKING:
    from ctranslate2 import StorageView
    from faster_whisper import WhisperModel

    from speech.asr.engine import Samples

log = logging.getLogger(__name__)

ROUNDS = 5
"""How often what is left of a window is decoded: once where speech has no text, again where the text was too long at once."""
MOST_WORKERS = 4
"""Parts of a batch that are decoded side by side on a CPU. Two workers with a thread each are 1.4 x as fast as one with two (base,
2 cores, 2026-11-22), and need half the memory for the encoder."""


def load(spec: EngineSpec) -> "FasterWhisper":
    """Return the engine with its weights loaded. Raises EngineError where that fails."""
    try:
        return FasterWhisper(spec)
    except UNLOADABLE as err:
        raise of_loading(err, what=f"The weights of {spec.model}") from err


class FasterWhisper:
    """The model, and what depends on the machine. `Decoder` works with it."""

    find_pieces = staticmethod(planning.find_pieces)

    def __init__(self, spec: EngineSpec) -> None:
        import ctranslate2

        self._spec = spec
        self.warnings = vad.warnings()
        self._threads = spec.threads or usable_cores()
        has_card = ctranslate2.get_cuda_device_count() > 0
        if spec.device == "cuda" and not has_card:
            self.warnings.append(NO_GPU)
        self._use("cuda" if spec.device in ("auto", "cuda") and has_card else "cpu")
        try:
            self.model = self._load()
        except RuntimeError:
            if self._device == "cpu":
                raise
            log.exception("no use of the graphics card")
            self.warnings.append(NO_GPU)
            self._use("cpu")
            self.model = self._load()

    def _use(self, device: str) -> None:
        """Settle what depends on the device."""
        on_gpu = device == "cuda"
        self._device = device
        self._compute_type = self._possible_type()
        self.batch_size = 16 if on_gpu else 8
        self.workers = 1 if on_gpu else min(self._threads, MOST_WORKERS)
        self.pool = ThreadPoolExecutor(self.workers)

    def _possible_type(self) -> str:
        """Return the kind of numbers that was asked for, where the device can compute with it."""
        import ctranslate2

        usual, asked = "float16" if self._device == "cuda" else "int8", self._spec.compute_type
        if asked in ("auto", *ctranslate2.get_supported_compute_types(self._device)):
            return usual if asked == "auto" else asked
        self.warnings.append(OTHER_NUMBERS.format(CALLED[self._device], asked, usual))
        return usual

    def _load(self) -> "WhisperModel":
        """Return the model. On a graphics card it has encoded something: a missing CUDA library shows only then."""
        import numpy as np
        from faster_whisper import WhisperModel

        model = WhisperModel(
            self._spec.weights,
            device=self._device,
            compute_type=self._compute_type,
            cpu_threads=max(1, self._threads // self.workers),
            num_workers=self.workers,
            local_files_only=True,
        )
        if self._device == "cuda":
            model.detect_language(np.zeros(SAMPLE_RATE, dtype=np.float32))
        return model

    @property
    def pins(self) -> Json:
        import os

        import ctranslate2
        import faster_whisper

        return {
            "engine": "faster-whisper",
            "engine_version": f"{faster_whisper.__version__} (CTranslate2 {ctranslate2.__version__})",
            "model": self._spec.model,
            "device": self._device,
            "compute_type": self._compute_type,
            "instruction_set": os.environ.get("CT2_FORCE_CPU_ISA", "auto") if self._device == "cpu" else "",
            "threads": self._threads,
        }

    def check_language(self, language: str) -> None:
        if self.model.hf_tokenizer.token_to_id(f"<|{language}|>") is None and language != "en":
            message = f"The model {self._spec.model} does not know the language {language}."
            raise EngineError(message, permanent=True, code="unknown_language")

    def detect_language(self, windows: "Sequence[Samples]") -> tuple[str, float | None]:
        if not self.model.model.is_multilingual:
            return "en", None
        totals: dict[str, float] = {}
        for samples in windows:
            for token, probability in self.model.model.detect_language(self.encode([samples]))[0]:
                totals[token[2:-2]] = totals.get(token[2:-2], 0.0) + probability
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
        decoder = Decoder(self, pieces, options, language, on_progress)
        found: dict[int, list[Segment]] = {index: [] for index in pieces}
        windows = [
            Window(index, piece.start, part) for (index, piece), part in zip(pieces.items(), samples, strict=True)
        ]
        for number in range(ROUNDS):
            remaining: list[Window] = []
            for window, segments, rest in decoder.segments(windows):
                found[window.piece] += segments
                remaining += rest
                if segments and not rest and not number:
                    remaining += left_out(pieces[window.piece], window, segments)
            windows = remaining
            if not windows:
                break
        ordered = {index: sorted(segments, key=lambda segment: segment.start) for index, segments in found.items()}
        return [PieceResult(index, tuple(segments)) for index, segments in ordered.items()]

    def encode(self, windows: "Sequence[Samples]") -> "StorageView":
        """Return the encoder's output for windows of at most 30 s, shape (n_windows, 1500, n_state)."""
        import numpy as np
        from faster_whisper.audio import pad_or_trim

        return self.model.encode(np.stack([pad_or_trim(self.model.feature_extractor(samples)) for samples in windows]))

    def sampler(self, seed: int) -> Any:
        """Return the model anew, with its own random numbers.

        CTranslate2 seeds a thread's generator once, when the thread first samples (src/random.cc), so in a model that has sampled
        before the numbers would depend on what was decoded earlier. Costs 0.3 s for base; doubtful windows are rare.
        """
        import ctranslate2

        ctranslate2.set_random_seed(seed)
        return ctranslate2.models.Whisper(
            self._spec.weights, device=self._device, compute_type=self._compute_type, intra_threads=self._threads
        )
