"""Names, merges and passages given to others on the recording page, and undoing it all."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from speech.types import Turn
from tests.conftest import MakeJob, MakeSegments
from transcripts import lease
from transcripts.models import Edit, Job, Speaker
from transcripts.services import edits
from transcripts.services.identify import complete, identify_again
from transcripts.services.speakers import apply_labelling

HX = {"HX-Request": "true"}
Post = Callable[..., str]


@pytest.fixture
def talk(completed_job: Job, alice: User) -> Job:
    """Return a job in which Ann says the first and the last of three segments, and somebody without a name the other."""
    turns = [Turn(0, 3, 1), Turn(3, 6, 2), Turn(6, 9, 1)]
    apply_labelling(completed_job, turns, provenance={"diarizer": "pyannote"})
    edits.rename(completed_job.speakers.get(number=1), "Ann", author=alice)
    return Job.objects.get(pk=completed_job.pk)


@pytest.fixture
def post(alice_client: Client, talk: Job) -> Post:
    """Return a function that sends what the open page sends, and returns the fragments that come back."""

    def send(action: str, *, known: int | None = None, status: int = 200, **data: object) -> str:
        newest = Edit.objects.filter(job=talk).latest("pk").pk if known is None else known
        response = alice_client.post(f"/jobs/{talk.pk}/{action}", {"known": newest, **data}, headers=HX)
        assert response.status_code == status
        return response.text

    return send


def speaker(job: Job, number: int) -> Speaker:
    return job.speakers.get(number=number)


def said_by(job: Job) -> list[str]:
    return [segment.speaker.shown_name if segment.speaker else "" for segment in job.segments.all()]


def notice(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", re.findall(r'<div class="messages".*?</p>', text, re.DOTALL)[0]).split())


def test_page_shows_who_speaks_and_how_much(alice_client: Client, talk: Job):
    text = alice_client.get(f"/recordings/{talk.recording_id}/").text
    names = re.findall(r'<bdi class="name" data-name="\d+" data-hue="(\d)">([^<]*)</bdi></a>', text)
    assert names == [("1", "Ann"), ("2", "Speaker 2"), ("1", "Ann")]
    facts = re.findall(r'<p class="speaker-facts figures">(.*?)</p>', text)
    assert [re.sub(r"<[^>]+>", "", each) for each in facts] == [
        "0:06, 67 % of the talking, 2 turns",
        "0:03, 33 % of the talking, 1 turn",
    ]


def test_rename_changes_the_name_everywhere_without_sending_the_text(talk: Job, post: Post):
    text = post(f"speakers/{speaker(talk, 2).pk}/name", name=" Ben\u202e ")
    assert notice(text) == "The name Ben is saved."
    assert said_by(talk) == ["Ann", "Ben", "Ann"]
    assert f"innerHTML:#transcript [data-name='{speaker(talk, 2).pk}']\">Ben</bdi>" in text
    assert 'class="paragraph' not in text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ann", "Another speaker is called “ann”. If they are one person, merge the two."),
        ("x" * 101, "A name has 100 characters at most."),
        ("a\x00b", "Null characters are not allowed."),
    ],
)
def test_name_that_cannot_be_given_stays_in_its_field(talk: Job, post: Post, name: str, sentence: str):
    text = post(f"speakers/{speaker(talk, 2).pk}/name", name=name)
    assert sentence in text
    assert f'name="name" value="{name}"' in text
    assert said_by(talk) == ["Ann", "Speaker 2", "Ann"]


def test_name_is_text_not_markup(talk: Job, post: Post):
    text = post(f"speakers/{speaker(talk, 2).pk}/name", name="<script>alert(1)</script>")
    assert "<script>alert" not in text


@pytest.mark.parametrize("name", ["می\u200cخواهم", "👩\u200d👩\u200d👧"])
def test_name_keeps_what_joins_its_letters(talk: Job, post: Post, name: str):
    assert notice(post(f"speakers/{speaker(talk, 2).pk}/name", name=f"\u202e{name}\u200d\x1b ")) == (
        f"The name {name} is saved."
    )
    assert speaker(talk, 2).name == name


def test_name_that_shows_nothing_is_empty(talk: Job, post: Post):
    post(f"speakers/{speaker(talk, 1).pk}/name", name="\u200c \u200d")
    assert speaker(talk, 1).name == ""


def test_long_name_is_cut_where_it_takes_much_room(alice_client: Client, talk: Job, post: Post):
    text = post(f"speakers/{speaker(talk, 2).pk}/name", name="n" * 100)
    assert notice(text) == f"The name {'n' * 39}… is saved."
    title = f'<span title="{"n" * 100}">{"n" * 100}</span></bdi>'
    assert text.count(title) == 1
    assert alice_client.get(f"/recordings/{talk.recording_id}/").text.count(title) == 1


def test_share_is_told_only_where_there_are_several(alice_client: Client, talk: Job, alice: User):
    edits.merge(speaker(talk, 2), speaker(talk, 1), author=alice)
    text = alice_client.get(f"/recordings/{talk.recording_id}/").text
    assert re.findall(r'<p class="speaker-facts figures">(.*?)</p>', text) == ["0:09, 1 turn"]
    assert '<progress class="share"' not in text


def test_others_in_a_part_of_a_paragraph_are_noted_above_it(alice_client: Client, talk: Job, alice: User):
    edits.merge(speaker(talk, 2), speaker(talk, 1), author=alice)
    talk.segments.filter(pk=talk.segments.last().pk).update(also=[speaker(talk, 2).pk])
    text = alice_client.get(f"/recordings/{talk.recording_id}/").text
    (note,) = re.findall(r'<small class="also" role="note">(.*?)</small>', text)
    assert re.sub(r"<[^>]+>", "", note) == "together with Speaker 2 in part"


def test_empty_name_gives_back_the_number(talk: Job, post: Post):
    assert notice(post(f"speakers/{speaker(talk, 1).pk}/name", name="  ")) == "The speaker is called Speaker 1 again."


def test_merge_asks_whom_and_can_be_undone(alice_client: Client, talk: Job, post: Post):
    ann, other = speaker(talk, 1), speaker(talk, 2)
    address = f"/jobs/{talk.pk}/speakers/{other.pk}/merge"
    question = alice_client.get(address, headers=HX | {"HX-Target": "dialog"}).text
    assert re.findall(r'name="into" value="(\d+)"', question) == [str(ann.pk)]
    text = post(f"speakers/{other.pk}/merge", into=ann.pk)
    assert notice(text) == "Speaker 2 is merged into Ann."
    assert said_by(talk) == ["Ann"] * 3
    assert notice(post(f"edits/{_undo_of(text)}/undo")) == "The change is undone."
    assert said_by(talk) == ["Ann", "Speaker 2", "Ann"]


def test_merge_tells_whose_name_the_other_takes_over(talk: Job, post: Post):
    ann, other = speaker(talk, 1), speaker(talk, 2)
    text = post(f"speakers/{ann.pk}/merge", into=other.pk)
    assert notice(text) == "Ann is merged into Speaker 2, who is called Ann now."


def _undo_of(text: str) -> int:
    return int(re.findall(r"/edits/(\d+)/undo", text)[0])


def test_merge_into_nobody_is_refused(talk: Job, post: Post):
    assert "Choose who else it is." in post(f"speakers/{speaker(talk, 2).pk}/merge", status=422)
    assert "Choose another one." in post(f"speakers/{speaker(talk, 2).pk}/merge", status=422, into=speaker(talk, 2).pk)


def test_passage_is_given_to_another(talk: Job, post: Post):
    last = talk.segments.last()
    text = post("speaker", at=last.pk, segments=str(last.pk), speaker=speaker(talk, 2).pk)
    assert notice(text) == "Speaker 2 says this now."
    assert said_by(talk) == ["Ann", "Speaker 2", "Speaker 2"]
    assert '<section id="paragraph-0-2" hx-swap-oob="delete">' in text
    assert "And so, my fellow Americans" not in text  # What stays as it is need not be sent.


def test_passages_are_given_to_somebody_new(talk: Job, post: Post):
    first, second, _ = talk.segments.all()
    text = post("speaker", at=first.pk, segments=f"{first.pk},{second.pk}", speaker="new", name="Eve")
    assert notice(text) == "Eve says this now."
    assert said_by(talk) == ["Eve", "Eve", "Ann"]
    assert talk.speakers.get(name="Eve").number == 3


def test_first_speaker_of_a_text_is_shown_at_once(alice_client: Client, completed_job: Job):
    first = completed_job.segments.first()
    data = {"at": first.pk, "segments": first.pk, "speaker": "new", "name": "Eve", "known": 0}
    text = alice_client.post(f"/jobs/{completed_job.pk}/speaker", data, headers=HX).text
    assert '<article id="transcript" hx-swap-oob="innerHTML">' in text
    assert text.count(">Unknown</a>") == 1
    assert "format=rttm" in text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"speaker": "new", "name": "Ann"}, "There is a speaker called “Ann” already."),
        ({"speaker": "new", "name": "x" * 101}, "A name has 100 characters at most."),
        ({"speaker": "999"}, "This speaker is not here any more."),
        ({"speaker": "x"}, "This speaker is not here any more."),
        ({"speaker": "new", "segments": ""}, "Choose what somebody else says."),
        ({"speaker": "new", "segments": "1;2"}, "Enter a valid value."),
        ({}, "This field is required."),
    ],
)
def test_assign_refuses_what_cannot_be_done(talk: Job, post: Post, data: dict[str, str], sentence: str):
    pk = talk.segments.first().pk
    assert sentence in post("speaker", status=422, **{"at": pk, "segments": pk} | data)
    assert said_by(talk) == ["Ann", "Speaker 2", "Ann"]


def test_menu_offers_the_selection_the_paragraph_and_the_turn(alice_client: Client, talk: Job, alice: User):
    first, second, third = talk.segments.all()
    edits.assign(talk, [second.pk], speaker(talk, 1), author=alice)
    address = f"/jobs/{talk.pk}/speaker?at={second.pk}&passage={second.pk}"
    text = alice_client.get(address, headers=HX | {"HX-Target": "who"}).text
    scopes = re.findall(r'name="segments" value="([\d,]*)"( checked)?>([^<]*)', text)
    everything = f"{first.pk},{second.pk},{third.pk}"
    assert scopes == [
        (str(second.pk), " checked", "The sentences with the selected words"),
        (everything, "", "This paragraph"),
    ]
    assert "ask not what your country can do for you," in re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", text)[0]


def test_only_some_words_are_given_to_somebody_else(alice_client: Client, post: Post, talk: Job):
    """“ask not what your country can do for you,”: the two words in its middle."""
    second = talk.segments.all()[1]
    before = list(talk.segments.values("pk", "start", "end", "text", "words", "speaker", "also"))
    first, last = second.words[3][0], second.words[4][0]
    address = f"/jobs/{talk.pk}/speaker?at={second.pk}&passage={second.pk}&first={first:.2f}&last={last:.2f}"
    text = alice_client.get(address, headers=HX | {"HX-Target": "who"}).text
    scopes = re.findall(r'name="segments" value="([^"]*)"( checked)?>([^<]*)', text)
    assert scopes == [
        (f"{second.pk}@{first:.2f}-{last:.2f}", " checked", "Only the selected words"),
        (str(second.pk), "", "This paragraph"),
    ]
    assert re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", text) == ["your country"]

    text = post("speaker", at=second.pk, segments=scopes[0][0], speaker=speaker(talk, 1).pk)
    assert "Ann says this now." in text
    rows = list(talk.segments.all())
    assert [row.text.strip() for row in rows[1:4]] == ["ask not what", "your country", "can do for you,"]
    assert said_by(talk) == ["Ann", "Speaker 2", "Ann", "Speaker 2", "Ann"]
    assert [word for row in rows[1:4] for word in row.words] == second.words

    post("undo")
    assert list(talk.segments.values("pk", "start", "end", "text", "words", "speaker", "also")) == before


def test_words_of_several_segments_are_given_in_one_edit(talk: Job, alice: User):
    first, second, third = talk.segments.all()
    count = talk.edits.count()
    edits.assign(
        talk,
        [first.pk, second.pk, third.pk],
        None,
        author=alice,
        name="Cleo",
        words=(first.words[-2][0], third.words[1][0]),
    )
    assert talk.edits.count() == count + 1
    assert said_by(talk) == ["Ann", "Cleo", "Cleo", "Cleo", "Ann"]
    texts = [row.text.strip() for row in talk.segments.all()]
    assert " ".join(texts) == " ".join(row.text.strip() for row in (first, second, third))
    edits.undo(talk.edits.latest("pk"), author=alice)
    assert [row.text for row in talk.segments.all()] == [first.text, second.text, third.text]
    assert said_by(talk) == ["Ann", "Speaker 2", "Ann"]


def test_words_that_are_all_of_a_segment_cut_nothing(alice_client: Client, talk: Job):
    second = talk.segments.all()[1]
    address = f"/jobs/{talk.pk}/speaker?at={second.pk}&passage={second.pk}&first=0&last=99"
    text = alice_client.get(address, headers=HX | {"HX-Target": "who"}).text
    assert "Only the selected words" not in text


@pytest.mark.parametrize("segments", ["{}@1.00", "{}@-1.00-2.00", "{}@1-2", "{}@1.00-2.00,3"])
def test_words_that_are_none_are_refused(post: Post, talk: Job, segments: str):
    pk = talk.segments.all()[1].pk
    post("speaker", status=422, at=pk, segments=segments.format(pk), speaker=speaker(talk, 1).pk)
    assert talk.segments.count() == 3


def test_menu_leads_to_the_name_of_who_speaks(alice_client: Client, talk: Job):
    address = f"/jobs/{talk.pk}/speaker?at={talk.segments.all()[1].pk}"
    text = alice_client.get(address, headers=HX | {"HX-Target": "who"}).text
    (link,) = re.findall(r'<a class="menu-item" href="([^"]*)" data-rename-speaker.*?(?=</a>)', text)
    assert link == f"/recordings/{talk.recording_id}/#name-{speaker(talk, 2).pk}"


def test_page_asks_the_same_without_javascript(alice_client: Client, talk: Job):
    first = talk.segments.first()
    text = alice_client.get(f"/jobs/{talk.pk}/speaker?at={first.pk}").text
    assert "<h1>Who speaks here?</h1>" in text
    response = alice_client.post(
        f"/jobs/{talk.pk}/speaker", {"at": first.pk, "passage": [first.pk], "speaker": speaker(talk, 2).pk}, follow=True
    )
    assert "Speaker 2 says this now." in response.text
    assert re.findall(r'action="(/jobs/[^"]*/edits/\d+/undo)"', response.text)
    assert said_by(talk) == ["Speaker 2", "Speaker 2", "Ann"]


@pytest.mark.parametrize("query", ["", "at=x", "at=999999", "at=1&passage=x", "at=-1", "at=99999999999999999999"])
def test_menu_for_a_passage_that_is_gone_shows_the_text_as_it_is(alice_client: Client, talk: Job, query: str):
    response = alice_client.get(f"/jobs/{talk.pk}/speaker?{query}", headers=HX | {"HX-Target": "who"})
    assert "The text was changed since this page was opened" in response.text
    assert '<article id="transcript" hx-swap-oob="innerHTML">' in response.text
    assert response.headers["HX-Retarget"] == "#messages"


def test_page_that_is_behind_gets_all_of_the_text(talk: Job, post: Post):
    text = post(f"speakers/{speaker(talk, 2).pk}/name", known=1, name="Ben")
    assert '<article id="transcript" hx-swap-oob="innerHTML">' in text
    assert "And so, my fellow Americans," in text


def test_undo_takes_back_what_was_done_last_step_by_step(talk: Job, post: Post):
    post(f"speakers/{speaker(talk, 2).pk}/name", name="Ben")
    assert notice(post("undo")) == "The change is undone."
    assert said_by(talk) == ["Ann", "Speaker 2", "Ann"]
    text = post("undo")
    assert said_by(talk) == ["Speaker 1", "Speaker 2", "Speaker 1"]
    assert notice(post("undo")) == "There is nothing left to undo."  # The first speakers are part of the transcription.
    assert notice(post(f"edits/{_undo_of(text)}/undo")) == "The change is done again."
    assert said_by(talk) == ["Ann", "Speaker 2", "Ann"]


def test_undo_leaves_what_somebody_else_did_meanwhile(talk: Job, post: Post, carol: User):
    post(f"speakers/{speaker(talk, 1).pk}/name", name="Mistake")
    edits.rename(speaker(talk, 2), "Ben", author=carol)
    assert notice(post("undo")) == "The change is undone."
    assert said_by(talk) == ["Ann", "Ben", "Ann"]
    assert notice(post("redo")) == "The change is done again."
    assert said_by(talk) == ["Mistake", "Ben", "Mistake"]

    edits.rename(speaker(talk, 1), "Cleo", author=carol)
    assert notice(post("undo")).startswith("What this changed was changed again later, so nothing was changed now.")
    assert said_by(talk) == ["Cleo", "Ben", "Cleo"]


def test_nobody_undoes_what_only_others_did(talk: Job, post: Post, carol: User):
    Edit.objects.filter(author__isnull=False).update(author=carol)
    assert notice(post("undo")).startswith("There is nothing of yours left to undo.")
    assert said_by(talk)[0] == "Ann"


def _button(text: str) -> str:
    found = re.findall(r'id="undo">(.*?)</button>', text)
    assert all((f"#{each.lower()}-2" in button) == (each in button) for button in found for each in ("Undo", "Redo"))
    return re.sub(r"<[^>]+>", "", found[0]) if found else ""


def _rows(job: Job) -> list[dict[str, object]]:
    return list(job.segments.order_by("piece", "index", "part").values())


def _identify_again(job: Job, turns: list[Turn]) -> None:
    """Have the speakers identified as a worker does it."""
    again = identify_again(job.pk)
    complete(again, lease.start_directly(again), turns, provenance={"diarizer": "vad"})


def test_undo_after_identifying_again_brings_back_what_was_corrected_by_hand(talk: Job, post: Post, alice: User):
    states = [(_rows(talk), said_by(talk))]
    last = talk.segments.last()
    post("speaker", at=last.pk, segments=str(last.pk), speaker="new", name="Eve")
    states.append((_rows(talk), said_by(talk)))
    post(f"speakers/{speaker(talk, 2).pk}/name", name="Ben")
    states.append((_rows(talk), said_by(talk)))
    labelling = talk.labelling_id

    _identify_again(talk, [Turn(0, 4.6, 1), Turn(4.6, 9, 2)])
    assert (talk.edits.latest("pk").author, talk.segments.count()) == (alice, 4)
    talk.refresh_from_db()
    assert talk.labelling_id != labelling

    for rows, names in reversed(states):
        text = post("undo")
        assert (notice(text), _button(text)) == ("The change is undone.", "Redo")
        assert (_rows(talk), said_by(talk)) == (rows, names)
    talk.refresh_from_db()
    assert talk.labelling_id == labelling


def test_undo_takes_back_an_earlier_result_that_is_in_use_again(talk: Job, post: Post):
    names = said_by(talk)
    _identify_again(talk, [Turn(0, 9, 1)])
    identified = _rows(talk)
    post(f"labellings/{talk.labelling_id}/use")
    assert said_by(talk) == names
    post("undo")
    assert _rows(talk) == identified
    post("undo")
    assert said_by(talk) == names


def test_identifying_again_without_an_author_is_not_skipped(talk: Job, post: Post):
    names = said_by(talk)
    apply_labelling(talk, [Turn(0, 9, 1)], provenance={"diarizer": "vad"})
    post("undo")
    assert said_by(talk) == names


def test_first_speakers_can_be_undone_where_a_person_asked_for_them(alice_client: Client, completed_job: Job):
    _identify_again(completed_job, [Turn(0, 4.6, 1), Turn(4.6, 9, 2)])
    text = alice_client.post(f"/jobs/{completed_job.pk}/undo", headers=HX).text
    assert notice(text) == "The change is undone."
    assert said_by(completed_job) == ["", "", ""]


def test_notice_tells_what_was_done_and_offers_the_opposite(talk: Job, post: Post):
    text = post(f"speakers/{speaker(talk, 2).pk}/name", name="Ben")
    told = []
    for _ in range(4):
        text = post(f"edits/{_undo_of(text)}/undo")
        told.append((notice(text), _button(text), said_by(talk)[1]))
    assert told == [
        ("The change is undone.", "Redo", "Speaker 2"),
        ("The change is done again.", "Undo", "Ben"),
        ("The change is undone.", "Redo", "Speaker 2"),
        ("The change is done again.", "Undo", "Ben"),
    ]


def test_undo_in_the_notice_is_one_step_of_undoing_the_last_change(talk: Job, post: Post):
    text = post(f"speakers/{speaker(talk, 2).pk}/name", name="Ben")
    text = post(f"edits/{_undo_of(text)}/undo")
    post("undo")
    assert said_by(talk) == ["Speaker 1", "Speaker 2", "Speaker 1"]


def test_change_that_was_done_again_is_the_last_change(talk: Job, post: Post):
    post(f"speakers/{speaker(talk, 2).pk}/name", name="Ben")
    post(f"edits/{_undo_of(post('undo'))}/undo")
    assert said_by(talk) == ["Ann", "Ben", "Ann"]
    text = post("undo")
    assert (notice(text), _button(text), said_by(talk)) == (
        "The change is undone.",
        "Redo",
        ["Ann", "Speaker 2", "Ann"],
    )


def test_undo_of_what_was_changed_since_is_refused(talk: Job, post: Post):
    first = _undo_of(post(f"speakers/{speaker(talk, 2).pk}/name", name="Ben"))
    post(f"speakers/{speaker(talk, 2).pk}/name", name="Bernard")
    assert notice(post(f"edits/{first}/undo")).startswith("What this changed was changed again later, so nothing")


def test_earlier_labelling_is_used_again(alice_client: Client, talk: Job, post: Post):
    apply_labelling(talk, [Turn(0, 9, 1)], provenance={"diarizer": "vad"})
    text = alice_client.get(f"/recordings/{talk.recording_id}/").text
    [use] = re.findall(r'action="/jobs/[^/]+/(labellings/\d+/use)"', text)
    assert "2 speakers" in text
    assert notice(post(use)) == "The speakers are as they were heard then."
    assert said_by(talk) == ["Ann", "Speaker 2", "Ann"]


def test_text_that_may_still_change_has_no_panel(alice_client: Client, make_job: MakeJob, make_segments: MakeSegments):
    job = make_job(state=Job.State.QUEUED)
    first, *_ = make_segments(job)
    text = alice_client.get(f"/recordings/{job.recording_id}/").text
    assert "speakers-fold" not in text
    data = {"at": first.pk, "segments": first.pk, "speaker": "new"}
    answer = alice_client.post(f"/jobs/{job.pk}/speaker", data, headers=HX).text
    assert notice(answer) == "The transcription is not over yet. Change the text and its speakers when it is."


@pytest.mark.parametrize("action", ["name", "merge", "speaker", "undo", "edit", "labelling", "identify"])
def test_others_and_strangers_change_nothing(
    client: Client, bob_client: Client, carol_client: Client, talk: Job, action: str
):
    second, pk = speaker(talk, 2), talk.segments.first().pk
    address, data = {
        "name": (f"speakers/{second.pk}/name", {"name": "Ben"}),
        "merge": (f"speakers/{second.pk}/merge", {"into": speaker(talk, 1).pk}),
        "speaker": ("speaker", {"at": pk, "segments": pk, "speaker": second.pk}),
        "undo": ("undo", {}),
        "edit": (f"edits/{talk.edits.latest('pk').pk}/undo", {}),
        "labelling": (f"labellings/{talk.labelling_id}/use", {}),
        "identify": ("identify", {}),
    }[action]
    count = Edit.objects.count()
    assert bob_client.post(f"/jobs/{talk.pk}/{address}", data).status_code == 404
    assert client.post(f"/jobs/{talk.pk}/{address}", data).url.startswith("/sign-in/")
    assert (Edit.objects.count(), talk.retries.count()) == (count, 0)
    assert carol_client.post(f"/jobs/{talk.pk}/{address}", data).status_code == 302


def test_speaker_of_another_text_is_not_touched(alice_client: Client, talk: Job, make_job: MakeJob):
    other = Speaker.objects.create(job=make_job(state=Job.State.COMPLETED), number=1, name="Zoe")
    text = alice_client.post(f"/jobs/{talk.pk}/speakers/{other.pk}/name", {"name": "Mine"}, headers=HX).text
    other.refresh_from_db()
    assert other.name == "Zoe"
    assert "The text was changed since this page was opened" in text


def test_get_changes_nothing(alice_client: Client, talk: Job):
    addresses = ["undo", f"edits/{talk.edits.latest('pk').pk}/undo", f"speakers/{speaker(talk, 1).pk}/name"]
    assert {alice_client.get(f"/jobs/{talk.pk}/{each}").status_code for each in addresses} == {405}
