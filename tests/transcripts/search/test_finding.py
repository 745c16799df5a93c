"""What is found, by whom, in which order, and what is shown of it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tags.models import Tag
from tests.conftest import MakeJob, MakeRecording
from tests.transcripts.search.conftest import MakeText, say, texts, titles
from transcripts.models import Job, Recording, Speaker
from transcripts.search import finding
from transcripts.search.filters import Filters
from transcripts.search.finding import search
from transcripts.search.query import parse

HOSTILE = (
    "", " ", '"', '""', "*", "-", "--", "-*", '-"', '"*', "AND", "OR NOT", "NEAR(a b)", "words : a", "scope : u1", "{words} : a",
    "^a", "a + b", "(((((", ")", "a;DROP TABLE x", "'", "''", "\\", "\\'", "%", "_", "%s", "{}", "a:*", "a & b | !c", "<->",
    "\u0000a", "\ud7ff", "\U0010ffff", "a\u0301" * 50, "😀", "😀*", "ﷺ", "½", "x" * 5000, "a " * 5000, "-a " * 300, '"' * 999,
    "ＡＮＤ", "＂a＂", "\u200b", "\u202e", "𝒜", "1e400", "0x1", "--a", "- a", "a -", "本*", "-本", '"本 本"*', "ก็", "ั",
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("country", 1),
        ("COUNTRY ask", 1),
        ("country moon", 0),
        ("coun", 0),
        ("coun*", 1),
        ('"your country can"', 1),
        ('"country your"', 0),
        ('"your coun"*', 1),
        ("ask -moon", 1),
        ("ask -country", 0),
        ("ask -coun*", 0),
        ('ask -"your country"', 0),
        ('ask -"country your"', 1),
    ],
)
def test_words_phrases_beginnings_and_exclusions(alice: User, make_text: MakeText, query: str, found: int):
    make_text("ask what your country can do", "nothing else")
    assert len(texts(alice, query)) == found


@pytest.mark.parametrize("query", ["zolc", "ŻÓŁĆ", "zo\u0301lc*", "żółć"])
def test_case_and_accents_are_folded(alice: User, make_text: MakeText, query: str):
    make_text("Miał żółć w sercu.")
    assert texts(alice, query) == ["Miał żółć w sercu."]


@pytest.mark.parametrize(
    ("query", "found"), [("東京", 1), ("京タワ", 1), ("タワー", 1), ("行", 1), ("た", 1), ("東行", 0), ("京東", 0)]
)
def test_languages_without_spaces_are_found_by_any_part(alice: User, make_text: MakeText, query: str, found: int):
    make_text("私は東京タワーへ行った。")
    assert len(texts(alice, query)) == found


def test_titles_are_found_too_and_come_first(alice: User, make_text: MakeText):
    make_text("the budget is done, says the budget office", title="Monday")
    make_text("hello", title="The Büdget of 2025")
    make_text("hello", title="Else")
    assert titles(alice, "budget") == ["The Büdget of 2025", "Monday"]


def test_words_side_by_side_come_before_scattered_ones(alice: User, make_text: MakeText):
    make_text("next year we will look at what every quarter has brought us so far", title="Scattered")
    make_text("we will know more in the next quarter or the one after it comes", title="Together")
    assert titles(alice, "next quarter") == ["Together", "Scattered"]


def test_recording_that_says_it_often_comes_first(alice: User, make_text: MakeText):
    make_text("a word on the harvest today", title="Once")
    make_text(*["a word on the harvest today"] * 9, title="Often")
    assert titles(alice, "harvest") == ["Often", "Once"]


def test_of_equal_ones_the_newest_comes_first(alice: User, make_text: MakeText):
    for title in ("old", "newer", "newest"):
        make_text("a word on the harvest", title=title)
    assert titles(alice, "harvest") == ["newest", "newer", "old"]


def test_hit_tells_who_says_it_when_and_where(alice: User, make_text: MakeText):
    job = make_text("nothing", "so ask what your Country can do")
    job.segments.filter(text__contains="Country").update(speaker=Speaker.objects.create(job=job, number=2, name="Ann"))
    [found] = search(alice, parse('"your country" do')).found
    [hit] = found.hits
    assert [(piece.text, piece.is_found) for piece in hit.pieces] == [
        ("so ask what ", False),
        ("your Country", True),
        (" can ", False),
        ("do", True),
    ]
    assert (hit.speaker and hit.speaker.name, round(hit.seconds, 2)) == ("Ann", 3 + round(3 * 3 / 7, 2))


def test_pair_of_letters_is_marked_as_it_was_looked_for(alice: User, make_text: MakeText):
    make_text("私は東京へ行った。")
    marked = [
        piece.text
        for query in ("東京", "行", "京へ")
        for hit in search(alice, parse(query)).found[0].hits
        for piece in hit.pieces
        if piece.is_found
    ]
    assert marked == ["東京", "行", "京へ"]


def test_long_text_is_cut_around_what_was_found(alice: User, make_text: MakeText):
    make_text(f"{'before ' * 100}harvest {'after ' * 100}")
    [hit] = search(alice, parse("harvest")).found[0].hits
    text = "".join(piece.text for piece in hit.pieces)
    assert (text[:8], text[-1], "harvest" in text) == ("…before ", "…", True)
    assert len(text) < 300


def test_best_passages_are_shown_in_order_of_time(alice: User, make_text: MakeText):
    job = make_text(*(f"harvest {'and more ' * (9 - number)}" for number in range(9)))
    [found] = search(alice, parse("harvest")).found
    assert [hit.segment.index for hit in found.hits] == [6, 7, 8]
    assert found.more == 6
    [found] = search(alice, parse("harvest"), Filters(recording=job.recording_id)).found
    assert [hit.segment.index for hit in found.hits] == list(range(9))


def test_others_find_nothing_of_it_and_staff_all(alice: User, bob: User, carol: User, make_text: MakeText):
    make_text("a secret of Alice", title="Alice's secret")
    make_text("a secret of Bob", title="Bob's", owner=bob)
    assert [texts(who, "secret") for who in (alice, bob)] == [["a secret of Alice"], ["a secret of Bob"]]
    assert sorted(texts(carol, "secret")) == ["a secret of Alice", "a secret of Bob"]
    assert titles(bob, "alice") == []


def test_filters_do_not_reach_what_a_person_may_not_see(alice: User, bob: User, make_text: MakeText):
    job = make_text("a secret of Alice")
    say(job, "Ann")
    filters = {"recording": job.recording_id}, {"owner": "alice"}, {"speaker": "ann"}, {"language": "en"}
    assert [texts(alice, "secret", **one) for one in filters] == [["a secret of Alice"]] * 4
    assert [texts(bob, "secret", **one) for one in filters] == [[]] * 4


def test_recording_that_changed_hands_is_not_shown_to_its_earlier_owner(alice: User, bob: User, make_text: MakeText):
    job = make_text("a secret")
    type(job.recording).objects.update(owner=bob)
    assert texts(alice, "secret") == []


def test_only_the_shown_version_is_found(alice: User, make_text: MakeText):
    job = make_text("the first harvest")
    make_text("the second harvest", recording=job.recording)
    assert texts(alice, "harvest") == ["the second harvest"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["both", "new", "old"]),
        ({"added_from": timezone.localdate() - timedelta(days=2)}, ["both", "new"]),
        ({"added_to": timezone.localdate() - timedelta(days=2)}, ["old"]),
        ({"language": "de"}, ["both"]),
        ({"least_minutes": 10.0}, ["new"]),
        ({"most_minutes": 9.0}, ["both", "old"]),
        ({"speaker": "ZOE"}, ["both"]),
        ({"speaker": "nobody"}, []),
        ({"states": ["failed"]}, ["old"]),
        ({"states": ["completed"], "language": "en"}, ["new"]),
        ({"owner": "ALICE"}, ["both", "new", "old"]),
        ({"owner": "bob"}, []),
        ({"tags": ["a"]}, ["both", "new"]),
        ({"tags": ["b", "c"]}, ["both", "old"]),
        ({"tags": ["a", "b"], "needs_all_tags": True}, ["both"]),
    ],
)
@pytest.mark.parametrize("most_named", [400, 0])
def test_filters(
    alice: User,
    make_text: MakeText,
    make_job: MakeJob,
    monkeypatch: pytest.MonkeyPatch,
    filters: dict,
    found: list[str],
    most_named: int,
):
    monkeypatch.setattr("transcripts.search.matching.MOST_NAMED", most_named)
    old = make_text("harvest", title="old", days=5)
    make_job(old.recording, state=Job.State.FAILED)
    make_text("harvest", title="new", duration_seconds=900.0)
    job = make_text("harvest", "nothing", title="both", language="de")
    say(job, "Zoë Quist", index=0)
    tags = {name: Tag.objects.create(owner=alice, name=name) for name in "abc"}
    for title, names in (("both", "ab"), ("new", "a"), ("old", "c")):
        Recording.objects.get(title=title).tags.set([tags[name] for name in names])
    if "tags" in filters:
        filters = {**filters, "tags": [tags[name].pk for name in filters["tags"]]}
    assert sorted(titles(alice, "harvest", **filters)) == found


def test_speaker_filter_is_about_who_says_it(alice: User, make_text: MakeText):
    job = make_text("harvest one", "harvest two")
    say(job, "Ann", index=1)
    assert texts(alice, "harvest", speaker="ann") == ["harvest two"]


def test_empty_form_sets_no_limit():
    """Else each search would look through all recordings beside the words."""
    assert not Filters(tags=[], states=[], needs_all_tags=True)
    assert Filters(tags=[1])


def test_nothing_that_is_typed_is_too_much(alice: User, make_text: MakeText):
    make_text("ask what your country can do, and or not near words scope")
    for query in HOSTILE:
        assert len(texts(alice, query)) <= 1


def test_of_very_common_words_the_newest_places_are_ranked(alice: User, make_text: MakeText, monkeypatch):
    monkeypatch.setattr(finding, "MOST_RANKED", 5)
    make_text(*["harvest"] * 4, title="old")
    make_text(*["harvest"] * 4, title="new")
    results = search(alice, parse("harvest"))
    assert (results.capped_at, results.passages, results.recordings) == (5, 5, 2)
    assert search(alice, parse("old")).capped_at == 0


def test_fewer_places_are_ranked_where_a_speaker_is_named(alice: User, make_text: MakeText, monkeypatch):
    monkeypatch.setattr(finding, "MOST_SAID", 2)
    job = make_text(*["harvest"] * 4)
    say(job, "Ann")
    assert search(alice, parse("harvest")).capped_at == 0
    results = search(alice, parse("harvest"), Filters(speaker="ann"))
    assert (results.capped_at, results.passages) == (2, 2)


def test_pages_show_every_recording_once(alice: User, make_text: MakeText):
    for number in range(23):
        make_text("harvest", title=f"Number {number}")
    pages = [search(alice, parse("harvest"), page=number) for number in (1, 2, 3, 4)]
    assert [len(page.found) for page in pages] == [10, 10, 3, 0]
    assert [page.has_next for page in pages] == [True, True, False, False]
    assert len({one.recording.pk for page in pages for one in page.found}) == 23


def test_recording_without_text_is_found_by_its_title(alice: User, make_recording: MakeRecording):
    from transcripts.search import index

    index.name(make_recording(title="Silent night"))
    assert titles(alice, "silent") == ["Silent night"]
