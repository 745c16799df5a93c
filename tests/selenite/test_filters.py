"""How times, dates and languages are written."""

from datetime import UTC, datetime

import pytest
from django.template import Context, Template

from selenite.templatetags import selenite


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "0:00"),
        (7.9, "0:07"),
        (59.999, "0:59"),
        (760, "12:40"),
        (3723.2, "1:02:03"),
        (360000, "100:00:00"),
    ],
)
def test_clock_writes_hours_only_where_there_are_any(seconds: float | None, text: str):
    assert selenite.clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a minute"),
        (29, "less than a minute"),
        (31, "about 1 min"),
        (532, "about 9 min"),
        (3590, "about 1 h"),
        (4800, "about 1 h 20 min"),
    ],
)
def test_roughly_says_it_as_a_person_would(seconds: float, text: str):
    assert selenite.roughly(seconds) == text


def test_ordinal_knows_the_exceptions():
    numbers = (1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 23, 100, 101, 111, 112)
    expected = "1st 2nd 3rd 4th 10th 11th 12th 13th 21st 22nd 23rd 100th 101st 111th 112th"
    assert " ".join(selenite.ordinal(number) for number in numbers) == expected


@pytest.mark.parametrize(("code", "name"), [("de", "German"), ("yue", "Cantonese"), ("", ""), ("xx", "xx")])
def test_language_name_falls_back_to_the_code(code: str, name: str):
    assert selenite.language_name(code) == name


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 22, 9, 5, tzinfo=UTC), "09:05"),
        (datetime(2026, 11, 21, 23, 59, tzinfo=UTC), "21 Nov"),
        (datetime(2025, 12, 31, 12, 0, tzinfo=UTC), "31 Dec 2025"),
    ],
)
def test_day_is_as_short_as_is_clear(moment: datetime, text: str, monkeypatch: pytest.MonkeyPatch):
    now = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    assert selenite.day(moment) == text


def test_icon_is_hidden_from_screen_readers():
    html = Template('{% icon "play" class="big" %}').render(Context())
    assert html == '<svg class="icon icon-play big" aria-hidden="true"><use href="/static/icons.svg#play"/></svg>'
