"""The page of tags, the tags of a recording in place, of several at once, and at upload."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import pre_save
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from preferences.models import Settings
from tags.models import Tag
from tags.services import tags_called
from tests.conftest import DATA, MakeJob, MakeRecording
from transcripts.models import Job, Recording, SavedFilter

HX = {"HX-Request": "true"}
DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}
HOSTILE = "<img src=x onerror=alert(1)>"

MakeTag = Callable[..., Tag]


@pytest.fixture
def make_tag(alice: User) -> MakeTag:
    """Return a function that makes a tag of Alice's, unless told otherwise."""

    def make(name: str = "Interviews", owner: User | None = None, **fields: object) -> Tag:
        [tag] = tags_called([name], owner=owner or alice)
        for field, value in fields.items():
            setattr(tag, field, value)
        tag.save()
        return tag

    return make


def _names(recording: Recording) -> list[str]:
    return [tag.name for tag in recording.tags.all()]


def test_page_lists_own_tags_with_counts(
    alice_client: Client, make_tag: MakeTag, make_recording: MakeRecording, bob: User
):
    tag = make_tag(language="de", diarize=False, model="faster-whisper/base", vocabulary="Zoë")
    make_tag("Bob's", owner=bob)
    tag.recordings.add(make_recording(), make_recording(b"x"))
    make_tag("unused")
    text = alice_client.get("/tags/").text
    assert f'<a class="tag" data-hue="1" href="/?tag={tag.pk}" dir="auto">Interviews</a>' in text
    assert "2 recordings<span> · fills in German, base, no speakers, words to expect</span>" in text
    assert "0 recordings</p>" in text
    assert "Bob" not in text


def test_page_lists_tags_by_name(alice_client: Client, make_tag: MakeTag):
    for name in ("b", "C", "a"):
        make_tag(name)
    assert re.findall(r'dir="auto">(\w)</a>', alice_client.get("/tags/").text) == ["a", "b", "C"]


def test_page_without_tags_says_where_they_come_from(alice_client: Client):
    assert "No tags yet." in alice_client.get("/tags/").text


@pytest.mark.parametrize("count", [1, 30])
def test_page_costs_the_same_for_one_tag_and_for_thirty(
    alice_client: Client, make_tag: MakeTag, django_assert_num_queries: DjangoAssertNumQueries, count: int
):
    for number in range(count):
        make_tag(f"Tag {number}")
    Settings.load()
    with django_assert_num_queries(4):  # session, user, tags, settings with queue
        alice_client.get("/tags/")


def test_tags_are_made(alice_client: Client, alice: User):
    response = alice_client.post("/tags/", {"names": f"Red, {HOSTILE}, red"}, follow=True)
    assert response.redirect_chain == [("/tags/", 302)]
    assert [tag.name for tag in Tag.objects.of(alice)] == [HOSTILE, "Red"]
    assert HOSTILE not in response.text


def test_tag_that_is_there_already_is_said(alice_client: Client, make_tag: MakeTag):
    make_tag("Interview")
    response = alice_client.post("/tags/", {"names": "INTERVIEW"}, follow=True)
    assert "You have “Interview” already." in response.text
    assert "already" not in alice_client.post("/tags/", {"names": "Interview, Hearing"}, follow=True).text


@pytest.mark.parametrize("names", ["", " , ", "x" * 61, "x" * 2000])
def test_tags_that_cannot_be_are_refused(alice_client: Client, names: str):
    response = alice_client.post("/tags/", {"names": names})
    assert response.status_code == 422
    assert Tag.objects.count() == 0


def test_tag_is_changed(alice_client: Client, make_tag: MakeTag, make_recording: MakeRecording):
    tag = make_tag()
    data = {"name": "Talks", "hue": "5", "language": "de", "model": "", "diarize": "false", "vocabulary": " Zoë "}
    response = alice_client.post(f"/tags/{tag.pk}/", data, follow=True)
    assert "“Talks” is saved." in response.text
    tag.refresh_from_db()
    assert (tag.name, tag.key, tag.hue, tag.language, tag.diarize) == ("Talks", "talks", 5, "de", False)
    assert tag.vocabulary == "Zoë"


