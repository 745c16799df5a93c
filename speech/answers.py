"""What the engine process does for each kind of request. The kinds, and what goes in and out, are listed in `speech.server`."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from speech import (
    asr,
    attribution,
    audio,
    channels,
    der,
    devices,
    diarization,
    judging,
    measuring,
    planning,
    playback,
    scoring,
    speed,
    stretches,
    weighing,
)
from speech.asr.engine import Engine
from speech.asr.tuning import Tuning
from speech.attribution import Recognised, Said
from speech.audio import Decoded
from speech.channels import NotByChannel
from speech.diarization.diarizer import Diarizer
from speech.journal import open_journal
from speech.process import give_memory_back, peak_memory_bytes
from speech.types import (
    DiarizerSpec,
    EngineSpec,
    Json,
    OnProgress,
    Options,
    Piece,
    PieceResult,
    Plan,
    Segment,
    SpeakerCount,
    Turn,
    to_json,
)

if TYPE_CHECKING:
    from speech.server import Server

KEPT_SECONDS = 0.5
"""How often it is looked for a stop while a batch is being written."""
NICENESS = 10


class Answers:
    """Answers requests one after the other, for a server that reads and writes the lines.

    What is loaded stays for the next request.
    """

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._journal = open_journal()
        self._engine: Engine | None = None
        self._diarizer: Diarizer | None = None
        self._spec: EngineSpec | DiarizerSpec | None = None
        self.kinds: dict[str, Callable[[Json], Json]] = {
            "probe": self._probe,
            "plan": self._plan,
            "encode": self._encode,
            "transcribe": self._transcribe,
            "diarize": self._diarize,
            "join": self._join,
            "measure": self._measure,
            "speed": self._speed,
            "score": self._score,
            "attribute": self._attribute,
            "judge": self._judge,
            "compare": self._compare,
            "devices": self._devices,
            "install": self._install,
            "verify": self._verify,
            "load": self._only_load,
        }

    def _probe(self, request: Json) -> Json:
        return {"media": to_json(audio.probe(Path(request["path"])))}

    def _plan(self, request: Json) -> Json:
        """Decode, find the speech, detect the language and cut the recording into pieces and batches."""
        work, options = Path(request["work"]), Options.from_json(request["options"])
        decoded, pieces, refusals = self._pieces(request)
        engine = self._load(request)
        self._server.progress(request, "loading")(
            0.0, 0.0
        )  # The model computes for the first time: what fails here is the model's.
        with self._server.signs_of_life(request):
            language, probability = self._language(engine, work, pieces, options)
        batches = planning.group_batches(pieces, size=engine.batch_size)
        asked = {"beam_size": Tuning.of(options).beam_size, "extra_options": options.extra}
        pins = {**engine.pins, **asked, "seed": asr.SEED}
        end = min(decoded.duration, request["stretch"][1]) if request.get("stretch") else decoded.duration
        plan = Plan(end, language, probability, tuple(pieces), tuple(batches), pins)
        warnings = [*decoded.warnings, *refusals, *engine.warnings]
        waves = {"length": decoded.length, "peaks": decoded.peaks, "clipped": decoded.clipped}
        return {"plan": to_json(plan), **waves, "warnings": warnings}

    def _pieces(self, request: Json) -> tuple[Decoded, list[Piece], list[str]]:
        """Decode, and find the pieces: by channel where that is asked for, else with a sentence on why not."""
        media, work, track = Path(request["media"]), Path(request["work"]), request.get("track", 0)
        report = self._server.progress(request, "preparing")
        refusals: list[str] = []
        if request.get("by_channel"):
            try:
                decoded = channels.decode(media, work, track=track, on_progress=report)
                return decoded, channels.find_pieces(self._load(request).find_pieces, work, on_progress=report), []
            except NotByChannel as err:
                channels.discard(work)
                refusals.append(str(err))
        decoded = audio.decode(media, work, track=track, on_progress=report)
        find = self._load(request).find_pieces
        if stretch := request.get("stretch"):
            return decoded, stretches.find_pieces(find, work, *stretch, on_progress=report), refusals
        return decoded, find(work, on_progress=report), refusals

    def _language(self, engine: Engine, work: Path, pieces: list[Piece], options: Options) -> tuple[str, float | None]:
        """Return the language asked for, else the one heard at several places, and its probability where that is known."""
        if options.language:
            engine.check_language(options.language)
            return options.language, 1.0
        places = asr.places_to_listen(pieces)
        if not places:
            return "", 0.0
        return engine.detect_language([channels.read(work, piece) for piece in places])

    def _encode(self, request: Json) -> Json:
        """Make a copy for the player where it needs one, and draw the waveform where nobody has decoded the recording.

        What else runs on the machine goes first from then on.
        """
        os.nice(NICENESS)
        media, target = Path(request["media"]), Path(request["target"])
        report = self._server.progress(request, "encoding")
        report(0.0, 0.0)
        if is_needed := playback.is_needed(media):
            playback.encode(media, target, on_progress=report)
        return {"made": is_needed} | (self._waves(media, target, report) if request["waves"] else {})

    def _waves(self, media: Path, target: Path, report: OnProgress) -> Json:
        work = target.with_suffix(".pcm")
        try:
            decoded = audio.decode(media, work, on_progress=report)
        finally:
            work.unlink(missing_ok=True)
        return {"length": decoded.length, "peaks": decoded.peaks, "clipped": decoded.clipped}

    def _transcribe(self, request: Json) -> Json:
        """Transcribe from a batch on and send each batch as it is finished."""
        work, plan, options = (
            Path(request["work"]),
            Plan.from_json(request["plan"]),
            Options.from_json(request["options"]),
        )
        report = self._server.progress(request, "transcribing")
        self._decode_again(request, work, by_channel=plan.is_by_channel)
        engine = self._load(request)
        self._server.expect_kept()
        for index in range(request["first_batch"], len(plan.batches)):
            began = time.monotonic()
            report(plan.position_after(index), plan.duration)
            with self._server.signs_of_life(request):
                results = self._batch(engine, work, plan, index, options, report)
            seconds = time.monotonic() - began
            batch = {"type": "batch", "id": request["id"], "batch": index, "results": results, "seconds": seconds}
            self._server.send({**batch, "pins": engine.pins})
            give_memory_back()
            while request.get("confirmed") and not self._server.is_kept(KEPT_SECONDS):
                report(plan.position_after(index + 1), plan.duration)
        return {"peak_memory_bytes": peak_memory_bytes()}

    def _decode_again(self, request: Json, work: Path, *, by_channel: bool = False) -> None:
        """Write the work file, or those of the channels, where it is missing."""
        is_there = channels.are_unpacked(work) if by_channel else work.exists()
        if not is_there:
            decode = channels.decode if by_channel else audio.decode
            report = self._server.progress(request, "preparing")
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
        report = self._server.progress(request, "identifying")
        report(0.0, audio.duration_of(work))
        with self._server.signs_of_life(request):
            turns = diarizer.diarize(
                work,
                speakers=speakers,
                on_progress=report,
                should_stop=lambda: self._server.is_stopped(request),
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
        report = self._server.progress(request, "measuring")
        files = [Path(file) for file in request["files"]]
        spec, options = EngineSpec.from_json(request["engine"]), Options.from_json(request["options"])
        with self._server.signs_of_life(request, longest_seconds=float("inf")):
            return measuring.measure(request["variant"], files, spec, options, lambda: report(0.0, 0.0))

    def _speed(self, request: Json) -> Json:
        """Measure how fast an engine or a diarizer is here."""
        report, seconds = self._server.progress(request, "measuring"), request["seconds"]
        with TemporaryDirectory() as place, self._server.signs_of_life(request, longest_seconds=float("inf")):
            folder = Path(place)
            if "engine" in request:
                return speed.of_recogniser(self._load(request), folder, seconds=seconds, on_progress=report)
            return speed.of_diarizer(
                self._load_diarizer(request),
                folder,
                seconds=seconds,
                on_progress=report,
                should_stop=lambda: self._server.is_stopped(request),
            )

    def _score(self, request: Json) -> Json:
        scores = [scoring.score(*pair, language=request["language"]) for pair in request["pairs"]]
        return {"errors": sum(one.errors for one in scores), "words": sum(one.words for one in scores)}

    def _attribute(self, request: Json) -> Json:
        segments = [Recognised.from_json(segment) for segment in request["segments"]]
        turns, reference = [Turn(*turn) for turn in request["turns"]], [Said(*said) for said in request["reference"]]
        with self._server.signs_of_life(request):
            return {"ways": attribution.compare(segments, turns, reference, language=request["language"])}

    def _judge(self, request: Json) -> Json:
        files = [
            ([Segment.from_json(segment) for segment in segments], reference)
            for segments, reference in request["files"]
        ]
        with self._server.signs_of_life(request):
            return judging.judge(files, normalise=scoring.normaliser(request["language"]))

    def _compare(self, request: Json) -> Json:
        reference, heard = ([(start, end, name) for start, end, name in request[key]] for key in ("reference", "heard"))
        scores = [
            der.score(reference, heard, duration=request["duration"], collar=collar) for collar in request["collars"]
        ]
        return {"errors": [one.to_json() for one in scores]}

    def _devices(self, request: Json) -> Json:
        with self._server.signs_of_life(request):
            return {"libraries": devices.look()}

    def _install(self, request: Json) -> Json:
        with self._server.signs_of_life(request, longest_seconds=float("inf")):
            return weighing.install(request, self._server.send)

    def _verify(self, request: Json) -> Json:
        with self._server.signs_of_life(request, longest_seconds=float("inf")):
            return weighing.verify(request, self._server.send)

    def _only_load(self, request: Json) -> Json:
        self._load(request)
        return {}

    def _load(self, request: Json) -> Engine:
        """Return the engine asked for, kept from the request before where it is the same."""
        spec = EngineSpec.from_json(request["engine"])
        if self._engine is None or spec != self._spec:
            self._unload()
            self._server.progress(request, "loading")(0.0, 0.0)
            with self._server.signs_of_life(request):
                self._engine = asr.load(spec)
            self._spec = spec
        return self._engine

    def _load_diarizer(self, request: Json) -> Diarizer:
        """Return the diarizer asked for, kept from the request before where it is the same."""
        spec = DiarizerSpec.from_json(request["diarizer"])
        if self._diarizer is None or spec != self._spec:
            self._unload()
            self._server.progress(request, "loading")(0.0, 0.0)
            with self._server.signs_of_life(request):
                self._diarizer = diarization.load(spec)
            self._spec = spec
        return self._diarizer

    def _unload(self) -> None:
        """Make room: a recogniser and a diarizer together need more memory than a small machine has."""
        self._engine = self._diarizer = self._spec = None
        give_memory_back()
