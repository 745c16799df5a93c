"""What the doctor finds, and that its command ends with 1 where something is broken."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import cache
from django.core.management import call_command
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from preferences.models import Settings
from registry import scan
from speech.weights.manifest import Manifest
from sysinfo import doctor
from sysinfo.health import State
from sysinfo.probes import devices, graphics, memory
from sysinfo.probes.card import Card
from sysinfo.probes.smart import Health
from sysinfo.probing import Finding
from sysinfo.report import Lasting, look_quickly
from tests.conftest import PutWeights
from tests.sysinfo.conftest import PutProgram
from transcripts import presence

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sound(settings) -> None:
    """Have an installation with nothing wrong: a recogniser, a diarizer, a worker, folders."""
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE = True, "fake"
    presence.announce()


@pytest.fixture
def machine(put_program: PutProgram, monkeypatch) -> Lasting:
    """Return what is known of a machine without a card."""
    return look_quickly()


def _found(lasting: Lasting | None = None) -> dict[str, doctor.Check]:
    cache.clear()
    return {check.name: check for check in doctor.examine(lasting) if check.state != State.OK}


def test_sound_installation_has_nothing(machine: Lasting):
    assert _found(machine) == {}


def test_network_of_the_engine_is_told(
    machine: Lasting, put_program: PutProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    told = {check.name: check for check in doctor.examine(machine)}["network"]
    assert told.sentence == "The system keeps the processes that hear recordings from the network."

    put_program("python", says="the system refuses it to a program (Invalid argument)")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))

    told = _found(machine)["network"]
    assert told.state == State.NOTICE
    assert told.sentence.endswith(
        "not cut off from the network: the system refuses it to a program (Invalid argument)."
    )
    assert "seccomp" in told.remedy

    put_program("python", status=1)
    assert _found(machine)["network"].sentence == "Whether engine processes reach a network is not known."


def test_command_says_that_nothing_is_broken(capsys):
    call_command("doctor")
    said = capsys.readouterr().out
    assert said.endswith("\nNothing keeps it from working.\n")
    assert "ok      Worker: 1 worker on " in said


def test_command_ends_with_1_and_says_what_to_do(capsys, settings, weights_folder):
    cache.clear()
    with pytest.raises(SystemExit) as end:
        call_command("doctor")
    assert end.value.code == 1
    said = capsys.readouterr().out
    assert "BROKEN  Weights: " in said
    assert "        Run: .venv/bin/python manage.py weights install base" in said


def test_settings_that_could_lose_a_job_are_down(settings, machine: Lasting):
    settings.JOB_HEARTBEAT_SECONDS = settings.JOB_LEASE_SECONDS + 1
    found = _found(machine)["settings"]
    assert found.state == State.DOWN
    assert "(selenite.E001)" in found.sentence
    assert "SELENITE_LEASE_SECONDS" in found.remedy


def test_source_that_everybody_may_see_is_a_notice(settings, machine: Lasting):
    settings.DEBUG = True
    assert _found(machine)["settings"].state == State.NOTICE


def test_database_of_an_older_version_is_down(machine: Lasting, monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, targets: [("transcripts", "9999")])
    found = _found(machine)
    assert (found.keys(), found["migrations"].remedy) == ({"migrations"}, "Run: .venv/bin/python manage.py migrate")


def test_folder_that_cannot_be_written_to_is_broken(settings, machine: Lasting, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    settings.LOG_DIR = tmp_path / "file" / "logs"
    found = _found(machine)["folders"]
    sentence = f"The log folder cannot be written to: {settings.LOG_DIR}."
    assert (found.state, found.sentence) == (State.DEGRADED, sentence)


def test_style_sheets_that_are_not_collected_are_down(machine: Lasting, monkeypatch):
    def missing(name: str) -> str:
        raise ValueError(f"Missing staticfiles manifest entry for '{name}'")

    monkeypatch.setattr(staticfiles_storage, "url", missing)
    assert "collectstatic" in _found(machine)["pages"].remedy


def test_list_of_style_sheets_that_cannot_be_read_is_down(machine: Lasting, monkeypatch):
    def closed(name: str) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(staticfiles_storage, "url", closed)
    found = _found(machine)["pages"]
    assert (found.state, found.remedy.endswith(" readable for the user that Selenite runs as.")) == (State.DOWN, True)
    assert found.sentence == "The list of their style sheets and scripts cannot be read (Permission denied)."


def test_model_that_is_not_the_one_wished_for_is_a_notice(settings, machine: Lasting, weights_folder, put_weights):
    put_weights("faster-whisper", "tiny.en")
    found = _found(machine)["model"]
    assert found.state == State.NOTICE
    assert "tiny.en" in found.sentence


def test_default_model_that_does_not_know_the_default_language_is_a_notice(machine: Lasting, put_weights):
    put_weights("faster-whisper", "tiny.en")
    Settings.load()
    Settings.objects.update(default_engine="faster-whisper", default_model="tiny.en", default_language="de")
    found = _found(machine)["model"]
    assert found.state == State.NOTICE
    assert found.sentence == "Model tiny.en knows English only. New recordings are expected in German."
    assert found.remedy == "Choose another model or another language in the settings of the installation."


def test_speakers_that_cannot_be_told_apart_are_a_notice(settings, machine: Lasting, weights_folder, put_weights):
    put_weights("faster-whisper", "base")
    found = _found(machine)["speakers"]
    assert found.state == State.NOTICE
    assert found.sentence.startswith("Texts have no speakers. ")
    assert found.remedy == "Run: .venv/bin/python manage.py weights install pyannote-segmentation ge2e"


def test_weights_that_are_broken_are_told_whoever_takes_them(put_weights):
    place = put_weights("whisper", "base")
    scan.refresh()
    assert [check for check in doctor.examine() if check.name == "weights" and "whisper/base" in check.sentence] == []
    next(file for file in place.iterdir() if file.suffix == ".pt").write_bytes(b"x")

    [found] = [check for check in doctor.examine() if check.name == "weights" and "whisper/base" in check.sentence]

    assert (found.state, found.sentence) == (State.NOTICE, "whisper/base is broken: Files are missing or cut short.")
    assert found.remedy == "Run: .venv/bin/python manage.py weights install base --engine whisper"


def test_weights_that_are_broken_and_that_nobody_offers_here_are_to_be_brought_by_hand(settings, put_weights):
    place = put_weights("faster-whisper", "large-v3")
    scan.refresh()
    next(file for file in place.iterdir() if file.suffix == ".bin").write_bytes(b"x")
    settings.WEIGHTS_SOURCES = ["index"]

    [found] = [check for check in doctor.examine() if check.name == "weights" and "large-v3" in check.sentence]

    assert found.remedy.startswith(
        "No source that is allowed here has large-v3: bring the folder faster-whisper/large-v3"
    )
    assert found.remedy.endswith(".")


def test_little_memory_is_a_notice(machine: Lasting, monkeypatch):
    small = memory.Memory(2_000_000_000, 1, 1, 0, 0, None)
    monkeypatch.setattr(memory, "probe", lambda: small)
    assert _found(machine)["memory"].sentence == "There are 2.0 GB of memory; Selenite needs 4 GB."


def _with(machine: Lasting, cards: graphics.Graphics, *usable: tuple[str, tuple[str, ...]]) -> Lasting:
    libraries = tuple(devices.Library(name, "1.0", "13.0", names, (), "") for name, names in usable)
    fields = {name: getattr(machine, name) for name in Lasting.__slots__}
    found: Finding = Finding(libraries) if libraries else Finding(None, "Nobody asked.")
    return Lasting(**fields | {"graphics": Finding(cards), "libraries": found})


def test_card_that_a_library_cannot_use_is_a_notice(machine: Lasting):
    cards = graphics.Graphics((Card("NVIDIA", "NVIDIA T400", "00000000:01:00.0", 1, 1),))
    idle = _found(_with(machine, cards, ("CTranslate2", ()), ("torch", ("NVIDIA T400",))))["graphics"]
    assert idle.sentence == "CTranslate2 cannot use NVIDIA T400."
    assert "graphics" not in _found(_with(machine, cards, ("CTranslate2", ("a",)), ("torch", ("a",))))
    assert "Detect" in _found(_with(machine, cards))["graphics"].remedy


def test_driver_that_fails_is_a_notice(machine: Lasting):
    cards = graphics.Graphics((), problem="nvidia-smi failed: no driver")
    assert _found(_with(machine, cards))["graphics"].sentence == "nvidia-smi failed: no driver"


def test_weights_that_were_changed_are_told_also_of_the_default(put_weights):
    place = put_weights("faster-whisper", "base")
    Manifest.read(place).stamped(place).write(place)
    (place / "model.bin").write_bytes(b"WEIGHTS")
    [found] = [check for check in doctor.examine() if check.name == "weights" and check.state == State.NOTICE]
    assert found.sentence == f"faster-whisper/base may not be what was installed. {scan.CHANGED}"


def test_disk_that_says_it_is_failing_is_broken(machine: Lasting):
    found = _found(replace(machine, disk_health=Finding((Health("sda", is_good=True), Health("sdc", is_good=False)))))
    assert found["health"].sentence == "Disk sdc says that it is failing."
    assert found["health"].state == State.DEGRADED
    assert _found(replace(machine, disk_health=Finding((Health("vda"),)))) == {}


def test_examination_that_fails_is_told_and_the_others_go_on(machine: Lasting, monkeypatch):
    def broken() -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(memory, "probe", broken)
    found = _found(machine)
    assert found.keys() == {"memory"}
    assert found["memory"].sentence == "This could not be found out (RuntimeError)."


def test_full_disk_is_told_as_everywhere(machine: Lasting, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type(usage)(usage.total, usage.total, 5))
    found = _found(machine)["disk"]
    assert "is nearly full" in found.sentence
    assert "Free some space" in found.remedy


def test_checks_tell_what_is_so_now_and_not_what_was_so_for_others_a_moment_ago(
    machine: Lasting, put_weights: PutWeights, carol_client: Client
):
    model = put_weights("faster-whisper", "base") / "model.bin"
    scan.refresh()

    def told() -> tuple[str, str]:
        found = {check.name: check for check in doctor.examine(machine)}
        return found["weights"].state, found["weights"].sentence

    assert told()[0] == State.OK
    model.write_bytes(b"cut")
    state, sentence = told()
    assert state == State.DEGRADED
    assert "is broken: Files are missing or cut short." in sentence
    model.write_bytes(b"weights")
    assert told()[0] == State.OK
    model.write_bytes(b"cut")
    text = carol_client.get("/system/checks").text
    assert text.count("is broken: Files are missing or cut short.") == 2  # In the notice at the head too.