def test_tag_is_changed_in_a_dialog(alice_client: Client, make_tag: MakeTag):
    tag = make_tag()
    question = alice_client.get(f"/tags/{tag.pk}/", headers=DIALOG).text
    assert "<html" not in question
    assert 'id="dialog-title"' in question
    response = alice_client.post(f"/tags/{tag.pk}/", {"name": "x", "hue": 2}, headers=DIALOG)
    assert response.headers["HX-Redirect"] == "/tags/"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "OTHER"},
        {"name": "a,b"},
        {"hue": "9"},
        {"hue": "red"},
        {"language": "klingon"},
        {"model": "../x"},
        {"vocabulary": "x" * 4001},
    ],
)
def test_tag_is_not_changed_into_what_cannot_be(alice_client: Client, make_tag: MakeTag, wrong: dict[str, str]):
    tag = make_tag()
    make_tag("other")
    response = alice_client.post(f"/tags/{tag.pk}/", {"name": "Interviews", "hue": "3"} | wrong)
    assert response.status_code == 422
    assert "Tag “Interviews”" in response.text
    tag.refresh_from_db()
    assert (tag.name, tag.hue) == ("Interviews", 1)


def test_name_that_another_request_takes_meanwhile_is_refused(alice_client: Client, make_tag: MakeTag, alice: User):
    """It ends between the check of this one and its saving."""
    tag = make_tag()

    def other(instance: Tag, **_: object) -> None:
        Tag.objects.bulk_create([Tag(owner=alice, name="Talks", key=instance.key, hue=1)])

    pre_save.connect(other, sender=Tag)
    try:
        answer = alice_client.post(f"/tags/{tag.pk}/", {"name": "Talks", "hue": "5"})
    finally:
        pre_save.disconnect(other, sender=Tag)
    assert (answer.status_code, "You have a tag “Talks” already." in answer.text) == (422, True)


def test_tag_keeps_a_model_that_cannot_run_now(alice_client: Client, make_tag: MakeTag):
    tag = make_tag(model="whisper/gone")
    assert "whisper/gone (cannot run now)" in alice_client.get(f"/tags/{tag.pk}/").text
    data = {"name": "Interviews", "hue": "3", "model": "whisper/gone"}
    assert alice_client.post(f"/tags/{tag.pk}/", data).status_code == 302
    tag.refresh_from_db()
    assert tag.model == "whisper/gone"


def test_form_shows_what_a_tag_carries(alice_client: Client, make_tag: MakeTag):
    tag = make_tag(language="de", diarize=True, hue=3)
    text = alice_client.get(f"/tags/{tag.pk}/").text
    assert re.findall(r'<option value="(\w+)" selected', text) == ["de", "true"]
    assert re.findall(r'value="(\d)"[^>]* checked', text) == ["3"]


def test_deleted_tag_leaves_the_recordings(alice_client: Client, make_tag: MakeTag, recording: Recording):
    tag = make_tag()
    recording.tags.add(tag)
    assert "Delete the tag “Interviews”?" in alice_client.get(f"/tags/{tag.pk}/delete/").text
    alice_client.post(f"/tags/{tag.pk}/delete/")
    assert (Tag.objects.count(), Recording.objects.count()) == (0, 1)


def test_tags_are_merged(alice_client: Client, make_tag: MakeTag, recording: Recording):
    tag, other = make_tag(), make_tag("Talks")
    recording.tags.add(tag)
    assert "Merge “Interviews” into…" in alice_client.get(f"/tags/{tag.pk}/merge/").text
    response = alice_client.post(f"/tags/{tag.pk}/merge/", {"into": other.pk}, follow=True)
    assert "“Interviews” is part of “Talks” now." in response.text
    assert _names(recording) == ["Talks"]


def test_tag_is_not_merged_with_itself_or_with_one_of_somebody_else(alice_client: Client, make_tag: MakeTag, bob: User):
    tag, theirs = make_tag(), make_tag("Bob's", owner=bob)
    for into in (tag.pk, theirs.pk, "x", ""):
        assert alice_client.post(f"/tags/{tag.pk}/merge/", {"into": into}).status_code == 422
    assert Tag.objects.count() == 2


