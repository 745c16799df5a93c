"""`manage.py transcribe`: the same way and the same rows as the pages, from a terminal."""

import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import Settings

from speech.asr.devices import NO_GPU
from transcripts import exports
from transcripts.management.shown import LATER, WAITS
from transcripts.models import Job, Recording

Transcribe = Callable[..., str]


@pytest.fixture
def root(db: None) -> User:
    """Owns what nobody else is named for."""
    return User.objects.create_superuser("root")


@pytest.fixture
def transcribe(root: User, settings: Settings, tmp_path: Path) -> Transcribe:
    """Return a function that runs the command with the fake engine, and returns what it printed."""
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE = True, "fake"

    def run(*paths: Path, **options: Any) -> str:
        output = io.StringIO()
        defaults = {"engine": "fake", "stdout": output}
        if not options.get("enqueue"):
            defaults["output"] = tmp_path / "texts"
        call_command("transcribe", *paths, **defaults | options)
        return output.getvalue()

    return run


def test_text_is_in_the_file_and_in_the_library(transcribe: Transcribe, root: User, data: Path, tmp_path: Path) -> None:
    line = transcribe(data / "jfk.mp3", formats="json, SRT,json")

    job = Job.objects.get()
    assert (job.state, job.owner, job.recording.title) == (Job.State.COMPLETED, root, "jfk")
    assert job.recording.shown_job == job
    texts = tmp_path / "texts"
    assert sorted(path.name for path in texts.iterdir()) == ["jfk.json", "jfk.srt"]
    assert (texts / "jfk.srt").read_bytes() == exports.render(job, "srt")
    assert json.loads((texts / "jfk.json").read_bytes())["segments"][0]["text"].strip().startswith("calm")
    assert line.startswith(f"{data}/jfk.mp3: 11.0 s of audio in ")
    assert f"English -> {texts}/jfk.json, {texts}/jfk.srt\n" in line
    factor = float(line.partition("real-time factor ")[2].partition(",")[0])
    assert 0 < factor < 5


def test_options_of_the_engine_are_obeyed_and_exported(transcribe: Transcribe, data: Path, tmp_path: Path) -> None:
    given = ["hotwords=Selenite, moon", "beam_size=2", "temperature=0.5", "device=cuda"]
    line = transcribe(data / "jfk.mp3", formats="json", option=given)

    job = Job.objects.get()
    asked = {"hotwords": "Selenite, moon", "beam_size": 2, "temperature": 0.5, "device": "cuda"}
    assert job.extra_options == asked
    exported = json.loads((tmp_path / "texts" / "jfk.json").read_bytes())
    assert exported["segments"][0]["text"].startswith("Selenite, moon")
    assert exported["job"]["options"]["extra"] == asked
    assert (exported["job"]["beam_size"], exported["job"]["device"]) == (2, "cpu")
    assert f"Warning: {NO_GPU}" in line


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["beam_size=0"], "beam_size takes a whole number from 1 to 10, not “0”."),
        (["beam_size=1", "beam_size=2"], "The option beam_size is given twice."),
        (["patience=2"], "The engine fake has no option patience"),
        (["beam_size"], "Write options as name=value"),
    ],
)
def test_wrong_option_is_named_before_anything_is_done(
    transcribe: Transcribe, data: Path, given: list[str], told: str
) -> None:
    with pytest.raises(CommandError, match=re.escape(told)):
        transcribe(data / "jfk.mp3", option=given)
    assert Job.objects.count() == 0


def test_bad_files_are_named_after_the_good_ones_are_done(transcribe: Transcribe, data: Path, tmp_path: Path) -> None:
    bad = tmp_path / "letter.mp3"
    bad.write_text("Dear Selenite,\n" * 100)
    empty = tmp_path / "empty.wav"
    empty.touch()

    with pytest.raises(CommandError) as failure:
        transcribe(bad, empty, tmp_path / "gone.wav", data / "jfk.opus")

    assert failure.value.returncode == 1
    summary, *reasons = str(failure.value).splitlines()
    assert summary == "3 of 4 failed:"
    assert [reason.strip().split(": ")[0] for reason in reasons] == [str(bad), str(empty), str(tmp_path / "gone.wav")]
    assert "not audio or video" in reasons[0]
    assert "empty" in reasons[1]
    assert "No such file" in reasons[2]
    assert [path.name for path in (tmp_path / "texts").iterdir()] == ["jfk.txt"]
    assert Recording.objects.count() == 1


