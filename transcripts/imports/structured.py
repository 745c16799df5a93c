"""Our own JSON, such that exporting what was imported gives the same file. Its fields are told in `docs/export-json.md`."""

import json
import math
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from speech.languages import LANGUAGES
from transcripts.exports.structured import VERSION
from transcripts.imports.transcript import BadTranscript, Imported, Passage, Row
from transcripts.models import Task

MOST_SEGMENTS = 200_000
LATEST = 1e6
"""In seconds: eleven days."""
UNKNOWN = math.inf
"""Stands in a row for what JSON has as null: exports write no number that is not finite."""
NUMBERS = ("mean_log_probability", "no_speech_probability", "compression_ratio", "temperature")
NOT_OURS = "This is not JSON as Selenite writes it ({}). Nothing was changed."


class _Wrong(Exception):
    """Says where a file is not as it should be."""


def read(text: str) -> Imported:
    """Return the transcript of a JSON file. Raises BadTranscript."""
    try:
        return _imported(_object(json.loads(text, parse_constant=_refuse), "the whole"))
    except _Wrong as err:
        raise BadTranscript(NOT_OURS.format(err)) from err
    except (ValueError, RecursionError, OverflowError) as err:
        raise BadTranscript(NOT_OURS.format("it cannot be read")) from err


def _refuse(name: str) -> None:
    raise _Wrong(f"{name} is no number")


def _imported(data: Mapping[str, Any]) -> Imported:
    if data.get("version") != VERSION:
        raise _Wrong(f"its version is not {VERSION}")
    job, recording = _object(data.get("job"), "job"), _object(data.get("recording"), "recording")
    speakers = {
        str(_whole(each.get("id"), "id")): _text(each.get("name"), "name", 100) for each in _objects(data, "speakers")
    }
    segments, gaps = _objects(data, "segments"), _objects(data, "gaps")
    if len(segments) + len(gaps) > MOST_SEGMENTS:
        raise _Wrong(f"it has more than {MOST_SEGMENTS} segments")
    passages = [*(_segment(each, speakers) for each in segments), *(_gap(each) for each in gaps)]
    heard = dict.fromkeys((key for passage in passages for key in passage.also), "")
    return Imported(
        tuple(sorted(passages, key=lambda each: each.start or 0.0)),
        heard | speakers,
        job=_job(job),
        job_id=_id(job.get("id")),
        recording=_recording(recording),
    )


def _job(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of the job; what else is there is its provenance."""
    taken = ("id", "engine", "model", "language", "task", "created_at", "seconds", "warnings", "language_probability")
    warnings = [_text(each, "warnings", 2000) for each in _list(job.get("warnings", []), "warnings")]
    created = _moment(job.get("created_at"))
    seconds = job.get("seconds")
    ended = None if seconds is None else created + timedelta(seconds=_time(seconds, "seconds"))
    language, task = _text(job.get("language"), "language", 8), _text(job.get("task"), "task", 16)
    if (language and language not in LANGUAGES) or task not in Task.values:
        raise _Wrong("language or task")
    return {
        "engine": _text(job.get("engine"), "engine", 32),
        "model": _text(job.get("model"), "model", 64),
        "language": language,
        "task": task,
        "created_at": created,
        "started_at": created if ended else None,
        "finished_at": ended,
        "warnings": warnings,
        "language_probability": _share(job, "language_probability"),
        "provenance": {name: value for name, value in job.items() if name not in taken and value not in (None, [])},
    }


def _recording(recording: Mapping[str, Any]) -> dict[str, Any]:
    duration = recording.get("duration")
    return {
        "title": _text(recording.get("title"), "title", 255),
        "original_filename": _text(recording.get("original_filename"), "original_filename", 255),
        "duration_seconds": None if duration is None else _time(duration, "duration"),
        "sha256": _text(recording.get("sha256"), "sha256", 64),
        "clipped_share": _share(recording, "clipped_share"),
    }


def _segment(segment: Mapping[str, Any], speakers: Mapping[str, str]) -> Passage:
    words, text = tuple(_words(segment)), _text(segment.get("text"), "text", 1_000_000)
    joined = "".join(word[2] for word in words)
    return Passage(
        joined if joined.strip() == text else text,
        *_span(segment),
        speaker=_speaker(segment.get("speaker_id"), speakers),
        also=tuple(str(_whole(each, "also")) for each in _list(segment.get("also", []), "also")),
        words=words,
        columns={name: _number(segment.get(name), name) for name in NUMBERS} | {"doubts": _doubts(segment)},
    )


def _words(segment: Mapping[str, Any]) -> Iterator[Row]:
    for word in _objects(segment, "words"):
        chance = word.get("probability")
        row = (
            *_span(word),
            _text(word.get("text"), "text", 10_000),
            None if chance is None else _number(chance, "probability"),
        )
        is_estimated, is_heard = word.get("estimated") is True, word.get("heard") is True
        yield (*row, *((is_estimated, True) if is_heard else (True,) if is_estimated else ()))


def _doubts(segment: Mapping[str, Any]) -> list[str]:
    return [_text(each, "doubts", 100) for each in _list(segment.get("doubts", []), "doubts")]


def _gap(gap: Mapping[str, Any]) -> Passage:
    columns = dict.fromkeys(NUMBERS, 0.0) | {"gap": _text(gap.get("reason"), "reason", 300) or "It is missing."}
    return Passage("", *_span(gap), columns=columns)


def _speaker(value: Any, speakers: Mapping[str, str]) -> str:
    if value is None:
        return ""
    if str(value) not in speakers:
        raise _Wrong("a speaker who is not among the speakers")
    return str(value)


def _span(value: Mapping[str, Any]) -> tuple[float, float]:
    start, end = _time(value.get("start"), "start"), _time(value.get("end"), "end")
    return start, max(start, end)


def _time(value: Any, name: str) -> float:
    seconds = _number(value, name)
    if not 0 <= seconds <= LATEST:
        raise _Wrong(name)
    return seconds


def _number(value: Any, name: str) -> float:
    if value is None and name in NUMBERS:
        return UNKNOWN
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Wrong(name)
    return float(value)


def _share(data: Mapping[str, Any], name: str) -> float | None:
    """Return a number from 0 to 1 that may not be known."""
    if data.get(name) is None:
        return None
    number = _number(data[name], name)
    if not 0 <= number <= 1:
        raise _Wrong(name)
    return number


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise _Wrong(name)
    return value


def _text(value: Any, name: str, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest or "\0" in value:
        raise _Wrong(name)
    return value


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value, "created_at", 40))
    except ValueError as err:
        raise _Wrong("created_at") from err
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _id(value: Any) -> str:
    try:
        return str(uuid.UUID(_text(value, "id", 36)))
    except ValueError as err:
        raise _Wrong("id") from err


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise _Wrong(name)
    return value


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{name} is missing")
    return value


def _objects(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [_object(each, name) for each in _list(data.get(name), f"{name} is missing")]
