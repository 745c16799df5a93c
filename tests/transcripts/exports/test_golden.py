"""Whole files, as they should be. After a change that is meant, write them anew with UPDATE_GOLDEN=1 and read them."""

import os
from io import BytesIO
from pathlib import Path

import docx
import pytest

from tests.transcripts.exports.samples import ARABIC, EMPTY, JAPANESE, LECTURE, Sample
from transcripts.exports import FORMATS, render

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = {"lecture": LECTURE, "japanese": JAPANESE, "arabic": ARABIC, "empty": EMPTY}


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize(("name", "sample"), SAMPLES.items())
def test_render_writes_the_golden_file(make_lecture, name: str, sample: Sample, format_name: str):
    _compare(render(make_lecture(sample), format_name), name, format_name)


@pytest.mark.parametrize("format_name", FORMATS)
def test_render_with_speakers_writes_the_golden_file(make_dialog, format_name: str):
    _compare(render(make_dialog(), format_name), "dialog", format_name)


def _compare(data: bytes, name: str, format_name: str) -> None:
    text = _outline(data) if format_name == "docx" else data.decode()
    path = GOLDEN / f"{name}.{'docx.txt' if format_name == 'docx' else format_name}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_bytes().decode()


def _outline(data: bytes) -> str:
    """Return what is in a Word document: a line for each run with its style and text."""
    page = docx.Document(BytesIO(data))
    lines = [f"{page.core_properties.title} | {page.core_properties.language}"]
    for paragraph in page.paragraphs:
        lines.append(f"{paragraph.style.name}:")
        lines.extend(f"    {run.style.name}: {run.text!r}" for run in paragraph.runs)
    return "\n".join(lines) + "\n"
