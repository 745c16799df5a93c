"""Replacement rules: what they make of a text, and of a new transcription."""

from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User

from speech.asr import fake
from tests.conftest import MakeJob, MakeSegments
from transcripts import rules as module
from transcripts.models import Edit, Job, Rule
from transcripts.rules import Rules
from transcripts.services import edits
from transcripts.services.ruling import apply_rules, work_out


@dataclass(frozen=True)
class One:
    find: str
    replacement: str
    whole_words: bool = True
    match_case: bool = False


@pytest.mark.parametrize(
    ("rule", "text", "found"),
    [
        (One("selinite", "Selenite"), "Selinite, selinite and SELINITES", "Selenite, Selenite and SELINITES"),
        (One("mond", "moon"), "Mond, mond, MOND", "Moon, moon, MOON"),
        (One("us", "US", match_case=True), "us, Us, bus", "US, Us, bus"),
        (One("cal", "kal", whole_words=False), "calm local", "kalm lokal"),
        (One("a", "aa"), "a A aa", "aa Aa aa"),
        (One("um", ""), "So um yes", "So  yes"),
        (One("a.b*c(", "x"), "a.b*c( aXbc(", "x aXbc("),
        (One(r"\w+", "x"), r"word \w+", r"word x"),
        (One("x", r"\1\g<0>"), "x", r"\1\g<0>"),
        (One("c++", "C++"), "c++ and c", "C++ and c"),
        (One("zażółć", "Zażółć"), "ZAŻÓŁĆ zażółć", "Zażółć Zażółć"),
        (One("月亮", "月球"), "看月亮吧", "看月球吧"),
        (One("ネコ", "猫"), "このネコは", "この猫は"),
        (One("new york", "New York"), "in new york now", "in New York now"),
        (One("x", "ß"), "X", "SS"),
        (One("İstanbul", "Istanbul"), "istanbul İSTANBUL", "Istanbul Istanbul"),
        (One("ẞ", "sz"), "ß STRASSE", "sz STRASSE"),
        # Vowel signs and accents belong to the letter before them.
        (One("कल", "आज"), "कल कला कलि सकल", "आज कला कलि सकल"),
        (One("हिंदी", "हिन्दी"), "हिंदी में", "हिन्दी में"),
        (One("বাংলা", "বাঙলা"), "বাংলা বাংলাদেশ", "বাঙলা বাংলাদেশ"),
        (One("தமிழ்", "தமிழ"), "தமிழ் தமிழ்நாடு", "தமிழ தமிழ்நாடு"),
        (One("cafe", "coffee"), "cafe cafe\u0301", "coffee cafe\u0301"),
        (One("می", "x"), "می می\u200cروم", "x می\u200cروم"),
        # Where no space stands between words, no syllable is cut in two.
        (One("กา", "x"), "อีกากิน เกา กาง กาแฟ", "อีxกิน เกา xง xแฟ"),
        (One("มก", "x"), "มกๆ มกิ มกา มก", "xๆ มกิ มกา x"),
        (One("ខ្មែ", "x"), "ខ្មែរ", "xរ"),
        (One("មែ", "x"), "ខ្មែរ មែន", "ខ្មែរ xន"),
        (One("ネコ", "猫"), "ネコとネコネコ", "猫とネコネコ"),
        (One("バス", "x"), "バスで バスケット", "xで バスケット"),
        (One("き", "x"), "きゃ き ぎき", "きゃ x ぎx"),
        (One("って", "x"), "だって", "だx"),
        (One("าม", "x"), "ความ", "ความ"),
        (One("AI", "人工智能"), "用AI做 AIM", "用人工智能做 AIM"),
        (One("北京", "Peking"), "在北京大学", "在Peking大学"),
    ],
)
def test_rule_replaces(rule: One, text: str, found: str):
    assert Rules([rule]).apply(text) == found


def test_rules_look_at_the_text_once_and_the_longest_counts():
    rules = Rules([One("new", "old"), One("new york", "York"), One("york", "Leeds"), One("old", "new")])
    assert rules.apply("new york new old york") == "York old new Leeds"


def test_rules_given_first_count_before_others_alike():
    assert Rules([One("moon", "mine"), One("moon", "theirs")]).apply("moon") == "mine"


