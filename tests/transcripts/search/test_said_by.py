"""Who says it: the index knows the names, whatever changes them."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from speech.types import Turn
from tests.transcripts.search.conftest import MakeText, say, texts
from transcripts.imports import read
from transcripts.models import Edit, Job, SearchEntry, Speaker
from transcripts.search import index
from transcripts.search.index import speaker_word
from transcripts.services import edits, speakers
from transcripts.services.delete import delete_recording
from transcripts.services.importing import import_transcript

TURNS = [Turn(0, 2.9, 1), Turn(3.1, 6, 2)]


@pytest.fixture
def job(make_text: MakeText) -> Job:
    """Return a text of which Ann says one passage and somebody without a name the other."""
    job = make_text("harvest one", "harvest two")
    say(job, "Ann", index=0)
    say(job, "", index=1)
    return job


def _said(user: User, *names: str) -> list[list[str]]:
    return [sorted(text.strip() for text in texts(user, "harvest", speaker=name)) for name in names]


def _is_as_made_anew(job: Job) -> bool:
    """Return whether the index has what it has when it is made from the text as it is now."""
    columns = ("segment", "words", "scope")
    before = sorted(SearchEntry.objects.values_list(*columns), key=str)
    index.rebuild(job.recording_id)
    return before == sorted(SearchEntry.objects.values_list(*columns), key=str)


def test_part_of_a_name_finds_what_they_say(alice: User, make_text: MakeText):
    job = make_text("harvest one", "harvest two", "harvest three", "harvest four")
    for number, name in enumerate(("Zoë Quist", "Łukasz", "ŁUCJA", "")):
        say(job, name, index=number)
    names = ("ZOE", "e q", "lu", "quist zoe", "Speaker 4", "s", speaker_word("Łukasz"))
    one, two, three = (["harvest one"], ["harvest two"], ["harvest three"])
    assert _said(alice, *names) == [one, one, three + two, [], [], [*one, *two], []]


@pytest.mark.parametrize("more", [0, 300])
def test_any_number_of_names_may_contain_it(alice: User, carol: User, job: Job, more: int):
    Speaker.objects.bulk_create(Speaker(job=job, number=3, name=f"Anna {number}") for number in range(more))
    assert _said(alice, "ann", "a") == _said(carol, "ann", "a") == [["harvest one"]] * 2


def test_word_of_a_name_is_no_word_that_is_spoken(alice: User, job: Job):
    assert (texts(alice, speaker_word("Ann")), texts(alice, f"{speaker_word('Ann')[:4]}*")) == ([], [])


def test_title_is_not_said_by_anybody(alice: User, make_text: MakeText):
    say(make_text("harvest", title="Harvest"), "Ann")
    assert [texts(alice, query, speaker="ann") for query in ("harvest", "harv*")] == [["harvest"]] * 2


def test_renamed_speaker_is_found_by_the_new_name_and_undone_again(alice: User, job: Job):
    edit = edits.rename(job.speakers.get(name="Ann"), "Ben", author=alice)
    assert _said(alice, "ann", "ben") == [[], ["harvest one"]]
    undone = edits.undo(edit, author=alice)
    assert _said(alice, "ann", "ben") == [["harvest one"], []]
    edits.undo(undone, author=alice)
    assert _said(alice, "ann", "ben") == [[], ["harvest one"]]
    edits.rename(job.speakers.get(name="Ben"), "", author=alice)
    assert _said(alice, "ann", "ben") == [[], []]
    assert _is_as_made_anew(job)


def test_first_name_of_a_speaker_is_found(alice: User, job: Job):
    edits.rename(job.speakers.get(name=""), "Ben", author=alice)
    assert _said(alice, "ann", "ben", "n") == [["harvest one"], ["harvest two"], ["harvest one", "harvest two"]]


@pytest.mark.parametrize("into", ["Ann", ""])
def test_merged_speakers_are_found_by_the_name_of_one(alice: User, job: Job, into: str):
    one, other = job.speakers.exclude(name=into).get(), job.speakers.get(name=into)
    edit = edits.merge(one, other, author=alice)
    assert _said(alice, "ann") == [["harvest one", "harvest two"]]
    edits.undo(edit, author=alice)
    assert _said(alice, "ann") == [["harvest one"]]
    assert _is_as_made_anew(job)


def test_passage_is_found_by_whom_it_was_given_to(alice: User, job: Job):
    one, other = job.segments.order_by("index").values_list("pk", flat=True)
    edits.assign(job, [other], job.speakers.get(name="Ann"), author=alice)
    assert _said(alice, "ann") == [["harvest one", "harvest two"]]
    edit = edits.assign(job, [one], None, name="Ben", author=alice)
    assert _said(alice, "ann", "ben") == [["harvest two"], ["harvest one"]]
    edits.undo(edit, author=alice)
    assert _said(alice, "ann", "ben") == [["harvest one", "harvest two"], []]
    edits.restore(job, 0, author=alice)
    assert _said(alice, "ann", "ben") == [["harvest one"], []]
    assert _is_as_made_anew(job)


def test_labelling_is_followed_and_an_earlier_one_restored(alice: User, make_text: MakeText):
    job = make_text("harvest one", "harvest two")
    first = speakers.apply_labelling(job, TURNS, provenance={"diarizer": "vad"})
    assert _said(alice, "ann") == [[]]
    edits.rename(first.speakers.get(number=2), "Ann", author=alice)
    turns = [Turn(turn.start, turn.end, 3 - turn.speaker) for turn in TURNS]
    second = speakers.apply_labelling(job, turns, provenance={"diarizer": "vad"})
    assert _said(alice, "ann") == [["harvest two"]]  # Who has her text now has her name.
    edits.rename(second.speakers.get(number=1), "Ben", author=alice)
    assert _said(alice, "ann", "ben") == [[], ["harvest two"]]
    speakers.restore(first, author=alice)
    assert _said(alice, "ann", "ben") == [["harvest two"], []]
    assert _is_as_made_anew(job)


def test_only_who_speaks_in_the_shown_version_is_found(
    alice: User, alice_client: Client, job: Job, make_text: MakeText
):
    say(make_text("harvest three", recording=job.recording), "Ben")
    edits.rename(job.speakers.get(name="Ann"), "Zoë", author=alice)
    assert _said(alice, "zoe", "ben") == [[], ["harvest three"]]
    alice_client.post(f"/jobs/{job.pk}/show")
    assert _said(alice, "zoe", "ben") == [["harvest one"], []]


def test_imported_speakers_are_found(alice: User, job: Job):
    text = "WEBVTT\n\n00:00.000 --> 00:01.000\n<v Ben>harvest three</v>\n"
    import_transcript(job.recording, read("a.vtt", text.encode()), author=alice, file_name="a.vtt")
    assert _said(alice, "ann", "ben") == [[], ["harvest three"]]
    assert _is_as_made_anew(job)


def test_nothing_is_left_of_who_spoke_in_a_deleted_recording(alice: User, job: Job, make_text: MakeText):
    say(make_text("harvest three"), "Anna")
    delete_recording(job.recording)
    assert _said(alice, "ann") == [["harvest three"]]


def test_name_of_somebody_else_leads_to_nothing(bob: User, carol: User, job: Job):
    assert (_said(bob, "ann"), _said(carol, "ann")) == ([[]], [["harvest one"]])


@pytest.mark.parametrize("count", [1, 300])
def test_renaming_costs_as_many_queries_however_much_they_say(alice: User, make_text: MakeText, count: int):
    speaker = say(make_text(*["harvest"] * count), "Ann")
    with CaptureQueriesContext(connection) as captured:
        edits.rename(speaker, "Ben", author=alice)
    assert len([query for query in captured if "transcripts_searchentry" in query["sql"]]) == 1


def test_migration_has_those_found_who_were_there_before(alice: User, job: Job):
    before = list(SearchEntry.objects.values_list("segment", "scope"))
    for entry in SearchEntry.objects.all():
        SearchEntry.objects.filter(pk=entry.pk).update(scope=" ".join(entry.scope.split()[:2]))
    assert _said(alice, "ann") == [[]]
    migration = import_module("transcripts.migrations.0021_said_by")
    for _ in range(2):
        migration.fill(apps, SimpleNamespace(connection=connection))
        assert list(SearchEntry.objects.values_list("segment", "scope")) == before
        assert _said(alice, "ann") == [["harvest one"]]
    edits.rename(job.speakers.get(name="Ann"), "Ben", author=alice)  # What follows each change is there again.
    assert (_said(alice, "ann", "ben"), Edit.objects.count()) == ([[], ["harvest one"]], 1)
