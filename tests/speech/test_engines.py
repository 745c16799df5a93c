"""The engines on real weights and real speech."""

import json
import os
import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speech import audio
from speech.asr.decoding import Decoded, Window
from speech.asr.devices import NO_GPU
from speech.client import EngineProcess
from speech.options import OF_MACHINE
from speech.types import SAMPLE_RATE, EngineSpec, Json, Options, Plan, to_json

pytestmark = pytest.mark.weights

MODELS = Path(__file__).parent.parent.parent / "models"
ENGINES = ("faster-whisper", "whisper")
PATIENCE = 120.0
JFK = "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country."

Transcribe = Callable[..., tuple[Plan, list[Json]]]
Errors = Callable[..., tuple[int, int]]


def _spec(engine: str, model: str = "base") -> EngineSpec:
    weights = MODELS / engine / model
    return EngineSpec(engine, model, str(weights if engine == "faster-whisper" else weights / f"{model}.pt"), threads=2)


@pytest.fixture(scope="module")
def process() -> Iterator[EngineProcess]:
    process = EngineProcess()
    yield process
    process.close()


@pytest.fixture
def transcribe(process: EngineProcess, tmp_path: Path) -> Transcribe:
    """Return a function that transcribes a file and returns the plan and the segments."""

    def run(media: Path, engine: str, *, model: str = "base", **options: Any) -> tuple[Plan, list[Json]]:
        machine = {name: options.pop(name) for name in OF_MACHINE if name in options}
        request = {
            "media": str(media),
            "work": str(tmp_path / "work.pcm"),
            "engine": to_json(replace(_spec(engine, model), **machine)),
            "options": to_json(Options(**options)),
        }
        *_, planned = process.replies(process.send("plan", **request), timeout_seconds=PATIENCE)
        sent = process.send("transcribe", **request, plan=planned["plan"], first_batch=0)
        batches = [reply for reply in process.replies(sent, timeout_seconds=PATIENCE) if reply["type"] == "batch"]
        segments = [segment for batch in batches for result in batch["results"] for segment in result["segments"]]
        return Plan.from_json(planned["plan"]), segments

    return run


@pytest.fixture
def errors(process: EngineProcess) -> Errors:
    """Return a function that counts the wrong words and the words."""

    def count(wanted: str, found: str, *, language: str = "en") -> tuple[int, int]:
        sent = process.send("score", pairs=[(wanted, found)], language=language)
        *_, reply = process.replies(sent, timeout_seconds=PATIENCE)
        return reply["errors"], reply["words"]

    return count


def _text(segments: list[Json]) -> str:
    return "".join(segment["text"] for segment in segments).strip()


@pytest.mark.parametrize("engine", ENGINES)
def test_engine_writes_what_is_said(errors: Errors, transcribe: Transcribe, data: Path, engine: str):
    plan, segments = transcribe(data / "jfk.flac", engine)

    assert errors(JFK, _text(segments))[0] == 0
    assert (plan.language, plan.pins["engine"], plan.pins["model"]) == ("en", engine, "base")
    assert plan.language_probability > 0.8


@pytest.mark.parametrize("engine", ENGINES)
def test_engine_gives_each_word_its_time(transcribe: Transcribe, data: Path, engine: str):
    _, segments = transcribe(data / "jfk.flac", engine)

    words = [word for segment in segments for word in segment["words"]]
    assert "".join(word["text"] for word in words).split() == _text(segments).split()
    assert all(0.0 <= word["start"] <= word["end"] <= 11.0 for word in words)
    assert [word["start"] for word in words] == sorted(word["start"] for word in words)
    assert all(0.0 < word["probability"] <= 1.0 for word in words)
    country = [word for word in words if "country" in word["text"]]
    assert country[0]["start"] == pytest.approx(5.8, abs=0.4)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["silence.flac", "tone.flac", "noise_pink.opus", "very_short_0.05s.wav"])
def test_engine_invents_no_words(transcribe: Transcribe, data: Path, engine: str, name: str):
    plan, segments = transcribe(data / "bad" / name, engine)

    assert (segments, plan.language) == ([], "")


def test_engine_leaves_a_long_silence_out(errors: Errors, transcribe: Transcribe, data: Path):
    _, segments = transcribe(data / "jfk_gap40s.opus", "faster-whisper")

    assert errors(f"{JFK} {JFK}", _text(segments))[0] == 0
    assert not [segment for segment in segments if 12.0 < segment["start"] < 50.0]


