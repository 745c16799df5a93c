"""The diarizers on real weights and real voices."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from speech import audio, der
from speech.asr.devices import NO_GPU
from speech.client import EngineProcess
from speech.types import DiarizerSpec, Json, SpeakerCount, to_json
from speech.weights import DIARIZATION, ENCODER, SEGMENTATION, find

pytestmark = pytest.mark.weights

ROOT = Path(__file__).parent.parent.parent.parent
DIARIZERS = ("pyannote", "vad")
PATIENCE = 120.0
PAUSE_SECONDS = 0.7
READERS = ["ann", "ben", "ann", "ben", "cal", "ann", "cal"]
CLIPS = {
    "ann": [
        "librispeech/1688-142285-0007.flac",
        "librispeech/1688-142285-0008.flac",
        "librispeech/1688-142285-0007.flac",
    ],
    "ben": ["librispeech/3005-163389-0002.flac", "librispeech/3005-163389-0008.flac"],
    "cal": ["ljspeech/LJ001-0002.flac", "ljspeech/LJ001-0004.flac"],
}


def spec_of(diarizer: str) -> DiarizerSpec:
    found = {name: find(ROOT / "models", engine=DIARIZATION, model=name) for name in (SEGMENTATION, ENCODER)}
    return DiarizerSpec(diarizer, {name: str(one.path) for name, one in found.items() if one}, device="cpu", threads=2)


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[der.Span]]:
    """Return a work file in which three readers take turns, and who reads when."""
    folder = tmp_path_factory.mktemp("conversation")
    clips, parts, reference, time = {name: list(some) for name, some in CLIPS.items()}, [], [], 0.0
    for name in READERS:
        audio.decode(ROOT / "tests" / "data" / clips[name].pop(0), folder / "clip.pcm", on_progress=lambda *_: None)
        samples = np.fromfile(folder / "clip.pcm", dtype=np.int16)
        reference.append((time, time + len(samples) / 16000, name))
        parts += [samples, np.zeros(int(PAUSE_SECONDS * 16000), dtype=np.int16)]
        time = reference[-1][1] + PAUSE_SECONDS
    np.concatenate(parts).tofile(folder / "work.pcm")
    return folder / "work.pcm", reference


@pytest.fixture(scope="module")
def process() -> Iterator[EngineProcess]:
    process = EngineProcess()
    yield process
    process.close()


def _diarize(process: EngineProcess, diarizer: str, work: Path, **speakers: int) -> Json:
    request = {"media": "", "work": str(work), "track": 0}
    spec, count = to_json(spec_of(diarizer)), to_json(SpeakerCount(**speakers))
    sent = process.send("diarize", **request, diarizer=spec, speakers=count)
    return list(process.replies(sent, timeout_seconds=PATIENCE))[-1]


def _error(turns: list[list[float]], reference: list[der.Span], work: Path) -> float:
    heard = [(start, end, str(number)) for start, end, number in turns]
    return der.score(reference, heard, duration=audio.duration_of(work), collar=0.25).rate


@pytest.mark.parametrize("diarizer", DIARIZERS)
def test_three_readers_are_told_apart(process: EngineProcess, conversation: tuple[Path, list[der.Span]], diarizer: str):
    work, reference = conversation

    reply = _diarize(process, diarizer, work)

    assert {turn[2] for turn in reply["turns"]} == {1, 2, 3}
    assert reply["turns"][0][2] == 1
    assert _error(reply["turns"], reference, work) < 0.1
    assert reply["pins"]["diarizer"] == diarizer
    assert reply["warnings"] == []


@pytest.mark.parametrize("diarizer", DIARIZERS)
@pytest.mark.parametrize(("bounds", "expected"), [({"least": 2, "most": 2}, {2}), ({"least": 4, "most": 6}, {4, 5, 6})])
def test_bounds_are_kept(
    process: EngineProcess,
    conversation: tuple[Path, list[der.Span]],
    diarizer: str,
    bounds: dict[str, int],
    expected: set[int],
):
    turns = _diarize(process, diarizer, conversation[0], **bounds)["turns"]

    assert len({turn[2] for turn in turns}) in expected


@pytest.mark.parametrize("diarizer", DIARIZERS)
@pytest.mark.parametrize("seconds", [0.0, 0.05, 3.0, 8.0])
def test_silence_of_any_length_has_no_turns(process: EngineProcess, tmp_path: Path, diarizer: str, seconds: float):
    work = tmp_path / "work.pcm"
    np.zeros(int(seconds * 16000), dtype=np.int16).tofile(work)

    assert _diarize(process, diarizer, work)["turns"] == []


@pytest.mark.parametrize("diarizer", DIARIZERS)
def test_short_speech_is_one_person(process: EngineProcess, data: Path, tmp_path: Path, diarizer: str):
    whole, work = tmp_path / "whole.pcm", tmp_path / "work.pcm"
    audio.decode(data / "jfk.flac", whole, on_progress=lambda *_: None)
    work.write_bytes(whole.read_bytes()[: 3 * audio.BYTES_PER_SECOND])

    assert {turn[2] for turn in _diarize(process, diarizer, work)["turns"]} == {1}


def test_diarizer_takes_the_processor_where_there_is_no_card(process: EngineProcess, data: Path, tmp_path: Path):
    work = tmp_path / "work.pcm"
    audio.decode(data / "jfk.flac", work, on_progress=lambda *_: None)
    request = {"media": "", "work": str(work), "track": 0, "speakers": to_json(SpeakerCount(1, 1))}
    sent = process.send("diarize", **request, diarizer=to_json(replace(spec_of("pyannote"), device="cuda")))
    reply = list(process.replies(sent, timeout_seconds=PATIENCE))[-1]

    if reply["pins"]["device"] == "cuda":
        pytest.skip("this machine has a graphics card")
    assert {turn[2] for turn in reply["turns"]} == {1}
    assert (reply["pins"]["device"], reply["warnings"]) == ("cpu", [NO_GPU])


OFFLINE = """
import json, logging, socket, sys
from pathlib import Path
logging.basicConfig(level=logging.INFO)
def refuse(*arguments, **options):
    print("NETWORK", arguments, file=sys.stderr)
    raise OSError("there is no network")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
from speech import diarization
from speech.types import DiarizerSpec, SpeakerCount
spec = DiarizerSpec.from_json(json.loads(sys.argv[1]))
turns = diarization.load(spec).diarize(
    Path(sys.argv[2]), speakers=SpeakerCount(), on_progress=lambda *_: None, should_stop=lambda: False
)
print(len({turn.speaker for turn in turns}), "pyannote" in sys.modules)
"""


@pytest.mark.parametrize(("diarizer", "imports_pyannote"), [("pyannote", True), ("vad", False)])
def test_no_connection_is_tried_and_nothing_is_logged(
    conversation: tuple[Path, list[der.Span]], diarizer: str, imports_pyannote: bool
):
    command = [sys.executable, "-c", OFFLINE, json.dumps(to_json(spec_of(diarizer))), str(conversation[0])]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert result.stdout.split() == ["3", str(imports_pyannote)]
    assert result.stderr == ""
