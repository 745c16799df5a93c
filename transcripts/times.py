"""Times of a recording, as a person writes them."""

import math


def clock(seconds: float) -> str:
    """Return a time as 0:07, 12:40 or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def stretch(start: float, end: float) -> str:
    """Return a stretch of time as "0:40 to 0:52": whole seconds that have all of it in them."""
    return f"{clock(start)} to {clock(math.ceil(end))}"
