"""The engine process reaches no network."""

import subprocess
import sys
from pathlib import Path

import pytest

from speech.client import EngineProcess, reason_for_network
from speech.seclusion import SETTINGS
from speech.types import EngineError

TRY = """
import socket
from speech.seclusion import refuse_network
refuse_network()
socket.socketpair()
for family in (socket.AF_INET, socket.AF_INET6):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            socket.socket(family, kind)
        except PermissionError:
            print("refused")
try:
    socket.getaddrinfo("example.org", 443)
except OSError:
    print("unknown")
"""


def test_no_internet_socket_can_be_made():
    done = subprocess.run([sys.executable, "-c", TRY], capture_output=True, text=True, check=True)
    expected = [*["refused"] * 4, "unknown"] if sys.platform == "linux" else []
    assert done.stdout.split()[: len(expected)] == expected


FORBID = """
import ctypes, os, sys
from speech import seclusion
from speech.seclusion import _Instruction, _Program, _Step
PRCTL, EPERM = {"x86_64": 157, "aarch64": 167}[os.uname().machine], 0x00050001
steps = [
    _Step(seclusion.LOAD_WORD, 0, 0, seclusion.NUMBER),
    _Step(seclusion.JUMP_IF_EQUAL, 0, 3, PRCTL),
    _Step(seclusion.LOAD_WORD, 0, 0, seclusion.FIRST_ARGUMENT),
    _Step(seclusion.JUMP_IF_EQUAL, 0, 1, seclusion.PR_SET_SECCOMP),
    _Step(seclusion.RETURN, 0, 0, EPERM),
    _Step(seclusion.RETURN, 0, 0, seclusion.ALLOW),
]
instructions = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
libc = ctypes.CDLL(None)
libc.prctl(seclusion.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
libc.prctl(seclusion.PR_SET_SECCOMP, 2, ctypes.byref(_Program(len(steps), instructions)))
os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])
"""
"""Have the system refuse further filters, as some containers do, then become a module."""
REASON = "the system refuses it to a program (Operation not permitted)"


def _run_forbidden(module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", FORBID, module], capture_output=True, text=True, check=True, input="")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
def test_reason_is_told_where_the_system_refuses_it():
    assert reason_for_network() == ""
    assert _run_forbidden("speech.seclusion").stdout == REASON
    said = _run_forbidden("speech").stderr
    assert said.count(f"WARNING speech: the system does not cut this process off from the network: {REASON}") == 1


def test_engine_process_is_closed_off():
    engine = EngineProcess()
    try:
        engine.receive(timeout_seconds=20)
        if sys.platform == "linux":
            assert "Seccomp:\t2" in Path(f"/proc/{engine.pid}/status").read_text()
    finally:
        engine.kill()


def test_process_that_installs_reaches_a_network_and_does_nothing_else():
    installer = EngineProcess("--network")
    try:
        installer.receive(timeout_seconds=20)
        if sys.platform == "linux":
            assert "Seccomp:\t0" in Path(f"/proc/{installer.pid}/status").read_text()
        for kind in ("probe", "transcribe", "devices", "verify"):
            with pytest.raises(EngineError, match=f"This process does not {kind}."):
                list(installer.replies(installer.send(kind), timeout_seconds=20))
    finally:
        installer.kill()


def test_telemetry_is_off_before_a_library_is_imported():
    script = (
        "import os, runpy, speech.server; speech.server.Server.run = lambda self: print(dict(os.environ), flush=True)\n"
    )
    run = "import sys; sys.argv = ['speech']; runpy.run_module('speech', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", script + run], capture_output=True, text=True, check=True)
    assert all(f"'{name}': '{value}'" in done.stderr for name, value in SETTINGS.items())
