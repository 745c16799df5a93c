"""Which files a batch takes, and what their texts are called."""

import os
from pathlib import Path

import pytest

from transcripts.batch import NEEDS_RECURSIVE, NO_MEDIA, Found, find, output_names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder as people have them."""
    names = ["b.mp3", "a.WAV", "notes.txt", ".hidden.mp3", "sub/c.opus", "sub/.git/d.mp3", "sub/mp3", "empty/readme.md"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_folder_is_walked_in_order_and_only_for_media(folder: Path) -> None:
    names = [str(item.path.relative_to(folder)) for item in find([folder], recursive=True)]

    assert names == ["a.WAV", "b.mp3", "sub/c.opus"]


def test_folder_without_recursive_is_a_problem_and_the_rest_goes_on(folder: Path) -> None:
    found = find([folder, folder / "b.mp3"], recursive=False)

    assert found == [Found(folder, NEEDS_RECURSIVE), Found(folder / "b.mp3")]


def test_file_that_is_named_is_taken_whatever_it_is_called(folder: Path) -> None:
    paths = [folder / "notes.txt", folder / ".hidden.mp3"]

    assert find(paths, recursive=False) == [Found(path) for path in paths]


def test_folder_without_media_is_a_problem(folder: Path) -> None:
    assert find([folder / "empty"], recursive=True) == [Found(folder / "empty", NO_MEDIA)]


@pytest.mark.parametrize("name", ["gone.wav", "n" * 300 + ".mp3", "b.mp3/c.mp3"])
def test_path_that_leads_nowhere_is_a_problem(folder: Path, name: str) -> None:
    [item] = find([folder / name], recursive=True)

    assert item.problem.startswith("Could not read this (")


def test_same_file_is_taken_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "link.mp3").symlink_to(folder / "b.mp3")
    monkeypatch.chdir(folder)

    found = find([Path("b.mp3"), folder / "b.mp3", folder / "link.mp3", folder], recursive=True)

    assert [item.path.name for item in found] == ["b.mp3", "a.WAV", "c.opus"]


def test_links_that_lead_in_circles_end(folder: Path) -> None:
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "round.mp3").symlink_to(folder / "round.mp3")

    found = find([folder], recursive=True)

    assert [item.path.name for item in found] == ["a.WAV", "b.mp3", "round.mp3", "c.opus"]


def test_label_is_safe_on_a_terminal(tmp_path: Path) -> None:
    path = Path(os.fsdecode(b"\x1b[2Jtalk\xff\n.mp3"))

    assert Found(path).label == "[2Jtalk .mp3"


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a.mp3", "b.wav"], ["a", "b"]),
        (["a.mp3", "a.wav"], ["a.mp3", "a.wav"]),
        (["x/a.mp3", "y/a.mp3", "z/a.mp3"], ["a.mp3", "a.mp3-2", "a.mp3-3"]),
        (["A.mp3", "a.wav"], ["A.mp3", "a.wav"]),
        (["a.mp3", "a.wav", "a.mp3.ogg"], ["a.mp3", "a.wav", "a.mp3.ogg"]),
        (["a", "a.mp3"], ["a", "a.mp3"]),
        ([".mp3"], [".mp3"]),
        (["Meeting 3.11.2026"], ["Meeting 3.11.2026"]),
        (["żółć – 日本.mp3"], ["żółć – 日本"]),
    ],
)
def test_names_of_texts_never_clash(paths: list[str], names: list[str]) -> None:
    assert list(output_names([Path(path) for path in paths]).values()) == names


def test_name_of_a_text_leaves_room_for_its_format() -> None:
    [name] = output_names([Path("ż" * 125 + ".mp3")]).values()

    assert name == "ż" * 115
