"""Whisper on CTranslate2, decoded in batches, through faster-whisper's model, tokenizer and word alignment (1.2.1).

faster-whisper's own batched mode takes whatever the first decoding gives. Here every window is checked: where Whisper stopped before
the speech did, it is made to go on; a doubtful window is decoded again alone with rising temperatures; speech for which there is
still no text is decoded again too.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from speech import asr, planning
from speech.asr import checks
from speech.asr.decoding import Decoded, Window, best, closed, left_out, speech_between, split_at_timestamps
from speech.asr.devices import NO_GPU, usable_cores
from speech.types import SAMPLE_RATE, EngineError, EngineSpec, Json, Options, Piece, PieceResult, Segment, Word

if TYPE_CHECKING:
    from ctranslate2 import StorageView
    from faster_whisper import WhisperModel

    from speech.asr.engine import Samples

log = logging.getLogger(__name__)

TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""openai-whisper's ladder after 0, which the batch was decoded with."""
CANDIDATES = 5
LATEST_FIRST_TIMESTAMP = 50
"""Speech begins within the first second of a window (in steps of 20 ms), as in openai-whisper."""
ROUNDS = 5
"""How often what is left of a window is decoded: once where speech has no text, again where the text was too long at once."""
CONTINUATIONS = 3
"""How often a window is gone on with after Whisper stopped too early."""
UNFINISHED_SECONDS = 0.5
"""Speech after the last timestamp that is worth going on for; less is the padding of the speech detection."""
ROOM_TOKENS = 24
"""With less room than this, going on is not worth it."""
MOST_WORKERS = 4
"""Parts of a batch that are decoded side by side on a CPU. Two workers with a thread each are 1.4 x as fast as one with two (base,
2 cores, 2026-11-22), and need half the memory for the encoder."""
PREPENDED = "\"'“¿([{-"
APPENDED = "\"'.。,，!！?？:：”)]}、"


def load(spec: EngineSpec) -> "FasterWhisper":
    """Return the engine with its weights loaded. Raises EngineError where that fails."""
    try:
        return FasterWhisper(spec)
    except (RuntimeError, ValueError, OSError) as err:
        message = f"The weights of {spec.model} could not be loaded: {err}."
        raise EngineError(message, permanent=False, code="weights_broken") from err


class FasterWhisper:
    find_pieces = staticmethod(planning.find_pieces)

    def __init__(self, spec: EngineSpec) -> None:
        import ctranslate2

        self._spec = spec
        self.warnings: list[str] = []
        self._threads = spec.threads or usable_cores()
        self._use("cuda" if spec.device in ("auto", "cuda") and ctranslate2.get_cuda_device_count() > 0 else "cpu")
        try:
            self._model = self._load()
        except RuntimeError:
            if self._device == "cpu":
                raise
            log.exception("no use of the graphics card")
            self.warnings.append(NO_GPU)
            self._use("cpu")
            self._model = self._load()

    def _use(self, device: str) -> None:
        """Settle what depends on the device."""
        on_gpu = device == "cuda"
        self._device = device
        asked = self._spec.compute_type
        self._compute_type = asked if asked != "auto" else "float16" if on_gpu else "int8"
        self.batch_size = 16 if on_gpu else 8
        self.workers = 1 if on_gpu else min(self._threads, MOST_WORKERS)
        self.pool = ThreadPoolExecutor(self.workers)

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
        if self._model.hf_tokenizer.token_to_id(f"<|{language}|>") is None and language != "en":
            raise EngineError(f"The model {self._spec.model} does not know the language {language}.", permanent=True)

    def detect_language(self, windows: "Sequence[Samples]") -> tuple[str, float]:
        if not self._model.model.is_multilingual:
            return "en", 1.0
        totals: dict[str, float] = {}
        for samples in windows:
            for token, probability in self._model.model.detect_language(self._encode([samples]))[0]:
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
        decoder = _Decoder(self, pieces, options, language, on_progress)
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

    def _encode(self, windows: "Sequence[Samples]") -> "StorageView":
        """Return the encoder's output for windows of at most 30 s, shape (n_windows, 1500, n_state)."""
        import numpy as np
        from faster_whisper.audio import pad_or_trim

        return self._model.encode(
            np.stack([pad_or_trim(self._model.feature_extractor(samples)) for samples in windows])
        )

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


