"""What can run here: for staff, for everybody else, and for programs."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.test import Client

from preferences.models import Settings
from registry import availability, machine, scan, viability
from registry.availability import Offer
from registry.models import Provider, SpeechModel, Work
from tests.conftest import PutWeights
from tests.registry.test_working import do
from tests.speech.weights.test_by_hand import lay


def _model(key: str, *, by_staff: bool = True) -> availability.ModelOffer:
    models = availability.current(by_staff=by_staff).models
    return next(model for model in models if (model.engine, model.key) == ("faster-whisper", key))


def test_everything_has_a_reason_and_a_fix_or_is_available(put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    found = availability.current()
    for offer in (*found.engines, *found.models, *found.diarizers, *found.devices):
        assert offer.available == (offer.reason == "") == (offer.fix == ""), offer
    assert found.automatic == {"engine": "faster-whisper", "model": "base"}


def test_installed_model_can_run_and_is_the_default(put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    base = _model("base")
    assert (base.available, base.is_default, base.reason) == (True, True, "")
    small = _model("small")
    assert (small.available, small.fix) == (False, "Run: .venv/bin/python manage.py weights install small")


def test_disabled_model_says_the_reason(put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    SpeechModel.objects.filter(key="base").update(enabled=False, disabled_reason="It is being replaced.")
    assert _model("base").reason == "Model base (faster-whisper) is disabled: It is being replaced."


def test_disabled_engine_takes_its_models_along(put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    Provider.objects.filter(key="faster-whisper").update(enabled=False)
    assert _model("base").reason == "faster-whisper is disabled."
    assert availability.current().engines[0] == Offer(
        "faster-whisper", "faster-whisper", False, "faster-whisper is disabled.", "Enable it in the administration."
    )


@pytest.mark.parametrize("table", [Provider, SpeechModel])
def test_what_is_kept_for_administrators_is_not_for_people(put_weights: PutWeights, table: type):
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", "small")
    table.objects.update(for_people=False)
    assert _model("small").available
    assert not _model("small", by_staff=False).available
    assert _model("base", by_staff=False).available  # The installation's default is for everybody.


def test_choosing_can_be_kept_for_administrators(put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", "small")
    Settings.objects.update_or_create(pk=1, defaults={"may_choose_model": False, "may_choose_diarizer": False})
    assert _model("small").available
    assert _model("small", by_staff=False).reason == "Only administrators may choose the model here."
    vad = availability.current(by_staff=False).diarizers[-1]
    assert vad.reason == "Only administrators may choose how speakers are told apart here."


def test_model_that_needs_more_memory_than_there_is_cannot_run(put_weights: PutWeights, monkeypatch):
    put_weights("faster-whisper", "large-v3")
    monkeypatch.setattr(machine, "memory_bytes", lambda: 4_000_000_000)
    assert _model("large-v3").reason == ("Model large-v3 needs about 7.1 GB of memory, and this machine has 4.0 GB.")


def test_identifying_that_is_switched_off_is_offered_to_nobody():
    Settings.objects.update_or_create(pk=1, defaults={"diarization": False})
    reasons = {offer.reason for offer in availability.current().diarizers}
    assert reasons == {"Identifying speakers is switched off here."}


def test_broken_weights_are_told_apart_from_missing_ones():
    SpeechModel.objects.filter(key="base").update(
        status=SpeechModel.Status.BROKEN, status_detail="model.bin is not what was installed."
    )
    assert _model("base").reason == "Model base (faster-whisper) is broken: model.bin is not what was installed."


def test_device_is_what_the_libraries_said():
    assert availability.devices()[1].reason == availability.NOT_ASKED
    machine.keep_cards([])
    assert availability.devices()[1].reason == availability.NO_CARD
    machine.keep_cards([machine.Cards("torch", (), "The driver is too old.")])
    assert availability.devices()[1].reason == "The driver is too old."
    machine.keep_cards([machine.Cards("CTranslate2", ("CUDA device 0",)), machine.Cards("torch", ())])
    assert availability.devices()[1] == Offer("cuda", "CUDA device 0", available=True)


def test_address_answers_a_page_a_fragment_and_json(carol_client: Client, put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    assert "<h1>What can run here</h1>" in carol_client.get("/availability").text
    fragment = carol_client.get("/availability", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<div class="offers" id="available">')
    found = carol_client.get("/availability", headers={"Accept": "application/json"}).json()
    assert found["automatic"] == {"engine": "faster-whisper", "model": "base"}
    assert [model["key"] for model in found["models"] if model["available"]] == ["base"]


def test_people_are_sent_to_an_administrator(alice_client: Client):
    text = alice_client.get("/availability").text
    assert "manage.py" not in text
    assert "Ask an administrator." in text


def test_people_are_not_told_where_things_lie(alice_client: Client, weights_folder: Path, tmp_path: Path):
    lay(weights_folder / "faster-whisper" / "base")
    elsewhere = lay(tmp_path / "elsewhere" / "ours", numbers=b"noise")
    (weights_folder / "whisper").mkdir()
    (weights_folder / "whisper" / "noise.pt").write_bytes(b"noise")
    for store, key, path in (
        ("faster-whisper", "ours", str(elsewhere)),
        ("faster-whisper", "lost", str(tmp_path / "lost")),
        ("whisper", "noise", "whisper/noise.pt"),
    ):
        provider = Provider.objects.get(key=store)
        SpeechModel.objects.create(provider=provider, store=store, key=key, name=key, install_path=path)
    for model in scan.rescan().unchecked:
        do(model, Work.Kind.VERIFY)

    response = alice_client.get("/availability", headers={"Accept": "application/json"})

    assert str(tmp_path) not in response.text
    reasons = {model["key"]: model["reason"] for model in response.json()["models"] if "broken" in model["reason"]}
    assert reasons == {
        "base": "Model base (faster-whisper) is broken: faster-whisper/base/model.bin is not the file that its publisher has: "
        "it is 1,018 bytes long and must be 145,217,532.",
        "lost": "Model lost (faster-whisper) is broken: Nothing lies at …/lost.",
        "noise": "Model noise (whisper) is broken: noise.pt is not a checkpoint of Whisper.",
        "ours": "Model ours (faster-whisper) is broken: model.bin is cut short.",
    }


def test_stranger_is_asked_to_sign_in(client: Client):
    response = client.get("/availability", headers={"Accept": "application/json"})
    assert response.status_code in (302, 401)
    assert "whisper" not in response.text


def test_it_is_only_read(carol_client: Client):
    assert carol_client.post("/availability").status_code == 405


def test_looking_costs_three_queries_and_one_for_a_default_that_is_not_there(
    django_assert_num_queries, put_weights: PutWeights
):
    with django_assert_num_queries(4):
        availability.current()
    put_weights("faster-whisper", "base")
    with django_assert_num_queries(3):
        availability.current()


def test_registry_keeps_what_an_administrator_decided(carol: User):
    from registry import sync

    SpeechModel.objects.filter(key="base").update(
        enabled=False, name="Our base", memory_bytes=5, sha256="", licence="own"
    )
    Provider.objects.filter(key="whisper").update(for_people=False, notes="Ours")
    Provider.objects.filter(key="vad").delete()
    sync.fill()
    row = SpeechModel.objects.get(store="faster-whisper", key="base")
    assert (row.enabled, row.name, row.memory_bytes, row.licence) == (False, "Our base", 5, "own")
    assert len(row.sha256) == 64
    assert Provider.objects.get(key="whisper").notes == "Ours"
    assert SpeechModel.objects.filter(provider__key="vad").count() == 1


def test_libraries_are_named_for_every_known_provider():
    for provider in Provider.objects.all():
        assert viability.libraries(provider)[0], provider.key


@pytest.mark.parametrize(
    "page", ["/upload/", "/system/info", "/system/checks", "/admin/registry/speechmodel/", "/admin/registry/provider/"]
)
def test_pages_on_which_it_matters_lead_here(carol: User, carol_client: Client, page: str):
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    assert 'href="/availability"' in carol_client.get(page).text


def test_page_leads_to_the_models_only_who_may_see_them(carol: User, carol_client: Client):
    assert "/admin/registry/" not in carol_client.get("/availability").text
    carol.user_permissions.add(Permission.objects.get(codename="view_speechmodel"))
    assert "Speech models</a>" in carol_client.get("/availability").text
    carol.user_permissions.add(Permission.objects.get(codename="change_speechmodel"))
    assert "Install or remove models</a>" in carol_client.get("/availability").text


def test_page_tells_administrators_alone_in_which_folder_commands_are_run(carol_client: Client, alice_client: Client):
    said = f"Commands are run in {settings.BASE_DIR}."
    assert said in carol_client.get("/availability").text
    assert str(settings.BASE_DIR) not in alice_client.get("/availability").text