def test_names_that_clash_get_the_extension(transcribe: Transcribe, data: Path, tmp_path: Path) -> None:
    for extension in ("mp3", "opus"):
        (tmp_path / f"talk.{extension}").write_bytes((data / f"jfk.{extension}").read_bytes())

    transcribe(tmp_path / "talk.mp3", tmp_path / "talk.opus", formats="srt")

    assert sorted(path.name for path in (tmp_path / "texts").iterdir()) == ["talk.mp3.srt", "talk.opus.srt"]


def test_second_run_replaces_the_texts_of_the_first(transcribe: Transcribe, data: Path, tmp_path: Path) -> None:
    transcribe(data / "jfk.mp3")
    transcribe(data / "jfk.mp3")

    assert [path.name for path in (tmp_path / "texts").iterdir()] == ["jfk.txt"]
    assert Job.objects.filter(state=Job.State.COMPLETED).count() == 2


def test_file_that_is_in_the_library_gets_another_transcript_there(transcribe: Transcribe, data: Path) -> None:
    transcribe(data / "jfk.mp3")
    line = transcribe(data / "jfk.mp3", language="de")

    assert line.endswith("\n  Already in the library as “jfk”: this is another transcript of that recording.\n")
    recording = Recording.objects.get()
    assert list(recording.jobs.values_list("asked_language", flat=True)) == ["de", ""]
    assert recording.shown_job.asked_language == "de"


def test_tracks_are_counted_from_one(transcribe: Transcribe, data: Path) -> None:
    transcribe(data / "jfk_two_tracks.mka", track=2)

    assert Job.objects.get().audio_track == 1
    with pytest.raises(CommandError, match="2 audio tracks, so there is no track 3"):
        transcribe(data / "jfk_two_tracks.mka", track=3)


def test_persons_file_with_the_name_of_a_text_is_not_overwritten(
    transcribe: Transcribe, data: Path, tmp_path: Path
) -> None:
    source = tmp_path / "talk.txt"
    source.write_bytes((data / "jfk.mp3").read_bytes())

    transcribe(source, output=tmp_path)

    assert source.read_bytes() == (data / "jfk.mp3").read_bytes()
    assert (tmp_path / "talk.txt.txt").exists()


def test_one_engine_process_serves_all_files(
    transcribe: Transcribe, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    start = subprocess.Popen.__init__

    def note(self: Any, command: list[str], *arguments: Any, **options: Any) -> None:
        started.append(command)
        start(self, command, *arguments, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", note)

    transcribe(data / "jfk.mp3", data / "jfk.opus", data / "jfk_8k.wav")

    assert len([command for command in started if "--memory" not in command]) == 1


def test_enqueued_file_waits_for_the_worker(transcribe: Transcribe, data: Path, tmp_path: Path) -> None:
    line = transcribe(data / "jfk.mp3", enqueue=True, language="de", task="translate", prompt="Selenite")

    job = Job.objects.get()
    assert (job.state, job.lease_token, job.audio_seconds_done) == (Job.State.QUEUED, None, 0)
    assert (job.asked_engine, job.asked_language, job.task, job.prompt) == ("fake", "de", "translate", "Selenite")
    assert line == f"{data}/jfk.mp3: waits for a worker as job {job.pk}\n"
    assert not (tmp_path / "texts").exists()


def test_file_that_no_model_can_take_now_is_not_to_be_asked_for_again(
    transcribe: Transcribe, settings: Settings, data: Path, tmp_path: Path
) -> None:
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE, settings.WEIGHTS_DIR = False, "faster-whisper", tmp_path

    with pytest.raises(CommandError) as later:
        transcribe(data / "jfk.mp3", engine="auto")
    with pytest.raises(CommandError) as failure:
        transcribe(tmp_path / "gone.wav", data / "jfk.opus", engine="auto")

    job = Job.objects.get(recording__title="jfk", recording__original_filename="jfk.mp3")
    assert job.state == Job.State.QUEUED
    assert job.blocked_reason.startswith("No speech model is installed.")
    reason = f"{WAITS} {job.blocked_reason}"
    assert later.value.returncode == 3
    assert str(later.value).splitlines() == [LATER.format(1, 1), f"  {data}/jfk.mp3: {reason}"]
    assert failure.value.returncode == 1
    summary, _gone, *lines = str(failure.value).splitlines()
    assert summary == "1 of 2 failed:"
    assert lines == [f"  {LATER.format(1, 2)}", f"  {data}/jfk.opus: {reason}"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"formats": "srt,mp4"},
            "There is no format 'mp4'. Choose from: txt, docx, md, html, srt, vtt, tsv, rttm, json.",
        ),
        ({"formats": ","}, "There is no format ','"),
        ({"engine": "sphinx"}, "Choose one of: auto, faster-whisper, whisper"),
        ({"model": "gigantic"}, "large-v3-turbo"),
        ({"language": "xx"}, "yue"),
        ({"track": 0}, "--track 1 is the first"),
        ({"task": "sing"}, "Choose one of: transcribe, translate."),
        ({"owner": "nobody"}, "There is no active user 'nobody'."),
        ({"enqueue": True, "formats": "srt"}, "leave out --formats and --output"),
    ],
)
def test_wrong_option_says_what_there_is_and_does_nothing(
    transcribe: Transcribe, data: Path, tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CommandError) as failure:
        transcribe(data / "jfk.mp3", **options)

    assert sentence in str(failure.value)
    assert not Recording.objects.exists()
    assert not (tmp_path / "texts").exists()


