"""File names that people chose, and people who choose them to do harm."""

import pytest

from transcripts.names import UNTITLED, clean_file_name, printable, title_from


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("talk.mp3", "talk.mp3"),
        ("zażółć gęślą jaźń – 日本 (1).mp3", "zażółć gęślą jaźń – 日本 (1).mp3"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\talk.mp3", "talk.mp3"),
        ("first\nsecond\x00.mp3", "first second.mp3"),
        ("talk\u202e3pm.exe", "talk3pm.exe"),
        ("broken\udcff.mp3", "broken.mp3"),
        ("会議\u3000録音.wav", "会議 録音.wav"),
        ("jaz\u0301n.mp3", "jaźn.mp3"),
        ("", UNTITLED),
        ("..", UNTITLED),
        ("\x07\x1b", UNTITLED),
    ],
)
def test_file_name_is_kept_as_far_as_it_is_harmless(name: str, clean: str) -> None:
    assert clean_file_name(name) == clean


def test_file_name_too_long_is_cut_before_its_extension() -> None:
    assert clean_file_name("ż" * 300 + ".mp3") == "ż" * 251 + ".mp3"
    assert clean_file_name("talk." + "x" * 300) == "talk." + "x" * 250


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("talk.mp3", "talk"),
        ("Meeting 3.11.2026", "Meeting 3.11.2026"),
        ("talk.final.m4a", "talk.final"),
        ("/home/alice/日本.3gp", "日本"),
        (".mp3", UNTITLED),
        ("", UNTITLED),
        ("x" * 300, "x" * 255),
    ],
)
def test_title_is_the_name_without_folders_and_extension(name: str, title: str) -> None:
    assert title_from(name) == title


def test_printable_leaves_nothing_that_a_terminal_would_obey() -> None:
    assert printable("a\x1b[2J\tb\r\nc") == "a[2J b c"
