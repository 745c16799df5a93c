"""Every field of the JSON export is documented, and every documented one is there."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from speech.types import Options
from tests.transcripts.exports.samples import document, gap, spoken, voice
from transcripts import makers
from transcripts.exports import FORMATS, ExportOptions

PAGE = Path(__file__).parents[3] / "docs" / "export-json.md"
TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def _fields(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of every field that holds no further fields."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fields(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from _fields(inner, f"{path}[]")
    else:
        yield path, value


def _exported() -> dict[str, Any]:
    said = replace(spoken("Good morning.", speaker="Ann"), also=(voice("Ben"),), doubts=("probability",))
    said = replace(said, words=(replace(said.words[0], is_heard=True), replace(said.words[1], is_estimated=True)))
    content = document([said, gap(40.2, 51.7)])
    made_by = dict.fromkeys(makers.MAKER, "x") | {"first_piece": 0, "last_piece": 4, "start": 0.0, "end": 51.7}
    provenance = {"options": asdict(Options(extra={"hotwords": "Świt"})), makers.MADE_BY: [made_by]}
    again = dict.fromkeys(makers.MAKER, "x") | {"start": 1.5, "end": 4.0}
    provenance |= {makers.ACCEPTED: [again], makers.IMPORTED: True}
    run = replace(content.run, warnings=("Mind the gap.",), provenance=provenance, language_probability=0.98)
    content = replace(content, run=run, source=replace(content.source, clipped_share=0.01))
    return dict(_fields(json.loads(FORMATS["json"].render(content, ExportOptions()))))


def _documented() -> dict[str, str]:
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| [^|]+ \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a field is documented twice"
    return dict(rows)


def test_every_field_is_documented_and_every_documented_one_is_exported():
    assert set(_documented()) == set(_exported())


def _kind(value: Any) -> str:
    return f"list of {TYPES[type(value[0])]}s" if isinstance(value, list) else TYPES[type(value)]


def test_every_field_has_the_documented_type():
    documented = _documented()
    for path, value in _exported().items():
        kind = _kind(value)
        assert kind in documented[path].split(" or "), path


def test_example_has_every_field():
    example = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert set(dict(_fields(json.loads(example[1])))) == set(_documented()) - {"job.imported"}  # An engine made it.
