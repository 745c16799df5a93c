"""Titles, notes and comments, and the filters that a person keeps."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from preferences.models import Settings
from tags.services import tags_called
from tests.conftest import MakeJob, MakeRecording
from transcripts.models import Comment, Job, Note, Recording, SavedFilter, SearchEntry
from transcripts.services.notes import NoteChanged, save_note

HX = {"HX-Request": "true"}
IN_PLACE = {"HX-Request": "true", "HX-Target": "title"}
DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}
HOSTILE = "<script>alert(1)</script>"


# Titles


def test_title_is_changed_in_place(alice_client: Client, completed_job: Job):
    address = f"/recordings/{completed_job.recording_id}/title/"
    form = alice_client.get(address, headers=IN_PLACE).text
    assert 'value="Inaugural address"' in form
    assert "<html" not in form
    answer = alice_client.post(address, {"title": f" {HOSTILE}\n日本語 "}, headers=IN_PLACE).text
    assert f"<title>{'&lt;script&gt;alert(1)&lt;/script&gt;'} 日本語 · Selenite</title>" in answer
    assert Recording.objects.get().title == f"{HOSTILE} 日本語"
    assert HOSTILE not in answer


def test_title_is_changed_in_the_dialog_of_the_list_and_on_a_page(alice_client: Client, completed_job: Job):
    address = f"/recordings/{completed_job.recording_id}/title/"
    assert 'id="dialog-title"' in alice_client.get(address, headers=DIALOG).text
    answer = alice_client.post(address, {"title": "New"}, headers=DIALOG)
    assert "The title is “New” now." in answer.text
    assert "recordings-changed" in answer.headers["HX-Trigger"]
    assert "<h1" in alice_client.get(address).text
    answer = alice_client.post(address, {"title": "Newer"}, follow=True)
    assert answer.redirect_chain == [(f"/recordings/{completed_job.recording_id}/", 302)]
    assert "Newer" in answer.text


def test_recording_is_found_by_its_new_title(alice_client: Client, recording: Recording):
    alice_client.post(f"/recordings/{recording.pk}/title/", {"title": "Moon landing"})
    [entry] = SearchEntry.objects.filter(recording=recording, segment=None)
    assert "moon" in entry.words


@pytest.mark.parametrize("title", ["", " \u202e ", "x" * 256, "a\0b"])
@pytest.mark.parametrize("headers", [{}, DIALOG, IN_PLACE])
def test_title_stays_where_the_new_one_is_none(
    alice_client: Client, recording: Recording, title: str, headers: dict[str, str]
):
    answer = alice_client.post(f"/recordings/{recording.pk}/title/", {"title": title}, headers=headers)
    assert (answer.status_code, 'class="errorlist"' in answer.text) == (422, True)
    assert Recording.objects.get().title == "Inaugural address"


def test_nothing_beside_a_text_is_for_others(client: Client, bob_client: Client, recording: Recording):
    for address, data in (
        ("title/", {"title": "x"}),
        ("note", {"text": "x", "version": 0}),
        ("comments", {"text": "x", "at": "0:01"}),
    ):
        assert bob_client.post(f"/recordings/{recording.pk}/{address}", data).status_code == 404
        assert client.post(f"/recordings/{recording.pk}/{address}", data).status_code == 302
    assert Recording.objects.get().title == "Inaugural address"
    assert (Note.objects.count(), Comment.objects.count()) == (0, 0)


# Notes


def test_note_is_saved_again_and_again(alice_client: Client, completed_job: Job):
    address = f"/recordings/{completed_job.recording_id}/note"
    answer = alice_client.post(address, {"text": "one\r\n two", "version": 0}, headers=HX)
    assert (answer.status_code, 'value="1"' in answer.text) == (200, True)
    answer = alice_client.post(address, {"text": f"\n{HOSTILE}", "version": 1}, follow=True)
    assert answer.redirect_chain == [(f"/recordings/{completed_job.recording_id}/#note", 302)]
    assert "&#10;\n&lt;script&gt;" in answer.text
    note = Note.objects.get()
    assert (note.text, note.version, note.author.username) == (f"\n{HOSTILE}", 2, "alice")


def test_note_that_was_changed_since_is_kept_and_both_are_shown(
    alice_client: Client, carol_client: Client, recording: Recording
):
    address = f"/recordings/{recording.pk}/note"
    carol_client.post(address, {"text": "Carol's", "version": 0})
    for headers in (HX, {}):
        answer = alice_client.post(address, {"text": "Alice's", "version": 0}, headers=headers)
        assert answer.status_code == 422
        assert "carol has changed the note since" in answer.text
        assert "Carol&#x27;s" in answer.text
        assert ("Alice&#x27;s</textarea>" in answer.text) == (not headers)
        assert '<input type="hidden" name="version" value="0"' in answer.text
    assert Note.objects.get().text == "Carol's"
    alice_client.post(address, {"text": "Alice's", "version": 1}, headers=HX)
    assert Note.objects.get().text == "Alice's"


def test_same_note_twice_is_no_conflict(alice: User, recording: Recording):
    first = save_note(recording, "text", version=0, author=alice)
    again = save_note(recording, "text", version=0, author=alice)
    assert (first.version, again.version) == (1, 1)
    with pytest.raises(NoteChanged):
        save_note(recording, "other", version=0, author=alice)


@pytest.mark.parametrize(
    "data",
    [
        {"text": "x"},
        {"text": "x", "version": "-1"},
        {"text": "x", "version": "x"},
        {"text": "x", "version": "9" * 30},
        {"text": "x" * 100_001, "version": 0},
        {"text": "a\0", "version": 0},
    ],
)
def test_note_that_makes_no_sense_is_refused(alice_client: Client, recording: Recording, data: dict[str, object]):
    answer = alice_client.post(f"/recordings/{recording.pk}/note", data, headers=HX)
    assert (answer.status_code, "Not saved." in answer.text) == (422, True)
    assert Note.objects.count() == 0


# Comments


def test_comments_stand_in_order_of_time_with_their_authors(
    alice_client: Client, carol_client: Client, completed_job: Job
):
    address = f"/recordings/{completed_job.recording_id}/comments"
    alice_client.post(address, {"at": "0:09.5", "text": f"late {HOSTILE}"}, headers=HX)
    answer = carol_client.post(address, {"at": "2", "text": "early\r\nand more"}, headers=HX)
    assert (answer.status_code, "<html" in answer.text) == (200, False)
    text = alice_client.get(f"/recordings/{completed_job.recording_id}/").text
    assert re.findall(r'data-play-at="(.*?)">(.*?)</a>', text) == [("2.00", "0:02"), ("9.50", "0:09")]
    assert re.findall(r'comment-author">(.*?)<', text) == ["carol", "alice"]
    assert "early<br>and more" in text
    assert HOSTILE not in text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("", "x"),
        ("x", "x"),
        ("-1", "x"),
        ("1:99:99:99", "x"),
        ("1:00", "x"),
        ("nan", "x"),
        ("1", ""),
        ("1", "x" * 2001),
    ],
)
@pytest.mark.parametrize("headers", [{}, HX])
def test_comment_that_makes_no_sense_is_refused(
    alice_client: Client, recording: Recording, at: str, text: str, headers: dict[str, str]
):
    answer = alice_client.post(f"/recordings/{recording.pk}/comments", {"at": at, "text": text}, headers=headers)
    assert (answer.status_code, 'class="errorlist"' in answer.text) == (422, True)
    assert Comment.objects.count() == 0


def test_comment_is_deleted_by_its_author_and_on_ones_own_recording(
    alice_client: Client, bob_client: Client, carol_client: Client, carol: User, alice: User, recording: Recording
):
    for author, deleters in ((carol, (alice_client, carol_client)), (alice, (alice_client, carol_client))):
        for deleter in deleters:
            comment = Comment.objects.create(recording=recording, author=author, at=1, text="x")
            assert bob_client.post(f"/comments/{comment.pk}/delete").status_code == 404
            assert Comment.objects.count() == 1
            assert deleter.post(f"/comments/{comment.pk}/delete", headers=HX).status_code == 200
            assert Comment.objects.count() == 0


def test_comment_is_changed_in_place_by_its_author_alone(
    alice_client: Client, bob_client: Client, carol_client: Client, alice: User, recording: Recording
):
    comment = Comment.objects.create(recording=recording, author=alice, at=1.2345, text="one")
    address = f"/comments/{comment.pk}/"
    for other in (bob_client, carol_client):
        assert other.get(address).status_code == other.post(address, {"at": "1", "text": "x"}).status_code == 404
    form = alice_client.get(address, headers=HX).text
    assert ('id="comments"' in form, 'value="0:01.23"' in form, ">\none</textarea>" in form) == (True, True, True)
    assert "<h1" in alice_client.get(address).text
    kept = alice_client.get(f"{address}?keep", headers=HX).text
    assert ("<textarea" not in kept.partition("data-comment-form")[0], 'title="Edit" autofocus>' in kept) == (
        True,
        True,
    )

    answer = alice_client.post(address, {"at": "0:01.23", "text": "two\r\nlines", "before": "one"}, headers=HX)

    comment.refresh_from_db()
    assert (answer.status_code, comment.at, comment.text) == (200, 1.2345, "two\nlines")
    late = alice_client.post(address, {"at": "7", "text": "two", "before": "one"}, headers=HX)
    assert (late.status_code, "changed to “two" in late.text, ">\ntwo</textarea>" in late.text) == (422, True, True)
    alice_client.post(address, {"at": "7", "text": "two", "before": "two\r\nlines"})
    comment.refresh_from_db()
    assert (comment.at, comment.text) == (7, "two")


@pytest.mark.parametrize(("at", "text"), [("x", "x"), ("1:00", "x"), ("1", ""), ("1", "x" * 2001)])
@pytest.mark.parametrize("headers", [{}, HX])
def test_change_of_a_comment_that_makes_no_sense_is_refused(
    alice_client: Client, alice: User, recording: Recording, at: str, text: str, headers: dict[str, str]
):
    comment = Comment.objects.create(recording=recording, author=alice, at=1, text="one")
    answer = alice_client.post(f"/comments/{comment.pk}/", {"at": at, "text": text}, headers=headers)
    comment.refresh_from_db()
    assert (answer.status_code, comment.text, 'class="errorlist"' in answer.text) == (422, "one", True)


def test_deleting_a_comment_that_is_gone_says_so(alice_client: Client, recording: Recording):
    assert alice_client.post("/comments/999/delete").status_code == 404
    assert "not here any more" in alice_client.post(f"/comments/{10**30}/delete", headers=HX).text


@pytest.mark.parametrize("count", [0, 30])
def test_what_is_beside_a_text_costs_one_query(
    alice_client: Client,
    completed_job: Job,
    alice: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
):
    recording = completed_job.recording
    for number in range(count):
        Comment.objects.create(recording=recording, author=alice, at=number, text="x")
        recording.tags.add(*tags_called([f"Tag {number}"], owner=alice))
    Settings.load()
    with django_assert_num_queries(6):  # session, user, jobs, what is around, segments, settings with queue
        text = alice_client.get(f"/recordings/{recording.pk}/").text
    assert (text.count("data-play-at"), text.count("Take off")) == (count, count)


# Filters


def test_filter_is_kept_used_and_deleted(
    alice_client: Client, alice: User, make_job: MakeJob, make_recording: MakeRecording
):
    make_job(make_recording(title="Board meeting"))
    [tag] = tags_called([HOSTILE], owner=alice)
    query = f"q=board&state=queued&tag={tag.pk}&sort=title"
    assert f"/filters/?{query.replace('&', '&amp;')}" in alice_client.get(f"/?{query}").text
    page = alice_client.get(f"/filters/?{query}").text
    assert "“board” in the title, Waiting, tagged “&lt;script&gt;" in page
    answer = alice_client.post(f"/filters/?{query}", {"name": f"My {HOSTILE}"}, follow=True)
    assert f'href="/?{query.replace("&", "&amp;")}" dir="auto">My &lt;script&gt;' in answer.text
    alice_client.post("/filters/?q=other", {"name": f"My {HOSTILE}"})
    saved = SavedFilter.objects.get()
    assert saved.query == "q=other"
    kept = alice_client.post("/filters/?q=other", {"name": "Other"}, headers=DIALOG)
    assert (kept["HX-Retarget"], "action-done" in kept["HX-Trigger-After-Swap"]) == ("#messages", True)
    assert "The filter “Other” is kept: it is under “Saved filters”." in kept.text
    SavedFilter.objects.exclude(pk=saved.pk).delete()
    assert "None yet." in alice_client.post(f"/filters/{saved.pk}/delete?q=x", headers=DIALOG).text


@pytest.mark.parametrize(
    ("query", "name"), [("q=x", ""), ("q=x", "x" * 61), ("", "name"), ("tag=9", "name"), ("sort=size", "name")]
)
def test_filter_that_makes_no_sense_is_not_kept(alice_client: Client, query: str, name: str):
    assert alice_client.post(f"/filters/?{query}", {"name": name}).status_code in (200, 422)
    assert SavedFilter.objects.count() == 0


def test_filters_are_nobody_elses(client: Client, carol_client: Client, alice: User):
    saved = SavedFilter.objects.create(owner=alice, name="Secret", query="q=x")
    assert "Secret" not in carol_client.get("/filters/").text
    assert carol_client.post(f"/filters/{saved.pk}/delete").status_code == 404
    assert client.get("/filters/").status_code == 302
    assert SavedFilter.objects.count() == 1
