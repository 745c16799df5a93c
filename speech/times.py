"""Times of a recording, as a person reads them."""


def clock(seconds: float) -> str:
    """Return a time as 0:07, 12:40 or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
