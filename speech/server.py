"""The engine process: requests in on stdin, replies out on stdout, one JSON object a line.

Every request has `type` and `id`; every reply repeats the `id`. At the start the process says
`{"type": "ready", "protocol": 1}`.

========== ==================================================================== =======================================
request    fields                                                               last reply `done` has
========== ==================================================================== =======================================
probe      path                                                                 media (`speech.types.Media`)
plan       media, track, work, engine (EngineSpec), options (Options), by_channel plan (Plan), peaks (0..255), warnings
transcribe media, track, work, engine, options, plan, first_batch, confirmed    peak_memory_bytes
join       clips, target, seconds                                               taken (`speech.measuring.join`)
diarize    media, track, work, diarizer (DiarizerSpec), speakers (SpeakerCount) turns ([start, end, speaker] each), pins,
                                                                                warnings, peak_memory_bytes
measure    variant, files, engine, options                                      what `speech.measuring.measure` returns
score      pairs of (reference, heard), language                                errors, words
attribute  segments, turns, reference (time, text, speaker), language           what `speech.attribution.compare` returns
compare    reference, heard ((start, end, speaker) each), duration, collars     errors, see `speech.der.Errors`, for each collar
devices    none                                                                 libraries (`speech.devices.look`)
stop       id of the request that is to end                                     that request answers `stopped` or `done`
go_on      none                                                                 none: whoever asked still waits, see `_watch`
kept       none                                                                 none: a batch is written, the next one may begin
quit                                                                            none: the process ends
========== ==================================================================== =======================================

Before the last reply there may be `{"type": "progress", "stage": ..., "seconds": done, "total": all}` (at least one line every
few seconds while something is being loaded or decoded: a sign of life). `stage` says what is being done, so that whoever finds the
process dead knows what it died of: preparing, loading, transcribing (the first batch that has not come yet), identifying, measuring,
or working, which is any of them. For `transcribe` there is one
`{"type": "batch", "batch": index, "results": [PieceResult, ...], "seconds": wall time, "pins": ...}` for each batch, in order.
A request that fails answers `{"type": "error", "code", "message", "permanent"}`, where `message` is a sentence for a person.

Where `confirmed` is true, no batch begins before the one before it was `kept`: a crash then costs one at most.

`track` counts the audio tracks of the media from 0. `work` is the path of the work file (16 kHz mono s16, no header): it is
written by `plan`, and made again by `transcribe` and `diarize` if missing. With `by_channel` there is one for each channel instead,
and each is transcribed by itself; where that makes no sense the recording is planned as usual, and a warning says why.
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
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from speech import asr, attribution, audio, channels, der, devices, diarization, measuring, planning, scoring
from speech.asr.engine import Engine
from speech.attribution import Recognised, Said
from speech.audio import Decoded
from speech.channels import NotByChannel
from speech.client import LEFT_ALONE_STATUS
from speech.diarization.diarizer import Diarizer
from speech.failures import error_of
from speech.journal import open_journal
from speech.lifesigns import LONGEST_CALL_SECONDS, SignsOfLife
from speech.process import give_memory_back, peak_memory_bytes
from speech.types import (
    DiarizerSpec,
    EngineError,
    EngineSpec,
    Json,
    Options,
    Piece,
    PieceResult,
    Plan,
    SpeakerCount,
    Stopped,
    Turn,
    to_json,
)

log = logging.getLogger(__name__)

PROTOCOL = 1
KEPT_SECONDS = 0.5
"""How often it is looked for a stop while a batch is being written."""
LOOK_SECONDS = 0.5
"""How often it is looked whether anybody still waits."""


class Server:
    """Answers requests one after the other. A second thread reads them, so that `stop` is seen while one is being worked on."""

    def __init__(self, output: BinaryIO, *, idle_seconds: float = 0, silence_seconds: float = 0) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._requests: queue.Queue[Json] = queue.Queue()
        self._stopped: set[str] = set()
        self._idle_seconds = idle_seconds or None
        self._silence_seconds = silence_seconds or None
        self._lines_read = 0
        self._is_busy = False
        self._kept = threading.Semaphore(0)
        self._journal = open_journal()
        self._engine: Engine | None = None
        self._diarizer: Diarizer | None = None
        self._spec: EngineSpec | DiarizerSpec | None = None

    def run(self) -> None:
        """Serve until the input ends, `quit` comes, or nothing has been asked for the idle time."""
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="{levelname} {name}: {message}", style="{")
        threading.Thread(target=self._read, daemon=True).start()
        if self._silence_seconds:
            threading.Thread(target=self._watch, args=(self._silence_seconds,), daemon=True).start()
        self._send({"type": "ready", "protocol": PROTOCOL})
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

    def _send(self, message: Json) -> None:
        line = json.dumps(message, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        with self._lock:
            self._output.write(line)
            self._output.flush()

    def _answer(self, request: Json) -> None:
        """Work on one request and send its last reply. Whatever goes wrong is told; the process goes on."""
        answers: dict[str, Callable[[Json], Json]] = {
            "probe": self._probe,
            "plan": self._plan,
            "transcribe": self._transcribe,
            "diarize": self._diarize,
            "join": self._join,
            "measure": self._measure,
            "score": self._score,
            "attribute": self._attribute,
            "compare": self._compare,
            "devices": self._devices,
        }
        last: Json
        self._is_busy = True
        try:
            last = {"type": "done", **answers[request["type"]](request)}
        except Stopped:
            last = {"type": "stopped"}
        except EngineError as err:
            last = {"type": "error", "code": err.code, "message": err.message, "permanent": err.permanent}
        except Exception as err:
            log.exception("request %s failed", request["type"])
            last = error_of(err)
        self._is_busy = False
        self._stopped.discard(request["id"])
        self._send({"id": request["id"], **last})

    def _progress(self, request: Json, stage: str) -> Callable[[float, float], None]:
        """Return a function that reports progress and raises Stopped where the request was asked to end."""

        def report(seconds: float, total: float) -> None:
            if request["id"] in self._stopped:
                raise Stopped
            self._send({"type": "progress", "id": request["id"], "stage": stage, "seconds": seconds, "total": total})

        return report

    def _probe(self, request: Json) -> Json:
        return {"media": to_json(audio.probe(Path(request["path"])))}

    def _plan(self, request: Json) -> Json:
        """Decode, find the speech, detect the language and cut the recording into pieces and batches."""
        work, options = Path(request["work"]), Options.from_json(request["options"])
        decoded, pieces, refusals = self._pieces(request)
        engine = self._load(request)
        with self._signs_of_life(request):
            language, probability = self._language(engine, work, pieces, options)
        batches = planning.group_batches(pieces, size=engine.batch_size)
        pins = {**engine.pins, "beam_size": options.beam_size, "seed": asr.SEED}
        plan = Plan(decoded.duration, language, probability, tuple(pieces), tuple(batches), pins)
        warnings = [*decoded.warnings, *refusals, *engine.warnings]
        return {"plan": to_json(plan), "length": decoded.length, "peaks": decoded.peaks, "warnings": warnings}

    def _pieces(self, request: Json) -> tuple[Decoded, list[Piece], list[str]]:
        """Decode, and find the pieces: by channel where that is asked for, else with a sentence on why not."""
        media, work, track = Path(request["media"]), Path(request["work"]), request.get("track", 0)
        report = self._progress(request, "preparing")
        refusals: list[str] = []
        if request.get("by_channel"):
            try:
                decoded = channels.decode(media, work, track=track, on_progress=report)
                return decoded, channels.find_pieces(self._load(request).find_pieces, work, on_progress=report), []
            except NotByChannel as err:
                channels.discard(work)
                refusals.append(str(err))
        decoded = audio.decode(media, work, track=track, on_progress=report)
        return decoded, self._load(request).find_pieces(work, on_progress=report), refusals

    def _language(self, engine: Engine, work: Path, pieces: list[Piece], options: Options) -> tuple[str, float]:
        """Return the language asked for, else the one heard at several places and its probability."""
        if options.language:
            engine.check_language(options.language)
            return options.language, 1.0
        places = asr.places_to_listen(pieces)
        if not places:
            return "", 0.0
        return engine.detect_language([channels.read(work, piece) for piece in places])

    def _transcribe(self, request: Json) -> Json:
        """Transcribe from a batch on and send each batch as it is finished."""
        work, plan, options = (
            Path(request["work"]),
            Plan.from_json(request["plan"]),
            Options.from_json(request["options"]),
        )
        report = self._progress(request, "transcribing")
        self._decode_again(request, work, by_channel=plan.is_by_channel)
        engine = self._load(request)
        self._kept = threading.Semaphore(0)
        for index in range(request["first_batch"], len(plan.batches)):
            began = time.monotonic()
            report(plan.position_after(index), plan.duration)
            with self._signs_of_life(request):
                results = self._batch(engine, work, plan, index, options, report)
            seconds = time.monotonic() - began
            batch = {"type": "batch", "id": request["id"], "batch": index, "results": results, "seconds": seconds}
            self._send({**batch, "pins": engine.pins})
            give_memory_back()
            while request.get("confirmed") and not self._kept.acquire(timeout=KEPT_SECONDS):
                report(plan.position_after(index + 1), plan.duration)
        return {"peak_memory_bytes": peak_memory_bytes()}

    def _decode_again(self, request: Json, work: Path, *, by_channel: bool = False) -> None:
        """Write the work file, or those of the channels, where it is missing."""
        is_there = channels.are_unpacked(work) if by_channel else work.exists()
        if not is_there:
            decode = channels.decode if by_channel else audio.decode
            report = self._progress(request, "preparing")
            decode(Path(request["media"]), work, track=request.get("track", 0), on_progress=report)

    def _batch(
        self,
        engine: Engine,
        work: Path,
        plan: Plan,
        index: int,
        options: Options,
        report: Callable[[float, float], None],
    ) -> list[Json]:
        first, last = plan.batches[index]
        position = plan.position_after(index)

        def on_progress() -> None:
            report(position, plan.duration)
            self._journal("step", work, first, last)

        self._journal("begin", work, first, last)
        results: list[PieceResult] = engine.transcribe(
            {number: plan.pieces[number] for number in range(first, last)},
            [channels.read(work, piece) for piece in plan.pieces[first:last]],
            options,
            language=plan.language,
            on_progress=on_progress,
        )
        self._journal("end", work, first, last)
        return [to_json(result) for result in results]

    def _diarize(self, request: Json) -> Json:
        """Find out who speaks when."""
        work, speakers = Path(request["work"]), SpeakerCount.from_json(request["speakers"])
        self._decode_again(request, work)
        diarizer = self._load_diarizer(request)
        report = self._progress(request, "identifying")
        report(0.0, audio.duration_of(work))
        with self._signs_of_life(request):
            turns = diarizer.diarize(
                work,
                speakers=speakers,
                on_progress=report,
                should_stop=lambda: request["id"] in self._stopped,
            )
        give_memory_back()
        return {
            "turns": [[turn.start, turn.end, turn.speaker] for turn in turns],
            "pins": diarizer.pins,
            "warnings": diarizer.warnings,
            "peak_memory_bytes": peak_memory_bytes(),
        }

    def _join(self, request: Json) -> Json:
        clips = [Path(clip) for clip in request["clips"]]
        return {"taken": measuring.join(clips, Path(request["target"]), seconds=request["seconds"])}

    def _measure(self, request: Json) -> Json:
        report = self._progress(request, "measuring")
        files = [Path(file) for file in request["files"]]
        spec, options = EngineSpec.from_json(request["engine"]), Options.from_json(request["options"])
        with self._signs_of_life(request, longest_seconds=float("inf")):
            return measuring.measure(request["variant"], files, spec, options, lambda: report(0.0, 0.0))

    def _score(self, request: Json) -> Json:
        scores = [scoring.score(*pair, language=request["language"]) for pair in request["pairs"]]
        return {"errors": sum(one.errors for one in scores), "words": sum(one.words for one in scores)}

    def _attribute(self, request: Json) -> Json:
        segments = [Recognised.from_json(segment) for segment in request["segments"]]
        turns, reference = [Turn(*turn) for turn in request["turns"]], [Said(*said) for said in request["reference"]]
        with self._signs_of_life(request):
            return {"ways": attribution.compare(segments, turns, reference, language=request["language"])}

    def _compare(self, request: Json) -> Json:
        reference, heard = ([(start, end, name) for start, end, name in request[key]] for key in ("reference", "heard"))
        scores = [
            der.score(reference, heard, duration=request["duration"], collar=collar) for collar in request["collars"]
        ]
        return {"errors": [one.to_json() for one in scores]}

    def _devices(self, request: Json) -> Json:
        with self._signs_of_life(request):
            return {"libraries": devices.look()}

    def _load(self, request: Json) -> Engine:
        """Return the engine asked for, kept from the request before where it is the same."""
        spec = EngineSpec.from_json(request["engine"])
        if self._engine is None or spec != self._spec:
            self._unload()
            self._progress(request, "loading")(0.0, 0.0)
            with self._signs_of_life(request):
                self._engine = asr.load(spec)
            self._spec = spec
        return self._engine

    def _load_diarizer(self, request: Json) -> Diarizer:
        """Return the diarizer asked for, kept from the request before where it is the same."""
        spec = DiarizerSpec.from_json(request["diarizer"])
        if self._diarizer is None or spec != self._spec:
            self._unload()
            self._progress(request, "loading")(0.0, 0.0)
            with self._signs_of_life(request):
                self._diarizer = diarization.load(spec)
            self._spec = spec
        return self._diarizer

    def _unload(self) -> None:
        """Make room: a recogniser and a diarizer together need more memory than a small machine has."""
        self._engine = self._diarizer = self._spec = None
        give_memory_back()

    def _signs_of_life(self, request: Json, *, longest_seconds: float = LONGEST_CALL_SECONDS) -> SignsOfLife:
        message = {"type": "progress", "id": request["id"], "stage": "working", "seconds": 0.0, "total": 0.0}
        return SignsOfLife(lambda: self._send(message), longest_seconds)
