"""The engine process and its client, for real, with the fake engine."""

import errno
import io
import json
import os
import signal
import struct
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psutil
import pytest

from speech import client
from speech.client import EngineDied, EngineProcess
from speech.failures import is_out_of_memory
from speech.server import Server
from speech.types import (
    DiarizerSpec,
    EngineError,
    EngineSpec,
    Json,
    Options,
    Plan,
    SpeakerCount,
    UnreadableMedia,
    to_json,
)
from tests.processes import still_running

ENGINE = to_json(EngineSpec("fake", "fake", ""))
PATIENCE = 30.0


@pytest.fixture
def process() -> Iterator[EngineProcess]:
    process = EngineProcess()
    yield process
    process.close()


def _last(process: EngineProcess, kind: str, **fields: Any) -> Json:
    return list(process.replies(process.send(kind, **fields), timeout_seconds=PATIENCE))[-1]


def _request(data: Path, tmp_path: Path) -> Json:
    return {
        "media": str(data / "jfk.opus"),
        "work": str(tmp_path / "work.pcm"),
        "engine": ENGINE,
        "options": to_json(Options()),
    }


def _texts(process: EngineProcess, request: Json, **fields: Any) -> dict[int, str]:
    replies = process.replies(process.send("transcribe", **request, **fields), timeout_seconds=PATIENCE)
    batches = [reply for reply in replies if reply["type"] == "batch"]
    return {
        reply["batch"]: "".join(s["text"] for one in reply["results"] for s in one["segments"]) for reply in batches
    }


def test_process_says_that_it_is_ready(process: EngineProcess):
    assert process.receive(timeout_seconds=PATIENCE)[0] == {"type": "ready", "protocol": 1}


def test_number_that_is_none_is_an_error_and_the_process_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"0:nan:once:{tmp_path / 'given'}")
    process, request = EngineProcess(), _request(data, tmp_path)
    try:
        plan = _last(process, "plan", **request)["plan"]
        with pytest.raises(EngineError, match="The model gave numbers that are infinite or undefined.") as caught:
            _texts(process, request, plan=plan, first_batch=0)
        assert (caught.value.code, caught.value.permanent) == ("not_finite", False)
        assert len(_texts(process, request, plan=plan, first_batch=0)) == len(plan["batches"])
    finally:
        process.close()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_last_reply_with_a_number_that_is_none_is_an_error(number: float):
    output = io.BytesIO()
    server = Server(output)
    server._answers.kinds["count"] = lambda request: {"count": number}
    server._answer({"id": "1", "type": "count"})
    assert json.loads(output.getvalue()) == {
        "id": "1",
        "type": "error",
        "code": "not_finite",
        "message": "The model gave numbers that are infinite or undefined.",
        "permanent": False,
    }


def test_plan_warns_of_a_recording_that_breaks_off(process: EngineProcess, data: Path, tmp_path: Path):
    reply = _last(process, "plan", **_request(data, tmp_path) | {"media": str(data / "bad" / "truncated.wav")})

    assert reply["warnings"] == ["The file breaks off at 0:05 of 0:11. What comes after could not be read."]


def test_plan_covers_the_recording(process: EngineProcess, data: Path, tmp_path: Path):
    reply = _last(process, "plan", **_request(data, tmp_path))

    plan = Plan.from_json(reply["plan"])
    assert plan.duration == pytest.approx(11.0, abs=0.1)
    assert plan.position_after(len(plan.batches)) == plan.duration
    assert (plan.language, plan.pins["engine"]) == ("en", "fake")
    assert 100 < len(reply["peaks"]) < 120


def test_transcribe_from_a_batch_gives_the_same_text(process: EngineProcess, data: Path, tmp_path: Path):
    request = _request(data, tmp_path)
    plan = _last(process, "plan", **request)["plan"]

    whole = _texts(process, request, plan=plan, first_batch=0)
    rest = _texts(process, request, plan=plan, first_batch=2)

    assert sorted(whole) == list(range(len(plan["batches"])))
    assert rest == {batch: text for batch, text in whole.items() if batch >= 2}


