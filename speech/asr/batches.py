"""Windows decoded as one batch with CTranslate2, through faster-whisper's tokenizer and word alignment (1.2.1).

faster-whisper's own batched mode takes whatever the first decoding gives. Here every window is checked: where Whisper stopped before
the speech did, it is made to go on; a doubtful window is decoded again alone with rising temperatures; speech for which there is
still no text is decoded again too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

from speech import asr
from speech.asr import checks
from speech.asr.decoding import Decoded, Window, best, closed, speech_between, split_at_timestamps
from speech.asr.tuning import Tuning
from speech.failures import not_finite
from speech.types import Json, Options, Piece, Segment, Word

if TYPE_CHECKING:
    from ctranslate2 import StorageView

    from speech.asr.faster_whisper import FasterWhisper

LATEST_FIRST_TIMESTAMP = 50
"""Speech begins within the first second of a window (in steps of 20 ms), as in openai-whisper."""
CONTINUATIONS = 3
"""How often a window is gone on with after Whisper stopped too early."""
UNFINISHED_SECONDS = 0.5
"""Speech after the last timestamp that is worth going on for; less is the padding of the speech detection."""
MOST_WITHOUT_FIGURE = 2
"""Decodings of a window that are infinitely improbable, or undefined, before it is given up."""
ROOM_TOKENS = 24
"""With less room than this, going on is not worth it."""
PREPENDED = "\"'“¿([{-"
APPENDED = "\"'.。,，!！?？:：”)]}、"


class Decoder:
    """Decodes windows for one call of `transcribe`."""

    def __init__(
        self,
        engine: "FasterWhisper",
        pieces: Mapping[int, Piece],
        options: Options,
        language: str,
        on_progress: Callable[[], None],
    ) -> None:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        model = engine.model
        self._engine, self._model, self._options, self._on_progress = engine, model, options, on_progress
        self._pieces, self._tuning = pieces, Tuning.of(options)
        self._tokenizer: Tokenizer = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task=options.task, language=language or "en"
        )
        before = self._tuning.words_before(options.prompt)
        self._prompt = model.get_prompt(self._tokenizer, self._tokenizer.encode(f" {before}") if before else [])
        self._suppressed = get_suppressed_tokens(self._tokenizer, list(self._tuning.suppress_tokens))

    def segments(self, windows: Sequence[Window]) -> Iterator[tuple[Window, list[Segment], list[Window]]]:
        """Yield each window with its segments and with what is left of it to decode; decoded as one batch."""
        groups = _shares(windows, self._engine.workers)
        for group, (encoded, first) in zip(groups, self._engine.pool.map(self._decode, groups), strict=True):
            decoded = [self._settled(window, only) for window, only in zip(group, first, strict=True)]
            whole = [self._cut_back(window, result) for window, result in zip(group, decoded, strict=True)]
            decoded, rests = [result for result, _ in whole], [rest for _, rest in whole]
            drafts = [self._drafts(window, result) for window, result in zip(group, decoded, strict=True)]
            if self._options.word_times:
                self._align(group, drafts, encoded)
            for window, result, draft, rest in zip(group, decoded, drafts, rests, strict=True):
                yield window, [segment for one in draft if (segment := self._segment(window, result, one))], rest

    def _decode(self, windows: Sequence[Window]) -> tuple["StorageView", list[Decoded | None]]:
        """Return the encoder's output for windows and what is decoded from it at temperature 0; None where that is not wanted."""
        self._on_progress()
        encoded = self._engine.encode([window.samples for window in windows])
        self._on_progress()
        if self._tuning.temperature:
            return encoded, [None] * len(windows)
        decoded = self._generate(self._model.model, encoded, temperature=0.0)
        return encoded, [*self._continued(windows, encoded, decoded)]

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
        """Return what is decoded from each window: by beam search at temperature 0, else the best of some samples.

        A prefix is text that the decoding of its window has to begin with.
        """
        tuning = self._tuning
        how: Json = {"beam_size": tuning.beam_size, "patience": tuning.patience}
        if temperature:
            how = {
                "beam_size": 1,
                "num_hypotheses": tuning.best_of,
                "sampling_topk": 0,
                "sampling_temperature": temperature,
            }
        prompts = [[*self._prompt, *prefix] for prefix in prefixes or [()] * encoded.shape[0]]
        results = model.generate(
            encoded,
            prompts,
            max_length=self._model.max_length,
            max_initial_timestamp_index=LATEST_FIRST_TIMESTAMP,
            suppress_blank=tuning.suppress_blank,
            suppress_tokens=self._suppressed,
            length_penalty=self._length_penalty,
            repetition_penalty=tuning.repetition_penalty,
            no_repeat_ngram_size=tuning.no_repeat_ngram_size,
            return_scores=True,
            return_no_speech_prob=True,
            **how,
        )
        return [self._decoded(result, temperature) for result in results]

    @property
    def _length_penalty(self) -> float:
        return 1.0 if self._tuning.length_penalty is None else self._tuning.length_penalty

    def _decoded(self, result: Any, temperature: float) -> Decoded:
        tokens = result.sequences_ids[0]
        # The score is divided by the (penalised) length without the end token; the mean has it in.
        mean = result.scores[0] * len(tokens) ** self._length_penalty / (len(tokens) + 1)
        text = self._tokenizer.decode(tokens).strip()
        return Decoded(tuple(tokens), text, mean, result.no_speech_prob, temperature, self._tuning.limits)

    def _settled(self, window: Window, first: Decoded | None) -> Decoded:
        """Return the decoding of a window that counts: the first one, unless it is doubtful or there is none."""
        is_last = first is not None and (self._tuning.temperature is not None or not first.doubts)
        return first if first and is_last else self._again(window, first)

    def _again(self, window: Window, first: Decoded | None) -> Decoded:
        """Return the best decoding of a window, alone and with rising temperatures. Depends on the window alone.

        Raises EngineError where two give no figure: weights that are not what they should be take long, and give none at all.
        """
        if first and first.is_silence:
            return first
        candidates = [first] if first else []
        encoded = self._engine.encode([window.samples])
        sampler = self._engine.sampler(asr.SEED + window.piece)
        for temperature in filter(None, self._tuning.temperatures):
            self._on_progress()
            candidates += self._generate(sampler, encoded, temperature=temperature)
            if sum(not isfinite(one.mean_log_probability) for one in candidates) >= MOST_WITHOUT_FIGURE:
                raise not_finite()
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
