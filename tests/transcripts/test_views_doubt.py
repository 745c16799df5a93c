"""Doubtful words on the recording page: marked, counted, heard and found right."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.conftest import MakeJob, MakeSegments
from transcripts.models import Edit, Job, Segment

HX = {"HX-Request": "true"}


@pytest.fixture
def talk(completed_job: Job) -> Job:
    """Return a job in whose first segment the second and the last of five words are doubtful."""
    _doubt(completed_job.segments.first(), 1, 4)
    return completed_job


def _doubt(row: Segment, *places: int) -> None:
    for place in places:
        row.words[place][3] = 0.1
    row.save(update_fields=["words"])


def page(client: Client, job: Job) -> str:
    return client.get(f"/recordings/{job.recording_id}/").text


def marks(html: str) -> list[tuple[str, str]]:
    return re.findall(r'<mark class="doubt" data-word="(\d+)" title="[^"]+">([^<]+)</mark>', html)


def test_doubtful_words_are_marked_with_the_reason_and_counted(alice_client: Client, talk: Job):
    html = page(alice_client, talk)
    assert marks(html) == [("1", "so,"), ("4", "Americans,")]
    assert re.search(r'title="Perhaps wrong: \d\d %; it was hard to make out"', html)
    assert 'id="doubtful" href="#paragraph-0-0"' in html
    assert (
        'data-doubt-total>2</span> <span class="editing-word">doubtful</span><span class="visually-hidden" data-doubt-words> words<'
        in html
    )
    assert "And <mark" in html
    assert "</mark> my fellow <mark" in html


def test_text_without_doubtful_words_has_no_marks(alice_client: Client, completed_job: Job):
    html = page(alice_client, completed_job)
    assert marks(html) == []
    assert "data-doubtful" not in html


def test_marks_escape_the_text(alice_client: Client, talk: Job):
    row = talk.segments.first()
    row.words[1][2], row.text = " <b>so</b>", row.text.replace("so,", "<b>so</b>")
    row.save()
    assert "&lt;b&gt;so&lt;/b&gt;</mark>" in page(alice_client, talk)


def test_doubts_cost_no_query_and_little_weight(
    alice_client: Client,
    make_job: MakeJob,
    make_segments: MakeSegments,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    job = make_job(state=Job.State.COMPLETED, engine="faster-whisper")
    rows = make_segments(job, tuple(f" some calm words of number {number}." for number in range(300)))
    plain = alice_client.get(f"/recordings/{job.recording_id}/", headers={"Accept-Encoding": "gzip"})
    for row in rows[::3]:
        _doubt(row, 2)
    marked = alice_client.get(f"/recordings/{job.recording_id}/", headers={"Accept-Encoding": "gzip"})
    assert marked.headers["Content-Encoding"] == "gzip"
    assert len(marked.content) - len(plain.content) < 3000


def _accept(client: Client, job: Job, row: Segment, *, status: int = 200, **values: object) -> str:
    newest = Edit.objects.filter(job=job).order_by("-pk").values_list("pk", flat=True).first() or 0
    data = {"base": row.text.strip(), "known": newest, **values}
    answer = client.post(f"/jobs/{job.pk}/segments/{row.pk}/heard", data, headers=HX)
    assert answer.status_code == status, answer.text
    return answer.text


def test_heard_word_is_not_doubtful_any_more_until_that_is_undone(alice_client: Client, talk: Job):
    row = talk.segments.first()
    answer = _accept(alice_client, talk, row, word=1)
    assert marks(answer) == [("4", "Americans,")]
    assert (
        'data-doubt-total>1</span> <span class="editing-word">doubtful</span><span class="visually-hidden" data-doubt-words> word<'
        in answer
    )
    assert marks(page(alice_client, talk)) == [("4", "Americans,")]
    row.refresh_from_db()
    assert row.words[1][3:] == [0.1, False, True]
    edit = talk.edits.get()
    assert edit.kind == Edit.Kind.HEARD
    history = alice_client.get(f"/jobs/{talk.pk}/history").text
    assert "Heard and found right" in history
    assert re.search(r'<p class="entry-text" dir="auto">so,\s*</p>', history)
    alice_client.post(f"/jobs/{talk.pk}/undo", headers=HX)
    assert len(marks(page(alice_client, talk))) == 2


def test_heard_word_stays_so_when_its_neighbours_change(alice_client: Client, talk: Job):
    row = talk.segments.first()
    _accept(alice_client, talk, row, word=[1, 4])
    values = {"text": "And so, my dear Americans,", "base": row.text.strip()}
    alice_client.post(f"/jobs/{talk.pk}/segments/{row.pk}/", values)
    assert marks(page(alice_client, talk)) == []
    row.refresh_from_db()
    assert [len(word) for word in row.words] == [4, 6, 4, 5, 6]


def test_corrected_words_are_not_doubtful(alice_client: Client, talk: Job):
    row = talk.segments.first()
    alice_client.post(
        f"/jobs/{talk.pk}/segments/{row.pk}/", {"text": "And now, my fellow Americans,", "base": row.text.strip()}
    )
    assert marks(page(alice_client, talk)) == [("4", "Americans,")]


@pytest.mark.parametrize("word", ["", "-1", "x", "99999999999999999999", "3.5"])
def test_words_that_cannot_be_are_refused(alice_client: Client, talk: Job, word: str):
    _accept(alice_client, talk, talk.segments.first(), word=word, status=422)
    assert not talk.edits.exists()


def test_word_that_is_not_there_changes_nothing(alice_client: Client, talk: Job):
    _accept(alice_client, talk, talk.segments.first(), word=77)
    assert not talk.edits.exists()


def test_word_of_a_text_that_is_another_by_now_is_not_accepted(alice_client: Client, talk: Job):
    _accept(alice_client, talk, talk.segments.first(), word=1, base="Something else", status=409)
    assert not talk.edits.exists()


def test_others_accept_nothing(bob_client: Client, client: Client, talk: Job):
    row = talk.segments.first()
    address, values = f"/jobs/{talk.pk}/segments/{row.pk}/heard", {"base": row.text.strip(), "word": 1}
    assert bob_client.post(address, values).status_code == 404
    assert client.post(address, values).url.startswith("/sign-in/")
    assert not talk.edits.exists()


def test_page_of_a_segment_lists_its_doubtful_words_and_takes_them_as_right(alice_client: Client, talk: Job):
    row = talk.segments.first()
    address = f"/jobs/{talk.pk}/segments/{row.pk}/"
    html = alice_client.get(address).text
    assert html.count('name="word"') == 2
    assert "They are right" in html
    answer = alice_client.post(f"{address}heard", {"base": row.text.strip(), "word": [1, 4]})
    assert answer.status_code == 302
    assert 'name="word"' not in alice_client.get(address).text


def test_fix_all_the_same_begins_with_the_word_alone(alice_client: Client, talk: Job):
    html = alice_client.get(f"/jobs/{talk.pk}/replace", {"word": "“Americans,”"}).text
    assert 'value="Americans"' in html
    assert "Found in" not in html
    assert 'name="whole_words" checked' in html
    assert "value" in alice_client.get(f"/jobs/{talk.pk}/replace", {"word": "—"}).text
