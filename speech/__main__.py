"""The engine process: `python -m speech`, started by a worker. See `speech.server`."""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from speech.process import die_with_parent, set_name
from speech.seclusion import refuse_network, switch_telemetry_off

log = logging.getLogger("speech")

OOM_SCORE = 800
"""Where memory runs out, the kernel shall take the engine, not the queue."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m speech")
    parser.add_argument("--parent", type=int, default=os.getppid())
    parser.add_argument("--memory", type=int, default=0, help="limit on the address space in bytes, 0 for none")
    parser.add_argument(
        "--idle", type=float, default=0, help="end after this many seconds without a request, 0 for never"
    )
    parser.add_argument(
        "--silence", type=float, default=0, help="end where nobody asks to go on for so many seconds, 0 for never"
    )
    parser.add_argument("--network", action="store_true", help="install weights, and do nothing else")
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)
    set_name("engine")
    switch_telemetry_off()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="{levelname} {name}: {message}", style="{")
    if not arguments.network and (reason := refuse_network()):
        log.warning("the system does not cut this process off from the network: %s", reason)
    _leave_signals_to_the_worker()
    _be_first_for_the_oom_killer()
    _choose_instruction_set()
    if arguments.memory:
        _limit_memory(arguments.memory)
    output = _reserve_stdout()

    from speech.server import Server

    only = ("install",) if arguments.network else ()
    Server(output, idle_seconds=arguments.idle, silence_seconds=arguments.silence, only=only).run()
    # Not `sys.exit`: the thread that reads stdin would be caught holding its lock, which is a crash.
    os._exit(0)


def _leave_signals_to_the_worker() -> None:
    """Ignore what may be sent to all processes of a service: the worker ends this one, when it has given its job back."""
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_IGN)


def _be_first_for_the_oom_killer() -> None:
    try:
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")
    except OSError:
        return


def _choose_instruction_set() -> None:
    """Let CTranslate2 use AVX-512 where the processor has all that its code needs: it leaves it off by itself (1.4 x slower)."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split("flags", 1)[1].split("\n", 1)[0].split())
    except (OSError, IndexError):
        return
    if {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"} <= flags:
        os.environ.setdefault("CT2_FORCE_CPU_ISA", "AVX512")


def _limit_memory(limit_bytes: int) -> None:
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    except (ValueError, OSError):
        return  # macOS knows no such limit; the time limit remains.


def _reserve_stdout() -> BinaryIO:
    """Return stdout for the protocol, and send whatever a library prints to stderr."""
    sys.stdout.flush()
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return output


if __name__ == "__main__":
    main()