def test_owner_can_be_named(transcribe: Transcribe, alice: User, data: Path) -> None:
    transcribe(data / "jfk.mp3", enqueue=True, owner="alice")

    assert Recording.objects.get().owner == alice


def test_without_an_administrator_an_owner_must_be_named(transcribe: Transcribe, root: User, data: Path) -> None:
    User.objects.filter(pk=root.pk).update(is_active=False)

    with pytest.raises(CommandError, match="no administrator.*--owner"):
        transcribe(data / "jfk.mp3", enqueue=True)


def test_text_that_cannot_be_written_is_safe_in_the_library(
    transcribe: Transcribe, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(CommandError, match=r"in the library, but could not be written to a file \(No space left"):
        transcribe(data / "jfk.mp3")

    assert Recording.objects.get().shown_job.state == Job.State.COMPLETED


def test_folder_that_cannot_be_made_is_told_before_any_work(transcribe: Transcribe, data: Path) -> None:
    with pytest.raises(CommandError, match="Could not make the folder"):
        transcribe(data / "jfk.mp3", output=data / "jfk.mp3" / "texts")

    assert not Recording.objects.exists()


def row_of(database: Path) -> tuple[str, int, int, float]:
    """Return state, batches done, segments and position of the only job in another process's database."""
    segments = "(SELECT count(*) FROM transcripts_segment)"
    query = f"SELECT state, batches_done, {segments}, audio_seconds_done FROM transcripts_job"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)) as connection:
        return connection.execute(query).fetchone() or ("", 0, 0, 0.0)


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(django_settings.BASE_DIR / "manage.py"), *arguments]


def test_ctrl_c_pauses_the_job_with_what_is_done(data: Path, tmp_path: Path) -> None:
    fake = {"SELENITE_FAKE_ENGINE": "1", "SELENITE_FAKE_SECONDS": "1.5"}
    environment = {**os.environ, **fake, "SELENITE_TEST_DIR": str(tmp_path)}
    subprocess.run(manage("migrate", "-v0"), env=environment, check=True)
    person = ["createsuperuser", "--noinput", "--username=root", "--email=root@example.org", "-v0"]
    subprocess.run(manage(*person), env=environment, check=True)
    paths = [str(data / "jfk.mp3"), str(data / "jfk.opus")]
    texts = tmp_path / "texts"

    command = manage("transcribe", "--engine=fake", f"--output={texts}", *paths)
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while row_of(tmp_path / "db.sqlite3")[1] < 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    state, batches, segments, seconds = row_of(tmp_path / "db.sqlite3")
    assert (process.returncode, state) == (130, Job.State.PAUSED)
    assert batches >= 1
    assert segments == seconds / 2  # The fake engine says one segment in each two seconds.
    assert 0 < seconds < 11
    assert errors.splitlines() == [
        "CommandError: Interrupted. 1 of 2 were not begun.",
        "  1 of 2 failed:",
        f"  {paths[0]}: Paused with {seconds:.0f} of 11 s transcribed and kept. Open it in the library and press “Go on”.",
    ]
    assert list(texts.iterdir()) == []
