"""Texts are written whole, and never over something that would be lost."""

from pathlib import Path

import pytest

from tests.conftest import MakeJob, MakeRecording, MakeSegments
from transcripts import exports
from transcripts.models import Job
from transcripts.outputs import write_exports


def test_every_format_is_written_as_it_is_exported(completed_job: Job, tmp_path: Path) -> None:
    paths = write_exports(completed_job, tmp_path, name="jfk", formats=list(exports.FORMATS))

    assert [path.name for path in paths] == [f"jfk.{name}" for name in exports.FORMATS]
    assert [path.read_bytes() for path in paths] == [exports.render(completed_job, name) for name in exports.FORMATS]
    assert sorted(tmp_path.glob("jfk*")) == sorted(paths)


def test_text_of_the_same_recording_is_replaced(
    completed_job: Job, make_job: MakeJob, make_segments: MakeSegments, make_recording: MakeRecording, tmp_path: Path
) -> None:
    write_exports(completed_job, tmp_path, name="jfk", formats=["txt"])
    again = make_job(make_recording(), state=Job.State.COMPLETED)
    make_segments(again, (" Another text.",))

    paths = write_exports(again, tmp_path, name="jfk", formats=["txt"])

    assert paths == [tmp_path / "jfk.txt"]
    assert paths[0].read_bytes() == exports.render(again, "txt") != exports.render(completed_job, "txt")


def test_text_that_a_person_changed_is_left_alone(completed_job: Job, tmp_path: Path) -> None:
    [path] = write_exports(completed_job, tmp_path, name="jfk", formats=["txt"])
    path.write_text("Corrected by hand.")

    [second] = write_exports(completed_job, tmp_path, name="jfk", formats=["txt"])
    second.write_text("Corrected by hand, too.")
    [third] = write_exports(completed_job, tmp_path, name="jfk", formats=["txt"])

    assert path.read_text() == "Corrected by hand."
    assert (second.name, third.name) == ("jfk.opus.txt", "jfk.opus-2.txt")


def test_text_of_another_recording_is_left_alone(
    completed_job: Job, make_job: MakeJob, make_segments: MakeSegments, make_recording: MakeRecording, tmp_path: Path
) -> None:
    other = make_job(make_recording(b"another sound", title="Other"), state=Job.State.COMPLETED)
    make_segments(other, (" Another text.",))
    write_exports(other, tmp_path, name="jfk", formats=["srt"])

    paths = write_exports(completed_job, tmp_path, name="jfk", formats=["srt"])

    assert paths == [tmp_path / "jfk.opus.srt"]
    assert (tmp_path / "jfk.srt").read_bytes() == exports.render(other, "srt")


@pytest.mark.parametrize("kind", ["folder", "broken link"])
def test_what_is_no_file_is_left_alone(completed_job: Job, tmp_path: Path, kind: str) -> None:
    taken = tmp_path / "jfk.txt"
    if kind == "folder":
        taken.mkdir()
    else:
        taken.symlink_to(tmp_path / "nowhere" / "jfk.txt")

    assert write_exports(completed_job, tmp_path, name="jfk", formats=["txt"]) == [tmp_path / "jfk.opus.txt"]


def test_text_that_cannot_be_written_leaves_no_part_of_it(
    completed_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(OSError, match="No space left"):
        write_exports(completed_job, tmp_path / "media", name="jfk", formats=["txt"])

    assert [path for path in (tmp_path / "media").iterdir() if path.is_file()] == []
