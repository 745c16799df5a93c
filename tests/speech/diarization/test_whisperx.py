import importlib.util
import sys

import pytest

from speech import diarization
from speech.attribution import Recognised
from speech.diarization import whisperx
from speech.types import DiarizerSpec, EngineError, Turn


@pytest.fixture(autouse=True)
def _without_whisperx(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it look as if nobody had installed it: it need not be there."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(whisperx, "find_spec", lambda name: None if name == "whisperx" else find_spec(name))
    monkeypatch.setitem(sys.modules, "whisperx.diarize", None)


def test_assign_words_is_left_out_without_whisperx():
    segment = Recognised(0.0, 1.0, " Yes.", ((0.0, 1.0, " Yes.", 0.9),))

    assert whisperx.assign_words([segment], [Turn(0.0, 1.0, 1)]) is None


def test_load_says_that_whisperx_is_missing():
    with pytest.raises(EngineError, match="The diarizer whisperx cannot be loaded") as caught:
        diarization.load(DiarizerSpec("whisperx"))

    assert (caught.value.code, caught.value.permanent) == ("library_missing", True)
