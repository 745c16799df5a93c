"""The administration of engines, weights and the long work on them."""

import html
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from preferences.models import Settings
from registry import availability, scan, works
from registry.known import installed
from registry.models import Provider, SpeechModel, Work
from registry.standing import standings
from tests.conftest import PutWeights
from tests.registry.test_resolver import hide
from tests.speech.weights.test_by_hand import lay

CLASH = "Model tiny.en knows English only. The language is set to German: choose another model, or another language in the settings."
NONE_LEFT = "No model is left: jobs wait until one is installed or enabled."
MODELS, PROVIDERS, LONG = "/admin/registry/speechmodel/", "/admin/registry/provider/", "/admin/registry/work/"


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def base(db: None) -> SpeechModel:
    return SpeechModel.objects.get(store="faster-whisper", key="base")


def shown(client: Client, address: str, **data: object) -> str:
    return client.get(address, data).content.decode()


def act(client: Client, action: str, *rows: SpeechModel | Provider, address: str = MODELS, **data: str) -> list[str]:
    """Do an action on rows of a list and return the messages that follow."""
    data = {"action": action, "_selected_action": [row.pk for row in rows], **data}
    response = client.post(address, data, follow=True)
    return [str(message) for message in response.context["messages"]] if response.redirect_chain else []


def press(client: Client, model: SpeechModel, kind: str) -> str:
    """Press a button of a row on a page with JavaScript."""
    target = {"HX-Request": "true", "HX-Target": f"standing-{model.pk}"}
    return client.post(f"{MODELS}{model.pk}/ask/{kind}/", headers=target).content.decode()


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.mark.parametrize("address", [MODELS, PROVIDERS, LONG, f"{MODELS}add/", f"{MODELS}1/change/"])
def test_nobody_without_rights_sees_anything(client: Client, alice_client: Client, carol_client: Client, address: str):
    assert client.get(address).url == f"/sign-in/?next={address}"
    for stranger in (alice_client, carol_client):
        response = stranger.get(address)
        assert response.status_code == 403
        assert "faster-whisper" not in response.content.decode()


@pytest.mark.parametrize("end", ["ask/install/", "ask/cancel/", "remove/"])
def test_nobody_without_rights_changes_anything(
    client: Client, alice_client: Client, carol: User, carol_client: Client, base: SpeechModel, end: str
):
    carol.user_permissions.add(Permission.objects.get(codename="view_speechmodel"))
    work, _ = works.ask(base, Work.Kind.VERIFY)

    assert client.post(f"{MODELS}{base.pk}/{end}").status_code == 302
    for stranger in (alice_client, carol_client):
        assert stranger.post(f"{MODELS}{base.pk}/{end}").status_code == 403
        assert stranger.post(f"{MODELS}rescan/").status_code == 403

    work.refresh_from_db()
    assert (Work.objects.count(), work.state, work.stop_requested) == (1, Work.State.QUEUED, False)


def test_who_may_look_sees_no_buttons(carol: User, carol_client: Client, base: SpeechModel):
    carol.user_permissions.add(Permission.objects.get(codename="view_speechmodel"))

    for text in (
        shown(carol_client, MODELS),
        shown(carol_client, f"{MODELS}{base.pk}/standing/"),
        shown(carol_client, f"{MODELS}{base.pk}/change/"),
    ):
        assert "Not installed" in text
        assert not re.search(r"Install<|Rescan|standing-press", text)