@pytest.mark.parametrize(
    ("query", "then"),
    [
        ("tag={a}", "tag={b}"),
        ("q=x&state=failed&tag={a}&sort=title", "q=x&state=failed&tag={b}&sort=title"),
        ("tag={a}&tag={b}&match=all", "tag={b}"),
        ("tag={b}&tag={a}&match=any&sort=title", "tag={b}&sort=title"),
        ("tag={c}&tag={a}&match=all", "tag={c}&tag={b}&match=all"),
        ("tag={a}&tag={c}&tag={b}&match=any", "tag={b}&tag={c}&match=any"),
        ("tag={b}&tag={c}&match=all", "tag={b}&tag={c}&match=all"),
        ("tag={a}1", "tag={a}1"),
    ],
)
def test_saved_filters_follow_a_tag_that_is_merged(
    alice_client: Client, alice: User, make_tag: MakeTag, query: str, then: str
):
    ids = {name: make_tag(name).pk for name in "abc"}
    saved = SavedFilter.objects.create(owner=alice, name="Mine", query=query.format(**ids))
    answer = alice_client.post(f"/tags/{ids['a']}/merge/", {"into": ids["b"]}, follow=True)
    saved.refresh_from_db()
    assert saved.query == then.format(**ids)
    assert ("also in the saved filter “Mine”" in answer.text) == (query != then)


def test_filters_follow_only_where_the_tags_are_merged(
    alice_client: Client, alice: User, make_tag: MakeTag, monkeypatch: pytest.MonkeyPatch
):
    tag, other = make_tag(), make_tag("Talks")
    SavedFilter.objects.create(owner=alice, name="Mine", query=f"tag={tag.pk}")

    def fail(*_: object) -> None:
        raise RuntimeError("Stopped")

    monkeypatch.setattr(Tag, "delete", fail)
    with pytest.raises(RuntimeError, match="Stopped"):
        alice_client.post(f"/tags/{tag.pk}/merge/", {"into": other.pk})
    assert SavedFilter.objects.get().query == f"tag={tag.pk}"


def test_merging_names_the_filters_that_follow(alice_client: Client, alice: User, make_tag: MakeTag):
    tag, other = make_tag(), make_tag("Talks")
    for name in ("One", "Two"):
        SavedFilter.objects.create(owner=alice, name=name, query=f"tag={tag.pk}")
    assert "Its recordings, and the saved filters “One” and “Two”, get the tag" in unescape(
        alice_client.get(f"/tags/{tag.pk}/merge/").text
    )
    answer = alice_client.post(f"/tags/{tag.pk}/merge/", {"into": other.pk}, follow=True)
    assert "“Interviews” is part of “Talks” now, also in the saved filters “One” and “Two”." in unescape(answer.text)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["Mine"], "The saved filter “Mine” uses it, and finds nothing by it any more."),
        (["One", "Two"], "The saved filters “One” and “Two” use it, and find nothing by it any more."),
        ([], ""),
    ],
)
def test_question_before_a_tag_is_deleted_names_the_filters_that_use_it(
    alice_client: Client, alice: User, bob: User, make_tag: MakeTag, names: list[str], sentence: str
):
    tag = make_tag()
    for name in names:
        SavedFilter.objects.create(owner=alice, name=name, query=f"q=x&tag={tag.pk}")
    SavedFilter.objects.create(owner=alice, name="Other", query=f"tag={tag.pk}1")
    SavedFilter.objects.create(owner=bob, name="Bob's", query=f"tag={tag.pk}")
    text = alice_client.get(f"/tags/{tag.pk}/delete/").text
    assert (sentence in text, "saved filter" in text) == (True, bool(sentence))
    assert "Bob" not in text


def test_saved_filter_of_a_deleted_tag_is_marked(alice_client: Client, alice: User, make_tag: MakeTag):
    gone, kept = make_tag(), make_tag("Talks")
    SavedFilter.objects.create(owner=alice, name="Broken", query=f"tag={gone.pk}&tag={kept.pk}")
    SavedFilter.objects.create(owner=alice, name="Whole", query=f"tag={kept.pk}")
    assert "A tag of it was deleted" not in alice_client.get("/filters/").text
    alice_client.post(f"/tags/{gone.pk}/delete/")
    text = alice_client.get("/filters/").text
    assert re.findall(r'dir="auto">(\w+)</a>\s*<p class="help">A tag of it was deleted', text) == ["Broken"]


@pytest.mark.parametrize("address", ["", "delete/", "merge/"])
def test_tag_is_nobody_elses(client: Client, bob_client: Client, carol_client: Client, make_tag: MakeTag, address: str):
    tag = make_tag()
    for other in (bob_client, carol_client):
        for answer in (other.get(f"/tags/{tag.pk}/{address}"), other.post(f"/tags/{tag.pk}/{address}", {"name": "x"})):
            assert (answer.status_code, "Interviews" in answer.text) == (404, False)
    assert client.post(f"/tags/{tag.pk}/{address}", {"name": "x"}).status_code == 302
    assert Tag.objects.get().name == "Interviews"


