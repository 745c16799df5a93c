"""The pages of replacement rules."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from django.db.models.signals import pre_save
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from transcripts import rule_forms
from transcripts.models import Edit, Job, Recording, Rule, Segment

RULES = "/settings/rules/"
NEW = "/settings/rules/new/"


@pytest.fixture
def rule(alice: User) -> Rule:
    return Rule.objects.create(owner=alice, find="selinite", replacement="Selenite")


def test_person_makes_changes_and_deletes_a_rule(alice_client: Client, alice: User):
    made = alice_client.post(NEW, {"find": " selinite\u200b ", "replacement": "Selenite", "whole_words": "on"})
    assert (made.status_code, made.url) == (302, RULES)
    [rule] = Rule.objects.all()
    assert (rule.owner, rule.find, rule.replacement) == (alice, "selinite", "Selenite")
    assert (rule.whole_words, rule.match_case) == (True, False)
    assert "selinite" in alice_client.get(RULES).text
    alice_client.post(f"{RULES}{rule.pk}/", {"find": "selenit", "replacement": "Selenite", "match_case": "on"})
    rule.refresh_from_db()
    assert (rule.find, rule.whole_words, rule.match_case) == ("selenit", False, True)
    assert "Delete the rule for “selenit”?" in alice_client.get(f"{RULES}{rule.pk}/delete/").text
    assert alice_client.post(f"{RULES}{rule.pk}/delete/").status_code == 302
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("find", "replacement", "message"),
    [
        ("", "x", "Write what is to be replaced."),
        (" \u200b\ufeff\t", "x", "Write what is to be replaced."),
        ("same", "same", "This would change nothing."),
        ("SELINITE", "x", "There is a rule for this already."),
        ("a" * 201, "x", "at most 200 characters"),
        ("a", "x" * 201, "at most 200 characters"),
    ],
)
def test_what_would_do_nothing_is_refused(alice_client: Client, rule: Rule, find: str, replacement: str, message: str):
    answer = alice_client.post(NEW, {"find": find, "replacement": replacement})
    assert answer.status_code == 422
    assert message in answer.text
    assert Rule.objects.count() == 1


def test_there_are_not_more_rules_than_can_be(alice_client: Client, rule: Rule, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rule_forms, "MOST_RULES", 1)
    answer = alice_client.post(NEW, {"find": "another", "replacement": "one"})
    assert answer.status_code == 422
    assert "as many as there can be" in answer.text
    assert alice_client.post(f"{RULES}{rule.pk}/", {"find": "another", "replacement": "one"}).status_code == 302


def test_rule_that_is_given_to_everybody_counts_there(
    carol_client: Client, carol: User, monkeypatch: pytest.MonkeyPatch
):
    rule = Rule.objects.create(owner=carol, find="mond", replacement="moon")
    Rule.objects.create(find="sonne", replacement="sun")
    monkeypatch.setattr(rule_forms, "MOST_RULES", 1)
    values = {"find": "mond", "replacement": "moon"}
    answer = carol_client.post(f"{RULES}{rule.pk}/", values | {"for_all": "on"})
    assert (answer.status_code, "as many as there can be" in answer.text) == (422, True)
    rule.refresh_from_db()
    assert rule.owner == carol
    assert carol_client.post(f"{RULES}{rule.pk}/", values).status_code == 302


@pytest.mark.parametrize("is_new", [True, False])
def test_same_rule_sent_twice_at_once_is_one(alice_client: Client, alice: User, rule: Rule, is_new: bool):
    """The other request ends between the check of this one and its saving."""

    def other(instance: Rule, **_: object) -> None:
        Rule.objects.bulk_create([Rule(owner=alice, find=instance.find, replacement="moon")])

    pre_save.connect(other, sender=Rule)
    try:
        answer = alice_client.post(NEW if is_new else f"{RULES}{rule.pk}/", {"find": "mond", "replacement": "moon"})
    finally:
        pre_save.disconnect(other, sender=Rule)
    assert (answer.status_code, "There is a rule for this already." in answer.text) == (422, True)
    # What the handler added went with the saving that failed, which is the other request's part here.
    assert set(Rule.objects.values_list("find", flat=True)) == {"selinite"}


def test_rules_of_others_are_out_of_reach(bob_client: Client, carol_client: Client, client: Client, rule: Rule):
    for address in (f"{RULES}{rule.pk}/", f"{RULES}{rule.pk}/delete/"):
        for person in (bob_client, carol_client):
            assert person.get(address).status_code == 404
            assert person.post(address, {"find": "x", "replacement": "y"}).status_code == 404
        assert client.get(address).url.startswith("/sign-in/")
    assert "selinite" not in bob_client.get(RULES).text
    rule.refresh_from_db()
    assert rule.find == "selinite"


def test_staff_makes_rules_for_everybody_whom_they_are_shown_to(carol_client: Client, bob_client: Client):
    carol_client.post(NEW, {"find": "mond", "replacement": "moon", "for_all": "on"})
    [rule] = Rule.objects.all()
    assert rule.owner is None
    page = bob_client.get(RULES).text
    assert "mond" in page
    assert f"{RULES}{rule.pk}/" not in page
    assert bob_client.post(f"{RULES}{rule.pk}/", {"find": "x", "replacement": "y"}).status_code == 404
    assert f"{RULES}{rule.pk}/" in carol_client.get(RULES).text
    assert carol_client.post(f"{RULES}{rule.pk}/delete/").status_code == 302


def test_nobody_else_makes_rules_for_everybody(bob_client: Client, bob: User):
    assert "For everybody here" not in bob_client.get(NEW).text
    bob_client.post(NEW, {"find": "mond", "replacement": "moon", "for_all": "on"})
    assert [rule.owner for rule in Rule.objects.all()] == [bob]


def test_hostile_words_are_shown_as_text(alice_client: Client):
    alice_client.post(NEW, {"find": "<script>alert(1)</script>", "replacement": "\"'><img src=x>"})
    page = alice_client.get(RULES).text
    assert "&lt;script&gt;" in page
    assert "<img src=x" not in page


def test_new_rule_begins_with_what_the_address_says(alice_client: Client):
    page = alice_client.get(NEW, {"find": "mond", "replacement": "moon"}).text
    assert 'value="mond"' in page
    assert 'value="moon"' in page
    assert not Rule.objects.exists()


def test_dialog_of_a_recording_stays_on_its_page(alice_client: Client, recording: Recording):
    headers = {
        "HX-Request": "true",
        "HX-Target": "dialog",
        "HX-Current-URL": f"http://testserver/recordings/{recording.pk}/",
    }
    form = alice_client.get(NEW, headers=headers).text
    assert "<html" not in form
    answer = alice_client.post(NEW, {"find": "mond", "replacement": "moon"}, headers=headers)
    assert "HX-Redirect" not in answer.headers
    assert "“mond” is replaced" in answer.text
    headers["HX-Current-URL"] = f"http://testserver{RULES}"
    answer = alice_client.post(NEW, {"find": "sonne", "replacement": "sun"}, headers=headers)
    assert answer.headers["HX-Redirect"] == RULES


def test_rules_are_listed_at_the_same_cost(
    alice_client: Client, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
):
    for count in (1, 130):
        Rule.objects.bulk_create(
            Rule(owner=alice, find=f"w{count}-{number}", replacement="x") for number in range(count)
        )
        with django_assert_max_num_queries(9) as seen:
            page = alice_client.get(RULES)
        assert page.status_code == 200
        if count == 1:
            first = len(seen)
    assert len(seen) <= first + 1  # The rows of the second page are not read, but it is known that there is one.
    assert "Page 1 of 2" in page.text


def test_administrators_see_all_rules(admin_client: Client, rule: Rule):
    page = admin_client.get("/admin/transcripts/rule/").text
    assert "selinite" in page
    answer = admin_client.post("/admin/transcripts/rule/add/", {"owner": "", "find": "  ", "replacement": "x"})
    assert "Write what is to be replaced." in answer.text


def test_correction_offers_a_rule(alice_client: Client, completed_job: Job):
    row = completed_job.segments.first()
    base = row.text.strip()
    known = {"known": "0"}
    address = f"/jobs/{completed_job.pk}/segments/{row.pk}/"
    answer = alice_client.post(
        address, {"text": base.replace("Americans", "Canadians"), "base": base, **known}, headers={"HX-Request": "true"}
    )
    assert "find=Americans&amp;replacement=Canadians" in answer.text
    assert "word=Americans&amp;by=Canadians" in answer.text
    page = alice_client.get(f"/jobs/{completed_job.pk}/replace?word=Americans&by=Canadians").text
    assert 'value="Americans"' in page
    assert 'value="Canadians"' in page


def test_text_chosen_in_place_of_somebody_elses_offers_nothing(alice_client: Client, completed_job: Job):
    row = completed_job.segments.first()
    base = row.text.strip()
    values = {"text": base.replace("Americans", "Canadians"), "base": base, "known": "0", "chosen": "on"}
    answer = alice_client.post(f"/jobs/{completed_job.pk}/segments/{row.pk}/", values, headers={"HX-Request": "true"})
    assert "Canadians" in answer.text
    assert "Make a rule" not in answer.text


def test_offer_names_words_without_punctuation_of_any_script(alice_client: Client, completed_job: Job):
    row = completed_job.segments.first()
    address = f"/jobs/{completed_job.pk}/segments/{row.pk}/"
    base = row.text.strip()
    for text in ("¿cabeza?", "¿cerveza? 50%"):
        alice_client.post(address, {"text": text, "base": base})
        base = text
    Edit.objects.update(created_at=timezone.now() - timedelta(hours=1))
    answer = alice_client.post(
        address, {"text": "cabaña 50%", "base": base, "known": "0"}, headers={"HX-Request": "true"}
    )
    assert "<bdi>cerveza</bdi> → <bdi>cabaña</bdi>" in answer.text


@pytest.mark.parametrize(
    ("saves", "offer"),
    [
        (["Cana", "Canadians"], "Americans → Canadians"),
        (["Cana", "Canad", "Canadian people"], "Americans → Canadian people"),
        (["", "Canadians"], "Americans → Canadians"),
        (["Canadians", "Americans"], ""),
    ],
)
def test_offer_is_of_the_text_before_somebody_began_to_type(
    alice_client: Client, completed_job: Job, saves: list[str], offer: str
):
    row = completed_job.segments.first()
    texts = [row.text.strip(), *(f"And so, my fellow {word}," for word in saves)]
    assert _offered(alice_client, row, texts) == offer


def test_offer_of_a_second_correction_in_a_segment_is_of_that_one(alice_client: Client, completed_job: Job):
    texts = ["And so, my fellow Americans,", "And so, my dear Americans,", "And so, my dear Canadians,"]
    assert _offered(alice_client, completed_job.segments.first(), texts) == "Americans → Canadians"
    more = [texts[-1], "But so, my dear Canadians,", "Butter so, my dear Canadians,"]
    assert _offered(alice_client, completed_job.segments.first(), more) == "And → Butter"


def test_offer_of_what_somebody_else_wrote_is_of_their_text(
    alice_client: Client, admin_client: Client, completed_job: Job
):
    row = completed_job.segments.first()
    texts = ["And so, my fellow Americans,", "And so, my fellow Canada,", "And so, my fellow Canadians,"]
    assert _offered(admin_client, row, texts[:2]) == "Americans → Canada"
    assert _offered(alice_client, row, texts[1:]) == "Canada → Canadians"


def _offered(client: Client, row: Segment, texts: list[str]) -> str:
    """Save one text after the other, and return what is offered after the last."""
    text = ""
    for base, new in pairwise(texts):
        values = {"text": new, "base": base, "known": "0"}
        text = client.post(f"/jobs/{row.job_id}/segments/{row.pk}/", values, headers={"HX-Request": "true"}).text
    found = re.search(r"<bdi>([^<]*)</bdi> → <bdi>([^<]*)</bdi>", text)
    return " → ".join(found.groups()) if found else ""


def test_correction_of_many_words_offers_nothing(alice_client: Client, completed_job: Job):
    row = completed_job.segments.first()
    values = {"text": "Something else altogether was said by him here", "base": row.text.strip(), "known": "0"}
    answer = alice_client.post(f"/jobs/{completed_job.pk}/segments/{row.pk}/", values, headers={"HX-Request": "true"})
    assert 'id="offer"' in answer.text
    assert "Make a rule" not in answer.text


def test_what_was_replaced_everywhere_offers_nothing(alice_client: Client, completed_job: Job):
    values = {"find": "country", "replacement": "village", "count": "2", "known": "0"}
    answer = alice_client.post(f"/jobs/{completed_job.pk}/replace", values, headers={"HX-Request": "true"})
    assert "Replaced in 2 places." in answer.text
    assert "Make a rule" not in answer.text
    assert "Replace it everywhere here" not in answer.text