@pytest.mark.parametrize("engine", ENGINES)
def test_engine_hears_german(errors: Errors, transcribe: Transcribe, data: Path, engine: str):
    recording = data / "de" / "thorsten_03.wav"

    plan, segments = transcribe(recording, engine)

    wanted = recording.with_suffix(".txt").read_text(encoding="utf-8")
    assert plan.language == "de"
    wrong, words = errors(wanted, _text(segments), language="de")
    assert wrong / words <= 0.15


def _talk(data: Path, folder: Path, *, leak: float) -> Path:
    """Return a stereo recording: two readers, who interrupt each other, with a leak of each in the other's channel."""
    sounds = []
    for name, start in (("533-1066-0006", 0.0), ("3005-163389-0002", 3.0)):
        audio.decode(data / "librispeech" / f"{name}.flac", folder / "clip.pcm", on_progress=lambda done, total: None)
        sounds.append(np.pad(audio.read(folder / "clip.pcm", 0.0, 60.0), (int(start * SAMPLE_RATE), 0)))
    length = max(map(len, sounds))
    left, right = (np.pad(sound, (0, length - len(sound))) for sound in sounds)
    both = np.stack([left + leak * np.roll(right, 80), right + leak * np.roll(left, 80)], axis=1)
    with wave.open(str(folder / "talk.wav"), "wb") as file:
        file.setparams((2, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((both.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return folder / "talk.wav"


@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_engine_writes_each_channel_by_itself(
    errors: Errors, process: EngineProcess, data: Path, tmp_path: Path, leak: float
):
    request = {
        "media": str(_talk(data, tmp_path, leak=leak)),
        "work": str(tmp_path / "work.pcm"),
        "engine": to_json(_spec("faster-whisper")),
        "options": to_json(Options()),
    }
    *_, planned = process.replies(process.send("plan", **request, by_channel=True), timeout_seconds=PATIENCE)
    sent = process.send("transcribe", **request, plan=planned["plan"], first_batch=0)
    batches = [reply for reply in process.replies(sent, timeout_seconds=PATIENCE) if reply["type"] == "batch"]

    pieces = Plan.from_json(planned["plan"]).pieces
    for channel, name in ((1, "533-1066-0006"), (2, "3005-163389-0002")):
        results = [result for batch in batches for result in batch["results"]]
        said = [one for result in results if pieces[result["piece"]].channel == channel for one in result["segments"]]
        wanted = (data / "librispeech" / f"{name}.txt").read_text(encoding="utf-8")
        wrong, words = errors(wanted, _text(said))
        assert wrong / words <= 0.15


def test_engine_translates_into_english(errors: Errors, transcribe: Transcribe, data: Path):
    _, segments = transcribe(data / "de" / "thorsten_03.wav", "faster-whisper", task="translate")

    german = (data / "de" / "thorsten_03.txt").read_text(encoding="utf-8")
    english = {"the", "a", "an", "is", "in", "of", "to", "and", "it", "you", "that", "was", "are", "with", "for"}
    assert english & set(_text(segments).lower().split())
    wrong, words = errors(german, _text(segments), language="de")
    assert wrong / words > 0.5


def test_engine_with_english_weights_asks_for_no_language(errors: Errors, transcribe: Transcribe, data: Path):
    plan, segments = transcribe(data / "jfk.flac", "faster-whisper", model="tiny.en")

    assert (plan.language, plan.language_probability) == ("en", None)
    assert errors(JFK, _text(segments))[0] <= 1


def test_engine_follows_the_vocabulary(transcribe: Transcribe, data: Path):
    plain = _text(transcribe(data / "jfk.flac", "faster-whisper")[1])
    prompted = _text(
        transcribe(data / "jfk.flac", "faster-whisper", prompt="MY FELLOW AMERICANS. ASK NOT. COUNTRY.")[1]
    )

    assert "NOT" not in plain
    assert "NOT" in prompted


def test_engine_says_the_same_twice(transcribe: Transcribe, data: Path):
    assert transcribe(data / "jfk.flac", "faster-whisper") == transcribe(data / "jfk.flac", "faster-whisper")


@pytest.mark.parametrize(("engine", "clips"), [("faster-whisper", 8), ("whisper", 3)])
def test_engine_is_right_on_read_english(errors: Errors, transcribe: Transcribe, data: Path, engine: str, clips: int):
    wrong = words = 0
    for reference in sorted((data / "librispeech").glob("*.txt"))[:clips]:
        _, segments = transcribe(reference.with_suffix(".flac"), engine, language="en")
        more_wrong, more_words = errors(reference.read_text(encoding="utf-8"), _text(segments))
        wrong, words = wrong + more_wrong, words + more_words

    assert words > 7 * clips
    assert wrong / words <= 0.05


def test_a_doubtful_window_is_decoded_again_with_its_own_random_numbers(data: Path, tmp_path: Path):
    """What was sampled before must not matter: a resumed job gives the same text."""
    from speech import audio
    from speech.asr import batches, faster_whisper
    from speech.types import Piece

    engine = faster_whisper.load(_spec("faster-whisper"))
    audio.decode(data / "jfk.flac", tmp_path / "work.pcm", on_progress=lambda seconds, total: None)
    samples = audio.read(tmp_path / "work.pcm", 0.0, 11.0)
    window = Window(7, 0.0, samples)
    doubtful = Decoded((1,), "moon " * 50, -2.0, 0.0, 0.0)
    pieces = {7: Piece(0.0, 11.0, ((0.0, 11.0),))}
    decoder = batches.Decoder(engine, pieces, Options(), "en", lambda: None)

    first = decoder._again(window, doubtful)
    decoder._again(Window(3, 2.0, samples[32000:]), doubtful)
    second = decoder._again(window, doubtful)

    assert first == second
    assert first.temperature > 0
    assert first.doubts == ()


def test_speech_after_the_last_timestamp_is_not_left_out(
    errors: Errors, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Whisper is made to stop in the middle: the rest of the sentence must be there all the same."""
    from speech import audio
    from speech.asr import batches, faster_whisper
    from speech.types import Piece

    engine = faster_whisper.load(_spec("faster-whisper"))
    audio.decode(data / "jfk.flac", tmp_path / "work.pcm", on_progress=lambda seconds, total: None)
    window = Window(0, 0.0, audio.read(tmp_path / "work.pcm", 0.0, 11.0))
    pieces = {0: Piece(0.0, 11.0, ((0.2, 10.6),))}
    decoder = batches.Decoder(engine, pieces, Options(), "en", lambda: None)
    tokenizer = decoder._tokenizer
    start = tokenizer.timestamp_begin
    tokens = (start, *tokenizer.encode(" And so, my fellow Americans,"), start + 160, start + 160)
    stopped = Decoded(tokens, "And so, my fellow Americans,", -0.2, 0.0, 0.0)

    went_on = decoder._continued([window], engine.encode([window.samples]), [stopped])[0]

    assert errors(JFK, went_on.text)[0] == 0
    assert went_on.tokens[: len(tokens)] == tokens


def test_more_text_than_one_decoding_holds_is_not_lost(errors: Errors, data: Path, tmp_path: Path):
    """As in languages that need several tokens for a character: here the limit is lowered instead."""
    from speech import audio
    from speech.asr import faster_whisper
    from speech.types import Piece

    engine = faster_whisper.load(_spec("faster-whisper"))
    engine.model.max_length = 50
    audio.decode(data / "jfk.flac", tmp_path / "work.pcm", on_progress=lambda seconds, total: None)
    pieces = {0: Piece(0.0, 11.0, ((0.2, 10.6),))}
    samples = [audio.read(tmp_path / "work.pcm", 0.0, 11.0)]

    result = engine.transcribe(pieces, samples, Options(), language="en", on_progress=lambda: None)[0]

    text = "".join(segment.text for segment in result.segments)
    assert errors(JFK, text)[0] <= 2
    assert len(result.segments) > 1


@pytest.mark.parametrize("engine", ENGINES)
def test_engine_obeys_a_fixed_temperature_and_hotwords(transcribe: Transcribe, data: Path, engine: str):
    """Nothing else is tried, also where the passage is doubtful; hotwords are heard like the vocabulary."""
    extra = {"temperature": 0.0, "log_prob_threshold": 0.0, "beam_size": 1}
    jfk = partial(transcribe, data / "jfk.flac", engine, model="tiny.en", language="en")
    plain = jfk(extra=extra)[1]
    hotwords = jfk(extra={"hotwords": "Amerikans, kountry", **extra})[1]
    prompt = jfk(prompt="Amerikans, kountry", extra=extra)[1]

    assert {(segment["temperature"], *segment["doubts"]) for segment in plain} == {(0.0, "probability")}
    assert hotwords == prompt != plain


def test_engine_samples_the_same_again_at_a_fixed_temperature(transcribe: Transcribe, data: Path):
    extra = {"temperature": 0.4, "best_of": 2}
    first, second = (transcribe(data / "jfk.flac", "faster-whisper", language="en", extra=extra) for _ in range(2))

    assert first == second
    assert {segment["temperature"] for segment in first[1]} == {0.4}


@pytest.mark.parametrize(
    "extra",
    [
        {"beam_size": 1},
        {"no_repeat_ngram_size": 1},
        {"repetition_penalty": 2.0},
        {"suppress_tokens": []},
        {"log_prob_threshold": 0.0, "best_of": 2},
        {"compression_ratio_threshold": 1.0, "temperature": 0.0},
        {"log_prob_threshold": 0.0, "no_speech_threshold": 0.0},
    ],
)
def test_options_change_what_is_decoded(transcribe: Transcribe, data: Path, extra: Json):
    usual = transcribe(data / "jfk.flac", "faster-whisper", language="en")
    plan, segments = transcribe(data / "jfk.flac", "faster-whisper", language="en", extra=extra)

    assert segments != usual[1]
    assert plan.pins == usual[0].pins | {"extra_options": extra} | {
        key: extra[key] for key in extra if key == "beam_size"
    }


def test_mean_stays_the_mean_with_another_length_penalty(transcribe: Transcribe, data: Path):
    """The words may differ by a comma from one processor to another; a mean that is none would be ten times as large."""
    extra = {"length_penalty": 0.3, "patience": 2.0, "suppress_blank": False}
    means = [
        [
            segment["mean_log_probability"]
            for segment in transcribe(data / "jfk.flac", "faster-whisper", language="en", **how)[1]
        ]
        for how in ({"extra": extra}, {})
    ]
    assert means[0] == pytest.approx(means[1], abs=0.05)


@pytest.mark.parametrize(("engine", "usual"), [("faster-whisper", "int8"), ("whisper", "float32")])
def test_engine_takes_what_the_machine_has(process: EngineProcess, data: Path, tmp_path: Path, engine: str, usual: str):
    request = {
        "media": str(data / "jfk.flac"),
        "work": str(tmp_path / "work.pcm"),
        "engine": to_json(replace(_spec(engine), device="cuda", compute_type="bfloat16")),
        "options": to_json(Options(language="en")),
    }
    *_, reply = process.replies(process.send("plan", **request), timeout_seconds=PATIENCE)
    if reply["plan"]["pins"]["device"] == "cuda":
        pytest.skip("this machine has a graphics card")
    assert reply["plan"]["pins"]["compute_type"] == usual
    assert reply["warnings"] == [NO_GPU, f"The processor cannot compute with bfloat16, so {usual} was used."]


def test_engine_computes_with_the_numbers_that_are_asked_for(transcribe: Transcribe, data: Path):
    plan, _ = transcribe(data / "jfk.flac", "faster-whisper", language="en", device="cpu", compute_type="float32")
    assert (plan.pins["device"], plan.pins["compute_type"]) == ("cpu", "float32")


def test_weights_that_are_damaged_are_an_error_with_a_sentence(process: EngineProcess, data: Path, tmp_path: Path):
    from speech.types import EngineError

    (tmp_path / "model.bin").write_bytes(os.urandom(1000))
    (tmp_path / "config.json").write_text(json.dumps({}), encoding="utf-8")
    request = {
        "media": str(data / "jfk.flac"),
        "work": str(tmp_path / "work.pcm"),
        "engine": to_json(EngineSpec("faster-whisper", "base", str(tmp_path))),
        "options": to_json(Options()),
    }

    with pytest.raises(EngineError, match="weights of base could not be loaded") as caught:
        list(process.replies(process.send("plan", **request), timeout_seconds=PATIENCE))
    assert caught.value.code == "weights_broken"
