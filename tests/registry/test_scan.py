"""The rows of the registry and what lies on the disk."""

from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command

from registry import decisions, scan, sync, works
from registry.models import Provider, SpeechModel, Work
from registry.resolver import hindrance
from registry.standing import standings
from registry.works import Refused
from speech.weights import check, find
from tests.conftest import PutWeights
from tests.registry.test_working import do
from tests.speech.weights.test_by_hand import ENGLISH_VOCABULARY, lay

pytestmark = pytest.mark.django_db

Status = SpeechModel.Status
NO_WHOLE_MODEL = "faster-whisper/{} is not a whole model for faster-whisper:"


def take_up(model: SpeechModel) -> SpeechModel:
    """Read what somebody brought, as a verification does, without loading it: these numbers are none."""
    check(project.WEIGHTS_DIR, engine=model.store, model=model.key, path=model.install_path)
    scan.refresh(model)
    return row(model.key, model.store)


@pytest.fixture
def loadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have numbers that are none count as loaded by the command."""
    monkeypatch.setattr("registry.management.commands.weights.ask", lambda kind, **fields: {"type": "done"})


def row(key: str, store: str = "faster-whisper") -> SpeechModel:
    return SpeechModel.objects.get(store=store, key=key)


def test_refresh_sees_what_is_there_and_what_is_gone(put_weights: PutWeights):
    place = put_weights("faster-whisper", "base")

    assert scan.refresh() == 1
    assert (row("base").status, row("base").verified_at.isoformat()) == (Status.VERIFIED, "2026-01-02T03:04:05+00:00")
    assert scan.refresh() == 0

    (place / "model.bin").write_bytes(b"cut")
    scan.refresh()
    assert (row("base").status, row("base").status_detail) == (Status.BROKEN, scan.CUT)
    scan.refresh()
    assert row("base").status == Status.BROKEN

    decisions.remove(row("base"))
    assert (row("base").status, row("base").status_detail, row("base").verified_at) == (Status.ABSENT, "", None)


def test_refresh_tells_a_damaged_manifest_from_damaged_weights(put_weights: PutWeights):
    place = put_weights("faster-whisper", "base")
    scan.refresh()
    (place / "manifest.json").write_text("x")
    scan.refresh()
    assert (row("base").status, row("base").status_detail) == (Status.BROKEN, scan.NO_MANIFEST)


def test_refresh_leaves_what_an_administrator_decided(put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    SpeechModel.objects.update(enabled=False, disabled_reason="slow", languages="de", memory_bytes=5)

    scan.refresh()
    sync.fill()

    assert (row("base").enabled, row("base").disabled_reason) == (False, "slow")
    assert (row("base").languages, row("base").memory_bytes) == ("de", 5)


def test_refresh_does_not_read_weights(put_weights: PutWeights, django_assert_num_queries):
    for key in ("base", "tiny", "small"):
        put_weights("faster-whisper", key)
    scan.refresh()

    with django_assert_num_queries(1):
        scan.refresh()


def test_rescan_finds_weights_brought_by_hand_and_has_the_queue_read_them(weights_folder: Path):
    lay(weights_folder / "faster-whisper" / "ours", words=ENGLISH_VOCABULARY)

    found = scan.rescan()
    assert [str(model) for model in found.new] == ["faster-whisper/ours"]
    assert scan.queue_checks(found) == 1
    assert scan.queue_checks(found) == 0
    assert (row("ours").status, row("ours").status_detail) == (Status.ABSENT, scan.UNCHECKED)
    assert hindrance(engine="faster-whisper", model="ours") == "Model ours (faster-whisper) was not verified yet."
    ours = take_up(row("ours"))

    assert (ours.status, ours.status_detail) == (Status.INSTALLED, scan.AS_FOUND)
    assert (ours.languages, ours.translates, len(ours.sha256)) == ("en", False, 64)
    assert ours.size_bytes > 0
    assert ours.memory_bytes > ours.size_bytes
    again = scan.rescan()
    assert (again.new, again.unchecked) == ([], [])


def test_rescan_names_what_is_wrong_with_files_of_the_catalogue(weights_folder: Path):
    lay(weights_folder / "faster-whisper" / "base")

    found = scan.rescan()
    assert (found.new, found.unchecked) == ([], [row("base")])
    work = do(row("base"), Work.Kind.VERIFY)

    assert work.state == Work.State.FAILED
    assert row("base").status == Status.BROKEN
    assert "model.bin is not the file that its publisher has" in row("base").status_detail


def test_false_file_beside_the_folders_is_forgotten_once_the_model_is_installed(
    weights_folder: Path, put_weights: PutWeights
):
    beside = weights_folder / "whisper" / "tiny.en.pt"
    beside.parent.mkdir(parents=True)
    beside.write_bytes(b"no checkpoint")
    scan.rescan()
    english = row("tiny.en", "whisper")
    assert english.install_path
    assert do(english, Work.Kind.VERIFY).state == Work.State.FAILED
    assert "clear its path in the administration" in standings([row("tiny.en", "whisper")])[0].condition

    put_weights("whisper", "tiny.en")
    scan.rescan()

    assert (row("tiny.en", "whisper").status, row("tiny.en", "whisper").install_path) == (Status.VERIFIED, "")


def test_path_of_an_administrator_is_read_and_forgotten_again(weights_folder: Path, tmp_path: Path):
    elsewhere = lay(tmp_path / "elsewhere")
    ours = SpeechModel.objects.create(
        provider=row("base").provider, store="faster-whisper", key="ours", name="Ours", install_path=str(elsewhere)
    )
    scan.refresh(ours)
    assert (ours.status, ours.status_detail) == (Status.ABSENT, scan.UNCHECKED)
    take_up(ours)
    assert row("ours").status == Status.INSTALLED
    assert find(weights_folder, engine="faster-whisper", model="ours").path == elsewhere

    (elsewhere / "model.bin").unlink()
    scan.refresh()
    assert row("ours").status == Status.BROKEN

    assert decisions.remove(row("ours")) == "faster-whisper/ours is forgotten. Its files lie where they were."
    assert not SpeechModel.objects.filter(key="ours").exists()
    assert (elsewhere / "config.json").exists()


def test_remove_ends_the_work_on_it_first(weights_folder: Path):
    work, _ = works.ask(row("base"), Work.Kind.INSTALL)
    part = weights_folder / ".incoming" / "faster-whisper" / "base" / "model.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")

    assert decisions.remove(row("base")) == "faster-whisper/base is removed."

    work.refresh_from_db()
    assert (work.state, part.exists()) == (Work.State.CANCELLED, False)


def test_remove_gives_up_where_work_on_it_does_not_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(decisions, "PATIENCE_SECONDS", 0.1)
    works.ask(row("base"), Work.Kind.INSTALL)
    works.claim(holder="somebody frozen")

    with pytest.raises(Refused, match="is still being worked on"):
        decisions.remove(row("base"))


@pytest.mark.usefixtures("loadable")
def test_command_finds_them_too_and_keeps_the_rows_in_line(weights_folder: Path, capsys: pytest.CaptureFixture[str]):
    lay(weights_folder / "faster-whisper" / "ours")
    lay(weights_folder / "faster-whisper" / "base")

    with pytest.raises(CommandError, match=r"base/model\.bin is not the file that its publisher has"):
        call_command("weights", "rescan")

    assert capsys.readouterr().out.splitlines() == ["faster-whisper/ours was found."]
    assert (row("ours").status, row("base").status) == (Status.INSTALLED, Status.BROKEN)
    assert "is not the file that its publisher has" in row("base").status_detail
    call_command("weights", "list")
    assert "ours                  faster-whisper" in capsys.readouterr().out
    call_command("weights", "verify", "ours")
    assert row("ours").status == Status.VERIFIED
    call_command("weights", "path", "ours")
    call_command("weights", "remove", "ours")
    scan.refresh()
    assert not (weights_folder / "faster-whisper" / "ours").exists()


def test_command_brings_the_rows_in_line(put_weights: PutWeights):
    put_weights("whisper", "base")

    with pytest.raises(CommandError):
        call_command("weights", "verify", "base", "--engine", "whisper")
    assert row("base", "whisper").status == Status.BROKEN
    call_command("weights", "remove", "base", "--engine", "whisper")
    assert row("base", "whisper").status == Status.ABSENT


def test_weights_that_were_built_here_keep_their_size_through_a_migration(put_weights: PutWeights):
    put_weights("whisper", "distil-large-v3")
    scan.refresh()

    sync.fill()

    built = row("distil-large-v3", "whisper")
    assert (built.size_bytes, built.sha256) == (7, "sha256 of whisper/distil-large-v3")


@pytest.mark.usefixtures("loadable")
def test_command_tells_all_that_it_saw_before_what_is_wrong(
    weights_folder: Path, put_weights: PutWeights, capsys: pytest.CaptureFixture[str]
):
    put_weights("faster-whisper", "base")
    lay(weights_folder / "faster-whisper" / "tiny")
    lay(weights_folder / "faster-whisper" / "ours")
    lay(weights_folder / "faster-whisper" / "wrong", numbers=b"no model")
    (weights_folder / "faster-whisper" / "junk").mkdir()

    with pytest.raises(CommandError) as failed:
        call_command("weights", "rescan")

    assert capsys.readouterr().out.splitlines() == [
        "faster-whisper/base is unchanged since it was read.",
        "faster-whisper/ours was found.",
        f"{NO_WHOLE_MODEL.format('junk')} model.bin, config.json, tokenizer.json and vocabulary.json are missing.",
    ]
    tiny, wrong = str(failed.value).splitlines()
    assert tiny.partition(": it is")[0].endswith("faster-whisper/tiny/model.bin is not the file that its publisher has")
    assert wrong == "faster-whisper/wrong: model.bin is cut short."
    call_command("weights", "list")
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for line, reason in (
        ("tiny faster-whisper 78.2 MB broken publisher", tiny),
        ("wrong faster-whisper - broken brought by hand", "model.bin is cut short."),
    ):
        assert lines[lines.index(line) + 1] == reason


def test_command_lists_what_was_not_verified_yet(weights_folder: Path, capsys: pytest.CaptureFixture[str]):
    lay(weights_folder / "faster-whisper" / "tiny")
    call_command("weights", "list")
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "tiny faster-whisper 78.2 MB not verified yet publisher" in lines


@pytest.mark.parametrize("name", ["Capital", "with space", "ünïcode", "-rf", ".hidden"])
def test_names_that_are_none_are_passed_over(weights_folder: Path, name: str):
    lay(weights_folder / "faster-whisper" / name)

    assert scan.rescan().new == []


def test_removal_leaves_files_that_another_row_has(weights_folder: Path):
    place = lay(weights_folder / "faster-whisper" / "mine")
    [mine] = scan.discover()
    alias = SpeechModel.objects.create(
        provider=mine.provider, store=mine.store, key="alias", name="Alias", install_path="faster-whisper/mine"
    )
    take_up(alias)

    decisions.remove(alias)

    assert (place / "model.bin").exists()
    assert not SpeechModel.objects.filter(key="alias").exists()


@pytest.mark.parametrize(
    ("store", "path"), [("whisper", "whisper/noise.pt"), ("whisper", "given/noise"), ("faster-whisper", "given/noise")]
)
def test_removal_deletes_what_was_brought_and_never_could_be_read(weights_folder: Path, store: str, path: str):
    place = weights_folder / path
    files = [place] if place.suffix else [place / name for name in ("noise.pt", "model.bin", "config.json")]
    files[0].parent.mkdir(parents=True)
    for file in files:
        file.write_bytes(b"noise")
    noise = SpeechModel.objects.create(
        provider=Provider.objects.get(key=store), store=store, key="noise", name="noise", install_path=path
    )
    assert do(noise, Work.Kind.VERIFY).state == Work.State.FAILED
    assert row("noise", store).status == Status.BROKEN

    assert decisions.remove(row("noise", store)) == f"{store}/noise is removed."

    wanted = {"whisper": {"noise.pt"}, "faster-whisper": {"model.bin", "config.json"}}[store]
    assert {file.name for file in files if not file.exists()} == wanted & {file.name for file in files}
    assert scan.rescan().new == []
    assert not SpeechModel.objects.filter(key="noise").exists()


def test_removal_leaves_a_folder_that_other_things_lie_in(weights_folder: Path):
    lay(weights_folder / "given")
    (weights_folder / "given" / "README.md").write_text("Ours.")
    provider = row("base").provider
    ours = SpeechModel.objects.create(
        provider=provider, store="faster-whisper", key="ours", name="Ours", install_path="given"
    )

    assert decisions.remove(ours) == "faster-whisper/ours is removed."

    assert [file.name for file in (weights_folder / "given").iterdir()] == ["README.md"]


def test_lone_file_that_is_no_checkpoint_is_passed_over(weights_folder: Path):
    (weights_folder / "whisper").mkdir(parents=True)
    (weights_folder / "whisper" / "noise.pt").write_bytes(bytes(range(256)) * 100)

    found = scan.rescan()

    assert (found.new, found.unchecked) == ([], [])
    assert found.passed_over == ["whisper/noise.pt is not a checkpoint of Whisper."]


def test_rescan_that_another_was_faster_than_finds_nothing_new(weights_folder: Path, monkeypatch: pytest.MonkeyPatch):
    lay(weights_folder / "faster-whisper" / "ours")
    look = scan.weights.unknown

    def slowly(folder: Path):
        seen = list(look(folder))
        with monkeypatch.context() as patch:
            patch.setattr(scan.weights, "unknown", look)
            assert [model.key for model in scan.discover()] == ["ours"]
        return seen

    monkeypatch.setattr(scan.weights, "unknown", slowly)
    assert scan.discover() == []
