"""The page that searches all transcripts, and its fragment."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from preferences.models import Settings
from tags.models import Tag
from tests.transcripts.search.conftest import MakeText, say
from tests.transcripts.search.test_finding import HOSTILE
from transcripts.models import Job, Speaker

FRAGMENT = {"HX-Request": "true", "HX-Target": "found"}


def _links(text: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'class="found-hit" href="([^"]*)"', text)]


def test_page_explains_itself_before_anything_is_asked(alice_client: Client):
    response = alice_client.get("/search/")
    assert response.status_code == 200
    assert "Both words in one passage" in response.text
    assert 'aria-current="page"' in response.text.partition('href="/search/"')[2][:60]


def test_hit_opens_the_recording_at_that_word(alice_client: Client, make_text: MakeText):
    job = make_text("nothing", "ask what your Country can do")
    response = alice_client.get("/search/?q=country")
    assert "1 passage in 1 recording" in " ".join(response.text.split())
    assert "<mark>Country</mark>" in response.text
    [link] = _links(response.text)
    assert link == f"/recordings/{job.recording_id}/?t=4.50&find=Country"
    assert "#t=4.50" in alice_client.get(link).text


def test_title_that_is_found_is_no_passage(alice_client: Client, make_text: MakeText):
    jobs = [make_text("nothing", title=f"The harvest {number}") for number in (1, 2)]
    text = alice_client.get("/search/?q=harvest", headers=FRAGMENT).text
    assert text.count("In the titles of 2 recordings, not in the text") == 2
    text = alice_client.get(f"/search/?q=harvest&recording={jobs[0].recording_id}").text
    assert "In the title of this recording, not in its text." in text


def test_hit_in_a_text_that_is_not_the_shown_one_opens_that_version(alice_client: Client, make_text: MakeText):
    job = make_text("the harvest")
    type(job.recording).objects.update(shown_job=None)
    [link] = _links(alice_client.get("/search/?q=harvest").text)
    assert f"version={job.pk}" in link


def test_text_and_names_are_text_not_markup(alice_client: Client, make_text: MakeText):
    job = make_text("a <b>harvest</b> & more", title="<i>harvest</i>")
    job.segments.update(speaker=Speaker.objects.create(job=job, number=1, name="<u>Ann</u>"))
    text = alice_client.get("/search/?q=harvest").text
    assert "a &lt;b&gt;<mark>harvest</mark>&lt;/b&gt; &amp; more" in text
    assert "&lt;i&gt;<mark>harvest</mark>&lt;/i&gt;" in text
    assert "&lt;u&gt;Ann&lt;/u&gt;" in text


def test_fragment_is_the_results_alone_and_tells_how_many(alice_client: Client, make_text: MakeText):
    make_text("the harvest")
    text = alice_client.get("/search/?q=harvest", headers=FRAGMENT).text
    assert text.lstrip().startswith('<section class="found" id="found"')
    assert "<html" not in text
    assert re.search(r'id="announcement"[^>]*>1 passage in 1 recording\s*<', text)


def test_stranger_is_sent_to_sign_in(client: Client, make_text: MakeText):
    make_text("the harvest")
    response = client.get("/search/?q=harvest")
    assert (response.status_code, response.headers["Location"]) == (302, "/sign-in/?next=/search/%3Fq%3Dharvest")


def test_others_see_nothing_and_staff_whose_it_is(bob_client: Client, carol_client: Client, make_text: MakeText):
    make_text("the harvest", title="A secret")
    text = bob_client.get("/search/?q=harvest").text
    assert ("Nothing was found" in text, "A secret" in text) == (True, False)
    text = carol_client.get("/search/?q=harvest").text
    assert ("A secret" in text, "<span>alice</span>" in text) == (True, True)


def test_only_staff_may_ask_by_owner(alice_client: Client, carol_client: Client, make_text: MakeText):
    make_text("the harvest")
    assert 'name="owner"' not in alice_client.get("/search/").text
    assert "<mark>" in alice_client.get("/search/?q=harvest&owner=bob").text
    assert 'name="owner"' in carol_client.get("/search/").text
    assert "<mark>" not in carol_client.get("/search/?q=harvest&owner=bob").text


def test_nothing_found_gives_advice(alice_client: Client, make_text: MakeText):
    make_text("the harvest")
    text = alice_client.get("/search/?q=moon&language=en").text
    assert "Nothing was found" in text
    assert 'href="?q=moon"' in text
    assert "1 filter narrows it down" in text


@pytest.mark.parametrize(("query", "words"), [("-moon", "what must not"), ("()", "There is no word in this")])
def test_query_without_a_word_is_explained(alice_client: Client, query: str, words: str):
    assert words in alice_client.get("/search/", {"q": query}).text


def test_nothing_that_is_typed_breaks_the_page(alice_client: Client, make_text: MakeText):
    make_text("ask what your country can do")
    statuses = {alice_client.get("/search/", {"q": query}, headers=FRAGMENT).status_code for query in HOSTILE}
    assert statuses == {200, 422}


def test_null_character_is_a_space(alice_client: Client, make_text: MakeText):
    make_text("ask what your country can do")
    for query in ("your%00country", "%00country"):
        response = alice_client.get(f"/search/?q={query}", headers=FRAGMENT)
        assert (response.status_code, len(_links(response.text))) == (200, 1)


def test_wrong_filters_are_refused_in_words(alice_client: Client, make_text: MakeText):
    make_text("the harvest", title="A title")
    for wrong in (
        "after=yesterday",
        "after=0001-01-01",
        "before=9999-12-31",
        "after=2026-02-02&before=2026-01-01",
        "least=9&most=3",
        "least=nan",
        "least=-1",
        "language=xx",
        "state=gone",
        "recording=1",
        "page=0",
        "page=99999999999999999999",
        "q=" + "x" * 600,
        "speaker=%00",
    ):
        response = alice_client.get(f"/search/?q=harvest&{wrong}")
        shown = [words in response.text for words in ("A title", "notice-danger")]
        assert (wrong, response.status_code, shown) == (wrong, 422, [False, True])


def test_more_leads_to_all_passages_of_one_recording(alice_client: Client, make_text: MakeText):
    make_text("the harvest", title="Other")
    job = make_text(*["the harvest"] * 5, title="This one")
    text = alice_client.get("/search/?q=harvest").text
    [more] = re.findall(r'class="found-more" href="([^"]*)">(.*?)<', text)
    assert (unescape(more[0]), more[1]) == (f"?q=harvest&recording={job.recording_id}", "2 more in this recording")
    text = alice_client.get(f"/search/{unescape(more[0])}").text
    assert (len(_links(text)), "Other" in text) == (5, False)
    assert 'href="?q=harvest">Search all recordings' in text


def test_tags_are_ones_own(alice: User, bob: User, alice_client: Client, bob_client: Client, make_text: MakeText):
    job = make_text("the harvest")
    tag = Tag.objects.create(owner=alice, name="Field work")
    job.recording.tags.add(tag)
    assert "Field work" in alice_client.get("/search/").text
    response = alice_client.get(f"/search/?q=harvest&tag={tag.pk}&match=all")
    assert ("<mark>harvest</mark>" in response.text, "checked" in response.text) == (True, True)
    make_text("the harvest", owner=bob)
    response = bob_client.get(f"/search/?q=harvest&tag={tag.pk}")
    assert (response.status_code, "Field work" in response.text) == (200, False)
    assert "<mark>harvest</mark>" not in response.text


@pytest.mark.parametrize(
    ("query", "is_found", "way_on"),
    [
        ("tag=x", False, "?q=harvest"),
        ("tag=9999&tag={tag}", True, "?q=harvest&tag={tag}"),
        ("tag=9999&tag={tag}&match=all", False, "?q=harvest&tag={tag}&match=all"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "found"}])
def test_tag_that_is_not_there_is_told(
    alice: User,
    alice_client: Client,
    make_text: MakeText,
    query: str,
    is_found: bool,
    way_on: str,
    headers: dict[str, str],
):
    job = make_text("the harvest")
    tag = Tag.objects.create(owner=alice, name="Field work")
    job.recording.tags.add(tag)
    response = alice_client.get(f"/search/?q=harvest&{query.format(tag=tag.pk)}", headers=headers)
    text = unescape(response.text)
    assert (response.status_code, "<mark>harvest</mark>" in text) == (200, is_found)
    assert "This filter names a tag that you do not have." in text
    assert f'<a href="{way_on.format(tag=tag.pk)}" data-known-tags>' in text
    assert ("data-gone-tag" in text) == (not headers)


def test_pages_keep_words_and_filters(alice_client: Client, make_text: MakeText):
    for number in range(11):
        make_text("the harvest", title=f"Number {number}")
    text = alice_client.get("/search/?q=harvest&language=en").text
    assert 'href="?q=harvest&amp;language=en&amp;page=2" rel="next"' in text
    text = alice_client.get("/search/?q=harvest&language=en&page=2").text
    assert (text.count('class="found-recording"'), 'rel="next"' in text) == (1, False)


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize(("filters", "queries"), [("", 6), ("&language=en", 6), ("&speaker=Ann", 7)])
def test_search_costs_the_same_for_one_recording_and_for_thirty(
    alice_client: Client,
    make_text: MakeText,
    django_assert_num_queries: DjangoAssertNumQueries,
    filters: str,
    queries: int,
    count: int,
):
    Settings.load()
    for _ in range(count):
        job = make_text(*["the harvest"] * count)
        say(job, "Ann")
    assert Job.objects.count() == count
    with django_assert_num_queries(queries):  # session, user, tags, places, what is shown, settings with queue; names
        assert "<mark>" in alice_client.get(f"/search/?q=harvest{filters}").text


def test_recording_page_finds_in_its_text_without_a_script(alice_client: Client, make_text: MakeText):
    job = make_text("the harvest")
    text = alice_client.get(f"/recordings/{job.recording_id}/").text
    assert f'<input type="hidden" name="recording" value="{job.recording_id}">' in text
    assert 'name="q" placeholder="Find in the text"' in text


def test_search_that_is_too_long_is_told_in_a_sentence(alice_client: Client):
    response = alice_client.get("/search/", {"q": "x" * 5000})
    sentence = "A search has 500 characters at most. Leave some words out."
    assert (response.status_code, response.text.count(sentence)) == (422, 1)
