"""Correcting the text: in place and by the page of a segment."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from speech.types import Turn
from tests.conftest import MakeJob, MakeSegments
from transcripts.models import Edit, Job, Recording
from transcripts.services.corrections import write
from transcripts.services.speakers import apply_labelling
from transcripts.views.answers import GONE, LOST
from transcripts.views.text import FIRST_PARAGRAPHS, PART_PARAGRAPHS

LONG = FIRST_PARAGRAPHS + PART_PARAGRAPHS + 10
HX = {"HX-Request": "true"}
FIRST = "And so, my fellow Americans,"
SECOND = "ask not what your country can do for you,"
THIRD = "ask what you can do for your country."
Post = Callable[..., str]


@pytest.fixture
def talk(completed_job: Job) -> Job:
    return completed_job


@pytest.fixture
def post(alice_client: Client, talk: Job) -> Post:
    """Return a function that sends what the open page sends, and returns the fragments that come back."""

    def send(action: str, *, known: int | None = None, status: int = 200, **data: object) -> str:
        newest = Edit.objects.filter(job=talk).order_by("-pk").values_list("pk", flat=True).first() or 0
        values = {"known": newest if known is None else known, **data}
        response = alice_client.post(f"/jobs/{talk.pk}/{action}", values, headers=HX)
        assert response.status_code == status, response.text
        return response.text

    return send


def texts(job: Job) -> list[str]:
    return [row.text.strip() for row in job.segments.all()]


def pk(job: Job, place: int) -> int:
    return job.segments.all()[place].pk


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_page_leads_to_the_text_of_each_paragraph(alice_client: Client, talk: Job):
    text = alice_client.get(f"/recordings/{talk.recording_id}/").text
    assert f'class="edit-here" href="/jobs/{talk.pk}/segments/{pk(talk, 0)}/" data-edit' in text
    assert f'data-segments="/jobs/{talk.pk}/segments/" data-job="{talk.pk}"' in text


def test_text_that_may_still_change_cannot_be_edited(
    alice_client: Client, make_job: MakeJob, make_segments: MakeSegments
):
    job = make_job()
    make_segments(job)
    text = alice_client.get(f"/recordings/{job.recording_id}/").text
    assert 'class="edit-here"' not in text
    assert "data-segments" not in text
    answer = alice_client.get(f"/jobs/{job.pk}/segments/{pk(job, 0)}/", follow=True).text
    assert "The transcription is not over yet. Change the text and its speakers when it is." in plain(answer)


def test_saving_answers_with_the_paragraph_and_no_notice(talk: Job, post: Post, alice_client: Client):
    text = post(f"segments/{pk(talk, 1)}/", text="ask not what our country can do for you,", base=SECOND)
    assert texts(talk)[1] == "ask not what our country can do for you,"
    assert text.count('class="paragraph') == 1
    assert "what our country" in text
    assert 'class="notice' not in text
    assert f'name="known" value="{Edit.objects.get().pk}"' in text


def test_saving_in_a_version_that_is_not_in_use_says_so(talk: Job, post: Post, make_job: MakeJob):
    Recording.objects.update(shown_job=make_job(talk.recording, state=Job.State.COMPLETED))
    text = post(f"segments/{pk(talk, 1)}/", text="what our country can do for you,", base=SECOND)
    assert "This is saved in a version that is not in use" in text


def test_saving_tells_the_page_what_is_new(talk: Job, alice_client: Client):
    path = f"/jobs/{talk.pk}/segments/{pk(talk, 1)}/"
    response = alice_client.post(path, {"text": "ask not\nwhat", "base": SECOND, "known": 0}, headers=HX)
    created = pk(talk, 2)
    assert f'"text-saved": {{"segment": {pk(talk, 1)}, "created": [{created}]}}' in response["HX-Trigger-After-Swap"]
    assert response["HX-Reswap"] == "outerHTML"


def test_split_that_is_sent_again_is_answered_as_the_first_time(talk: Job, alice_client: Client):
    path, values = f"/jobs/{talk.pk}/segments/{pk(talk, 1)}/", {"text": "ask not\nwhat", "base": SECOND, "known": 0}
    first, again = (alice_client.post(path, values, headers=HX) for _time in range(2))
    told = first["HX-Trigger-After-Swap"]
    assert (again.status_code, again["HX-Trigger-After-Swap"]) == (200, told)
    assert (texts(talk), talk.edits.count()) == ([FIRST, "ask not", "what", THIRD], 1)


def test_saving_the_same_text_again_is_no_conflict(talk: Job, post: Post):
    path = f"segments/{pk(talk, 1)}/"
    post(path, text="Something else", base=SECOND)
    post(path, text="Something else", base=SECOND)
    assert Edit.objects.count() == 1


def test_conflict_shows_both_texts(talk: Job, post: Post, bob, alice_client: Client):
    write(talk, pk(talk, 1), "ask NOT what your country can do", base=SECOND, author=bob)
    text = post(f"segments/{pk(talk, 1)}/", text="ask <b>knot</b> what your country", base=SECOND, status=409)
    assert texts(talk)[1] == "ask NOT what your country can do"
    assert "Yours ask &lt;b&gt;knot&lt;/b&gt; what your country" in plain(text)
    assert "In the transcript now ask NOT what your country can do" in plain(text)
    assert "<mark>&lt;b&gt;knot&lt;/b&gt;</mark>" in text
    assert '<input type="hidden" name="base" value="ask NOT what your country can do">' in text
    assert '<article id="transcript" hx-swap-oob="innerHTML">' in text
    post(f"segments/{pk(talk, 1)}/", text="ask knot", base="ask NOT what your country can do")
    assert texts(talk)[1] == "ask knot"


def test_texts_of_a_conflict_begin_without_a_space(talk: Job, post: Post, bob):
    write(talk, pk(talk, 1), f"Theirs {SECOND}", base=SECOND, author=bob)
    text = post(f"segments/{pk(talk, 1)}/", text=f"Mine {SECOND}", base=SECOND, status=409)
    assert f'<dd dir="auto"><mark>Mine</mark> {SECOND}</dd>' in text
    assert f'<dd dir="auto"><mark>Theirs</mark> {SECOND}</dd>' in text


def test_conflict_is_a_page_without_javascript(talk: Job, alice_client: Client, bob):
    write(talk, pk(talk, 1), "Theirs", base=SECOND, author=bob)
    response = alice_client.post(f"/jobs/{talk.pk}/segments/{pk(talk, 1)}/", {"text": "Mine", "base": SECOND})
    assert response.status_code == 409
    assert "Yours Mine In the transcript now Theirs Use mine Use theirs Edit Both texts Theirs Mine" in plain(
        response.text
    )


def test_conflict_with_a_deleted_segment_keeps_the_text(talk: Job, post: Post):
    gone = pk(talk, 1)
    post(f"segments/{gone}/delete", base=SECOND)
    text = post(f"segments/{gone}/", text="What I wrote", base=SECOND, status=409)
    assert "deleted or joined with another one meanwhile. What you wrote is here, to be copied. Yours What I wrote" in (
        plain(text)
    )


@pytest.mark.parametrize("action", ["", "join", "delete"])
def test_changes_of_another_persons_text_are_refused(talk: Job, bob_client: Client, client: Client, action: str):
    path = f"/jobs/{talk.pk}/segments/{pk(talk, 0)}/{action}"
    assert bob_client.post(path, {"text": "mine", "base": FIRST}).status_code == 404
    assert client.post(path, {"text": "mine", "base": FIRST}).status_code == 302
    assert texts(talk) == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize("page", ["segments/{}/", "history", "replace?find=ask", "rest?from=0-0"])
def test_pages_of_another_persons_text_are_not_there(talk: Job, bob_client: Client, client: Client, page: str):
    path = f"/jobs/{talk.pk}/{page.format(pk(talk, 0))}"
    assert bob_client.get(path).status_code == 404
    assert FIRST not in bob_client.get(path).text
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("action", ["insert", "times"])
def test_wrong_input_is_told(talk: Job, post: Post, action: str):
    text = post(
        f"segments/{pk(talk, 0)}/{action}", status=422, text="", where="after", start="soon", end="9:99", base=FIRST
    )
    expected = "Write what is said there." if action == "insert" else "Write a time as 0:07.25 or 1:02:03."
    assert expected in plain(text)
    assert not Edit.objects.exists()


def test_huge_text_is_refused_and_stays_in_its_field(talk: Job, alice_client: Client):
    response = alice_client.post(f"/jobs/{talk.pk}/segments/{pk(talk, 0)}/", {"text": "x" * 5001, "base": FIRST})
    assert response.status_code == 422
    assert "x" * 5001 in response.text
    assert "5000 characters" in response.text


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("3", "2", "A segment ends after it starts. Nothing was changed."),
        ("soon", "later", "Write a time as 0:07.25 or 1:02:03."),
        ("0:99", "3", "Write a time as 0:07.25 or 1:02:03."),
        ("0:01", "1:60:03", "Write a time as 0:07.25 or 1:02:03."),
    ],
)
def test_wrong_times_are_told_beside_what_was_typed(
    talk: Job, post: Post, alice_client: Client, start: str, end: str, sentence: str
):
    typed, address = {"start": start, "end": end, "base": SECOND}, f"segments/{pk(talk, 1)}/times"
    assert f"<p>{sentence}</p>" in post(address, status=422, **typed)
    response = alice_client.post(f"/jobs/{talk.pk}/{address}", typed)
    assert (response.status_code, f'role="alert">{sentence}</p>' in response.text) == (422, True)
    assert (f'name="start" value="{start}"' in response.text, f'name="end" value="{end}"' in response.text) == (
        True,
    ) * 2
    assert 'id="text-error"' not in response.text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "مرحبا أيها العالم",
        "👩\u200d👩\u200d👧 cafe\u0301",
        "a & b “c”",
        "\u202eevil\u202c",
    ],
)
def test_text_is_text_not_markup(talk: Job, post: Post, alice_client: Client, text: str):
    answer = post(f"segments/{pk(talk, 0)}/", text=text, base=FIRST)
    assert texts(talk)[0] == text
    assert "<script>alert" not in answer + alice_client.get(f"/jobs/{talk.pk}/history").text


def test_segment_without_javascript(talk: Job, alice_client: Client):
    path = f"/jobs/{talk.pk}/segments/{pk(talk, 1)}/"
    page = alice_client.get(path).text
    assert "aria-invalid" not in page
    assert re.search(r"<textarea[^>]*>([^<]*)</textarea>", page)[1] == SECOND
    assert f'href="/jobs/{talk.pk}/segments/{pk(talk, 0)}/"' in page
    assert f'href="/jobs/{talk.pk}/segments/{pk(talk, 2)}/"' in page
    answer = alice_client.post(path, {"text": "ask not\r\nwhat", "base": SECOND}, follow=True)
    assert answer.redirect_chain == [(f"/recordings/{talk.recording_id}/", 302)]
    assert "The text is saved." in plain(answer.text)
    assert texts(talk) == [FIRST, "ask not", "what", THIRD]


def test_all_that_can_be_done_with_a_segment_without_javascript(talk: Job, alice_client: Client):
    def send(place: int, action: str, **data: object) -> str:
        return plain(alice_client.post(f"/jobs/{talk.pk}/segments/{pk(talk, place)}/{action}", data, follow=True).text)

    assert "The two segments are joined." in send(0, "join", base=FIRST)
    assert "The segment is deleted." in send(1, "delete", base=THIRD)
    assert "The segment is added." in send(0, "insert", text="The end", where="after")
    timed = send(1, "times", base="The end", start="0:06.5", end="10")
    assert "The segment goes from 0:06.50 to 0:10.00 now." in timed
    limited = send(1, "times", base="The end", start="0:01", end="10")
    assert "The segment goes from 0:06.00 to 0:10.00: there is no more time between what is said" in limited
    assert timed == send(1, "times", base="The end", start="0:06.5", end="10")
    assert texts(talk) == [f"{FIRST} {SECOND}", "The end"]
    assert (talk.segments.all()[1].start, talk.segments.all()[1].end) == (6.5, 10.0)


def test_page_of_a_segment_offers_to_add_only_where_there_is_time(talk: Job, alice_client: Client):
    def page(place: int) -> str:
        return alice_client.get(f"/jobs/{talk.pk}/segments/{pk(talk, place)}/").text

    def sides(text: str) -> list[str]:
        return re.findall(r'<option value="(after|before)"', text)

    none = "Nothing can be added here: there is no time before or after this segment. Write what is missing into it."
    talk.segments.filter(pk=pk(talk, 1)).update(start=3.5)
    assert [sides(page(place)) for place in range(3)] == [["after"], ["before"], ["after"]]
    assert (none in page(0), "There is no time before it." in page(0)) == (False, True)
    Recording.objects.filter(pk=talk.recording_id).update(duration_seconds=9.05)
    assert (sides(page(2)), none in page(2), 'id="added"' in page(2)) == ([], True, False)
    talk.segments.filter(pk=pk(talk, 1)).update(gap="It stopped the engine.", text="", start=3.0)
    assert sides(page(0)) == []


def test_what_cannot_be_added_stays_in_its_field(talk: Job, alice_client: Client):
    path = f"/jobs/{talk.pk}/segments/{pk(talk, 1)}/insert"
    answer = alice_client.post(path, {"text": "so <much>", "where": "before"})
    assert answer.status_code == 422
    assert "There is no time between these two segments." in answer.text
    assert re.search(r'<input id="added"[^>]*value="so &lt;much&gt;"', answer.text)
    assert '<option value="before" selected>' in answer.text


def test_segment_that_is_gone_leads_back(talk: Job, alice_client: Client):
    answer = alice_client.get(f"/jobs/{talk.pk}/segments/999999/", follow=True)
    assert answer.redirect_chain == [(f"/recordings/{talk.recording_id}/", 302)]
    assert "This segment is not in the text any more." in plain(answer.text)


def test_history_of_a_segment_gives_its_texts_back(talk: Job, alice_client: Client, post: Post):
    path = f"/jobs/{talk.pk}/segments/{pk(talk, 0)}/"
    post(path.split("/", 3)[3], text="One", base=FIRST)
    page = alice_client.get(path).text
    assert f'<input type="hidden" name="text" value="{FIRST}">' in page
    alice_client.post(path, {"text": FIRST, "base": "One"})
    assert texts(talk)[0] == FIRST


def test_undo_and_redo_on_the_page(talk: Job, post: Post):
    post(f"segments/{pk(talk, 0)}/", text="One", base=FIRST)
    post("undo")
    assert texts(talk)[0] == FIRST
    assert "The change is done again." in plain(post("redo"))
    assert texts(talk)[0] == "One"
    assert "There is nothing left to redo." in plain(post("redo"))


def test_history_restores_any_point(talk: Job, alice_client: Client, post: Post):
    post(f"segments/{pk(talk, 0)}/", text="One", base=FIRST)
    point = Edit.objects.get().pk
    post(f"segments/{pk(talk, 1)}/delete", base=SECOND)
    page = plain(alice_client.get(f"/jobs/{talk.pk}/history").text)
    assert "Segment deleted alice" in page
    assert "Text corrected alice" in page
    alice_client.post(f"/jobs/{talk.pk}/restore", {"point": point})
    assert texts(talk) == ["One", SECOND, THIRD]
    alice_client.post(f"/jobs/{talk.pk}/restore", {"point": 0})
    assert texts(talk) == [FIRST, SECOND, THIRD]
    assert alice_client.post(f"/jobs/{talk.pk}/restore", {"point": "x"}, follow=True).status_code == 200


def test_going_back_to_before_speakers_were_identified_says_so(talk: Job, alice_client: Client, post: Post):
    button = "Back to the text as it was recognised"
    post(f"segments/{pk(talk, 0)}/", text="One", base=FIRST)
    assert f"{button}, without speakers" not in plain(alice_client.get(f"/jobs/{talk.pk}/history").text)
    apply_labelling(talk, [Turn(0, 3, 1), Turn(3, 10, 2)], provenance={"diarizer": "vad"})

    assert f"{button}, without speakers" in plain(alice_client.get(f"/jobs/{talk.pk}/history").text)
    labelled = Edit.objects.latest("pk").pk
    assert "The text is as it was then, without speakers." in plain(post("restore", point=0))
    assert "The text is as it was then." in plain(post("restore", point=labelled))


def test_history_tells_an_undo_from_a_redo_in_any_order(talk: Job, alice_client: Client, post: Post):
    post(f"segments/{pk(talk, 0)}/", text="One", base=FIRST)
    for act in ("undo", "redo", "undo"):
        post(act)
    page = plain(alice_client.get(f"/jobs/{talk.pk}/history").text)
    titles = re.findall(r"Undone: text corrected|Redone|(?<!: )Text corrected", page)
    assert titles == ["Undone: text corrected", "Redone", "Undone: text corrected", "Text corrected"]


def test_history_shows_what_was_saved_while_somebody_typed_as_one_change(
    talk: Job, alice_client: Client, post: Post, bob
):
    first, second = pk(talk, 0), pk(talk, 1)
    for base, text in ((FIRST, "One"), ("One", "One, two"), ("One, two", "One, two, three")):
        post(f"segments/{first}/", text=text, base=base)
    post(f"segments/{second}/", text="Four", base=SECOND)
    write(talk, second, "Five", base="Four", author=bob)
    html = alice_client.get(f"/jobs/{talk.pk}/history").text
    assert html.count("data-row") == 3
    page = plain(html)
    assert page.count("Saved 3 times while it was typed") == page.count("times while it was typed") == 1
    points = [int(point) for point in re.findall(r'name="point" value="(\d+)"', html)]
    newest_first = list(talk.edits.order_by("-pk").values_list("pk", flat=True))
    assert points == [*newest_first[1:], 0]
    of_segment = alice_client.get(f"/jobs/{talk.pk}/segments/{first}/").text
    assert re.findall(r'name="text" value="([^"]*)"', of_segment) == [FIRST, "One, two", "One", FIRST]

    Edit.objects.filter(pk=newest_first[-1]).update(created_at=timezone.now() - timedelta(hours=1))
    assert "Saved 2 times while it was typed" in plain(alice_client.get(f"/jobs/{talk.pk}/history").text)


def test_history_without_changes(talk: Job, alice_client: Client):
    assert "Nothing was changed yet." in plain(alice_client.get(f"/jobs/{talk.pk}/history").text)


def test_history_costs_the_same_for_one_change_and_for_many(
    talk: Job, alice_client: Client, alice, django_assert_num_queries: DjangoAssertNumQueries
):
    write(talk, pk(talk, 0), "text 0", base=FIRST, author=alice)
    with django_assert_num_queries(_queries(alice_client, talk)):
        alice_client.get(f"/jobs/{talk.pk}/history")
    one = _queries(alice_client, talk)
    for number in range(30):
        write(talk, pk(talk, 0), f"text {number + 1}", base=f"text {number}", author=alice)
    assert _queries(alice_client, talk) == one


def _queries(client: Client, job: Job) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        client.get(f"/jobs/{job.pk}/history")
    return len(queries)


def test_replace_shows_where_and_how_often_first(talk: Job, alice_client: Client):
    page = plain(alice_client.get(f"/jobs/{talk.pk}/replace", {"find": "ask", "replacement": "beg"}).text)
    assert "Found in 2 places." in page
    assert "ask beg not what your country" in page
    assert "Replace in 2 places" in page
    assert texts(talk) == [FIRST, SECOND, THIRD]


def test_replace_in_place(talk: Job, post: Post):
    text = post("replace", find="ask", replacement="beg", count=2)
    assert "Replaced in 2 places." in plain(text)
    assert texts(talk)[1:] == [SECOND.replace("ask", "beg"), THIRD.replace("ask", "beg")]
    post("undo")
    assert texts(talk) == [FIRST, SECOND, THIRD]


def test_replace_asks_again_where_the_text_is_another_one(talk: Job, post: Post):
    text = post("replace", find="ask", replacement="beg", count=1, status=422)
    assert "Look at them again. Found in 2 places." in plain(text)
    assert texts(talk) == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize("find", ["", "x" * 201, "\x00"])
def test_replace_refuses_what_cannot_be_found(talk: Job, alice_client: Client, find: str):
    assert alice_client.get(f"/jobs/{talk.pk}/replace", {"find": find, "replacement": ""}).status_code == 422


def test_replace_escapes_what_it_shows(talk: Job, alice_client: Client):
    page = alice_client.get(f"/jobs/{talk.pk}/replace", {"find": "ask", "replacement": "<script>"}).text
    assert "<script>" not in re.sub(r'<script src="[^"]*"[^>]*>', "", page)


def test_long_text_comes_in_parts(alice_client: Client, make_job: MakeJob, make_segments: MakeSegments):
    job = make_job(state=Job.State.COMPLETED)
    make_segments(job, tuple(f" Sentence {number}." + " word" * 80 + "." for number in range(LONG)))
    page = alice_client.get(f"/recordings/{job.recording_id}/").text
    starts, parts = re.findall(r'<section class="paragraph[^>]*id="paragraph-([^"]*)"', page), 1
    assert len(starts) == FIRST_PARAGRAPHS
    assert "?text=all" in page
    while address := re.search(r'hx-get="([^"]*/rest\?[^"]*)"', page):
        page = alice_client.get(address[1]).text
        starts += re.findall(r'<section class="paragraph[^>]*id="paragraph-([^"]*)"', page)
        parts += 1
    assert starts == [f"0-{number}" for number in range(LONG)]
    assert parts == 3


@pytest.mark.parametrize("query", ["text=all", "t=90"])
def test_long_text_is_whole_where_that_is_asked_for(
    alice_client: Client, make_job: MakeJob, make_segments: MakeSegments, query: str
):
    job = make_job(state=Job.State.COMPLETED)
    make_segments(job, tuple(" word" * 80 + "." for _ in range(LONG)))
    page = alice_client.get(f"/recordings/{job.recording_id}/?{query}").text
    assert page.count('<section class="paragraph') == LONG


def test_rest_of_a_text_that_begins_elsewhere_by_now_is_all_of_it(alice_client: Client, talk: Job):
    response = alice_client.get(f"/jobs/{talk.pk}/rest?from=7-7")
    assert response["HX-Reswap"] == "none"
    assert '<article id="transcript" hx-swap-oob="innerHTML">' in response.text


@pytest.mark.parametrize(
    "action", ["jobs/{job}/segments/1/", "jobs/{job}/segments/1/insert", "recordings/{recording}/comments"]
)
def test_what_was_typed_in_a_recording_that_is_gone_stays_on_its_page(alice_client: Client, talk: Job, action: str):
    address = "/" + action.format(job=talk.pk, recording=talk.recording_id)
    here = HX | {"HX-Current-URL": f"http://testserver/recordings/{talk.recording_id}/"}
    talk.recording.delete()
    typed = alice_client.post(address, {"text": "Mine"}, headers=here)
    told = LOST.format("This recording")
    assert (typed.status_code, typed["HX-Retarget"], told in typed.text) == (410, "#messages", True)
    titled = alice_client.post(address, {"text": "Mine", "recording": "A <b>"}, headers=here)
    assert LOST.format("“A &lt;b&gt;”") in titled.text
    nothing = alice_client.post(address, {"text": "", "recording": "A title"}, headers=here)
    assert (nothing["HX-Redirect"], nothing.status_code) == ("/", 200)
    assert GONE.format("“A title”") in alice_client.get("/").text