def test_transcribe_makes_a_missing_work_file_again(process: EngineProcess, data: Path, tmp_path: Path):
    request = _request(data, tmp_path)
    plan = _last(process, "plan", **request)["plan"]
    (tmp_path / "work.pcm").unlink()

    assert len(_texts(process, request, plan=plan, first_batch=0)) == len(plan["batches"])
    assert (tmp_path / "work.pcm").exists()


@pytest.fixture
def two_voices(tmp_path: Path) -> Path:
    """Return a stereo recording of six seconds, another tone on each channel."""
    with wave.open(str(tmp_path / "two.wav"), "wb") as file:
        file.setparams((2, 2, 16000, 0, "NONE", ""))
        frames = b"".join(
            struct.pack("<hh", 9000 * (index // 40 % 2), 9000 * (index // 31 % 2)) for index in range(96000)
        )
        file.writeframes(frames)
    return tmp_path / "two.wav"


def test_plan_by_channel_has_the_pieces_of_both(process: EngineProcess, data: Path, tmp_path: Path, two_voices: Path):
    reply = _last(process, "plan", **_request(data, tmp_path) | {"media": str(two_voices)}, by_channel=True)

    pieces = [(piece["start"], piece["channel"]) for piece in reply["plan"]["pieces"]]
    assert pieces == [(0.0, 1), (0.0, 2), (2.0, 1), (2.0, 2), (4.0, 1), (4.0, 2)]
    assert reply["warnings"] == []
    assert sorted(path.name for path in tmp_path.glob("work*")) == ["work.channel1.pcm", "work.channel2.pcm"]


def test_transcribe_by_channel_makes_missing_work_files_again(
    process: EngineProcess, data: Path, tmp_path: Path, two_voices: Path
):
    request = _request(data, tmp_path) | {"media": str(two_voices)}
    plan = _last(process, "plan", **request, by_channel=True)["plan"]
    sounds = {path: path.read_bytes() for path in tmp_path.glob("work.*")}
    whole = _texts(process, request, plan=plan, first_batch=0)
    (tmp_path / "work.channel2.pcm").unlink()

    rest = _texts(process, request, plan=plan, first_batch=1)

    assert rest == {batch: text for batch, text in whole.items() if batch >= 1}
    assert {path: path.read_bytes() for path in tmp_path.glob("work.*")} == sounds


def test_plan_by_channel_of_one_channel_is_as_usual_with_a_warning(process: EngineProcess, data: Path, tmp_path: Path):
    usual = _last(process, "plan", **_request(data, tmp_path))

    reply = _last(process, "plan", **_request(data, tmp_path), by_channel=True)

    assert reply["plan"] == usual["plan"]
    assert reply["warnings"] == [
        "There is only one channel, so the recording was transcribed as usual, not by channel."
    ]


def test_stop_ends_a_request_and_the_process_goes_on(
    process: EngineProcess, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "20")
    slow = EngineProcess()
    request = _request(data, tmp_path)
    plan = _last(slow, "plan", **request)["plan"]
    request_id = slow.send("transcribe", **request, plan=plan, first_batch=0)
    slow.ask_to_stop(request_id)

    assert list(slow.replies(request_id, timeout_seconds=PATIENCE))[-1]["type"] == "stopped"
    assert _last(slow, "probe", path=str(data / "jfk.mp3"))["type"] == "done"
    slow.kill()


@pytest.mark.parametrize("name", ["text.mp3", "empty.wav", "playlist.mp3", "no such file.wav"])
def test_a_failed_request_is_told_and_the_process_goes_on(process: EngineProcess, data: Path, name: str):
    with pytest.raises(EngineError):
        _last(process, "probe", path=str(data / "bad" / name))

    assert _last(process, "probe", path=str(data / "jfk.mp3"))["media"]["container"] == "mp3"


def test_an_unknown_engine_is_an_error_with_a_sentence(process: EngineProcess, data: Path, tmp_path: Path):
    request = _request(data, tmp_path) | {"engine": to_json(EngineSpec("nonsense", "x", ""))}

    with pytest.raises(EngineError, match="There is no engine named nonsense") as caught:
        _last(process, "plan", **request)

    assert caught.value.permanent


def test_a_killed_process_is_reported_with_its_signal(process: EngineProcess):
    os.kill(process.pid, signal.SIGKILL)

    with pytest.raises(EngineDied, match="killed, probably for want of memory") as caught:
        _last(process, "probe", path="x")
    assert caught.value.returncode == -signal.SIGKILL


def test_a_silent_process_is_killed(process: EngineProcess):
    os.kill(process.pid, signal.SIGSTOP)

    with pytest.raises(EngineError, match="did not answer in time"):
        list(process.replies(process.send("probe", path="x"), timeout_seconds=1.0))
    assert not process.is_alive()


def test_the_process_ends_with_its_input():
    process = EngineProcess()
    process.receive(timeout_seconds=PATIENCE)
    began = time.monotonic()

    process.close()

    assert time.monotonic() - began < 1.9, "it should have ended by itself, before it was killed"


def test_the_process_ends_when_idle():
    process = EngineProcess("--idle", "0.3")
    process.receive(timeout_seconds=PATIENCE)

    with pytest.raises(EngineDied) as caught:
        process.receive(timeout_seconds=PATIENCE)
    assert caught.value.returncode == 0
    process.kill()


def test_the_process_dies_with_the_one_that_started_it():
    program = (
        "import time; from speech.client import EngineProcess as P; p = P(); print(p.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=client.PROGRAM_DIR
    )
    assert parent.stdout is not None
    engine = psutil.Process(int(parent.stdout.readline()))

    parent.kill()
    parent.communicate()

    assert still_running([engine], within_seconds=5) == []


def test_the_process_is_given_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SELENITE_SECRET_KEY", "very secret")
    process = EngineProcess()
    process.receive(timeout_seconds=PATIENCE)

    assert "SELENITE_SECRET_KEY" not in psutil.Process(process.pid).environ()
    process.close()


def test_probe_runs_in_a_process_that_ends(data: Path):
    assert client.probe(data / "jfk_video.mp4").has_video
    assert [child for child in psutil.Process().children() if "speech" in child.cmdline()] == []


@pytest.mark.parametrize(
    "err",
    [
        MemoryError(),
        RuntimeError("CUDA failed with error out of memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("mkl_malloc: failed to allocate memory"),
        ImportError("/site-packages/onnxruntime/capi/x.so: failed to map segment from shared object"),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
    ],
)
def test_want_of_memory_is_told_by_its_words(err: Exception):
    assert is_out_of_memory(err)


@pytest.mark.parametrize("err", [RuntimeError("index out of range"), ValueError("out of memory"), OSError("no")])
def test_other_errors_are_no_want_of_memory(err: Exception):
    assert not is_out_of_memory(err)


def test_probe_that_crashes_is_unreadable_media(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client, "PROBE_MEMORY_BYTES", 100_000_000)

    with pytest.raises(UnreadableMedia, match="took too long or failed"):
        client.probe(data / "jfk.mp3")


def test_a_line_that_is_no_request_ends_the_process(process: EngineProcess):
    process._write(["no", "request"])

    with pytest.raises(EngineDied) as caught:
        list(process.replies("none", timeout_seconds=PATIENCE))
    assert caught.value.returncode == 1


def test_next_batch_begins_when_the_one_before_is_kept(process: EngineProcess, data: Path, tmp_path: Path):
    request = _request(data, tmp_path)
    plan = _last(process, "plan", **request)["plan"]
    replies = process.replies(
        process.send("transcribe", **request, plan=plan, first_batch=0, confirmed=True), timeout_seconds=PATIENCE
    )

    batches = 0
    for reply in replies:
        if reply["type"] == "batch":
            batches += 1
            assert [one for one in process.receive(timeout_seconds=0.3) if one["type"] == "batch"] == []
            process.keep()

    assert batches == len(plan["batches"]) > 1


def test_process_stops_while_it_waits_for_a_batch_to_be_kept(process: EngineProcess, data: Path, tmp_path: Path):
    request = _request(data, tmp_path)
    plan = _last(process, "plan", **request)["plan"]
    request_id = process.send("transcribe", **request, plan=plan, first_batch=0, confirmed=True)

    replies = []
    for reply in process.replies(request_id, timeout_seconds=PATIENCE):
        replies.append(reply["type"])
        if reply["type"] == "batch":
            process.ask_to_stop(request_id)

    assert replies.count("batch") == 1
    assert replies[-1] == "stopped"


@pytest.mark.parametrize("is_wanted", [True, False])
def test_process_ends_where_nobody_says_that_its_work_is_wanted(data: Path, tmp_path: Path, monkeypatch, is_wanted):
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "3")
    request = _request(data, tmp_path)
    planner = EngineProcess()  # Another one: on a busy machine a plan alone takes longer than the silence lasts.
    plan = _last(planner, "plan", **request)["plan"]
    planner.close()
    process = EngineProcess("--silence", "1")
    try:
        process.send("transcribe", **request, plan={**plan, "batches": plan["batches"][:1]}, first_batch=0)
        types = []
        with nullcontext() if is_wanted else pytest.raises(EngineDied) as died:
            while "done" not in types:
                types += [reply["type"] for reply in process.receive(timeout_seconds=0.2)]
                if is_wanted:
                    process.go_on()
        assert is_wanted or died.value.was_left_alone
    finally:
        process.kill()


def test_process_waits_for_requests_in_silence():
    process = EngineProcess("--silence", "1")
    try:
        time.sleep(2.5)
        assert process.is_alive()
    finally:
        process.kill()


def test_process_writes_down_what_it_computes(data: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("SELENITE_ENGINE_LOG", str(tmp_path / "engine.log"))
    process = EngineProcess()
    try:
        request = _request(data, tmp_path)
        plan = _last(process, "plan", **request)["plan"]
        _texts(process, request, plan=plan, first_batch=0)
        pid = process.pid
    finally:
        process.close()

    lines = [json.loads(line) for line in (tmp_path / "engine.log").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["begin", "end"] * len(plan["batches"])
    assert [line["pieces"] for line in lines if line["event"] == "begin"] == [list(batch) for batch in plan["batches"]]
    assert {(line["pid"], line["work"]) for line in lines} == {(pid, "work.pcm")}


def _diarize(data: Path, tmp_path: Path, **speakers: int) -> Json:
    return {
        "media": str(data / "jfk.opus"),
        "work": str(tmp_path / "work.pcm"),
        "diarizer": to_json(DiarizerSpec("fake")),
        "speakers": to_json(SpeakerCount(**speakers)),
    }


def test_diarize_tells_who_speaks_when_and_what_found_it(process: EngineProcess, data: Path, tmp_path: Path):
    replies = list(
        process.replies(process.send("diarize", **_diarize(data, tmp_path, least=3)), timeout_seconds=PATIENCE)
    )

    assert [turn[2] for turn in replies[-1]["turns"]] == [1, 2, 3, 1]
    assert [turn[:2] for turn in replies[-1]["turns"]][:2] == [[0.0, 3.0], [3.0, 6.0]]
    assert replies[-1]["pins"]["diarizer"] == "fake"
    assert replies[-1]["warnings"] == []
    assert replies[-1]["peak_memory_bytes"] > 0
    stages = [reply["stage"] for reply in replies if reply["type"] == "progress"]
    assert stages == ["loading", "identifying"]


def test_diarize_stops_when_asked_and_the_process_goes_on(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "20")
    slow = EngineProcess()
    request_id = slow.send("diarize", **_diarize(data, tmp_path))
    slow.ask_to_stop(request_id)

    assert list(slow.replies(request_id, timeout_seconds=PATIENCE))[-1]["type"] == "stopped"
    assert _last(slow, "probe", path=str(data / "jfk.mp3"))["type"] == "done"
    slow.kill()


def test_diarize_can_be_poisoned(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"speakers:error:once:{tmp_path / 'crashed'}")
    process = EngineProcess()

    with pytest.raises(EngineError, match="poisoned"):
        _last(process, "diarize", **_diarize(data, tmp_path))
    assert len(_last(process, "diarize", **_diarize(data, tmp_path))["turns"]) == 4
    process.kill()


def test_an_unknown_diarizer_is_an_error_with_a_sentence(process: EngineProcess, data: Path, tmp_path: Path):
    request = _diarize(data, tmp_path) | {"diarizer": to_json(DiarizerSpec("nonsense"))}

    with pytest.raises(EngineError, match="There is no diarizer named nonsense"):
        _last(process, "diarize", **request)
