"""Options of the engines beyond the usual ones: what each accepts, and how a person writes them.

Every option is obeyed by the engines that list it. The table in `docs/options.md` is made from here.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn

from speech.types import Json

Value = int | float | bool | str | list[int]

MOST_CHARACTERS = 2000
"""Of all options as they are written."""
MOST_WORDS = 500
"""In characters, of one text."""
MOST_TOKENS = 200
LAST_TEXT_TOKEN = 50255
"""What ends a text, and the times, have higher numbers in every model: without them no decoding would end."""
SHOWN_CHARACTERS = 40
OF_MACHINE = ("device", "compute_type")
"""On what an engine computes, by the names of `speech.types.EngineSpec`: settled before the weights are loaded."""
DEVICES = ("auto", "cpu", "cuda")
COMPUTE_TYPES = (
    "auto",
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
)
"""What CTranslate2 computes with."""

TOO_LONG = f"The options are longer than {MOST_CHARACTERS} characters."
NOT_UNDERSTOOD = (
    'Write options as name=value, one to a line, such as beam_size=3, or as JSON, such as {"beam_size": 3}.'
)
TWICE = "The option {} is given twice."
NESTED = "The value of {} cannot hold further names and values."

PARTS = " \t\r\n,;"
NAME = re.compile(r"(?<![^\s,;])([A-Za-z_]\w*)\s*=")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int
    most: int

    def __str__(self) -> str:
        return f"a whole number from {self.least} to {self.most}"

    def read(self, value: object) -> int:
        number = _number(value)
        if not number.is_integer() or not self.least <= number <= self.most:
            raise ValueError
        return int(number)


@dataclass(frozen=True, slots=True)
class Number:
    least: float
    most: float

    def __str__(self) -> str:
        return f"a number from {self.least:g} to {self.most:g}"

    def read(self, value: object) -> float:
        number = _number(value)
        if not self.least <= number <= self.most:
            raise ValueError
        return number


@dataclass(frozen=True, slots=True)
class Flag:
    def __str__(self) -> str:
        return "true or false"

    def read(self, value: object) -> bool:
        words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        return value if isinstance(value, bool) else words[str(value).strip().lower()]


@dataclass(frozen=True, slots=True)
class OneOf:
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"one of {', '.join(self.values)}"

    def read(self, value: object) -> str:
        word = str(value).strip().lower()
        if not isinstance(value, str) or word not in self.values:
            raise ValueError
        return word


@dataclass(frozen=True, slots=True)
class Words:
    def __str__(self) -> str:
        return f"words, at most {MOST_WORDS} characters"

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError
        words = " ".join(value.split())
        if len(words) > MOST_WORDS or not words.isprintable():
            raise ValueError
        return words


@dataclass(frozen=True, slots=True)
class Tokens:
    def __str__(self) -> str:
        return (
            f"numbers from 0 to {LAST_TEXT_TOKEN} with commas between them, -1 for the usual ones, or nothing for none"
        )

    def read(self, value: object) -> list[int]:
        parts = [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value
        if not isinstance(parts, list | int) or isinstance(parts, bool):
            raise TypeError
        parts = parts if isinstance(parts, list) else [parts]
        tokens = [Whole(-1, LAST_TEXT_TOKEN).read(part) for part in parts]
        if len(tokens) > MOST_TOKENS:
            raise ValueError
        return tokens


Kind = Whole | Number | Flag | OneOf | Words | Tokens


@dataclass(frozen=True, slots=True)
class Option:
    """An option by its name. `default` is what holds where it is not given, in words; `meaning` is a sentence."""

    name: str
    kind: Kind
    default: str
    meaning: str


_DEVICE = Option(
    "device",
    OneOf(DEVICES),
    "auto",
    "Where to compute, for the text and for telling speakers apart. Without a usable graphics card the processor does it.",
)
_BEAM_SIZE = Option(
    "beam_size", Whole(1, 10), "5", "How many texts are followed at once: more is slower and may find a better one."
)
_TEMPERATURE = Option(
    "temperature",
    Number(0, 1),
    "0, then rising where a passage is doubtful",
    "How freely words are chosen. Given, it is the only one that is tried.",
)
_HOTWORDS = Option("hotwords", Words(), "none", "Words to listen for, in addition to the names and words to expect.")
_LOG_PROBABILITY = Option(
    "log_prob_threshold", Number(-10, 0), "-1", "A passage whose mean logarithm of probability is lower is doubtful."
)

_COMMON = (
    _BEAM_SIZE,
    Option("patience", Number(1, 5), "1", "How long the search goes on: until beam_size times this many texts ended."),
    Option("best_of", Whole(1, 10), "5", "Of how many texts the best is taken at a temperature above 0."),
    _TEMPERATURE,
    Option(
        "compression_ratio_threshold",
        Number(1, 10),
        "2.4",
        "A passage that compresses better repeats itself: doubtful.",
    ),
    _LOG_PROBABILITY,
    Option(
        "no_speech_threshold",
        Number(0, 1),
        "0.6",
        "A passage below log_prob_threshold that is silence with a higher probability is left out.",
    ),
    Option("suppress_blank", Flag(), "true", "Whether a passage may not begin with a blank."),
    Option(
        "suppress_tokens", Tokens(), "-1", "Tokens that are never written, by their numbers in Whisper's vocabulary."
    ),
    _HOTWORDS,
    _DEVICE,
)
_FASTER_WHISPER = (
    Option("length_penalty", Number(0, 2), "1", "Above 1 favours longer texts in the search, below 1 shorter ones."),
    Option("repetition_penalty", Number(1, 2), "1", "How much less probable a token gets that was written before."),
    Option("no_repeat_ngram_size", Whole(0, 20), "0", "So many tokens in a row are written only once; 0 for no limit."),
    Option(
        "compute_type",
        OneOf(COMPUTE_TYPES),
        "auto",
        "The kind of numbers: auto is int8 on a processor and float16 on a graphics card. Where it cannot, auto is taken.",
    ),
)
_WHISPER = (
    Option(
        "length_penalty",
        Number(0, 1),
        "by the length alone",
        "How much longer texts are favoured in the search (Google's alpha).",
    ),
    Option(
        "compute_type",
        OneOf(("auto", "float16", "float32")),
        "auto",
        "The kind of numbers: auto is float32 on a processor, which has no other, and float16 on a graphics card.",
    ),
)
_FAKE = (
    _BEAM_SIZE,
    _TEMPERATURE,
    _LOG_PROBABILITY,
    _HOTWORDS,
    _DEVICE,
    Option("compute_type", OneOf(("auto", "none")), "auto", "For tests: it computes nothing."),
)

ACCEPTED: dict[str, tuple[Option, ...]] = {
    "faster-whisper": (*_COMMON, *_FASTER_WHISPER),
    "whisper": (*_COMMON, *_WHISPER),
    "fake": _FAKE,
}
"""What each engine accepts."""


def parse(text: str) -> Json:
    """Return options as a person writes them, by name: name=value, parted by line ends, spaces or commas, or a JSON object.

    The values are not checked yet. Raises ValueError with a sentence.
    """
    text = text.strip()
    if len(text) > MOST_CHARACTERS:
        raise ValueError(TOO_LONG)
    if text.startswith(("{", "[", '"')):
        return _of_json(text)
    return _of_lines(text) if text else {}


def check(engine: str, options: Mapping[str, Any]) -> dict[str, Value]:
    """Return options as the engine takes them. Raises ValueError with a sentence that tells what is accepted.

    An engine that is none of ours accepts none.
    """
    known = {option.name: option for option in ACCEPTED.get(engine, ())}
    for name in options:
        if name not in known:
            raise ValueError(_unknown(engine, name, list(known)))
    return {name: _read(known[name], value) for name, value in options.items()}


def fitting(engine: str, options: Mapping[str, Any]) -> tuple[Json, list[str]]:
    """Return those options that an engine can obey, and the names of the others."""
    obeyed: Json = {}
    others: list[str] = []
    for name, value in options.items():
        try:
            obeyed |= check(engine, {name: value})
        except ValueError:
            others.append(name)
    return obeyed, others


def as_text(options: Mapping[str, Any]) -> str:
    """Return options as a person would write them: `parse` and `check` read them back."""
    if any(isinstance(value, str) and re.search("[=\"',;]", value) for value in options.values()):
        return json.dumps(dict(options), ensure_ascii=False)
    return "\n".join(f"{name}={_written(value)}" for name, value in options.items())


def _written(value: Value) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_lines(text: str) -> Json:
    found = list(NAME.finditer(text))
    if not found or text[: found[0].start()].strip(PARTS):
        raise ValueError(NOT_UNDERSTOOD)
    ends = [match.start() for match in found[1:]] + [len(text)]
    pairs = [(match[1], _unquoted(text[match.end() : end])) for match, end in zip(found, ends, strict=True)]
    return _once(pairs)


def _unquoted(text: str) -> str:
    text = text.strip(PARTS)
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _of_json(text: str) -> Json:
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except (json.JSONDecodeError, RecursionError):
        raise ValueError(NOT_UNDERSTOOD) from None
    if not isinstance(found, dict):
        raise ValueError(NOT_UNDERSTOOD)
    for name, value in found.items():
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value)):
            raise ValueError(NESTED.format(_shown(name)))
    return found


def _once(pairs: list[tuple[str, Any]]) -> Json:
    """Return pairs as a dictionary. Raises ValueError where a name stands twice."""
    found: Json = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(TWICE.format(_shown(name)))
        found[name] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that an option can have.")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _read(option: Option, value: object) -> Value:
    read: Callable[[object], Value] = option.kind.read
    try:
        return read(value)
    except (ValueError, TypeError, KeyError, OverflowError):
        raise ValueError(f"{option.name} takes {option.kind}, not “{_shown(value)}”.") from None


def _unknown(engine: str, name: str, known: list[str]) -> str:
    others = [other for other, options in ACCEPTED.items() if name in [option.name for option in options]]
    if others and others != ["fake"]:
        return f"The engine {engine} has no option {name}; {' and '.join(others)} has. It takes: {', '.join(known)}."
    close = get_close_matches(name[:SHOWN_CHARACTERS].lower(), known, n=1)
    guess = f" Did you mean {close[0]}?" if close else ""
    taken = ", ".join(known) or "no options"
    return f"The engine {engine} has no option “{_shown(name)}”.{guess} It takes: {taken}."


def _shown(value: object) -> str:
    """Return what a person wrote so that it can stand in a sentence."""
    text = str(value)
    short = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
    return "".join(character if character.isprintable() else "�" for character in short)
