"""The defaults that are proposed: taken over with one click, and taken back, by staff alone."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from preferences.models import Settings
from registry.models import Provider, SpeechModel, Work
from registry.sync import fill
from sysinfo import detection, proposal
from sysinfo.probes import devices, graphics
from sysinfo.probes.card import Card
from sysinfo.probing import Finding
from sysinfo.report import look_quickly
from tests.conftest import PutWeights

pytestmark = pytest.mark.django_db

ACCEPT, UNDO, MEASURE = "/system/info/defaults", "/system/info/defaults/undo", "/system/info/measure"
CANCEL = f"{MEASURE}/cancel"
TINY = {"default_engine": "faster-whisper", "default_model": "tiny", "default_diarizer": "vad", "concurrency": 1}
GIB = 1 << 30


@pytest.fixture(autouse=True)
def measured(put_weights: PutWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have tiny installed, which is quick enough here, base, which is not, and what tells speakers apart quickly."""
    fill()
    for engine, model, speed in (("faster-whisper", "tiny", 4.0), ("faster-whisper", "base", 1.5)):
        put_weights(engine, model)
        SpeechModel.objects.filter(store=engine, key=model).update(speed=speed, memory_bytes=100_000_000)
    put_weights("diarization", "ge2e")
    monkeypatch.setattr("sysinfo.probes.processor.usable_threads", lambda: 2)


def _set() -> dict:
    return Settings.objects.filter(pk=1).values(*TINY).get()


def test_proposal_is_shown_with_its_reason_and_taken_over(carol_client: Client):
    text = carol_client.get("/system/info").text
    assert "Recommended for this machine" in text
    assert "Of the installed models that are quick enough and fit, tiny makes the fewest mistakes." in text
    assert "about 4.0 x real time" in text
    assert 'action="/system/info/defaults/undo"' not in text

    text = carol_client.post(ACCEPT, TINY, follow=True).text

    assert "These are the defaults now" in text
    assert "The defaults suit this machine" in text
    assert f'action="{ACCEPT}"' not in text
    assert _set() == TINY


def test_better_model_leads_to_where_it_is_installed_and_keeps_the_command(carol: User, carol_client: Client):
    SpeechModel.objects.update(speed=None)
    small = SpeechModel.objects.get(store="faster-whisper", key="small")
    address = f'href="/admin/registry/speechmodel/{small.pk}/change/"'
    text = carol_client.get("/system/info").text
    assert "The model small makes fewer mistakes and would be quick enough too." in text
    assert "<code>.venv/bin/python manage.py weights install small</code>" in text
    assert address not in text  # Who may not install is not led there.

    User.objects.filter(pk=carol.pk).update(is_superuser=True)

    assert address in carol_client.get("/system/info").text


def test_taking_over_can_be_undone_once(carol_client: Client):
    Settings.load()
    Settings.objects.update(concurrency=3, default_model="base")
    carol_client.post(ACCEPT, TINY)
    text = carol_client.post(UNDO, follow=True).text
    assert "The defaults are as they were before." in text
    assert f'action="{UNDO}"' not in text
    assert _set() == {"default_engine": "", "default_model": "base", "default_diarizer": "", "concurrency": 3}
    assert "Nothing was changed" in carol_client.post(UNDO, follow=True).text


@pytest.mark.django_db(transaction=True)
def test_page_that_comes_back_has_the_alarms_as_they_are_now(carol_client: Client):
    Settings.objects.update_or_create(pk=1, defaults={"default_model": "mytiny"})
    gone = "There is no model “mytiny” for faster-whisper."
    assert gone in carol_client.get("/system/info").text
    assert gone not in carol_client.post(ACCEPT, TINY, follow=True).text
    assert gone in carol_client.post(UNDO, follow=True).text


def test_undo_leaves_what_somebody_has_set_since(carol_client: Client):
    carol_client.post(ACCEPT, TINY)
    Settings.objects.update(concurrency=2)
    assert "Nothing was changed: the defaults have been set anew since." in carol_client.post(UNDO, follow=True).text
    assert _set() == TINY | {"concurrency": 2}


