"""Times of a recording, as a person writes them."""

import math
import re

from speech.times import clock

MINUTE = 60
CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6}(?:[.,]\d{1,3})?)", re.ASCII)


def stretch(start: float, end: float) -> str:
    """Return a stretch of time as "0:40 to 0:52": whole seconds that have all of it in them."""
    return f"{clock(start)} to {clock(math.ceil(end))}"


def seconds_of(text: str) -> float:
    """Return the seconds that a person means by 62, 62.5, 1:02 or 1:02:03. Raises ValueError, also for 1:99."""
    match = CLOCK.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no time.")
    hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in match.groups())
    if (match[2] and seconds >= MINUTE) or (match[1] and minutes >= MINUTE):
        raise ValueError(f"{text!r} is no time.")
    return 3600 * hours + 60 * minutes + seconds


def hundredths(seconds: float) -> str:
    """Return a time to the hundredth, as 0:07.25 or 1:02:03.40."""
    whole, rest = divmod(round(seconds * 100), 100)
    return f"{clock(whole)}.{rest:02}"
