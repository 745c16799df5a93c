"""Every field of the JSON export is documented, and every documented one is there."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from speech.types import Options
from tests.transcripts.exports.samples import document, gap, spoken, voice
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
    content = document([said, gap(40.2, 51.7)])
    content = replace(
        content, run=replace(content.run, warnings=("Mind the gap.",), provenance={"options": asdict(Options())})
    )
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
    assert set(dict(_fields(json.loads(example[1])))) == set(_documented())
