"""What options a person may give, how they are written, and what is said of those that are not accepted."""

import json

import pytest

from speech import options
from speech.asr.tuning import TEMPERATURES, Tuning
from speech.types import Options


def _said_of(function, *arguments):
    """Return the sentence with which something is refused."""
    try:
        function(*arguments)
    except ValueError as err:
        return str(err)
    return "not refused"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("   \n ", {}),
        ("{}", {}),
        ("beam_size=3", {"beam_size": "3"}),
        ("beam_size = 3\npatience=2", {"beam_size": "3", "patience": "2"}),
        ("beam_size=3, patience=2; best_of=1", {"beam_size": "3", "patience": "2", "best_of": "1"}),
        ("suppress_tokens=-1, 13,  50 beam_size=1", {"suppress_tokens": "-1, 13,  50", "beam_size": "1"}),
        ("hotwords=Selenite, Kennedy\nbeam_size=1", {"hotwords": "Selenite, Kennedy", "beam_size": "1"}),
        ('hotwords="zażółć 日本"', {"hotwords": "zażółć 日本"}),
        ("suppress_tokens=", {"suppress_tokens": ""}),
        ('{"beam_size": 3, "suppress_tokens": [1, 2]}', {"beam_size": 3, "suppress_tokens": [1, 2]}),
    ],
)
def test_options_are_read_as_people_write_them(text, found):
    assert options.parse(text) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("beam_size", options.NOT_UNDERSTOOD),
        ("=3", options.NOT_UNDERSTOOD),
        ("3 beam_size=3", options.NOT_UNDERSTOOD),
        ("<script>alert(1)</script>", options.NOT_UNDERSTOOD),
        ("[1, 2]", options.NOT_UNDERSTOOD),
        ('"beam_size"', options.NOT_UNDERSTOOD),
        ('{"beam_size": 3', options.NOT_UNDERSTOOD),
        ("[" * 2000, options.NOT_UNDERSTOOD),
        ('{"a":' * 400, options.NOT_UNDERSTOOD),
        ('{"beam_size": {"a": 1}}', options.NESTED.format("beam_size")),
        ('{"suppress_tokens": [[1]]}', options.NESTED.format("suppress_tokens")),
        ('{"beam_size": 3, "beam_size": 4}', options.TWICE.format("beam_size")),
        ("beam_size=3 beam_size=3", options.TWICE.format("beam_size")),
        ('{"temperature": NaN}', "NaN is no number that an option can have."),
        ('{"temperature": -Infinity}', "-Infinity is no number that an option can have."),
        ("beam_size=" + "9" * 2000, options.TOO_LONG),
        (" " * 5 + "x=" * 5000, options.TOO_LONG),
    ],
)
def test_what_cannot_be_read_is_told(text, told):
    assert _said_of(options.parse, text) == told


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"beam_size": "3"}, {"beam_size": 3}),
        ({"beam_size": 3.0}, {"beam_size": 3}),
        ({"temperature": 0}, {"temperature": 0.0}),
        ({"temperature": " .5 "}, {"temperature": 0.5}),
        ({"suppress_blank": "No"}, {"suppress_blank": False}),
        ({"suppress_blank": True}, {"suppress_blank": True}),
        ({"suppress_tokens": "-1, 13"}, {"suppress_tokens": [-1, 13]}),
        ({"suppress_tokens": -1}, {"suppress_tokens": [-1]}),
        ({"suppress_tokens": [7]}, {"suppress_tokens": [7]}),
        ({"suppress_tokens": ""}, {"suppress_tokens": []}),
        ({"hotwords": "  Świt \n 日本 "}, {"hotwords": "Świt 日本"}),
        ({"device": "CPU"}, {"device": "cpu"}),
        ({"compute_type": "float16"}, {"compute_type": "float16"}),
    ],
)
@pytest.mark.parametrize("engine", ["faster-whisper", "whisper"])
def test_values_are_taken_as_what_they_are(engine, given, taken):
    checked = options.check(engine, given)
    assert checked == taken
    assert [type(value) for value in checked.values()] == [type(value) for value in taken.values()]
    assert options.check(engine, options.parse(options.as_text(checked))) == checked
    assert json.loads(json.dumps(checked, allow_nan=False)) == checked


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("beam_size", "five", "a whole number from 1 to 10"),
        ("beam_size", 0, "a whole number from 1 to 10"),
        ("beam_size", 11, "a whole number from 1 to 10"),
        ("beam_size", 2.5, "a whole number from 1 to 10"),
        ("beam_size", True, "a whole number from 1 to 10"),
        ("beam_size", None, "a whole number from 1 to 10"),
        ("beam_size", [3], "a whole number from 1 to 10"),
        ("beam_size", "nan", "a whole number from 1 to 10"),
        ("beam_size", float("inf"), "a whole number from 1 to 10"),
        ("beam_size", 10**400, "a whole number from 1 to 10"),
        ("temperature", "-0.1", "a number from 0 to 1"),
        ("temperature", "1e999", "a number from 0 to 1"),
        ("suppress_blank", "perhaps", "true or false"),
        ("suppress_blank", 1, "true or false"),
        ("device", "tpu", "one of auto, cpu, cuda"),
        ("device", ["cpu"], "one of auto, cpu, cuda"),
        ("hotwords", "x" * 501, "words, at most 500 characters"),
        ("hotwords", "a\x00b", "words, at most 500 characters"),
        ("hotwords", "\ud800", "words, at most 500 characters"),
        ("hotwords", 5, "words, at most 500 characters"),
        ("suppress_tokens", "50257", "numbers from 0 to 50255"),
        ("suppress_tokens", [True], "numbers from 0 to 50255"),
        ("suppress_tokens", "1 " * 201, "numbers from 0 to 50255"),
    ],
)
def test_what_a_value_must_be_is_told(name, value, takes):
    sentence = _said_of(options.check, "faster-whisper", {name: value})
    assert sentence.startswith(f"{name} takes {takes}")
    assert len(sentence) < 250
    assert sentence.encode()


