"""A diarizer for tests: people take turns every three seconds, whatever is heard.

Two of them, or as many as the bounds make it. `SELENITE_FAKE_SECONDS` is how long it takes; `SELENITE_FAKE_CRASH` poisons it
under the name `speakers`, see `speech.poison`.
"""

import os
import time
from pathlib import Path

from speech import audio, poison
from speech.types import DiarizerSpec, Json, OnProgress, ShouldStop, SpeakerCount, Stopped, Turn

TURN_SECONDS = 3.0
STEP_SECONDS = 0.1
PEOPLE = 2


def load(spec: DiarizerSpec) -> "FakeDiarizer":
    return FakeDiarizer(spec)


class FakeDiarizer:
    """Knows nothing but how long the recording is."""

    def __init__(self, spec: DiarizerSpec) -> None:
        self._device = poison.device_of(spec.device)
        self.warnings: list[str] = []

    @property
    def pins(self) -> Json:
        return {"diarizer": "fake", "diarizer_version": "1", "device": self._device, "threads": 1}

    def diarize(
        self, work: Path, *, speakers: SpeakerCount, on_progress: OnProgress, should_stop: ShouldStop
    ) -> tuple[Turn, ...]:
        duration = audio.duration_of(work)
        deadline = time.monotonic() + float(os.environ.get("SELENITE_FAKE_SECONDS", "0"))
        while time.monotonic() < deadline:
            on_progress(0.0, duration)
            if should_stop():
                raise Stopped
            time.sleep(STEP_SECONDS)
        poison.crash_if_asked("speakers", device=self._device)
        return take_turns(duration, people=min(max(PEOPLE, speakers.least), speakers.most))


def take_turns(duration: float, *, people: int) -> tuple[Turn, ...]:
    """Return turns of three seconds that cover the duration, one person after the other."""
    starts = [TURN_SECONDS * index for index in range(int(-(-duration // TURN_SECONDS)))]
    return tuple(
        Turn(start, min(start + TURN_SECONDS, duration), index % people + 1) for index, start in enumerate(starts)
    )
