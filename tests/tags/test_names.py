"""What tags may be called."""

import pytest

from tags.names import LONGEST_NAME, NO_COMMA, NO_NAME, TOO_LONG, BadName, clean_name, key_of, split_names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  two \n words ", "two words"),
        ("e\u0301tude", "\u00e9tude"),
        ("\u202eevil\u0000", "evil"),
        ("<script>", "<script>"),
        ("日本語", "日本語"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("x" * LONGEST_NAME, "x" * LONGEST_NAME),
    ],
)
def test_clean_name_keeps_what_can_be_shown(text: str, name: str):
    assert clean_name(text) == name


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", NO_NAME), (" \u200d \u202e ", NO_NAME), ("x" * (LONGEST_NAME + 1), TOO_LONG), ("a, b", NO_COMMA)],
)
def test_clean_name_refuses_what_is_none(text: str, sentence: str):
    with pytest.raises(BadName) as err:
        clean_name(text)
    assert str(err.value) == sentence


def test_split_names_returns_each_once():
    assert split_names(" Red, round ,, RED,") == ["Red", "round"]
    assert split_names(" ,") == []


def test_keys_of_names_that_differ_in_capitals_are_equal():
    assert key_of("STRASSE") == key_of("Straße")
    assert key_of("ÉTUDE") == key_of("e\u0301tude")
    assert key_of("étude") != key_of("etude")