@pytest.mark.parametrize(
    ("engine", "name", "told"),
    [
        ("faster-whisper", "bem_size", "has no option “bem_size”. Did you mean beam_size? It takes: beam_size,"),
        ("faster-whisper", "logprob_threshold", "Did you mean log_prob_threshold?"),
        ("faster-whisper", "condition_on_previous_text", "It takes: beam_size, patience,"),
        (
            "whisper",
            "no_repeat_ngram_size",
            "The engine whisper has no option no_repeat_ngram_size; faster-whisper has.",
        ),
        ("fake", "patience", "The engine fake has no option patience; faster-whisper and whisper has."),
        ("other", "beam_size", "The engine other has no option beam_size;"),
        ("other", "x" * 5000, "…”. It takes: no options."),
        ("whisper", "\ud800\x00<b>", "“��<b>”"),
    ],
)
def test_unknown_option_is_refused_with_what_there_is(engine, name, told):
    sentence = _said_of(options.check, engine, {name: 1})
    assert told in sentence
    assert sentence.encode()


def test_what_another_engine_does_not_know_is_left_out():
    given = {"beam_size": 2, "no_repeat_ngram_size": 3, "compute_type": "int8"}
    assert options.fitting("faster-whisper", given) == (given, [])
    assert options.fitting("whisper", given) == ({"beam_size": 2}, ["no_repeat_ngram_size", "compute_type"])


@pytest.mark.parametrize("words", ["a=b", 'say "x"', "one, two; three", "it's"])
def test_words_with_signs_are_read_back(words):
    assert options.parse(options.as_text({"hotwords": words, "beam_size": 1})) == {"hotwords": words, "beam_size": 1}


def test_reading_takes_no_long_time_whatever_is_sent():
    for text in (" " * 1999 + "x", "a " * 999, "a=" * 999, "a\t\n " * 500, "_" * 2000):
        try:
            options.parse(text)
        except ValueError:
            pass


def test_every_option_is_either_of_the_machine_or_decides_how_is_decoded():
    names = {option.name for accepted in options.ACCEPTED.values() for option in accepted}
    assert names == set(Tuning.__dataclass_fields__) | {"device", "compute_type"}


def test_options_reach_the_decoding():
    asked = {"beam_size": 1, "temperature": 0.4, "suppress_tokens": [1, 2], "log_prob_threshold": -2.0, "device": "cpu"}
    tuning = Tuning.of(Options(extra=asked))
    assert (tuning.beam_size, tuning.temperatures, tuning.suppress_tokens) == (1, (0.4,), (1, 2))
    assert tuning.limits.log_probability == -2.0
    assert Tuning.of(Options(beam_size=3)).beam_size == 3
    assert Tuning().temperatures == TEMPERATURES
    assert Tuning.of(Options(extra={"temperature": 0.0})).temperatures == (0.0,)


def test_hotwords_stand_after_the_vocabulary():
    assert Tuning(hotwords="Selenite").words_before(" Kennedy ") == "Kennedy Selenite"
    assert Tuning(hotwords="Selenite").words_before(" ") == "Selenite"
    assert Tuning().words_before("") == ""
