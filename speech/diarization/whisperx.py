"""WhisperX (`requirements-whisperx.txt`): its diarization on the weights that are installed here, and its way with words."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from speech.speakers import Spoken
from speech.types import Turn


def assign_words(segments: Sequence[Spoken], turns: Sequence[Turn]) -> list[int | None] | None:
    """Return the speaker of each word of all segments as WhisperX gives it; None where WhisperX is not installed."""
    if find_spec("whisperx") is None:
        return None
    import pandas
    from whisperx.diarize import assign_word_speakers

    rows = [(turn.start, turn.end, turn.speaker) for turn in turns]
    transcript: Any = {
        "segments": [
            {
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                "words": [{"word": word[2], "start": word[0], "end": word[1]} for word in segment.words],
            }
            for segment in segments
        ]
    }
    assign_word_speakers(pandas.DataFrame(rows, columns=["start", "end", "speaker"]), transcript)
    found = [word.get("speaker") for segment in transcript["segments"] for word in segment["words"]]
    return [None if speaker is None else int(speaker) for speaker in found]