@pytest.mark.parametrize(
    "sent",
    [
        {},
        TINY | {"default_model": "base"},
        TINY | {"concurrency": 64},
        TINY | {"concurrency": "many"},
        TINY | {"default_engine": "x" * 100_000},
        TINY | {"default_diarizer": "<script>"},
    ],
)
def test_other_values_than_were_proposed_are_not_set(carol_client: Client, sent: dict):
    before = Settings.load()
    assert "Nothing was changed" in carol_client.post(ACCEPT, sent, follow=True).text
    assert _set() == {name: getattr(before, name) for name in TINY}


@pytest.mark.parametrize("address", [ACCEPT, UNDO, MEASURE])
def test_defaults_are_for_staff_and_are_posted(
    client: Client, alice_client: Client, carol_client: Client, address: str
):
    assert client.post(address, TINY).headers["Location"] == f"/sign-in/?next={address}"
    assert alice_client.post(address, TINY).status_code == 403
    assert carol_client.get(address).status_code == 405
    assert not Settings.objects.filter(default_model="tiny").exists()
    assert not Work.objects.exists()


def test_nothing_is_proposed_where_no_model_can_run(carol_client: Client):
    Provider.objects.update(enabled=False)
    text = carol_client.get("/system/info").text
    assert "Recommended" not in text
    assert "No model is installed that can run." in text
    assert "No model can run here now" in text
    assert 'href="/availability"' in text
    assert "Nothing was changed" in carol_client.post(ACCEPT, TINY, follow=True).text


def test_model_that_is_not_proposed_is_not_said_to_be_unable(carol_client: Client):
    SpeechModel.objects.update(languages="en")
    text = carol_client.get("/system/info").text
    assert "Nothing is proposed for this machine" in text
    assert "they know English only" in text
    assert "No model can run here now" not in text


def test_what_people_may_not_choose_is_no_default(carol_client: Client):
    SpeechModel.objects.filter(key="tiny").update(for_people=False)
    found = proposal.current()
    assert found is not None
    assert found.recommendation.model == "base"


def test_speed_and_memory_are_shown_and_what_is_missing(carol_client: Client):
    SpeechModel.objects.filter(key="base").update(speed=None)
    text = carol_client.get("/system/info").text
    assert "<span>about 4.0 x real time, 100 MB</span>" in text
    assert "<span>not measured yet</span>" in text
    assert "manage.py benchmark quick" in text


def test_script_gets_the_speeds(carol_client: Client):
    paces = carol_client.get("/system/info", headers={"accept": "application/json"}).json()["paces"]
    assert {(pace["name"], pace["speed"]) for pace in paces} == {("tiny", 4.0), ("base", 1.5), ("vad", None)}


def test_card_counts_where_a_library_can_use_it():
    quick = look_quickly()
    card = Card("NVIDIA", "NVIDIA T400", "0000:01:00.0", 4 * GIB, 0)
    for cards, usable_bytes in ((("CUDA device 0",), 4 * GIB), ((), 0)):
        library = devices.Library("CTranslate2", "4", "", cards, (), "")
        fields = {name: getattr(quick, name) for name in quick.__slots__}
        found = fields | {"graphics": Finding(graphics.Graphics((card,))), "libraries": Finding((library,))}
        cache.set(detection.FOUND, type(quick)(**found), None)
        assert proposal.here().card_bytes == usable_bytes


def test_page_costs_the_same_for_one_model_and_for_many(
    carol_client: Client, put_weights: PutWeights, django_assert_max_num_queries
):
    carol_client.get("/system/info")
    for model in ("small", "medium", "large-v3"):
        put_weights("faster-whisper", model)
    with django_assert_max_num_queries(30) as queries:
        carol_client.get("/system/info")
    many = len(queries)
    Provider.objects.filter(key="faster-whisper").update(enabled=False)
    with django_assert_max_num_queries(30) as queries:
        carol_client.get("/system/info")
    assert len(queries) == many


