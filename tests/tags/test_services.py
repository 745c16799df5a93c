"""Tags made on the fly, merged, and what they fill in together."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError

from tags.models import Tag
from tags.names import BadName
from tags.services import carried, merge, tags_called
from tests.conftest import MakeRecording


def test_tags_called_makes_only_what_is_missing(alice: User, bob: User):
    theirs = tags_called(["Red"], owner=bob)
    red, blue = tags_called(["Red", "blue"], owner=alice)
    again = tags_called(["BLUE", "rEd", "new", "New"], owner=alice)
    assert [tag.name for tag in again] == ["blue", "Red", "new"]
    assert again[:2] == [blue, red]
    assert (red.hue, blue.hue, again[2].hue) == (1, 2, 3)
    assert Tag.objects.of(bob).get() == theirs[0]


def test_tags_called_stops_where_there_are_too_many(alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tags.services.MOST_TAGS", 2)
    tags_called(["a", "b"], owner=alice)
    assert len(tags_called(["A", "B"], owner=alice)) == 2
    with pytest.raises(BadName):
        tags_called(["a", "c"], owner=alice)
    assert Tag.objects.of(alice).count() == 2


def test_name_is_unique_among_the_tags_of_one_person(alice: User, bob: User):
    for owner in (alice, bob):
        Tag.objects.create(owner=owner, name="Straße")
    with pytest.raises(IntegrityError):
        Tag.objects.create(owner=alice, name="STRASSE")


def test_merge_gives_the_recordings_to_the_other_tag(alice: User, make_recording: MakeRecording):
    red, blue = tags_called(["red", "blue"], owner=alice)
    recordings = [make_recording(b"x") for _ in range(3)]
    red.recordings.add(*recordings[:2])
    blue.recordings.add(*recordings[1:])
    merge(red, blue)
    assert set(blue.recordings.all()) == set(recordings)
    assert list(Tag.objects.of(alice)) == [blue]


def test_merge_keeps_to_one_person(alice: User, bob: User):
    (red,), (theirs,) = tags_called(["red"], owner=alice), tags_called(["red"], owner=bob)
    for other in (red, theirs):
        with pytest.raises(ValueError, match="one person"):
            merge(red, other)
    assert Tag.objects.count() == 2


def test_carried_takes_of_each_the_first_and_all_words(alice: User):
    tags = [
        Tag(name="a", language="de", vocabulary="Zoë"),
        Tag(name="b", language="fr", model="faster-whisper/base", diarize=False, vocabulary="Ann"),
        Tag(name="c", diarize=True, vocabulary="Zoë"),
    ]
    assert carried(tags) == {
        "language": "de",
        "model": "faster-whisper/base",
        "diarize": False,
        "prompt": "Zoë\nAnn",
    }
    assert carried([]) == {}
