"""How an engine decodes: what the options say, else Whisper's own values."""

from dataclasses import dataclass, fields
from typing import Self

from speech.asr.checks import COMPRESSION_LIMIT, LOG_PROBABILITY_LIMIT, NO_SPEECH_LIMIT, Limits
from speech.types import Options

TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""openai-whisper's ladder: a passage that is doubtful at one is decoded again at the next."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What `speech.options` tells of, by the same names. `length_penalty` None: as the engine has it."""

    beam_size: int = 5
    patience: float = 1.0
    best_of: int = 5
    length_penalty: float | None = None
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    temperature: float | None = None
    compression_ratio_threshold: float = COMPRESSION_LIMIT
    log_prob_threshold: float = LOG_PROBABILITY_LIMIT
    no_speech_threshold: float = NO_SPEECH_LIMIT
    suppress_blank: bool = True
    suppress_tokens: tuple[int, ...] = (-1,)
    hotwords: str = ""

    @classmethod
    def of(cls, options: Options) -> Self:
        """Return what checked options ask for."""
        names = {field.name for field in fields(cls)}
        given = {name: value for name, value in options.extra.items() if name in names}
        if "suppress_tokens" in given:
            given["suppress_tokens"] = tuple(given["suppress_tokens"])
        return cls(**{"beam_size": options.beam_size, **given})

    @property
    def temperatures(self) -> tuple[float, ...]:
        """Return what is tried, in order."""
        return TEMPERATURES if self.temperature is None else (self.temperature,)

    @property
    def limits(self) -> Limits:
        return Limits(self.compression_ratio_threshold, self.log_prob_threshold, self.no_speech_threshold)

    def words_before(self, prompt: str) -> str:
        """Return what the engine is told to have heard before. Of a long text Whisper heeds the end, so the hotwords stand there."""
        return " ".join(text for text in (prompt.strip(), self.hotwords) if text)
