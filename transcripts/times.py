"""Times of a recording, as a person writes them."""

import math

from speech.times import clock


def stretch(start: float, end: float) -> str:
    """Return a stretch of time as "0:40 to 0:52": whole seconds that have all of it in them."""
    return f"{clock(start)} to {clock(math.ceil(end))}"
