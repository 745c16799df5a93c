"""What holds for all templates and styles: the policy for scripts, the icons, the files they name."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static/css").glob("*.css"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_has_no_inline_script_or_style(path: Path):
    assert re.findall(r"<style|\sstyle=|\son\w+=|hx-on|javascript:|<script(?![^>]*\ssrc=)", path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_names_only_what_exists(path: Path):
    text = path.read_text()
    icons = set(re.findall(r'id="([\w-]+)"', (ROOT / "static/icons.svg").read_text()))
    assert set(re.findall(r'{% icon "([\w-]+)"', text)) <= icons
    assert [name for name in re.findall(r'{% static "([^"]+)"', text) if finders.find(name) is None] == []


def test_icons_of_the_states_exist():
    from transcripts.views.standing import ICONS

    icons = set(re.findall(r'id="([\w-]+)"', (ROOT / "static/icons.svg").read_text()))
    assert set(ICONS.values()) <= icons


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_style_uses_tokens_that_exist_and_nothing_important(path: Path):
    text = path.read_text()
    defined = set(re.findall(r"(--[\w-]+):", "".join(style.read_text() for style in STYLES)))
    assert set(re.findall(r"var\((--[\w-]+)", text)) <= defined
    assert "!important" not in text


def test_htmx_writes_no_styles_and_evaluates_no_code():
    head = (ROOT / "templates/_htmx.html").read_text()
    config = json.loads(re.findall(r"name=\"htmx-config\"\s+content='([^']+)'", head)[0])
    assert (config["includeIndicatorStyles"], config["allowEval"]) == (False, False)
    assert {"code": "422", "swap": True} in config["responseHandling"]
