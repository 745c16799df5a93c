"""The engine process: requests in on stdin, replies out on stdout, one JSON object a line.

Every request has `type` and `id`; every reply repeats the `id`. At the start the process says
`{"type": "ready", "protocol": 1}`.

========== ==================================================================== =======================================
request    fields                                                               last reply `done` has
========== ==================================================================== =======================================
probe      path                                                                 media (`speech.types.Media`)
plan       media, track, work, engine (EngineSpec), options (Options),          plan (Plan), length, peaks (0..255), clipped (0..1),
           by_channel, stretch ([start, end] or null)                           warnings
encode     media, target, waves (whether to draw the waveform)                  made: whether a copy was needed (`speech.playback`),
                                                                                length, peaks, clipped where it was drawn
transcribe media, track, work, engine, options, plan, first_batch, confirmed    peak_memory_bytes
join       clips, target, seconds                                               taken (`speech.measuring.join`)
diarize    media, track, work, diarizer (DiarizerSpec), speakers (SpeakerCount) turns ([start, end, speaker] each), pins,
                                                                                warnings, peak_memory_bytes
measure    variant, files, engine, options                                      what `speech.measuring.measure` returns
speed      engine or diarizer, seconds                                          what `speech.speed` returns
score      pairs of (reference, heard), language                                errors, words
attribute  segments, turns, reference (time, text, speaker), language           what `speech.attribution.compare` returns
judge      files (segments, reference each), language                           what `speech.judging.judge` returns
compare    reference, heard ((start, end, speaker) each), duration, collars     errors, see `speech.der.Errors`, for each collar
devices    none                                                                 libraries (`speech.devices.look`)
install    engine, model, folder, sources, token, mirror                        none
verify     engine, model, folder, path                                          none
load       engine (EngineSpec)                                                  none
stop       id of the request that is to end                                     that request answers `stopped` or `done`
go_on      none                                                                 none: whoever asked still waits, see `_watch`
kept       none                                                                 none: a batch is written, the next one may begin
quit                                                                            none: the process ends
========== ==================================================================== =======================================

Before the last reply there may be `{"type": "progress", "stage": ..., "seconds": done, "total": all}` (at least one line every
few seconds while something is being loaded or decoded: a sign of life). `stage` says what is being done, so that whoever finds the
process dead knows what it died of: preparing, loading (also while a model detects the language, which is the first it computes),
transcribing (the first batch that has not come yet), identifying, encoding, measuring, or working, which is any of them. `install`
and `verify` say `{"type": "progress", "stage": "weights", "step", "done", "total"}`, in bytes. For `transcribe` there is one
`{"type": "batch", "batch": index, "results": [PieceResult, ...], "seconds": wall time, "pins": ...}` for each batch, in order.
A request that fails answers `{"type": "error", "code", "message", "permanent"}`, where `message` is a sentence for a person.

Where `confirmed` is true, no batch begins before the one before it was `kept`: a crash then costs one at most.

`track` counts the audio tracks of the media from 0. `work` is the path of the work file (16 kHz mono s16, no header): it is
written by `plan`, and made again by `transcribe` and `diarize` if missing. With `by_channel` there is one for each channel instead,
and each is transcribed by itself; where that makes no sense the recording is planned as usual, and a warning says why.
A process that was started with `--network` reaches one, and answers `install` alone: no recording comes near it.
One thing is loaded at a time: a recogniser makes way for a diarizer, and the other way round.
stdout belongs to the protocol: whatever a library prints goes to stderr.
"""

import json
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import BinaryIO

from speech.answers import Answers
from speech.client import LEFT_ALONE_STATUS
from speech.failures import encoded, error_of
from speech.lifesigns import LONGEST_CALL_SECONDS, SignsOfLife
from speech.types import EngineError, Json, Stopped

log = logging.getLogger(__name__)

PROTOCOL = 1
LOOK_SECONDS = 0.5
"""How often it is looked whether anybody still waits."""


