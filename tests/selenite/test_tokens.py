"""The colours can be read: every pair of text and surface that the style sheets use, in both themes."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "static/css/tokens.css").read_text()
MEANINGS = ("good", "notice", "warning", "danger")
SURFACES = ("paper", "panel", "hover")
TEXT_PAIRS = [
    *((text, surface) for text in ("ink", "text", "soft", "quiet") for surface in SURFACES),
    *((text, surface) for text in ("accent", "accent-strong") for surface in (*SURFACES, "accent-surface")),
    *((meaning, surface) for meaning in MEANINGS for surface in ("paper", "panel", f"{meaning}-surface")),
    *((text, f"{meaning}-surface") for text in ("ink", "text") for meaning in MEANINGS),
    *((f"speaker-{number}", surface) for number in range(1, 9) for surface in SURFACES),
    ("ink", "accent-border"),
    ("on-accent", "accent-fill"),
    ("on-accent", "accent-fill-hover"),
]
CONTROL_PAIRS = [("control", "paper"), ("control", "panel"), ("accent", "line"), ("accent-fill", "paper")]


def _resolve(name: str, theme: int) -> str:
    value = re.search(rf"--{name}: ([^;]+);", TOKENS)
    assert value, f"There is no token {name}."
    if reference := re.fullmatch(r"var\(--([\w-]+)\)", value[1]):
        return _resolve(reference[1], theme)
    colours = re.fullmatch(r"light-dark\((#\w{6}), (#\w{6})\)", value[1])
    assert colours, f"{name} is not written as two colours: {value[1]}"
    return colours[theme + 1]


def _luminance(colour: str) -> float:
    """Return the relative luminance: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(first: str, second: str) -> float:
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_knows_the_extremes():
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "surface"), TEXT_PAIRS)
def test_text_stands_out_from_its_surface(text: str, surface: str, theme: int):
    assert _contrast(_resolve(text, theme), _resolve(surface, theme)) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("control", "surface"), CONTROL_PAIRS)
def test_control_stands_out_from_its_surface(control: str, surface: str, theme: int):
    assert _contrast(_resolve(control, theme), _resolve(surface, theme)) >= 3
