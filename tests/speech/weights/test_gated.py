"""Weights that a publisher gives only to those who accepted its terms."""

import logging
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from speech.weights import COMMUNITY, DIARIZATION, Weights, WeightsError, catalogue, find, install, verify
from speech.weights.types import File
from tests.speech.weights.conftest import Publisher, serving, sha256

TOKEN = "hf_moonlight"
CONTENT = {"embedding/pytorch_model.bin": b"voices" * 1000, "config.yaml": b"pipeline: {}"}


@pytest.fixture
def gated(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Weights:
    publisher.files, publisher.token = dict(CONTENT), TOKEN
    files = tuple(
        File(name, len(content), sha256(content), url=f"{publisher.url}/{name}") for name, content in CONTENT.items()
    )
    weights = Weights(DIARIZATION, COMMUNITY, files, terms_url="https://example.org/terms")
    monkeypatch.setattr(catalogue, "DIARIZATION_CATALOGUE", (weights,))
    return weights


def test_install_with_the_token_makes_a_folder_with_folders(gated: Weights, tmp_path: Path):
    found = install(COMMUNITY, engine=DIARIZATION, folder=tmp_path, token=TOKEN)

    assert found.path == found.folder == tmp_path / DIARIZATION / COMMUNITY
    assert {name: (found.path / name).read_bytes() for name in CONTENT} == CONTENT
    assert found.sha256 == sha256(CONTENT["embedding/pytorch_model.bin"])
    assert verify(found).path == found.path


def test_install_without_a_token_asks_nobody_and_says_where_one_is_had(
    gated: Weights, publisher: Publisher, tmp_path: Path
):
    with pytest.raises(WeightsError, match=r"accepted its terms at https://example\.org/terms.* HF_TOKEN"):
        install(COMMUNITY, engine=DIARIZATION, folder=tmp_path)

    assert publisher.requests == []


def test_a_refused_token_is_said_and_not_repeated(gated: Weights, tmp_path: Path):
    with pytest.raises(WeightsError, match=r"refused the token \(401\)") as refusal:
        install(COMMUNITY, engine=DIARIZATION, folder=tmp_path, token="hf_wrong")

    assert "hf_wrong" not in str(refusal.value)


def test_the_token_goes_to_no_other_host(gated: Weights, publisher: Publisher, tmp_path: Path):
    with serving(Publisher(files=dict(CONTENT))) as elsewhere:
        publisher.elsewhere = elsewhere.url

        install(COMMUNITY, engine=DIARIZATION, folder=tmp_path, token=TOKEN)

        assert set(publisher.tokens) == {f"Bearer {TOKEN}"}
        assert elsewhere.tokens == ["", ""]


def test_the_token_goes_to_no_mirror(gated: Weights, publisher: Publisher, tmp_path: Path):
    address = publisher.url.removeprefix("http://")
    with serving(Publisher(files={f"{address}/{name}": content for name, content in CONTENT.items()})) as mirror:
        install(COMMUNITY, engine=DIARIZATION, folder=tmp_path, token=TOKEN, mirror=mirror.url)

        assert mirror.tokens == ["", ""]
    assert publisher.requests == []


@pytest.mark.django_db
def test_the_command_takes_the_token_from_the_environment_and_keeps_it_nowhere(
    gated: Weights, weights_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    output = StringIO()

    with caplog.at_level(logging.DEBUG):
        call_command("weights", "install", COMMUNITY, stdout=output)

    assert find(weights_folder, engine=DIARIZATION, model=COMMUNITY) is not None
    written = [path.read_bytes() for path in weights_folder.rglob("*") if path.is_file()]
    assert all(TOKEN not in text for text in (output.getvalue(), caplog.text))
    assert all(TOKEN.encode() not in content for content in written)


@pytest.mark.django_db
def test_the_command_knows_it_without_an_engine(gated: Weights, weights_folder: Path):
    with pytest.raises(
        CommandError, match=f"is not installed. Run: .venv/bin/python manage.py weights install {COMMUNITY}$"
    ):
        call_command("weights", "path", COMMUNITY)
