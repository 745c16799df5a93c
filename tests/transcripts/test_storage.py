"""The folders of the installation, also where the media is no folder at all."""

from pathlib import Path

from pytest_django import Settings

from transcripts import storage, tidy


def test_local_media_has_a_path(media_root: Path):
    assert storage.local_path("recordings/1") == media_root / "recordings" / "1"


def test_media_elsewhere_has_none_and_is_left_to_its_storage(settings: Settings):
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.Storage"}}

    assert storage.local_path("recordings/1") is None
    assert storage.media_problem(has_recordings=True) == ""
    assert tidy.set_unknown_files_aside() == 0
