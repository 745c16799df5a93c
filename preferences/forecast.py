"""What a change of how long recordings are kept would delete. The app that keeps them hands over the counting."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doomed:
    """How many recordings lose their media, and how many are deleted with their text."""

    media: int = 0
    recordings: int = 0

    def __bool__(self) -> bool:
        return bool(self.media or self.recordings)

    def __str__(self) -> str:
        """Return it in words: "the audio or video of 3 recordings and 1 recording with its text"."""
        media = f"the audio or video of {_recordings(self.media)}"
        whole = f"{_recordings(self.recordings)} with {'its' if self.recordings == 1 else 'their'} text"
        return " and ".join(part for part, count in ((media, self.media), (whole, self.recordings)) if count)

    def is_more_than(self, other: "Doomed") -> bool:
        return self.media > other.media or self.recordings > other.recordings


Count = Callable[[int, int, int], Doomed]
_counts: list[Count] = []


def count_with(count: Count) -> None:
    """Have the settings ask this function: what is deleted in so many days, if media and recordings are kept for so many."""
    _counts[:] = [count]


def doomed(*, keep_media_days: int, keep_days: int, in_days: int = 0) -> Doomed:
    """Return what will be deleted in so many days from now. Costs two queries at most."""
    return _counts[0](keep_media_days, keep_days, in_days) if _counts else Doomed()


def _recordings(count: int) -> str:
    return "1 recording" if count == 1 else f"{count} recordings"
