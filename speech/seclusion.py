"""The engine process talks to nobody: recordings pass through libraries whose makers like to be told how they are used."""

import ctypes
import errno
import os
import platform
import socket
import sys
from typing import NamedTuple

SETTINGS = {
    "ORT_DISABLE_TELEMETRY": "1",
    "PYANNOTE_METRICS_ENABLED": "false",
    "OTEL_SDK_DISABLED": "true",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
"""onnxruntime (since 1.29) and pyannote.audio (since 4) tell their makers of every use, unless told not to before their import."""

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
"""From linux/prctl.h and linux/seccomp.h."""
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
"""From linux/bpf_common.h."""
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
"""Where these lie in struct seccomp_data."""
REFUSE, ALLOW = 0x00050000 | errno.EACCES, 0x7FFF0000
SOCKET_CALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""The kernel's number of an architecture, and that of its call `socket`."""


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


class _Step(NamedTuple):
    """One instruction: `then` and `otherwise` are how many of those that follow are left out."""

    code: int
    then: int
    otherwise: int
    value: int


def switch_telemetry_off() -> None:
    """Tell libraries not to call home. Call it before they are imported."""
    os.environ.update(SETTINGS)


def refuse_network() -> str:
    """Have the kernel refuse every internet socket to this process from now on, whatever code asks for one.

    Returns why it does not, as a clause; empty where it does. It does on Linux on the usual processors, where nothing forbids
    a process to ask for it. Call it before the process has a second thread.
    """
    call = SOCKET_CALLS.get(platform.machine())
    if sys.platform != "linux":
        return "only Linux can do that"
    if call is None:
        return f"it is not known how to on a processor of the kind {platform.machine()}"
    steps = _steps(*call)
    instructions = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    program = _Program(len(steps), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)):
        return f"the system refuses it to a program ({os.strerror(ctypes.get_errno())})"
    return "" if _is_refused() else "the system took the rule and does not obey it"


def _is_refused() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError:
        return True
    return False


def _steps(architecture: int, socket_call: int) -> tuple[_Step, ...]:
    """Return the program that the kernel runs at each of our calls to it."""
    return (
        _Step(LOAD_WORD, 0, 0, ARCHITECTURE),
        _Step(JUMP_IF_EQUAL, 0, 5, architecture),
        _Step(LOAD_WORD, 0, 0, NUMBER),
        _Step(JUMP_IF_EQUAL, 0, 3, socket_call),
        _Step(LOAD_WORD, 0, 0, FIRST_ARGUMENT),
        _Step(JUMP_IF_EQUAL, 2, 0, socket.AF_INET),
        _Step(JUMP_IF_EQUAL, 1, 0, socket.AF_INET6),
        _Step(RETURN, 0, 0, ALLOW),
        _Step(RETURN, 0, 0, REFUSE),
    )


if __name__ == "__main__":
    sys.stdout.write(refuse_network())
