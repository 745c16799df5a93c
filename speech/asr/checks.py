"""The safety net: what makes a recognised text doubtful. Pure functions of the text and its figures."""

import re
import zlib
from dataclasses import dataclass

COMPRESSION_LIMIT = 2.4
"""openai-whisper's limit: text that compresses better than this is a loop."""
LOG_PROBABILITY_LIMIT = -1.0
NO_SPEECH_LIMIT = 0.6
"""With a mean log-probability under its limit too, the window holds no speech (openai-whisper)."""
LONGEST_REPEATED = 8
"""Words in a phrase that is looked for as repeated."""
REPEATS = 4
"""A phrase said this often in a row is a loop; people do say a word three times."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a text is doubtful, or silence."""

    compression: float = COMPRESSION_LIMIT
    log_probability: float = LOG_PROBABILITY_LIMIT
    no_speech: float = NO_SPEECH_LIMIT


LIMITS = Limits()


def compression_ratio(text: str) -> float:
    """Return how many times smaller zlib makes the text: 0 for none, over 2.4 for loops."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def is_silence(*, no_speech_probability: float, mean_log_probability: float, limits: Limits = LIMITS) -> bool:
    """Return whether the model itself says that nobody speaks."""
    return no_speech_probability > limits.no_speech and mean_log_probability < limits.log_probability


def has_loop(text: str) -> bool:
    """Return whether a phrase of up to eight words (characters, where no spaces part words) stands four times in a row."""
    words = re.findall(r"\w+", text.lower())
    if len(words) < REPEATS:
        words = [character for word in words for character in word]
    return any(_repeats(words, length) >= REPEATS for length in range(1, LONGEST_REPEATED + 1))


def _repeats(words: list[str], length: int) -> int:
    """Return how often a phrase of this many words stands in a row, at the most."""
    most = run = 0
    for index in range(length, len(words)):
        run = run + 1 if words[index] == words[index - length] else 0
        most = max(most, run // length)
    return most + 1


def doubts(text: str, *, mean_log_probability: float, limits: Limits = LIMITS) -> tuple[str, ...]:
    """Return the names of the checks that this text fails: compression, probability, repetition."""
    failed = {
        "compression": compression_ratio(text) > limits.compression,
        "probability": mean_log_probability < limits.log_probability,
        "repetition": has_loop(text),
    }
    return tuple(name for name, is_doubtful in failed.items() if is_doubtful)
