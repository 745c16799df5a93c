"""Each setting is obeyed where it is read, whether it was set on the page, in the administration or for a command."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from preferences.models import Settings, UserDefaults
from tests.conftest import PutWeights
from transcripts.claim import claim
from transcripts.models import Job

JSON = {"Accept": "application/json"}
SPOKEN = {"diarization": "on", "may_choose_diarizer": "on"}
ROW = {"site_name": "Selenite", "concurrency": 1, "upload_limit_megabytes": 5, "keep_media_days": 0, "keep_days": 0}
pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
Set = Callable[[dict[str, object]], None]


@pytest.fixture
def root(carol: User) -> User:
    carol.is_superuser = True
    carol.save()
    return carol


@pytest.fixture
def root_client(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


SECTION_OF = {
    "default_language": "speech",
    "identify_speakers": "speakers",
    "concurrency": "queue",
    "queue_paused": "queue",
    "upload_limit_megabytes": "keeping",
}


@pytest.fixture(params=["page", "administration"])
def set_one(request: pytest.FixtureRequest, root_client: Client) -> Callable[..., None]:
    """Return a function that sets one setting of the installation, on its page or in the administration."""

    def on_page(name: str, value: object) -> None:
        others = {"concurrency": 1, "upload_limit_megabytes": 5, "keep_media_days": 0, "keep_days": 0, **SPOKEN}
        sent = others | ({name: value} if value else {})
        assert root_client.post(f"/settings/{SECTION_OF[name]}/", sent).status_code == 302

    def in_administration(name: str, value: object) -> None:
        sent = ROW | SPOKEN | ({name: value} if value else {})
        assert root_client.post("/admin/settings/settings/1/change/", sent).status_code == 302

    Settings.load()
    return on_page if request.param == "page" else in_administration


@pytest.fixture(params=["page", "administration"])
def set_mine(request: pytest.FixtureRequest, root_client: Client, root: User) -> Set:
    """Return a function that sets the administrator's own defaults, on their page or in the administration."""

    def on_page(values: dict[str, object]) -> None:
        for section in ("transcription", "playing", "exports", "appearance"):
            assert root_client.post(f"/settings/{section}/", {"rewind_seconds": 0, **values}).status_code == 302

    def in_administration(values: dict[str, object]) -> None:
        response = root_client.post(
            "/admin/settings/userdefaults/add/", {"user": root.pk, "rewind_seconds": 0, **values}
        )
        assert response.status_code == 302

    return on_page if request.param == "page" else in_administration


def _upload(client: Client, data: Path, **fields: str) -> Job:
    file = SimpleUploadedFile("jfk.opus", (data / "jfk.opus").read_bytes())
    response = client.post("/upload/", {"recordings": file, **fields}, headers=JSON)
    assert response.status_code == 200, response.text
    return Job.objects.get()


def _chosen(client: Client, name: str) -> str:
    [field] = re.findall(rf'<select name="{name}".*?</select>', client.get("/upload/").text, re.DOTALL)
    return "".join(re.findall(r'<option value="([^"]*)" selected', field))


def _is_ticked(client: Client, name: str) -> bool:
    [box] = re.findall(rf'<input type="checkbox" name="{name}"[^>]*>', client.get("/upload/").text)
    return "checked" in box


def test_language_of_the_installation(set_one, root_client: Client, data: Path):
    set_one("default_language", "de")
    assert _chosen(root_client, "language") == "de"
    assert _upload(root_client, data).asked_language == "de"
    call_command("transcribe", data / "jfk.mp3", enqueue=True)
    assert list(Job.objects.values_list("asked_language", flat=True)) == ["de", "de"]


def test_language_of_the_installation_gives_way_to_a_choice(root_client: Client, data: Path):
    Settings.objects.create(pk=1, default_language="de")
    assert _upload(root_client, data, language="").asked_language == ""


def test_whether_speakers_are_identified(set_one, root_client: Client, data: Path):
    assert _is_ticked(root_client, "diarize")
    set_one("identify_speakers", "")
    assert not _is_ticked(root_client, "diarize")
    assert not _upload(root_client, data).diarize
    call_command("transcribe", data / "jfk.mp3", enqueue=True)
    assert list(Job.objects.values_list("diarize", flat=True)) == [False, False]


def test_largest_upload(set_one, root_client: Client):
    set_one("upload_limit_megabytes", 1)
    assert "up to 1 MB a file" in root_client.get("/upload/").text
    file = SimpleUploadedFile("long.wav", bytes(1_000_001))
    response = root_client.post("/upload/", {"recordings": file}, headers=JSON)
    assert response.status_code == 422
    assert "1 MB" in response.json()["error"]


