"""Measuring what is installed: real engine processes with the fake engine, and what is written down."""

import pytest
from django.core.management import CommandError, call_command

from registry import measuring, working, works
from registry.models import Provider, SpeechModel, Work
from registry.sync import fill
from speech.types import EngineError, Stopped
from tests.conftest import PutWeights

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(settings) -> SpeechModel:
    """Return the row of the tests' model, as an installation for tests has none."""
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE = True, "fake"
    provider = Provider.objects.create(key="fake", kind=Provider.Kind.ASR, name="fake", position=1)
    return SpeechModel.objects.create(provider=provider, store="fake", key="fake", name="fake", memory_bytes=1)


@pytest.fixture
def fake_diarizer(settings) -> Provider:
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE = True, "fake"
    return Provider.objects.create(key="fake", kind=Provider.Kind.DIARIZER, name="fake", position=1)


def _go_on() -> bool:
    return False


def _ignore(seconds: float, total: float) -> None:
    return


def test_model_is_measured_and_it_is_written_down(fake: SpeechModel):
    seen: list[tuple[float, float]] = []

    found = measuring.measure(fake, lambda *times: seen.append(times), _go_on)

    fake.refresh_from_db()
    assert found == measuring.Measured(fake.speed, fake.memory_bytes)
    assert found.speed > 10
    assert found.memory_bytes > 10_000_000
    assert fake.memory_is_measured
    assert fake.measured_at is not None
    assert {total for _, total in seen} == {measuring.MEASURE_SECONDS}


def test_diarizer_is_measured_and_it_is_written_down(fake_diarizer: Provider):
    found = measuring.measure_diarizer(fake_diarizer, _ignore, _go_on)

    fake_diarizer.refresh_from_db()
    assert found == measuring.Measured(fake_diarizer.speed, fake_diarizer.memory_bytes)
    assert found.speed > 10
    assert fake_diarizer.measured_at is not None


def test_weights_of_a_diarizer_stand_for_it(fake_diarizer: Provider):
    weights = SpeechModel.objects.create(provider=fake_diarizer, store="diarization", key="turns", name="turns")

    measuring.measure(weights, _ignore, _go_on)

    fake_diarizer.refresh_from_db()
    assert fake_diarizer.speed is not None


def test_work_on_weights_of_a_diarizer_names_it(fake_diarizer: Provider):
    weights = SpeechModel.objects.create(provider=fake_diarizer, store="diarization", key="turns", name="turns")
    work, _ = works.ask(weights, Work.Kind.MEASURE)
    working.do(works.claim(holder="a test"), should_stop=_go_on)
    work.refresh_from_db()
    assert work.message.startswith(f"{fake_diarizer} runs at about ")


def test_model_that_cannot_run_says_why_and_of_no_other(put_weights):
    put_weights("whisper", "base")
    base = SpeechModel.objects.get(store="faster-whisper", key="base")
    with pytest.raises(EngineError) as refused:
        measuring.measure(base, _ignore, _go_on)
    assert refused.value.message == "Model base is not installed for faster-whisper."


def test_queue_for_long_work_measures_and_says_what_came_of_it(fake: SpeechModel):
    work, _ = works.ask(fake, Work.Kind.MEASURE)
    working.do(works.claim(holder="a test"), should_stop=_go_on)
    work.refresh_from_db()
    fake.refresh_from_db()
    assert work.state == Work.State.DONE
    assert (
        work.message
        == f"fake/fake runs at about {fake.speed:.1f} x real time and takes {fake.memory_bytes / 1e9:.1f} GB."
    )


def test_measuring_that_is_cancelled_writes_nothing(fake: SpeechModel, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "20")
    work, _ = works.ask(fake, Work.Kind.MEASURE)
    claim = works.claim(holder="a test")
    works.cancel(work.pk)
    working.do(claim, should_stop=_go_on)
    work.refresh_from_db()
    fake.refresh_from_db()
    assert (work.state, fake.speed) == (Work.State.CANCELLED, None)


def test_slow_engine_is_measured_no_longer_than_it_has_to(fake: SpeechModel, monkeypatch):
    """One piece takes longer than half the time: it has to be enough."""
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "1")
    monkeypatch.setattr(measuring, "MEASURE_SECONDS", 1.5)
    found = measuring.measure(fake, _ignore, _go_on)
    assert 1 < found.speed <= 2.1


def test_batches_are_measured_until_the_time_is_over(fake: SpeechModel, monkeypatch):
    """Two pieces of two seconds in half a second, and what the machine takes beside."""
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "0.5")
    monkeypatch.setattr(measuring, "MEASURE_SECONDS", 2.0)
    assert 3 < measuring.measure(fake, _ignore, _go_on).speed <= 8.1


