"""`manage.py diarize`: the speakers of a text that is there."""

import io
import os
import signal
import uuid

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from preferences.models import Settings, UserDefaults
from registry import diarizers
from transcripts.models import Edit, Job, Labelling
from transcripts.services.identify import identify_again


@pytest.fixture
def job(settings, data, db):
    """Return a job that the transcribe command made, without speakers."""
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE = True, "fake"
    User.objects.create_superuser("root")
    options = {"engine": "fake", "diarize": False, "stdout": io.StringIO(), "output": settings.WORK_DIR}
    call_command("transcribe", data / "jfk.mp3", **options)
    return Job.objects.get()


def _diarize(pk, **options):
    output = io.StringIO()
    call_command("diarize", str(pk), stdout=output, **options)
    return output.getvalue()


@pytest.mark.parametrize("name", ["job", "recording"])
def test_speakers_are_identified_in_this_process(job, name):
    line = _diarize(job.pk if name == "job" else job.recording_id, speakers="3")

    job.refresh_from_db()
    assert line.startswith("jfk: 3 speakers in 11.0 s of audio, found in ")
    assert line.endswith(", by fake\n")
    assert (job.labelling.provenance["speakers"], Edit.objects.count()) == ({"least": 3, "most": 3}, 1)
    assert Job.objects.get(kind=Job.Kind.SPEAKERS).state == Job.State.COMPLETED


@pytest.mark.parametrize(("options", "found"), [({}, 4), ({"speakers": "2"}, 2), ({"speakers": "auto"}, None)])
def test_as_many_speakers_as_the_owner_has_set_unless_the_command_says(job, options, found):
    UserDefaults.objects.create(user=job.owner, speakers="4")
    _diarize(job.pk, **options)
    asked = Job.objects.get(kind=Job.Kind.SPEAKERS)
    assert (asked.least_speakers, asked.most_speakers) == (found, found)


def test_command_says_why_it_failed(job, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "speakers:kill:always")
    monkeypatch.setattr(diarizers, "_order", lambda known: ["fake"])
    with pytest.raises(CommandError, match=r"fake failed \(The engine process was killed.* The text is as it was"):
        _diarize(job.pk)
    assert Labelling.objects.count() == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"diarizer": "magic"}, "Choose one of: auto, pyannote, whisperx, vad"),
        ({"speakers": "many"}, "from 1 to 20"),
        ({"speakers": "5-2"}, "from 1 to 20"),
        ({"speakers": "21"}, "from 1 to 20"),
    ],
)
def test_wrong_options_are_explained(job, options, reason):
    with pytest.raises(CommandError, match=reason):
        _diarize(job.pk, **options)
    assert Job.objects.count() == 1


def test_what_is_not_there_is_named(job):
    unknown = uuid.uuid4()
    with pytest.raises(CommandError, match=f"no recording {unknown}"):
        _diarize(unknown)


def test_command_keeps_out_of_the_way_of_a_worker(job):
    identify_again(job.pk)
    with pytest.raises(CommandError, match="being identified already"):
        _diarize(job.pk)


def test_interruption_leaves_the_text_as_it_was(job, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "30")
    monkeypatch.setattr("transcripts.identifying.Identifying._note_identifying", _interrupt)

    with pytest.raises(CommandError, match="Interrupted") as raised:
        _diarize(job.pk)

    assert raised.value.returncode == 130
    assert Job.objects.get(kind=Job.Kind.SPEAKERS).state == Job.State.CANCELLED
    assert job.segments.filter(speaker=None).count() == job.segments.count()


def _interrupt(run, message):
    if message.get("stage") == "identifying" and not run.should_stop():
        os.kill(os.getpid(), signal.SIGINT)


def test_transcribe_identifies_speakers_as_it_is_told(settings, data, db, tmp_path):
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE = True, "fake"
    User.objects.create_superuser("root")
    options = {"engine": "fake", "stdout": io.StringIO(), "enqueue": True}
    call_command("transcribe", data / "jfk.mp3", **options)
    call_command("transcribe", data / "jfk.mp3", **options, diarize=False)
    call_command("transcribe", data / "jfk.mp3", **options, speakers="2-4", diarizer="vad")
    asked = ("diarize", "by_channel", "least_speakers", "most_speakers", "asked_diarizer")
    assert list(Job.objects.order_by("created_at").values_list(*asked)) == [
        (True, False, None, None, ""),
        (False, False, None, None, ""),
        (True, False, 2, 4, "vad"),
    ]


def test_transcribe_refuses_options_that_contradict_each_other(data, db):
    User.objects.create_superuser("root")
    with pytest.raises(CommandError, match="Drop one"):
        call_command("transcribe", data / "jfk.mp3", diarize=False, channels=True)
    assert Job.objects.count() == 0


def test_diarize_says_where_there_is_no_such_text(db):
    with pytest.raises(CommandError, match="There is no job and no recording phone_call"):
        call_command("diarize", "phone_call")


def test_transcribe_leaves_speakers_alone_where_the_installation_does(settings, data, db):
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE = True, "fake"
    User.objects.create_superuser("root")
    Settings.load()
    Settings.objects.update(identify_speakers=False)
    call_command("transcribe", data / "jfk.mp3", engine="fake", stdout=io.StringIO(), enqueue=True)
    assert Job.objects.get().diarize is False
    with pytest.raises(CommandError, match="from 1 to 20"):
        call_command("transcribe", data / "jfk.mp3", engine="fake", speakers="0")