def test_huge_number_of_a_tag_is_none(alice_client: Client, recording: Recording):
    assert alice_client.get(f"/tags/{10**30}/").status_code == 404
    assert alice_client.post(f"/recordings/{recording.pk}/tags/{10**30}/remove", headers=HX).status_code == 200


def test_names_for_completion_are_own_ones(alice_client: Client, bob: User, make_tag: MakeTag):
    make_tag('"><b>')
    make_tag("Bob's", owner=bob)
    assert re.findall(r'<option value="(.*?)">', alice_client.get("/tags/names").text) == ["&quot;&gt;&lt;b&gt;"]


def test_tags_are_put_on_a_recording_in_place(alice_client: Client, make_tag: MakeTag, recording: Recording):
    make_tag()
    address = f"/recordings/{recording.pk}/tags"
    response = alice_client.post(address, {"names": f"interviews, {HOSTILE}"}, headers=HX)
    assert _names(recording) == [HOSTILE, "Interviews"]
    assert "<html" not in response.text
    assert "Take off Interviews" in response.text
    assert HOSTILE not in response.text


def test_tags_are_put_on_a_recording_without_a_script(alice_client: Client, completed_job: Job):
    recording = completed_job.recording
    response = alice_client.post(f"/recordings/{recording.pk}/tags", {"names": "red"}, follow=True)
    assert response.redirect_chain == [(f"/recordings/{recording.pk}/", 302)]
    tag = recording.tags.get()
    assert f'href="/?tag={tag.pk}" dir="auto">red</a>' in response.text
    alice_client.post(f"/recordings/{recording.pk}/tags/{tag.pk}/remove")
    assert _names(recording) == []
    assert Tag.objects.get() == tag


@pytest.mark.parametrize("names", ["", "x" * 61])
@pytest.mark.parametrize("headers", [{}, HX])
def test_tags_with_bad_names_are_not_put_on(
    alice_client: Client, recording: Recording, names: str, headers: dict[str, str]
):
    response = alice_client.post(f"/recordings/{recording.pk}/tags", {"names": names}, headers=headers)
    assert response.status_code == 422
    assert 'class="errorlist"' in response.text
    assert (f'value="{names}"' in response.text) == bool(names)
    assert Tag.objects.count() == 0


def test_recording_of_somebody_else_gets_no_tags(client: Client, bob_client: Client, recording: Recording):
    address = f"/recordings/{recording.pk}/tags"
    assert bob_client.post(address, {"names": "red"}).status_code == 404
    assert client.post(address, {"names": "red"}).status_code == 302
    assert (_names(recording), Tag.objects.count()) == ([], 0)


def test_staff_put_their_own_tags_on_recordings_of_others(
    carol_client: Client, alice_client: Client, carol: User, completed_job: Job, make_tag: MakeTag
):
    recording = completed_job.recording
    recording.tags.add(make_tag("Alice's own"))
    text = carol_client.post(f"/recordings/{recording.pk}/tags", {"names": "Checked"}, follow=True).text
    assert [("Alice&#x27;s own" in text), "Take off Checked" in text] == [False, True]
    text = alice_client.get(f"/recordings/{recording.pk}/").text
    assert [("Alice&#x27;s own" in text), "Checked" in text] == [True, False]


def test_tag_of_somebody_else_is_not_taken_off(carol_client: Client, make_tag: MakeTag, recording: Recording):
    tag = make_tag()
    recording.tags.add(tag)
    carol_client.post(f"/recordings/{recording.pk}/tags/{tag.pk}/remove")
    assert _names(recording) == ["Interviews"]


def _selected(client: Client, *jobs: Job, **fields: str) -> str:
    data = {"action": "tag", "recording": [str(job.recording_id) for job in jobs], **fields}
    return client.post("/recordings/selected", data, follow=True).text


def _answer(client: Client, question: str, **fields: str) -> str:
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', question))
    return client.post("/recordings/selected", hidden | fields, follow=True).text