def test_stop_ends_it_and_nothing_is_written(fake: SpeechModel, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "20")
    with pytest.raises(Stopped):
        measuring.measure(fake, _ignore, lambda: True)
    fake.refresh_from_db()
    assert (fake.speed, fake.memory_bytes, fake.memory_is_measured) == (None, 1, False)


def test_engine_that_dies_is_an_error_and_nothing_is_written(fake: SpeechModel, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "*")
    with pytest.raises(EngineError, match="The engine process"):
        measuring.measure(fake, _ignore, _go_on)
    fake.refresh_from_db()
    assert fake.speed is None


def test_measuring_that_comes_to_no_end_is_ended_with_a_sentence(fake: SpeechModel, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "30")
    monkeypatch.setattr(measuring, "LONGEST_SECONDS", 1.0)
    work, _ = works.ask(fake, Work.Kind.MEASURE)
    working.do(works.claim(holder="a test"), should_stop=_go_on)
    work.refresh_from_db()
    assert work.state == Work.State.FAILED
    assert work.message.endswith("without a result: it is far too slow here, or its weights are damaged.")


def test_model_that_is_not_installed_is_not_measured_by_another(put_weights: PutWeights):
    fill()
    put_weights("faster-whisper", "base")
    with pytest.raises(EngineError, match="Model small is not installed for faster-whisper"):
        measuring.measure(SpeechModel.objects.get(store="faster-whisper", key="small"), _ignore, _go_on)


def test_diarizer_that_cannot_run_is_not_measured_by_another(fake_diarizer: Provider):
    fill()
    with pytest.raises(EngineError, match="of vad are not installed"):
        measuring.measure_diarizer(Provider.objects.get(key="vad"), _ignore, _go_on)


def test_command_prints_a_line_for_each_and_goes_on_after_a_failure(put_weights: PutWeights, capsys):
    """The weights are a few bytes, which no engine can load."""
    fill()
    put_weights("faster-whisper", "tiny")
    put_weights("faster-whisper", "base")
    with pytest.raises(CommandError, match="Nothing could be measured"):
        call_command("benchmark", "quick")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["speed", "memory"],
        ["tiny", "(faster-whisper)"],
        ["base", "(faster-whisper)"],
    ]


def test_command_says_where_there_is_nothing_to_measure(weights_folder):
    with pytest.raises(CommandError, match="Nothing is installed that could be measured"):
        call_command("benchmark", "quick")


def test_command_says_that_it_knows_no_such_model(weights_folder):
    with pytest.raises(CommandError, match="Nothing here is called nonsense"):
        call_command("benchmark", "quick", "--model", "nonsense")


def test_command_says_why_what_was_named_cannot_run(put_weights: PutWeights):
    fill()
    Provider.objects.filter(key="faster-whisper").update(enabled=False, disabled_reason="being tried out")
    Provider.objects.filter(key="vad").update(enabled=False, disabled_reason="too coarse")
    put_weights("faster-whisper", "base")

    with pytest.raises(
        CommandError, match="faster-whisper is disabled: being tried out.+\n.+not installed for whisper"
    ):
        call_command("benchmark", "quick", "--model", "base")
    with pytest.raises(CommandError, match="vad is disabled: too coarse"):
        call_command("benchmark", "quick", "--model", "vad")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["quick", "extra"], "benchmark quick does not take extra"),
        (["quick", "--json", "figures", "--beam-size", "1"], "benchmark quick does not take --beam-size or --json"),
        (["diarization", "folder", "--model", "base"], "benchmark diarization does not take --model"),
        (["asr", "folder", "--speakers-known"], "benchmark asr does not take --speakers-known"),
    ],
)
def test_what_a_benchmark_would_not_read_is_refused(given: list[str], sentence: str, weights_folder):
    with pytest.raises(CommandError, match=sentence):
        call_command("benchmark", *given)


def test_other_benchmarks_need_a_recording():
    with pytest.raises(CommandError, match="Name a recording, or a folder of recordings"):
        call_command("benchmark", "asr")


@pytest.mark.weights
def test_real_model_is_measured(settings, capsys, monkeypatch):
    settings.WEIGHTS_DIR = settings.BASE_DIR / "models"
    fill()
    monkeypatch.setattr(measuring, "MEASURE_SECONDS", 2.0)
    call_command("benchmark", "quick", "--model", "tiny.en")
    assert "tiny.en (faster-whisper)" in capsys.readouterr().out
    model = SpeechModel.objects.get(store="faster-whisper", key="tiny.en")
    assert model.speed > 1
    assert 200_000_000 < model.memory_bytes < 2_000_000_000