def test_jobs_at_once(set_one, make_job):
    set_one("concurrency", 2)
    jobs = [make_job() for _ in range(3)]
    claims = [claim() for _ in jobs]
    assert [found is not None for found in claims] == [True, True, False]


def test_queue_that_is_held(set_one, root_client: Client, make_job):
    make_job()
    set_one("queue_paused", "on")
    assert claim() is None
    assert "The queue is held" in " ".join(root_client.get("/queue/").text.split())
    set_one("queue_paused", "")
    assert claim() is not None


MINE = {
    "model": "faster-whisper/base",
    "language": "fr",
    "diarize": "no",
    "speakers": "1-3",
    "translate": "on",
    "export_times": "on",
}


def _asked(job: Job) -> tuple[object, ...]:
    model = (job.asked_engine, job.asked_model)
    return *model, job.asked_language, job.task, job.diarize, (job.least_speakers, job.most_speakers)


ASKED = ("faster-whisper", "base", "fr", "translate", False, (1, 3))


def test_own_values_begin_the_form(set_mine: Set, root_client: Client, put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    set_mine(MINE)
    names = ("model", "language", "speakers")
    assert [_chosen(root_client, name) for name in names] == ["faster-whisper/base", "fr", "1-3"]
    assert [_is_ticked(root_client, name) for name in ("diarize", "translate")] == [False, True]


def test_own_values_are_for_what_a_script_leaves_out(
    set_mine: Set, root_client: Client, data: Path, put_weights: PutWeights
):
    put_weights("faster-whisper", "base")
    set_mine(MINE)
    assert _asked(_upload(root_client, data)) == ASKED


def test_own_values_are_for_a_command(set_mine: Set, data: Path, put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    set_mine(MINE)
    call_command("transcribe", data / "jfk.opus", enqueue=True)
    assert _asked(Job.objects.get()) == ASKED


def test_command_line_outranks_own_values(root: User, data: Path):
    UserDefaults.objects.create(user=root, model="whisper/tiny", language="fr", translate=True, speakers="3")
    arguments = {"language": "auto", "model": "auto", "task": "transcribe", "speakers": "auto"}
    call_command("transcribe", data / "jfk.opus", enqueue=True, **arguments)
    assert _asked(Job.objects.get()) == ("", "", "", "transcribe", True, (None, None))


def test_own_values_of_the_owner_are_taken_by_a_command(root: User, alice: User, data: Path):
    UserDefaults.objects.create(user=root, language="fr")
    UserDefaults.objects.create(user=alice, language="la")
    call_command("transcribe", data / "jfk.opus", enqueue=True, owner="alice")
    assert Job.objects.get().asked_language == "la"


def test_what_is_sent_outranks_own_values(alice_client: Client, alice: User, data: Path, put_weights: PutWeights):
    """A page sends every choice, and no box that is not ticked."""
    put_weights("faster-whisper", "base")
    UserDefaults.objects.create(user=alice, model="faster-whisper/base", language="fr", translate=True, diarize=True)
    job = _upload(alice_client, data, model="", language="", speakers="")
    assert _asked(job) == ("", "", "", "transcribe", False, (None, None))


def test_detection_may_be_preferred_to_the_language_of_the_installation(alice_client: Client, alice: User, data: Path):
    Settings.load()
    Settings.objects.update(default_language="de")
    UserDefaults.objects.create(user=alice, language=UserDefaults.DETECT)
    assert _chosen(alice_client, "language") == ""
    assert _upload(alice_client, data).asked_language == ""


@pytest.mark.parametrize("mine", ["faster-whisper/large-v3", "faster-whisper/tiny.en", "nonsense"])
def test_own_model_that_cannot_do_it_makes_way(
    alice_client: Client, alice: User, data: Path, put_weights: PutWeights, mine: str
):
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", "tiny.en")
    UserDefaults.objects.create(user=alice, model=mine)
    job = _upload(alice_client, data, language="de")
    assert _asked(job)[:3] == ("", "", "de")
    assert job.warnings == [f"The usual model was not used: {WHY_NOT[mine]}."]


WHY_NOT = {
    "faster-whisper/large-v3": "model large-v3 is not installed for faster-whisper",
    "faster-whisper/tiny.en": "model tiny.en knows English only",
    "nonsense": "there is no model “nonsense” here any more",
}


@pytest.mark.parametrize("mine", ["faster-whisper/large-v3", "nonsense"])
def test_page_says_that_the_own_model_cannot_be_used_and_so_does_the_job(
    alice_client: Client, bob_client: Client, alice: User, data: Path, put_weights: PutWeights, mine: str
):
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", "tiny")
    UserDefaults.objects.create(user=alice, model=mine)
    said = f"Your usual model cannot be used now: {WHY_NOT[mine]}; base (faster-whisper) is used unless you choose"
    assert said in alice_client.get("/upload/").text
    assert "Your usual model" not in bob_client.get("/upload/").text

    job = _upload(alice_client, data, model="", language="", speakers="")
    assert (job.asked_model, job.warnings) == ("", [f"The usual model was not used: {WHY_NOT[mine]}."])
    job.recording.delete()

    chosen = _upload(alice_client, data, model="faster-whisper/tiny", language="", speakers="")
    assert (chosen.asked_model, chosen.warnings) == ("tiny", [])


def test_own_model_that_can_be_used_is_not_talked_of(
    alice_client: Client, alice: User, data: Path, put_weights: PutWeights
):
    put_weights("faster-whisper", "base")
    UserDefaults.objects.create(user=alice, model="faster-whisper/base")
    assert "Your usual model" not in alice_client.get("/upload/").text
    assert _upload(alice_client, data).warnings == []


def test_command_goes_without_an_own_model_that_is_not_known_any_more(root: User, data: Path):
    UserDefaults.objects.create(user=root, model="faster-whisper/ours")
    call_command("transcribe", data / "jfk.opus", enqueue=True)
    assert Job.objects.get().warnings == [
        "The usual model was not used: there is no model “faster-whisper/ours” here any more."
    ]


def test_own_model_is_left_out_where_people_may_not_choose(
    alice_client: Client, alice: User, data: Path, put_weights: PutWeights
):
    put_weights("faster-whisper", "base")
    UserDefaults.objects.create(user=alice, model="faster-whisper/base")
    Settings.load()
    Settings.objects.update(may_choose_model=False)
    assert _upload(alice_client, data).asked_model == ""


def test_nobody_identifies_speakers_where_that_is_off(alice_client: Client, alice: User, data: Path):
    UserDefaults.objects.create(user=alice, diarize=True)
    Settings.load()
    Settings.objects.update(diarization=False)
    assert _upload(alice_client, data).diarize is False


def test_own_speakers_begin_the_form_that_identifies_them(alice_client: Client, alice: User, completed_job: Job):
    UserDefaults.objects.create(user=alice, speakers="4")
    assert '<option value="4" selected>' in alice_client.get(f"/jobs/{completed_job.pk}/identify").text


def test_own_order_and_times_of_exports(set_mine: Set, root_client: Client, completed_job: Job):
    set_mine({"first_format": "vtt", "second_format": "md"})
    page = root_client.get(f"/recordings/{completed_job.recording_id}/").text
    offered = re.findall(r"\?format=(\w+)", page)
    assert offered == ["vtt", "md", "txt", "docx", "html", "srt", "tsv", "json"]
    assert re.findall(r'<select name="times".*?</select>', page, re.DOTALL)[0].count('value="0" selected') == 1
    address = f"/jobs/{completed_job.pk}/export?format=docx"
    assert len(root_client.get(address).content) < len(root_client.get(f"{address}&times=1").content)


def test_own_times_of_exports_in_the_texts(alice_client: Client, alice: User, completed_job: Job):
    address = f"/jobs/{completed_job.pk}/export?format=md"
    usual, without = (alice_client.get(f"{address}{more}").text for more in ("", "&times=0"))
    assert usual != without
    UserDefaults.objects.create(user=alice, export_times=False)
    assert alice_client.get(address).text == without
    assert alice_client.get(f"{address}&times=").text == usual


def test_player_goes_back_when_it_is_paused_as_one_has_set_it(set_mine: Set, root_client: Client, completed_job: Job):
    assert 'data-rewind="0"' in root_client.get(f"/recordings/{completed_job.recording_id}/").text
    set_mine({"rewind_seconds": "3"})
    assert 'data-rewind="3"' in root_client.get(f"/recordings/{completed_job.recording_id}/").text


@pytest.mark.parametrize("seconds", ["-1", "31", "x", "9" * 30, ""])
def test_player_goes_back_by_seconds_alone(alice_client: Client, seconds: str):
    assert alice_client.post("/settings/playing/", {"rewind_seconds": seconds}).status_code == 422


def test_administration_writes_nothing_that_the_program_has_set_meanwhile(
    root_client: Client, monkeypatch: pytest.MonkeyPatch
):
    Settings.load()
    save = Settings.save

    def restart_first(self: Settings, **options: object) -> None:
        Settings.objects.update(restart_requested_at=NOW)
        save(self, **options)

    monkeypatch.setattr(Settings, "save", restart_first)
    root_client.post("/admin/settings/settings/1/change/", {**ROW, "site_name": "Moon"})
    assert Settings.objects.values_list("site_name", "restart_requested_at").get() == ("Moon", NOW)