def test_selected_recordings_get_tags_and_lose_them(
    alice_client: Client, make_job: MakeJob, make_recording: MakeRecording, bob: User
):
    jobs = [make_job(make_recording(b"x")) for _ in range(3)]
    theirs = make_job(make_recording(owner=bob))
    question = _selected(alice_client, *jobs[:2], theirs)
    assert ("Tags of 2 recordings" in question, re.search(r'name="names"[^>]* autofocus', question) is None) == (
        True,
        False,
    )
    assert "“red”, “blue” added to 2 recordings." in _answer(alice_client, question, names="red, blue", way="add")
    assert [_names(job.recording) for job in (*jobs, theirs)] == [["blue", "red"], ["blue", "red"], [], []]
    assert "“red” taken off 2 recordings." in _answer(alice_client, question, names="RED", way="remove")
    assert [_names(job.recording) for job in jobs] == [["blue"], ["blue"], []]
    assert "There is no such tag" in _answer(alice_client, question, names="green", way="remove")
    assert Tag.objects.count() == 2


def test_all_that_are_narrowed_down_get_tags(alice_client: Client, make_job: MakeJob, make_recording: MakeRecording):
    jobs = [make_job(make_recording(b"x", title=title)) for title in ("one", "two")]
    question = _selected(alice_client, everything="1", q="tw")
    _answer(alice_client, question, names="red", way="add")
    assert [_names(job.recording) for job in jobs] == [[], ["red"]]


def test_selected_recordings_keep_their_tags_where_a_name_is_bad(alice_client: Client, job: Job):
    question = _selected(alice_client, job)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', question))
    for wrong in ({"names": "", "way": "add"}, {"names": "x" * 61, "way": "add"}, {"names": "x", "way": "burn"}):
        response = alice_client.post("/recordings/selected", hidden | wrong, headers=DIALOG)
        assert (response.status_code, "Tags of 1 recording<" in response.text) == (422, True)
    assert Tag.objects.count() == 0


def _upload(client: Client, **fields: object) -> Job:
    file = SimpleUploadedFile("jfk.opus", (DATA / "jfk.opus").read_bytes())
    response = client.post("/upload/", {"recordings": file, **fields}, headers={"Accept": "application/json"})
    assert response.status_code == 200, response.text
    return Job.objects.get(recording=response.json()["url"].split("/")[2])


@pytest.mark.django_db(transaction=True)
def test_uploaded_recording_gets_ticked_and_typed_tags(alice_client: Client, make_tag: MakeTag, bob: User):
    tag, theirs = make_tag(), make_tag("Bob's", owner=bob)
    job = _upload(alice_client, tags=[tag.pk], new_tags="new, INTERVIEWS")
    assert _names(job.recording) == ["Interviews", "new"]
    file = SimpleUploadedFile("jfk.opus", b"x")
    refused = alice_client.post("/upload/", {"recordings": file, "tags": [theirs.pk]})
    assert refused.status_code == 422


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"tags": "TAG"}, ("de", "Zoë", True)),
        ({"new_tags": "INTERVIEWS"}, ("de", "Zoë", True)),
        ({"tags": "TAG", "language": "fr", "speakers": ""}, ("fr", "Zoë", True)),
        ({"tags": "TAG", "prompt": "Ann"}, ("de", "Ann", True)),
        ({"tags": "TAG", "filled": "1", "language": "", "speakers": ""}, ("", "", False)),
    ],
)
def test_tag_fills_in_what_is_not_chosen_by_hand(
    alice_client: Client, make_tag: MakeTag, fields: dict[str, str], asked: tuple[str, str, bool]
):
    Settings.load()
    Settings.objects.update(identify_speakers=False)
    tag = make_tag(language="de", vocabulary="Zoë", diarize=True, model="faster-whisper/base")
    job = _upload(alice_client, **{name: tag.pk if value == "TAG" else value for name, value in fields.items()})
    assert (job.asked_language, job.prompt, job.diarize) == asked
    assert job.asked_model == ("" if "filled" in fields else "base")


def test_upload_page_offers_own_tags_with_what_they_fill_in(alice_client: Client, make_tag: MakeTag, bob: User):
    make_tag(HOSTILE, language="de", diarize=False, vocabulary='"quoted"')
    make_tag("Bob's", owner=bob)
    text = alice_client.get("/upload/").text
    [box] = re.findall(r'<input type="checkbox" name="tags"[^>]*>', text)
    assert 'data-language="de"' in box
    assert 'data-diarize="0"' in box
    assert 'data-prompt="&quot;quoted&quot;"' in box
    assert HOSTILE in unescape(text)
    assert HOSTILE not in text
    assert "Bob" not in text