class Server:
    """Answers requests one after the other. A second thread reads them, so that `stop` is seen while one is being worked on."""

    def __init__(
        self,
        output: BinaryIO,
        *,
        idle_seconds: float = 0,
        silence_seconds: float = 0,
        only: Sequence[str] = (),
    ) -> None:
        """Make a server that answers every kind of request, or those of `only`."""
        self._output = output
        self._only = only
        self._lock = threading.Lock()
        self._requests: queue.Queue[Json] = queue.Queue()
        self._stopped: set[str] = set()
        self._idle_seconds = idle_seconds or None
        self._silence_seconds = silence_seconds or None
        self._lines_read = 0
        self._is_busy = False
        self._kept = threading.Semaphore(0)
        self._answers = Answers(self)

    def run(self) -> None:
        """Serve until the input ends, `quit` comes, or nothing has been asked for the idle time."""
        threading.Thread(target=self._read, daemon=True).start()
        if self._silence_seconds:
            threading.Thread(target=self._watch, args=(self._silence_seconds,), daemon=True).start()
        self.send({"type": "ready", "protocol": PROTOCOL})
        while True:
            try:
                request = self._requests.get(timeout=self._idle_seconds)
            except queue.Empty:
                return
            if request["type"] == "quit":
                return
            self._answer(request)

    def _read(self) -> None:
        """Put requests in line; note stops. The end of the input is the end of the process: whoever asked is gone."""
        try:
            for line in sys.stdin.buffer:
                request = json.loads(line)
                self._lines_read += 1
                if request["type"] == "stop":
                    self._stopped.add(request["id"])
                elif request["type"] == "kept":
                    self._kept.release()
                elif request["type"] != "go_on":
                    self._requests.put(request)
        except (ValueError, KeyError, TypeError):
            log.exception("a request could not be read")
            os._exit(1)
        os._exit(0)

    def _watch(self, silence_seconds: float) -> None:
        """End the process where nobody has said for so long that the work is still wanted: its job may be another's by now.

        Looks are counted, not time: where a long call keeps this thread from looking, the lines are not read either.
        """
        silent = 0.0
        while silent < silence_seconds:
            lines_read = self._lines_read
            time.sleep(LOOK_SECONDS)
            silent = silent + LOOK_SECONDS if self._is_busy and lines_read == self._lines_read else 0.0
        os._exit(LEFT_ALONE_STATUS)

    def send(self, message: Json) -> None:
        """Write a line. Safe from any thread. Raises EngineError where a number in it is infinite or undefined."""
        line = encoded(message)
        with self._lock:
            self._output.write(line)
            self._output.flush()

    def _answer(self, request: Json) -> None:
        """Work on one request and send its last reply. Whatever goes wrong is told; the process goes on."""
        last: Json
        self._is_busy = True
        try:
            if self._only and request["type"] not in self._only:
                raise EngineError(f"This process does not {request['type']}.", permanent=True)
            last = {"type": "done", **self._answers.kinds[request["type"]](request)}
            encoded(last)  # What cannot be sent is an error too.
        except Stopped:
            last = {"type": "stopped"}
        except EngineError as err:
            last = {"type": "error", "code": err.code, "message": err.message, "permanent": err.permanent}
        except Exception as err:
            log.exception("request %s failed", request["type"])
            last = error_of(err)
        self._is_busy = False
        self._stopped.discard(request["id"])
        self.send({"id": request["id"], **last})

    def progress(self, request: Json, stage: str) -> Callable[[float, float], None]:
        """Return a function that reports progress and raises Stopped where the request was asked to end."""

        def report(seconds: float, total: float) -> None:
            if self.is_stopped(request):
                raise Stopped
            self.send({"type": "progress", "id": request["id"], "stage": stage, "seconds": seconds, "total": total})

        return report

    def is_stopped(self, request: Json) -> bool:
        """Return whether a request was asked to end."""
        return request["id"] in self._stopped

    def expect_kept(self) -> None:
        """Forget what was kept until now."""
        self._kept = threading.Semaphore(0)

    def is_kept(self, timeout_seconds: float) -> bool:
        """Wait for word that a batch is written; return whether it came."""
        return self._kept.acquire(timeout=timeout_seconds)

    def signs_of_life(self, request: Json, *, longest_seconds: float = LONGEST_CALL_SECONDS) -> SignsOfLife:
        """Return a context in which a sign of life is sent every few seconds."""
        message = {"type": "progress", "id": request["id"], "stage": "working", "seconds": 0.0, "total": 0.0}
        return SignsOfLife(lambda: self.send(message), longest_seconds)