def test_rules_that_do_not_fit_a_place_are_not_looked_at(monkeypatch: pytest.MonkeyPatch):
    looked_at: list[str] = []
    fits = module._fits

    def counted(rule: One, text: str, start: int, end: int) -> bool:
        looked_at.append(rule.find)
        return fits(rule, text, start, end)

    monkeypatch.setattr(module, "_fits", counted)
    alike = [One("ab" * length, "x") for length in range(3, 100)]
    rules = Rules([*alike, *(One(f"ab{number:04}", "y") for number in range(2000))])
    assert rules.apply("cab about ababababs ab1999 ababab") == "cab about ababababs y x"
    assert looked_at == ["abababab", "ababab", "ababab", "ab1999", "ababab"]


def test_no_rules_and_empty_ones_change_nothing():
    assert Rules([]).apply("as it was") == "as it was"
    assert Rules([One("", "x"), One(" ", "y", whole_words=False)]).apply("as it was") == "as it was"


@pytest.fixture
def finished(make_job: MakeJob, make_segments: MakeSegments) -> Job:
    job = make_job(state=Job.State.COMPLETED, engine="fake")
    make_segments(job, (" A calm moon.", " White moon, calm words.", " um"))
    return job


def texts(job: Job) -> list[str]:
    return [row.text for row in job.segments.all()]


def test_rules_of_the_owner_and_of_the_installation_are_applied_as_one_edit(finished: Job, alice: User, bob: User):
    Rule.objects.create(owner=alice, find="moon", replacement="stone")
    Rule.objects.create(owner=None, find="moon", replacement="sun")
    Rule.objects.create(owner=None, find="calm", replacement="still")
    Rule.objects.create(owner=None, find="um", replacement="")
    Rule.objects.create(owner=bob, find="white", replacement="black")
    edit = apply_rules(finished)
    assert edit is not None
    assert texts(finished) == [" A still stone.", " White stone, still words.", " um"]
    assert (edit.kind, edit.author) == (Edit.Kind.RULES, None)
    rows = finished.segments.all()
    assert [word[3] for word in rows[0].words] == [0.9, None, None]
    assert [row[:2] for row in rows[0].words] == [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]]
    edits.undo(edit, author=alice)
    assert texts(finished) == [" A calm moon.", " White moon, calm words.", " um"]


def test_rules_are_applied_once(finished: Job, alice: User):
    Rule.objects.create(owner=alice, find="moon", replacement="moon moon")
    apply_rules(finished)
    assert apply_rules(finished) is None
    assert texts(finished)[0] == " A calm moon moon."


def test_what_was_worked_out_ahead_is_only_written(finished: Job, alice: User):
    Rule.objects.create(owner=alice, find="moon", replacement="stone")
    ahead = work_out(finished)
    Rule.objects.all().delete()
    apply_rules(finished, ahead=ahead)
    assert texts(finished) == [" A calm stone.", " White stone, calm words.", " um"]
    assert apply_rules(finished, ahead=ahead) is None


def test_what_was_worked_out_for_another_text_is_not_written(finished: Job, alice: User):
    Rule.objects.create(owner=alice, find="moon", replacement="stone")
    ahead = work_out(finished)
    finished.segments.filter(index=0).update(text=" The moon and", words=[])
    apply_rules(finished, ahead=ahead)
    assert texts(finished) == [" The stone and", " White stone, calm words.", " um"]


def test_without_rules_or_matches_there_is_no_edit(finished: Job, alice: User, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert apply_rules(finished) is None
    Rule.objects.create(owner=alice, find="sun", replacement="moon")
    assert apply_rules(finished) is None
    assert not finished.edits.exists()


def test_rules_for_what_was_recognised_later_leave_the_rest_alone(finished: Job, alice: User):
    Rule.objects.create(owner=alice, find="moon", replacement="stone")
    finished.segments.filter(index=1).update(piece=7, index=0)
    apply_rules(finished, pieces=[7])
    assert texts(finished) == [" A calm moon.", " White stone, calm words.", " um"]


def test_new_transcription_is_changed_visibly(make_job: MakeJob, alice: User, settings, monkeypatch):
    from contextlib import closing

    from transcripts import lease
    from transcripts.engine import EngineHost
    from transcripts.worker import run

    settings.FAKE_ENGINE, settings.DEFAULT_MODEL = True, "fake"
    Rule.objects.create(owner=alice, find=fake.WORDS[0], replacement="still")
    job = make_job(asked_engine="fake")
    with closing(EngineHost()) as host:
        run(job.pk, lease.start_directly(job), engine=host, should_stop=lambda: "", on_progress=None)
    job.refresh_from_db()
    assert job.state == Job.State.COMPLETED
    text = "".join(texts(job))
    assert "still" in text
    assert fake.WORDS[0] not in text
    [edit] = job.edits.all()
    assert fake.WORDS[0] in "".join(row["text"] for row in edit.before["segments"].values())