def test_measuring_is_queued_once_for_what_was_not_measured(carol: User, carol_client: Client):
    SpeechModel.objects.filter(key="base").update(speed=None)
    part = {"HX-Request": "true", "HX-Target": "machine"}

    text = carol_client.post(MEASURE, headers=part).text

    assert text.startswith('<div id="machine" hx-get="/system/info" hx-trigger="every 3s"')
    assert "2 measurements to come, as soon as no job runs here." in text
    assert f'action="{MEASURE}"' not in text
    assert carol_client.post(MEASURE).headers["Location"] == "/system/info"
    found = Work.objects.filter(kind=Work.Kind.MEASURE, state=Work.State.QUEUED, asked_by=carol)
    assert sorted(work.model.key for work in found) == ["base", "ge2e"]


def test_measuring_says_behind_what_it_waits(carol_client: Client):
    base = SpeechModel.objects.get(store="faster-whisper", key="base")
    lease = {"lease_token": uuid4(), "lease_expires_at": timezone.now() + timedelta(minutes=1)}
    Work.objects.create(model=base, kind=Work.Kind.VERIFY, state=Work.State.RUNNING, **lease)
    SpeechModel.objects.filter(key="base").update(speed=None)
    carol_client.post(MEASURE)
    assert (
        "2 measurements to come, once other long work is done (Verify faster-whisper/base) and no job runs here."
        in carol_client.get("/system/info").text
    )


def test_measuring_is_cancelled_where_it_was_begun(carol_client: Client):
    SpeechModel.objects.filter(key="base").update(speed=None)
    carol_client.post(MEASURE)
    lease = {"lease_token": uuid4(), "lease_expires_at": timezone.now() + timedelta(minutes=1)}
    Work.objects.filter(model__key="ge2e").update(state=Work.State.RUNNING, **lease)
    assert f'action="{CANCEL}"' in carol_client.get("/system/info").text

    carol_client.post(CANCEL)

    assert Work.objects.get(state=Work.State.RUNNING).stop_requested
    waited = Work.objects.exclude(state=Work.State.RUNNING)
    assert {(work.state, work.message) for work in waited} == {
        (Work.State.CANCELLED, "Cancelled. What was measured before is kept.")
    }


def test_everything_is_measured_again_where_all_was(carol_client: Client):
    assert "Measure again" in carol_client.get("/system/info").text
    Provider.objects.filter(key="vad").update(speed=100.0)
    carol_client.post(MEASURE)
    assert sorted(work.model.key for work in Work.objects.all()) == ["base", "ge2e", "tiny"]


def test_what_is_measured_now_is_shown_with_how_far_it_is(carol_client: Client):
    carol_client.post(MEASURE)
    lease = {"lease_token": uuid4(), "lease_expires_at": timezone.now(), "done_bytes": 5, "total_bytes": 20}
    Work.objects.filter(model__key="ge2e").update(state=Work.State.RUNNING, **lease)
    text = carol_client.get("/system/info").text
    assert "<p>Measuring ge2e</p>" in text
    assert 'value="5" max="20"' in text


def test_default_that_is_damaged_is_installed_again_before_anything_is_taken_over(
    admin_client: Client, put_weights: PutWeights
):
    put_weights("whisper", "base")
    put_weights("faster-whisper", "tiny.en")
    SpeechModel.objects.filter(store="whisper", key="base").update(speed=1.4, memory_bytes=100_000_000)
    SpeechModel.objects.filter(store="faster-whisper", key="tiny.en").update(speed=30.0)
    base = SpeechModel.objects.get(store="faster-whisper", key="base")
    SpeechModel.objects.filter(store="faster-whisper", key="base").update(speed=16.0)
    folder = settings.WEIGHTS_DIR / "faster-whisper"
    for name in ("base", "tiny"):
        (folder / name / "model.bin").unlink()

    text = admin_client.get("/system/info").text

    assert "base is the default, and its files are missing or damaged: install it again first." in text
    assert f'href="/admin/registry/speechmodel/{base.pk}/change/"' in text
    assert "Use these defaults" not in text
    assert "English only" in text
    wanted = TINY | {"default_model": "base"}
    assert "Nothing was changed" in admin_client.post(ACCEPT, wanted, follow=True).text
