"""What every diarizer can do."""

from pathlib import Path
from typing import Protocol

from speech.types import Json, OnProgress, ShouldStop, SpeakerCount, Turn


class Diarizer(Protocol):
    """Tells who speaks when, with its weights loaded. It knows no text, no output format and no Django."""

    warnings: list[str]
    """Sentences for the person on what it fell back to."""

    @property
    def pins(self) -> Json:
        """Return all that decides its turns: diarizer, versions, device, threads and constants."""
        ...

    def diarize(
        self, work: Path, *, speakers: SpeakerCount, on_progress: OnProgress, should_stop: ShouldStop
    ) -> tuple[Turn, ...]:
        """Return who speaks when in a work file, in order of start. Empty where nobody does.

        Speakers are numbered from 1 by their first turn; turns of several people may overlap. `on_progress` is called every
        few seconds and may raise Stopped; raises Stopped too where `should_stop` says so. The result depends on the file and
        the count alone.
        """
        ...