def test_list_tells_how_it_stands_with_each(admin: Client, put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    scan.refresh()
    SpeechModel.objects.filter(key="tiny").update(enabled=False, disabled_reason="too many mistakes")
    SpeechModel.objects.filter(key="large-v3").update(for_people=False, speed=0.512)

    text = words(shown(admin, MODELS))

    assert "base Default faster-whisper Verified Verify" in text
    assert "≈ 1.2 GB – 2 Jan 2026, 03:04 Everybody" in text
    assert "Nobody too many mistakes" in text
    assert "0.512 × – Administrators only" in text


def test_lists_mark_the_default(admin: Client):
    assert words(shown(admin, MODELS)).count("Default") == 1
    assert "base Default faster-whisper" in words(shown(admin, MODELS))
    assert words(shown(admin, PROVIDERS)).count("Default") == 1

    current = Settings.load()
    current.default_engine, current.default_model, current.default_diarizer = "whisper", "tiny.en", "vad"
    current.save()

    assert words(shown(admin, MODELS)).count("Default") == 1
    assert "tiny.en Default whisper" in words(shown(admin, MODELS))
    assert re.findall(rf"(\S+) Default (?:{NONE_LEFT} )?(\w+)", words(shown(admin, PROVIDERS))) == [
        ("whisper", "Transcription"),
        ("vad", "Speakers"),
    ]


def test_lists_tell_and_filter_who_may_use_what(admin: Client, base: SpeechModel):
    Provider.objects.filter(key="whisper").update(for_people=False)
    Provider.objects.filter(key="vad").update(enabled=False, disabled_reason="coarse")
    SpeechModel.objects.filter(key="tiny").update(enabled=False, disabled_reason="too many mistakes")

    kept = words(shown(admin, MODELS, users="administrators", q="base"))
    assert kept.count("Administrators only as all of whisper") == 2
    assert "faster-whisper Not installed" not in kept
    off = words(shown(admin, MODELS, users="nobody"))
    assert off.count("Nobody too many mistakes") == 2
    assert off.count("Not installed") - 1 == 2
    free = words(shown(admin, MODELS, users="everybody"))
    assert "base Default faster-whisper" in free
    assert "Whoever may use pyannote or whisperx or vad" in free
    assert "tiny faster-whisper" not in free
    assert "Administrators only 1 2 10" not in words(shown(admin, PROVIDERS, users="administrators"))
    assert "vad Speakers Nobody coarse 0 of 1" in words(shown(admin, PROVIDERS, users="nobody"))
    assert shown(admin, MODELS, users="nonsense").count("Not installed") > 20


def test_weights_that_diarizers_share_stand_with_each_of_them(admin: Client, put_weights: PutWeights):
    put_weights("diarization", "ge2e")
    scan.refresh()

    for diarizer, count in (("pyannote", 3), ("whisperx", 3), ("vad", 1), ("whisper", 11)):
        assert f"{count} speech model" in words(shown(admin, MODELS, taker=diarizer))
    assert "ge2e pyannote, whisperx, vad Verified" in words(shown(admin, MODELS))
    text = words(shown(admin, PROVIDERS))
    for standing in (
        "pyannote Speakers Everybody 1 of 2",
        "whisperx Speakers Everybody 1 of 2",
        "vad Speakers Everybody 1 of 1",
    ):
        assert standing in text

    put_weights("diarization", "pyannote-community-1")
    scan.refresh()
    assert "whisperx Speakers Everybody pyannote-community-1" in words(shown(admin, PROVIDERS))


def test_list_tells_of_a_library_that_is_not_installed(
    admin: Client, put_weights: PutWeights, monkeypatch: pytest.MonkeyPatch
):
    hide(monkeypatch, "whisperx")
    for name in ("ge2e", "pyannote-segmentation"):
        put_weights("diarization", name)

    text = words(shown(admin, PROVIDERS))

    [offer] = [one for one in availability.current().diarizers if one.key == "whisperx"]
    assert offer.reason == "whisperx is not installed."
    assert f"whisperx Speakers Everybody 2 of 2 {offer.reason} {offer.fix} " in text
    assert re.search(r"pyannote Speakers Everybody 2 of 2 \d", text)


def test_list_filters_and_searches(admin: Client, base: SpeechModel):
    assert words(shown(admin, MODELS, q="pyannote")).count("Not installed") - 1 == 3
    assert "0 speech models" in words(shown(admin, MODELS, status__exact="broken"))


@pytest.mark.parametrize(
    ("asked", "count"), [("whisperx", 3), ("WhisperX ", 3), ("vad", 1), ("base", 4), ("nonsense", 0)]
)
def test_list_finds_weights_by_whatever_takes_them(admin: Client, base: SpeechModel, asked: str, count: int):
    assert admin.get(MODELS, {"q": asked}).context["cl"].result_count == count


def test_list_has_an_arrow_only_where_somebody_sorted_it(admin: Client, base: SpeechModel):
    assert "sorted" not in shown(admin, MODELS)
    assert shown(admin, MODELS, o="3").count("sorted ascending") == 1


def test_list_costs_the_same_for_few_and_for_many(
    admin: Client, base: SpeechModel, django_assert_max_num_queries: DjangoAssertNumQueries
):
    with django_assert_max_num_queries(30) as few:
        shown(admin, MODELS, q="large-v3-turbo")
    for number in range(30):
        model = SpeechModel.objects.create(
            provider=base.provider, store="faster-whisper", key=f"ours-{number}", name=f"Ours {number}"
        )
        for _ in range(3):
            Work.objects.create(model=model, kind="verify", state=Work.State.FAILED, message="It was not.")
        works.ask(model, Work.Kind.VERIFY)
    with django_assert_max_num_queries(30) as many:
        assert shown(admin, MODELS).count("Waits to verify") == 30

    assert len(few) == len(many)


def test_fragment_costs_two_queries_beyond_session_user_and_rights(
    admin: Client, base: SpeechModel, django_assert_num_queries: DjangoAssertNumQueries
):
    works.ask(base, Work.Kind.INSTALL)
    with django_assert_num_queries(4):
        text = shown(admin, f"{MODELS}{base.pk}/standing/")
    assert "Waits to install" in text


def test_install_is_queued_shown_and_not_doubled(admin: Client, base: SpeechModel):
    text = press(admin, base, "install")

    assert "Waits to install" in text
    assert f'hx-get="{MODELS}{base.pk}/standing/"' in text
    assert 'hx-trigger="every 2s"' in text
    assert "This is under way." in press(admin, base, "install")
    assert Work.objects.get().asked_by.username == "root"


def test_other_rows_are_asked_for_once_the_work_on_one_is_over(admin: Client, base: SpeechModel):
    address = f"{MODELS}{base.pk}/standing/"
    press(admin, base, "install")
    assert "HX-Trigger" not in admin.get(address).headers
    works.finish(works.claim(holder="me"), Work.State.FAILED, "There was no answer.")
    assert admin.get(address).headers["HX-Trigger"] == '{"weights-changed": {}}'
    text = shown(admin, f"{MODELS}?q=base")
    [asked] = re.findall(r'hx-get="([^"]*)" hx-trigger="weights-changed from:body" [^>]*hx-select-oob="([^"]*)"', text)
    ids = asked[1].split(",")
    assert asked[0] == f"{MODELS}?q=base"
    rows = SpeechModel.objects.filter(key__startswith="base")
    assert {*ids} >= {f"#{part}-{row.pk}" for row in rows for part in ("mark", "standing", "verified")}
    assert [text.count(f'id="{each[1:]}"') for each in ids] == [1] * len(ids)


def test_list_is_not_renewed_for_a_refusal_which_would_go_with_it(admin: Client, base: SpeechModel):
    target = {"HX-Request": "true", "HX-Target": f"standing-{base.pk}"}
    answer = admin.post(f"{MODELS}{base.pk}/ask/cancel/", headers=target)
    assert "It was over." in answer.text
    assert "HX-Trigger" not in answer.headers


def test_progress_is_shown_until_the_work_is_over(admin: Client, base: SpeechModel):
    press(admin, base, "install")
    claim = works.claim(holder="me")
    works.note(claim, step="Downloading from example.org", done=37, total=100)
    text = shown(admin, f"{MODELS}{base.pk}/standing/")
    assert "Downloading 37 %" in text
    assert 'value="37" max="100"' in text
    works.note(claim, step="Checking", done=99, total=100)
    assert "Checking 99 %" in shown(admin, f"{MODELS}{base.pk}/standing/")
    assert "Checking 99 %" in shown(admin, LONG)

    works.finish(claim, Work.State.FAILED, "The publisher <did> not deliver.")

    text = shown(admin, f"{MODELS}{base.pk}/standing/")
    assert "The publisher &lt;did&gt; not deliver." in text
    assert "hx-trigger" not in text
    assert "Install<" in text


def test_cancel_ends_what_waits(admin: Client, base: SpeechModel):
    press(admin, base, "install")

    text = press(admin, base, "cancel")

    assert "Not installed" in text
    assert Work.objects.get().state == Work.State.CANCELLED
    assert "It was over." in press(admin, base, "cancel")


def test_buttons_work_without_javascript(admin: Client, base: SpeechModel):
    page = f"{MODELS}?q=base"
    text = shown(admin, MODELS)
    assert f'formaction="{MODELS}{base.pk}/ask/install/" formmethod="post"' in text

    response = admin.post(f"{MODELS}{base.pk}/ask/install/", headers={"Referer": f"http://testserver{page}"})

    assert response.url == f"http://testserver{page}"
    elsewhere = admin.post(f"{MODELS}{base.pk}/ask/install/", headers={"Referer": "http://evil.example/"})
    assert elsewhere.url == MODELS
    assert Work.objects.count() == 1


@pytest.mark.parametrize("kind", ["nonsense", "measuree", "delete"])
def test_nonsense_is_said(admin: Client, base: SpeechModel, kind: str):
    assert "There is no such work." in press(admin, base, kind)
    assert Work.objects.count() == 0


def test_addresses_of_nothing_and_wrong_methods(admin: Client, base: SpeechModel):
    assert admin.get(f"{MODELS}{base.pk}/ask/install/").status_code == 405
    assert admin.get(f"{MODELS}rescan/").status_code == 405
    for end in ("ask/install/", "remove/"):
        assert admin.post(f"{MODELS}99999/{end}").status_code == 404
    assert admin.get(f"{MODELS}99999/standing/").status_code == 404
    assert admin.get(f"{LONG}99999/progress/").status_code == 404


def test_removal_asks_first_then_removes(admin: Client, base: SpeechModel, put_weights: PutWeights):
    place = put_weights("faster-whisper", "base")
    scan.refresh()

    text = words(shown(admin, f"{MODELS}{base.pk}/remove/"))
    assert "faster-whisper/base Their files are deleted" in text
    assert "No model is left then: jobs wait until one is installed or enabled." in text
    assert "A job that has loaded them goes on" in text
    assert place.exists()
    response = admin.post(f"{MODELS}{base.pk}/remove/", {"confirmed": "yes"}, follow=True)

    assert "aster-whisper/base is removed." in response.content.decode()
    base.refresh_from_db()
    assert (base.status, place.exists()) == (SpeechModel.Status.ABSENT, False)


@pytest.mark.parametrize("action", ["remove", "disable"])
def test_question_says_what_jobs_get_then(admin: Client, base: SpeechModel, put_weights: PutWeights, action: str):
    for engine in ("faster-whisper", "whisper"):
        put_weights(engine, "base")
    scan.refresh()
    whisper = SpeechModel.objects.get(store="whisper", key="base")

    def asked(*rows: SpeechModel) -> str:
        data = {"action": action, "_selected_action": [row.pk for row in rows]}
        return words(admin.post(MODELS, data).content.decode())

    assert "Jobs for which nobody chooses a model get base (whisper) then." in asked(base)
    assert "No model is left then: jobs wait until one is installed or enabled." in asked(base, whisper)
    assert not re.search("nobody chooses a model|No model is left", asked(whisper))


def test_question_says_that_jobs_fetch_the_default_again(admin: Client, base: SpeechModel, put_weights: PutWeights):
    for engine in ("faster-whisper", "whisper"):
        put_weights(engine, "base")
    scan.refresh()
    Settings.load()
    Settings.objects.update(fetch_weights=True)
    comes_back = "has it downloaded again, as the settings of the installation want it."
    assert comes_back in words(shown(admin, f"{MODELS}{base.pk}/remove/"))
    disabling = {"action": "disable", "_selected_action": [base.pk]}
    assert comes_back not in words(admin.post(MODELS, disabling).content.decode())


def test_question_says_what_tells_speakers_apart_then(admin: Client, put_weights: PutWeights):
    for weights in ("ge2e", "pyannote-segmentation"):
        put_weights("diarization", weights)
    scan.refresh()

    def asked(address: str, rows: Iterable[SpeechModel | Provider], action: str) -> str:
        return words(
            admin.post(address, {"action": action, "_selected_action": [row.pk for row in rows]}).content.decode()
        )

    providers, models = Provider.objects.filter(kind=Provider.Kind.DIARIZER), SpeechModel.objects
    by_vad = "Speakers are told apart by vad then, where nobody chooses otherwise."
    nothing = "Nothing is left then that tells speakers apart: texts have none."
    assert by_vad in asked(PROVIDERS, providers.filter(key="pyannote"), "disable")
    assert nothing in asked(PROVIDERS, providers, "disable")
    assert by_vad in asked(MODELS, models.filter(key="pyannote-segmentation"), "remove")
    assert nothing in asked(MODELS, models.filter(key="ge2e"), "remove")
    assert "told apart" not in asked(PROVIDERS, providers.filter(key="vad"), "disable")


def test_several_are_removed_after_a_question(admin: Client, put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    put_weights("whisper", "base")
    scan.refresh()
    rows = SpeechModel.objects.filter(key="base")

    assert act(admin, "remove", *rows) == []
    assert installed(rows[0]) is not None
    assert act(admin, "remove", *rows, confirmed="yes") == [
        "faster-whisper/base is removed.",
        "whisper/base is removed.",
    ]


def test_several_are_measured(admin: Client, base: SpeechModel, put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    scan.refresh()
    small = SpeechModel.objects.get(store="faster-whisper", key="small")

    assert act(admin, "measure", base, small) == [
        "faster-whisper/small is not installed: there is nothing to measure.",
        "1 queued. The list shows how far they are.",
    ]
    assert [str(work) for work in Work.objects.all()] == ["Measure faster-whisper/base"]


def test_several_are_installed_and_verified(admin: Client, base: SpeechModel, put_weights: PutWeights):
    put_weights("faster-whisper", "tiny")
    tiny = SpeechModel.objects.get(store="faster-whisper", key="tiny")

    said = act(admin, "install", base, tiny)
    assert said == ["faster-whisper/tiny is installed already.", "1 queued. The list shows how far they are."]
    assert act(admin, "install", base) == ["faster-whisper/base: This is under way."]
    assert act(admin, "verify", tiny) == ["1 queued. The list shows how far they are."]


def test_rescan_of_all_finds_what_was_brought(admin: Client, weights_folder: Path):
    lay(weights_folder / "faster-whisper" / "ours")

    response = admin.post(f"{MODELS}rescan/", follow=True)

    text = response.content.decode()
    assert "1 new: faster-whisper/ours. 1 is being read and compared." in text
    assert Work.objects.get().model.key == "ours"


def test_rescan_of_all_says_what_it_passed_over_and_why(admin: Client, base: SpeechModel, weights_folder: Path):
    lay(weights_folder / "faster-whisper" / "ours")
    lay(weights_folder / "faster-whisper" / "Bad <Name>")
    lay(weights_folder / "faster-whisper" / "Given")
    lay(weights_folder / "faster-whisper" / "junk", without="tokenizer.json")
    (weights_folder / "faster-whisper" / "junk" / "config.json").unlink()
    SpeechModel.objects.filter(pk=base.pk).update(install_path="faster-whisper/Given")

    page = admin.post(f"{MODELS}rescan/", follow=True)

    assert [str(message).partition(": a name")[0] for message in page.context["messages"]] == [
        "1 new: faster-whisper/ours. 2 are being read and compared. ".strip(),
        "faster-whisper/Bad <Name> is passed over",
        "faster-whisper/junk is not a whole model for faster-whisper: config.json and tokenizer.json are missing.",
    ]
    assert "Bad &lt;Name&gt; is passed over" in page.text


def test_rescan_tells_a_few_of_many_that_it_passed_over(admin: Client, weights_folder: Path):
    for number in range(23):
        (weights_folder / "faster-whisper" / f"junk-{number}").mkdir(parents=True)

    page = admin.post(f"{MODELS}rescan/", follow=True)

    said = [str(message) for message in page.context["messages"]]
    assert (said[0], len(said), said[-1]) == ("The list is what lies on the disk.", 22, "3 more are no model.")


def test_pages_agree_at_once_with_what_lies_on_the_disk(admin: Client, base: SpeechModel, put_weights: PutWeights):
    place = put_weights("faster-whisper", "base")
    assert "base Default faster-whisper Verified Verify" in words(shown(admin, MODELS))
    assert "faster-whisper Default Transcription Everybody 1 of" in words(shown(admin, PROVIDERS))

    away = place.rename(place.with_name("away"))
    for address, gone in (
        (MODELS, f"base Default faster-whisper Not installed {NONE_LEFT} Install"),
        (PROVIDERS, f"faster-whisper Default {NONE_LEFT} Transcription Everybody 0 of"),
        (f"{MODELS}{base.pk}/standing/", f"Not installed {NONE_LEFT} Install"),
        ("/availability", "base is not installed for faster-whisper"),
    ):
        assert gone in words(shown(admin, address))
    away.rename(place)
    assert "Verified Verify" in words(shown(admin, f"{MODELS}{base.pk}/change/"))

    (place / "model.bin").write_bytes(b"cut")
    cut = f"Broken Files are missing or cut short. {NONE_LEFT} Install"
    assert cut in words(shown(admin, f"{MODELS}{base.pk}/standing/"))


def test_list_finds_by_status_what_is_so_now(admin: Client, put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    assert "1 speech model" in words(shown(admin, MODELS, status__exact="verified"))


def test_files_can_be_verified_wherever_they_are(admin: Client, base: SpeechModel, weights_folder: Path):
    place = lay(weights_folder / "faster-whisper" / "base")
    SpeechModel.objects.filter(pk=base.pk).update(status="broken", status_detail="One byte is wrong.")
    text = words(shown(admin, f"{MODELS}{base.pk}/standing/"))
    assert (
        f"Broken One byte is wrong. {NONE_LEFT} Install faster-whisper/base Verify faster-whisper/base Remove" in text
    )

    for file in place.iterdir():
        file.unlink()
    assert "Verify" not in shown(admin, f"{MODELS}{base.pk}/standing/")


def test_rescan_of_one_and_of_a_provider(
    admin: Client, base: SpeechModel, weights_folder: Path, put_weights: PutWeights
):
    lay(weights_folder / "faster-whisper" / "base")
    put_weights("whisper", "base")

    assert act(admin, "rescan", base) == ["1 is being read and compared."]
    assert Work.objects.get().model == base
    whisper = Provider.objects.get(key="whisper")
    assert act(admin, "rescan", whisper, address=PROVIDERS) == ["The list is what lies on the disk."]
    assert SpeechModel.objects.filter(status="verified").count() == 1


@pytest.mark.parametrize("address", [MODELS, PROVIDERS])
def test_disable_asks_for_the_reason(admin: Client, base: SpeechModel, address: str):
    row = base if address == MODELS else base.provider

    page = admin.post(address, {"action": "disable", "_selected_action": [row.pk]}).content.decode()
    assert "Reason" in page
    too_long = {"action": "disable", "_selected_action": [row.pk], "confirmed": "yes", "reason": "x" * 201}
    assert "at most 200 characters" in admin.post(address, too_long).content.decode()
    assert act(admin, "disable", row, address=address, confirmed="yes", reason="too slow") == ["1 disabled."]

    row.refresh_from_db()
    assert (row.enabled, row.disabled_reason) == (False, "too slow")
    assert act(admin, "enable", row, address=address) == ["1 enabled."]
    row.refresh_from_db()
    assert (row.enabled, row.disabled_reason) == (True, "")


@pytest.mark.parametrize("address", [MODELS, PROVIDERS])
def test_reason_keeps_nothing_that_turns_the_line_round(admin: Client, base: SpeechModel, address: str):
    row = base if address == MODELS else base.provider
    reason, shown = "too\u202e slow\n\u200b for us", "too slow for us"

    act(admin, "disable", row, address=address, confirmed="yes", reason=reason)
    row.refresh_from_db()
    assert row.disabled_reason == shown

    page = f"{address}{row.pk}/change/"
    sent = admin.get(page).context["adminform"].form.initial | {"disabled_reason": reason, "enabled": ""}
    answer = admin.post(page, {name: "" if value is None else value for name, value in sent.items()})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row.refresh_from_db()
    assert row.disabled_reason == shown


@pytest.mark.parametrize("action", ["make_default", "measure"])
def test_broken_weights_are_said_to_be_broken(admin: Client, base: SpeechModel, put_weights: PutWeights, action: str):
    place = put_weights("faster-whisper", "base")
    scan.refresh()
    (place / "model.bin").write_bytes(b"x")
    scan.refresh()
    broken = "faster-whisper/base is broken: Files are missing or cut short. Run: .venv/bin/python manage.py weights install base"
    assert act(admin, action, base) == [broken]


def test_default_is_what_can_be_used_now(admin: Client, base: SpeechModel, put_weights: PutWeights):
    assert act(admin, "make_default", base) == ["faster-whisper/base is not installed. Install it first."]
    put_weights("faster-whisper", "base")
    scan.refresh()
    both = SpeechModel.objects.filter(key="base")
    assert act(admin, "make_default", *both) == ["Choose one: there is one default."]

    assert act(admin, "make_default", base) == ["faster-whisper/base is used where nobody chooses a model."]

    current = Settings.load()
    assert (current.default_engine, current.default_model) == ("faster-whisper", "base")


def test_default_knows_the_language_that_is_expected(admin: Client, put_weights: PutWeights):
    put_weights("faster-whisper", "tiny.en")
    scan.refresh()
    tiny = SpeechModel.objects.get(store="faster-whisper", key="tiny.en")
    Settings.load()
    Settings.objects.update(default_language="de")

    assert act(admin, "make_default", tiny) == [CLASH]

    assert Settings.load().default_model == ""
    Settings.objects.update(default_language="en")
    assert act(admin, "make_default", tiny) == ["faster-whisper/tiny.en is used where nobody chooses a model."]


def test_default_is_nothing_whose_library_is_missing(
    admin: Client, base: SpeechModel, put_weights: PutWeights, monkeypatch: pytest.MonkeyPatch
):
    put_weights("faster-whisper", "base")
    scan.refresh()
    monkeypatch.setattr("registry.viability.has_library", lambda library: False)
    refusal = "The library of faster-whisper is not installed. Choose another one."
    assert act(admin, "make_default", base) == [refusal]


def test_default_diarizer_is_refused_as_the_settings_refuse_it(
    admin: Client, put_weights: PutWeights, monkeypatch: pytest.MonkeyPatch
):
    for name in ("pyannote-segmentation", "ge2e"):
        put_weights("diarization", name)
    monkeypatch.setattr("registry.viability.has_library", lambda library: library != "whisperx")
    whisperx = Provider.objects.get(key="whisperx")
    refusal = "whisperx is not installed. Choose another one."

    assert act(admin, "make_default", whisperx, address=PROVIDERS) == [refusal]

    assert Settings.load().default_diarizer == ""
    form = {"diarization": "on", "default_diarizer": "whisperx"}
    assert refusal in admin.post("/settings/speakers/", form).content.decode()


def test_default_diarizer(admin: Client, put_weights: PutWeights):
    vad, whisper = Provider.objects.get(key="vad"), Provider.objects.get(key="whisper")
    put_weights("diarization", "ge2e")

    assert act(admin, "make_default", vad, address=PROVIDERS) == [
        "vad tells speakers apart where nobody chooses otherwise."
    ]
    assert Settings.load().default_diarizer == "vad"
    assert act(admin, "make_default", whisper, address=PROVIDERS) == [
        "Choose one of the models of whisper: the default is an engine with a model."
    ]


def test_weights_that_several_diarizers_take_make_none_of_them_the_default(admin: Client, put_weights: PutWeights):
    put_weights("diarization", "ge2e")
    scan.refresh()
    shared = SpeechModel.objects.get(key="ge2e")
    assert act(admin, "make_default", shared) == [
        "ge2e is used by pyannote, whisperx, vad. Make one of these the default, in the list of what runs."
    ]
    assert Settings.load().default_diarizer == ""


def test_damage_is_told_as_long_as_it_is_there(base: SpeechModel, put_weights: PutWeights):
    said = "faster-whisper/base is damaged: model.bin is not what was installed."
    SpeechModel.objects.filter(pk=base.pk).update(status="broken", status_detail=said)
    Work.objects.create(model=base, kind=Work.Kind.VERIFY, state=Work.State.FAILED, message=said)
    base.refresh_from_db()
    assert standings([base])[0].sentence == said
    put_weights("faster-whisper", "base")
    scan.refresh(base)
    assert (base.status, standings([base])[0].sentence) == ("verified", "")


def test_measurement_that_waits_is_no_reason_not_to_install(base: SpeechModel, weights_folder: Path):
    Work.objects.create(model=base, kind=Work.Kind.MEASURE)
    assert standings([base])[0].actions == [("install", "Install")]


def test_weights_from_elsewhere_are_added_and_read(admin: Client, base: SpeechModel, tmp_path: Path):
    elsewhere = lay(tmp_path / "elsewhere")
    form = {"provider": base.provider.pk, "key": "ours", "install_path": str(elsewhere), "languages": "de  en de"}

    response = admin.post(f"{MODELS}add/", form, follow=True)

    assert response.status_code == 200
    ours = SpeechModel.objects.get(key="ours")
    assert (ours.store, ours.name, ours.languages) == ("faster-whisper", "ours", "de en")
    assert (Work.objects.get().model, Work.objects.get().kind) == (ours, Work.Kind.VERIFY)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("install_path", "../elsewhere", "Give an absolute path, or one inside the weights folder."),
        ("install_path", "/nowhere/at/all", "Nothing lies at /nowhere/at/all."),
        ("install_path", "/" + "x" * 400, "This path cannot be looked at"),
        ("install_path", "x" * 501, "at most 500 characters"),
        ("install_path", "a\0b", "Null characters are not allowed."),
        ("key", "../base", "Use letters, digits, dots, dashes and underscores."),
        ("key", "base", "There is a model of this name already."),
        ("key", "", "This field is required."),
        ("languages", "klingon", "Whisper has no language “klingon”."),
        ("provider", "99999", "Select a valid choice."),
    ],
)
def test_weights_that_cannot_be_are_refused(
    admin: Client, base: SpeechModel, weights_folder: Path, field: str, value: str, sentence: str
):
    form = {"provider": base.provider.pk, "key": "ours", "install_path": "", "languages": ""} | {field: value}

    text = admin.post(f"{MODELS}add/", form).content.decode()

    assert sentence in text
    assert not SpeechModel.objects.filter(key="ours").exists()
    assert Work.objects.count() == 0


@pytest.mark.parametrize(
    ("engine", "files", "sentence"),
    [
        ("faster-whisper", ["holiday.jpg"], "model.bin, config.json, tokenizer.json and vocabulary.json are missing."),
        (
            "faster-whisper",
            [],
            "A model for faster-whisper is a folder with model.bin, config.json, tokenizer.json and",
        ),
        (
            "whisper",
            ["holiday.jpg"],
            "holds no checkpoints (.pt) for whisper. A model for whisper is a file that ends in .pt",
        ),
        ("whisper", ["ours.pt"], "ours.pt is not a checkpoint of Whisper. A model for whisper is a file"),
    ],
)
def test_what_is_no_model_is_not_added(
    admin: Client, base: SpeechModel, tmp_path: Path, engine: str, files: list[str], sentence: str
):
    place = tmp_path / "photos"
    place.mkdir()
    for name in files:
        (place / name).write_bytes(b"not a model")
    provider = Provider.objects.get(key=engine)

    added = admin.post(f"{MODELS}add/", {"provider": provider.pk, "key": "ours", "install_path": str(place)})
    row = SpeechModel.objects.get(store=engine, key="base")
    form = {"name": "Base", "install_path": str(place), "languages": "", "licence": "MIT"}
    moved = admin.post(f"{MODELS}{row.pk}/change/", form)

    assert sentence in html.unescape(added.content.decode())
    assert not SpeechModel.objects.filter(key="ours").exists()
    assert (moved.status_code, SpeechModel.objects.get(pk=row.pk).install_path) == (200, "")
    assert Work.objects.count() == 0


def test_model_in_its_own_place_is_added_where_there_is_one(admin: Client, base: SpeechModel, weights_folder: Path):
    form = {"provider": base.provider.pk, "key": "ours", "install_path": "", "languages": ""}

    assert "is not a whole model" in admin.post(f"{MODELS}add/", form).content.decode()
    lay(weights_folder / "faster-whisper" / "ours")
    assert admin.post(f"{MODELS}add/", form).status_code == 302

    assert Work.objects.get().model.key == "ours"


@pytest.mark.parametrize("is_absolute", [False, True])
@pytest.mark.parametrize("path", ["faster-whisper/mine", "faster-whisper/mine/deep", "faster-whisper/given"])
def test_place_of_another_model_is_refused(
    admin: Client, base: SpeechModel, weights_folder: Path, path: str, is_absolute: bool
):
    lay(weights_folder / "faster-whisper" / "mine")
    lay(weights_folder / "faster-whisper" / "mine" / "deep")
    lay(weights_folder / "faster-whisper" / "given")
    SpeechModel.objects.create(provider=base.provider, store="faster-whisper", key="mine", name="Mine")
    SpeechModel.objects.filter(pk=base.pk).update(install_path="faster-whisper/given")
    given = str(weights_folder / path) if is_absolute else path
    form = {"provider": base.provider.pk, "key": "alias", "install_path": given, "languages": ""}

    text = admin.post(f"{MODELS}add/", form).content.decode()

    assert "Another model has its files there." in text
    assert not SpeechModel.objects.filter(key="alias").exists()


def test_page_of_one_shows_facts_and_saves_decisions(admin: Client, base: SpeechModel):
    text = words(shown(admin, f"{MODELS}{base.pk}/change/"))
    assert f"Not installed {NONE_LEFT} Install" in text
    assert "https://huggingface.co/Systran/faster-whisper-base" in text
    form = {
        "name": "Base",
        "install_path": "",
        "languages": "",
        "licence": "MIT",
        "memory_bytes": "5000000",
        "key": "hacked",
    }

    admin.post(f"{MODELS}{base.pk}/change/", form)

    base.refresh_from_db()
    assert (base.name, base.key, base.enabled, base.memory_bytes) == ("Base", "base", False, 5_000_000)
    assert Work.objects.count() == 0


def test_memory_that_is_left_empty_is_estimated_again(admin: Client, base: SpeechModel):
    estimate = base.memory_bytes
    SpeechModel.objects.filter(pk=base.pk).update(memory_bytes=1_234_567_890, memory_is_measured=True)
    form = {"name": "Base", "install_path": "", "languages": "", "licence": "MIT"}

    admin.post(f"{MODELS}{base.pk}/change/", {**form, "memory_bytes": "1234567890"})
    base.refresh_from_db()
    assert (base.memory_bytes, base.memory_is_measured) == (1_234_567_890, True)

    admin.post(f"{MODELS}{base.pk}/change/", {**form, "memory_bytes": ""})
    base.refresh_from_db()
    assert (base.memory_bytes, base.memory_is_measured) == (estimate, False)


@pytest.mark.parametrize("memory_bytes", ["999999999999999", "5", "0", "-1", "lots"])
def test_memory_that_no_model_takes_is_refused(admin: Client, base: SpeechModel, memory_bytes: str):
    form = {"name": "Base", "install_path": "", "languages": "", "licence": "MIT", "memory_bytes": memory_bytes}
    before = base.memory_bytes

    assert "errorlist" in admin.post(f"{MODELS}{base.pk}/change/", form).content.decode()

    base.refresh_from_db()
    assert (base.memory_bytes, base.name) == (before, "base")


def test_rows_are_not_deleted(admin: Client, base: SpeechModel):
    assert "delete_selected" not in shown(admin, MODELS)
    assert admin.post(f"{MODELS}{base.pk}/delete/", {"post": "yes"}).status_code == 403


def test_long_work_is_listed_and_cancelled(admin: Client, base: SpeechModel):
    work, _ = works.ask(base, Work.Kind.INSTALL)
    assert "Install faster-whisper/base Waits to install" in words(shown(admin, LONG))
    assert f'hx-get="{LONG}{work.pk}/progress/"' in shown(admin, LONG)

    said = act(admin, "cancel", work, address=LONG)

    assert said == ["1 cancelled. What was downloaded is kept."]
    text = shown(admin, f"{LONG}{work.pk}/progress/")
    assert "Cancelled" in text
    assert "hx-trigger" not in text
    assert admin.post(f"{LONG}{work.pk}/change/", {"state": "done"}).status_code in (302, 403)
    work.refresh_from_db()
    assert work.state == Work.State.CANCELLED
    assert admin.get(f"{LONG}add/").status_code == 403


OWN = {"key": "own", "kind": "asr", "name": "Own", "position": "5", "enabled": "on", "for_people": "on"}


@pytest.mark.parametrize("module", ["", "  ", "not a path!", "../engine", "a..b", ".a", "1a", "os;x"])
def test_engine_of_ones_own_needs_a_module_with_a_dotted_path(admin: Client, module: str):
    text = admin.post(f"{PROVIDERS}add/", {**OWN, "module": module}).text
    assert re.search(r"Say in which module it is|Give the dotted path of a Python module", text)
    assert not Provider.objects.filter(key="own").exists()


@pytest.mark.parametrize("module", ["__main__", "nowhere.at_all", "os", "speech.nothing"])
def test_module_that_has_no_engine_breaks_no_page(admin: Client, put_weights: PutWeights, module: str):
    put_weights("faster-whisper", "base")
    assert admin.post(f"{PROVIDERS}add/", {**OWN, "module": module}).status_code == 302
    for address in (
        "/availability",
        "/upload/",
        "/system/checks",
        "/system/info",
        "/settings/installation/",
        MODELS,
        PROVIDERS,
    ):
        assert admin.get(address).status_code == 200


def test_engine_that_is_part_of_selenite_needs_no_module(admin: Client):
    whisper = Provider.objects.get(key="whisper")
    data = {"name": "Whisper", "position": "5", "enabled": "on", "for_people": "on", "module": ""}
    assert admin.post(f"{PROVIDERS}{whisper.pk}/change/", data).status_code == 302
    whisper.refresh_from_db()
    assert whisper.name == "Whisper"


def test_page_stops_asking_about_what_is_gone(admin: Client):
    for address in (f"{MODELS}99999/standing/", f"{LONG}99999/progress/"):
        assert admin.get(address, headers={"HX-Request": "true"}).status_code == 286


@pytest.mark.parametrize("kind", ["verify", "measure"])
def test_nothing_is_done_with_what_is_not_there(admin: Client, base: SpeechModel, kind: str):
    note = f"faster-whisper/base is not installed: there is nothing to {kind}."
    assert note in press(admin, base, kind)
    if kind == "verify":
        assert act(admin, "verify", base) == [note]
    assert not Work.objects.exists()


def test_engine_of_ones_own_can_be_deleted_and_no_other(admin: Client, carol: User, carol_client: Client):
    own = Provider.objects.create(key="own", kind="asr", name="Own", module="own_engine")
    ours = Provider.objects.get(key="whisper")
    carol.user_permissions.add(Permission.objects.get(codename="change_provider"))
    assert "Delete</a>" in admin.get(f"{PROVIDERS}{own.pk}/change/").text
    assert "Delete</a>" not in admin.get(f"{PROVIDERS}{ours.pk}/change/").text
    for client, row in ((admin, ours), (carol_client, own)):
        assert client.post(f"{PROVIDERS}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.post(f"{PROVIDERS}{own.pk}/delete/", {"post": "yes"}).status_code == 302
    assert set(Provider.objects.values_list("key", flat=True)) & {"own", "whisper"} == {"whisper"}


def test_long_work_has_nothing_to_save(admin: Client, base: SpeechModel):
    work, _ = works.ask(base, Work.Kind.INSTALL)
    text = admin.get(f"{LONG}{work.pk}/change/").text
    assert "Install faster-whisper/base" in text
    assert 'name="_save"' not in text
    assert 'name="_continue"' not in text


def test_moments_are_written_as_on_our_own_pages(admin: Client, base: SpeechModel):
    work, _ = works.ask(base, Work.Kind.INSTALL)
    Work.objects.update(created_at=datetime(2026, 11, 28, 19, 7, tzinfo=UTC))
    assert "28 Nov 2026, 19:07" in words(admin.get(f"{LONG}{work.pk}/change/").text)


def _history(row: SpeechModel | Provider) -> list[str]:
    """Return what the history of a row says was done to it by root, the first first."""
    kind = ContentType.objects.get_for_model(row)
    of_row = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk), user__username="root")
    return [entry.get_change_message() for entry in of_row.order_by("pk")]


def test_what_is_decided_is_in_the_history_and_the_log(
    admin: Client, base: SpeechModel, put_weights: PutWeights, caplog: pytest.LogCaptureFixture
):
    put_weights("faster-whisper", "base")
    scan.refresh()
    caplog.set_level("INFO", "registry")
    root = User.objects.get(username="root").pk

    act(admin, "make_default", base)
    act(admin, "disable", base, confirmed="yes", reason="slow")
    act(admin, "enable", base)
    act(admin, "enable", base)
    act(admin, "remove", base, confirmed="yes")
    act(admin, "make_default", base)  # Refused: it is not installed.

    assert _history(base) == ["Made the default.", "Disabled.", "Enabled.", "Removed."]
    told = [line for line in caplog.messages if line.startswith("speechmodel")]
    done = ("made the default", "disabled", "enabled", "removed")
    assert told == [f"speechmodel {base.pk}: {what} by user {root}" for what in done]
    assert "Made the default." in shown(admin, f"{MODELS}{base.pk}/history/")


def test_what_is_decided_of_a_diarizer_is_in_its_history(admin: Client, put_weights: PutWeights):
    put_weights("diarization", "ge2e")
    vad = Provider.objects.get(key="vad")
    act(admin, "make_default", vad, address=PROVIDERS)
    act(admin, "disable", vad, address=PROVIDERS, confirmed="yes", reason="")
    assert _history(vad) == ["Made the default.", "Disabled."]


def test_removal_of_weights_that_were_brought_is_written_down_though_their_row_goes(
    admin: Client, weights_folder: Path
):
    own = SpeechModel.objects.create(
        provider=Provider.objects.get(key="faster-whisper"), store="faster-whisper", key="own"
    )
    admin.post(f"{MODELS}{own.pk}/remove/")
    assert not SpeechModel.objects.filter(pk=own.pk).exists()
    assert _history(own) == ["Removed."]