class _Decoder:
    """Decodes windows for one call of `transcribe`."""

    def __init__(
        self,
        engine: FasterWhisper,
        pieces: Mapping[int, Piece],
        options: Options,
        language: str,
        on_progress: Callable[[], None],
    ) -> None:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        model = engine._model
        self._engine, self._model, self._options, self._on_progress = engine, model, options, on_progress
        self._pieces = pieces
        self._tokenizer: Tokenizer = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task=options.task, language=language or "en"
        )
        previous = self._tokenizer.encode(f" {options.prompt.strip()}") if options.prompt.strip() else []
        self._prompt = model.get_prompt(self._tokenizer, previous)
        self._suppressed = get_suppressed_tokens(self._tokenizer, [-1])

    def segments(self, windows: Sequence[Window]) -> Iterator[tuple[Window, list[Segment], list[Window]]]:
        """Yield each window with its segments and with what is left of it to decode; decoded as one batch."""
        groups = _shares(windows, self._engine.workers)
        for group, (encoded, first) in zip(groups, self._engine.pool.map(self._decode, groups), strict=True):
            decoded = [
                self._again(window, only) if only.doubts else only for window, only in zip(group, first, strict=True)
            ]
            whole = [self._cut_back(window, result) for window, result in zip(group, decoded, strict=True)]
            decoded, rests = [result for result, _ in whole], [rest for _, rest in whole]
            drafts = [self._drafts(window, result) for window, result in zip(group, decoded, strict=True)]
            if self._options.word_times:
                self._align(group, drafts, encoded)
            for window, result, draft, rest in zip(group, decoded, drafts, rests, strict=True):
                yield window, [segment for one in draft if (segment := self._segment(window, result, one))], rest

    def _decode(self, windows: Sequence[Window]) -> tuple["StorageView", list[Decoded]]:
        """Return the encoder's output for windows and what is decoded from it."""
        self._on_progress()
        encoded = self._engine._encode([window.samples for window in windows])
        self._on_progress()
        return encoded, self._continued(windows, encoded, self._generate(self._model.model, encoded, temperature=0.0))

    def _continued(self, windows: Sequence[Window], encoded: "StorageView", decoded: list[Decoded]) -> list[Decoded]:
        """Return the decodings with the end of the speech, where Whisper stopped at a timestamp before it.

        Whisper leaves out a sentence at the end of a window that it takes for unfinished (its own sequential mode moves the window
        there). Given its tokens up to that timestamp, it goes on; the encoder need not run again.
        """
        decoded = list(decoded)
        open_ended = [index for index, window in enumerate(windows) if self._stops_early(window, decoded[index])]
        for _ in range(CONTINUATIONS):
            if not open_ended:
                break
            self._on_progress()
            prefixes = [
                closed(decoded[index].tokens, first_timestamp=self._tokenizer.timestamp_begin) for index in open_ended
            ]
            further = self._generate(self._model.model, _rows(encoded, open_ended), temperature=0.0, prefixes=prefixes)
            grown = []
            for index, prefix, more in zip(open_ended, prefixes, further, strict=True):
                if len(more.tokens) > len(prefix) + 1:
                    decoded[index] = decoded[index].followed_by(more)
                    grown.append(index)
            open_ended = [index for index in grown if self._stops_early(windows[index], decoded[index])]
        return decoded

    @property
    def _token_limit(self) -> int:
        """Return how many tokens CTranslate2 decodes at most, with a prefix counted in: half of Whisper's context."""
        return int(self._model.max_length) // 2

    def _cut_back(self, window: Window, decoded: Decoded) -> tuple[Decoded, list[Window]]:
        """Return a decoding that ran into the limit up to its last timestamp, and what is left of the window after it.

        Languages with several tokens to a character (Burmese, Hindi, Thai) fill the limit before a piece is over.
        """
        first = self._tokenizer.timestamp_begin
        if len(decoded.tokens) < self._token_limit - 1 or decoded.doubts or decoded.tokens[-1] >= first:
            return decoded, []
        stamps = [index for index, token in enumerate(decoded.tokens) if token > first]
        if not stamps:
            middle = (window.start + window.end) / 2
            return decoded.without_text(), [window.part(window.start, middle), window.part(middle, window.end)]
        kept = decoded.tokens[: stamps[-1] + 1]
        shorter = decoded.cut(kept, text=self._tokenizer.decode(list(kept)).strip())
        return shorter, [window.part(window.start + (shorter.end(first_timestamp=first) or 0.0), window.end)]

    def _stops_early(self, window: Window, decoded: Decoded) -> bool:
        """Return whether somebody still speaks after the timestamp with which a decoding ends."""
        if decoded.is_silence or len(decoded.tokens) > self._token_limit - ROOM_TOKENS:
            return False
        end = decoded.end(first_timestamp=self._tokenizer.timestamp_begin)
        if end is None:
            return False
        piece = self._pieces[window.piece]
        return speech_between(piece, window.start + end, window.end) >= UNFINISHED_SECONDS

    def _generate(
        self,
        model: Any,
        encoded: "StorageView",
        *,
        temperature: float,
        prefixes: Sequence[Sequence[int]] = (),
    ) -> list[Decoded]:
        """Return what is decoded from each window: by beam search at temperature 0, else the best of five samples.

        A prefix is text that the decoding of its window has to begin with.
        """
        how: Json = {"beam_size": self._options.beam_size}
        if temperature:
            how = {
                "beam_size": 1,
                "num_hypotheses": CANDIDATES,
                "sampling_topk": 0,
                "sampling_temperature": temperature,
            }
        prompts = [[*self._prompt, *prefix] for prefix in prefixes or [()] * encoded.shape[0]]
        results = model.generate(
            encoded,
            prompts,
            max_length=self._model.max_length,
            max_initial_timestamp_index=LATEST_FIRST_TIMESTAMP,
            suppress_tokens=self._suppressed,
            return_scores=True,
            return_no_speech_prob=True,
            **how,
        )
        return [self._decoded(result, temperature) for result in results]

    def _decoded(self, result: Any, temperature: float) -> Decoded:
        tokens = result.sequences_ids[0]
        # The score is divided by the length without the end token; the mean has it in.
        mean = result.scores[0] * len(tokens) / (len(tokens) + 1)
        text = self._tokenizer.decode(tokens).strip()
        return Decoded(tuple(tokens), text, mean, result.no_speech_prob, temperature)

    def _again(self, window: Window, first: Decoded) -> Decoded:
        """Return the best decoding of a doubtful window, alone and with rising temperatures. Depends on the window alone."""
        if first.is_silence:
            return first
        candidates = [first]
        encoded = self._engine._encode([window.samples])
        sampler = self._engine.sampler(asr.SEED + window.piece)
        for temperature in TEMPERATURES:
            self._on_progress()
            candidates += self._generate(sampler, encoded, temperature=temperature)
            if not candidates[-1].doubts or candidates[-1].is_silence:
                return candidates[-1]
        return best(candidates)

    def _drafts(self, window: Window, decoded: Decoded) -> list[Json]:
        """Return the segments of a window in the form that faster-whisper's word alignment takes and completes."""
        if decoded.is_silence:
            return []
        stretches = split_at_timestamps(
            decoded.tokens, first_timestamp=self._tokenizer.timestamp_begin, seconds=window.end - window.start
        )
        return [
            {"start": start, "end": end, "tokens": tokens, "seek": 0, "words": []} for start, end, tokens in stretches
        ]

    def _align(self, windows: Sequence[Window], drafts: list[list[Json]], encoded: "StorageView") -> None:
        """Give the drafts their words with times."""
        frames = [int((window.end - window.start) * self._model.frames_per_second) for window in windows]
        nothing: Json = {"start": 0.0, "end": 0.0, "tokens": [], "seek": 0}
        self._model.add_word_timestamps(
            [draft or [dict(nothing)] for draft in drafts], self._tokenizer, encoded, frames, PREPENDED, APPENDED, 0.0
        )

    def _segment(self, window: Window, decoded: Decoded, draft: Json) -> Segment | None:
        """Return the finished segment with times from the start of the recording, or None where it has no text."""
        text = self._tokenizer.decode(draft["tokens"])
        if not text.strip():
            return None
        words = tuple(_word(window, word) for word in draft["words"])
        return Segment(
            start=round(window.start + draft["start"], 3),
            end=round(window.start + draft["end"], 3),
            text=text,
            words=words,
            mean_log_probability=round(decoded.mean_log_probability, 4),
            no_speech_probability=round(decoded.no_speech_probability, 4),
            compression_ratio=round(checks.compression_ratio(text), 3),
            temperature=decoded.temperature,
            doubts=decoded.doubts,
        )


def _shares(windows: Sequence[Window], count: int) -> list[Sequence[Window]]:
    """Return the windows in at most this many parts of about the same size, in order."""
    bounds = [len(windows) * part // count for part in range(count + 1)]
    return [windows[first:last] for first, last in pairwise(bounds) if last > first]


def _rows(encoded: "StorageView", indexes: Sequence[int]) -> "StorageView":
    """Return the encoder's output for some of the windows."""
    import ctranslate2
    import numpy as np

    on_cpu = encoded.to_device(ctranslate2.Device.cpu) if encoded.device != "cpu" else encoded
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.asarray(on_cpu)[list(indexes)]))


def _word(window: Window, word: Json) -> Word:
    start, end = float(word["start"]), float(word["end"])
    return Word(
        start=round(window.start + start, 3),
        end=round(window.start + max(start, end), 3),
        text=word["word"],
        probability=round(float(word["probability"]), 4),
    )
