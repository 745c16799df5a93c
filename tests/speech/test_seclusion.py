"""The engine process reaches no network."""

import subprocess
import sys
from pathlib import Path

from speech.client import EngineProcess
from speech.seclusion import SETTINGS

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


def test_engine_process_is_closed_off():
    engine = EngineProcess()
    try:
        engine.receive(timeout_seconds=20)
        if sys.platform == "linux":
            assert "Seccomp:\t2" in Path(f"/proc/{engine.pid}/status").read_text()
    finally:
        engine.kill()


def test_telemetry_is_off_before_a_library_is_imported():
    script = (
        "import os, runpy, speech.server; speech.server.Server.run = lambda self: print(dict(os.environ), flush=True)\n"
    )
    run = "import sys; sys.argv = ['speech']; runpy.run_module('speech', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", script + run], capture_output=True, text=True, check=True)
    assert all(f"'{name}': '{value}'" in done.stderr for name, value in SETTINGS.items())
