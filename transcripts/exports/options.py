"""What a person may choose about an export."""

from dataclasses import dataclass

LINE_LENGTHS = (12, 120)
LINES_PER_CUE = (1, 5)


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Choices for any format; each takes what concerns it.

    `times` says whether paragraphs carry times, None for what is usual in the format. Subtitles always have them.
    `line_length` is in columns of subtitles, where a Chinese character takes two. `names` says whether texts and subtitles tell
    who speaks; JSON and RTTM always do. Raises ValueError beyond the limits.
    """

    times: bool | None = None
    line_length: int = 42
    lines_per_cue: int = 2
    names: bool = True

    def __post_init__(self) -> None:
        _require("The line length", self.line_length, within=LINE_LENGTHS)
        _require("The number of lines per cue", self.lines_per_cue, within=LINES_PER_CUE)

    def shows_times(self, *, default: bool) -> bool:
        return default if self.times is None else self.times


def _require(name: str, value: int, *, within: tuple[int, int]) -> None:
    lowest, highest = within
    if not lowest <= value <= highest:
        raise ValueError(f"{name} must be from {lowest} to {highest}, not {value}.")


DEFAULTS = ExportOptions()
