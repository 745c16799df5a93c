from speech import attribution
from speech.attribution import Attribution, Recognised, Said
from speech.types import Turn


def _said(text: str) -> list[Said]:
    """Return a word a second, each written as `speaker:word`; `-` is nobody, and no speaker with it."""
    pairs = [word.split(":") for word in text.split()]
    return [Said(float(time), word, None if who == "-" else who) for time, (who, word) in enumerate(pairs)]


def _score(reference: str, heard: str) -> Attribution:
    return attribution.score(_said(reference), _said(heard), normalise=str.lower)


def test_score_of_the_same_is_no_error_whatever_the_speakers_are_called():
    assert _score("a:One a:two b:three", "2:one 2:TWO 1:three") == Attribution(0, 3, 0, 3)


def test_score_counts_words_of_the_wrong_speaker():
    assert _score("a:one a:two b:three b:four", "1:one 1:two 1:three 2:four") == Attribution(1, 4, 2, 4)


def test_score_counts_a_word_that_is_recognised_as_another_one():
    assert _score("a:one a:two b:three b:four", "1:one 1:two 1:tree 2:four") == Attribution(1, 4, 2, 4)


def test_score_leaves_words_out_that_were_not_recognised_or_invented():
    assert _score("a:one a:two b:three", "1:one 2:three").aligned == 2
    assert _score("a:one b:three", "1:one 1:two 2:three") == Attribution(0, 2, 1, 2)


def test_score_counts_words_that_are_nobodys():
    assert _score("a:one a:two b:three", "1:one -:two 2:three") == Attribution(1, 3, 2, 3)


def test_score_matches_each_speaker_once():
    assert _score("a:one a:two b:three b:four c:five", "1:one 1:two 2:three 3:four 1:five").misgiven == 2


def test_score_tells_the_same_words_of_two_people_apart_by_their_time():
    reference = [Said(0.0, "yes", "a"), Said(30.0, "yes", "b")]

    assert attribution.score(reference, [Said(30.2, "yes", 2)], normalise=str) == Attribution(0, 1, 1, 2)


def test_score_of_nothing_heard():
    assert _score("a:one b:two", "") == Attribution(0, 0, 2, 2)


def test_by_selenite_has_a_speaker_for_each_word_of_all_segments():
    words = ((0.0, 0.5, " Who's", 0.9), (0.5, 1.0, " there?", 0.9), (1.0, 1.5, " Me.", 0.9))
    segments = [
        Recognised(0.0, 1.5, " Who's there? Me.", words),
        Recognised(9.0, 9.5, " Oh.", ((9.0, 9.5, " Oh.", 0.9),)),
    ]

    assert attribution.by_selenite(segments, [Turn(0.0, 1.1, 1), Turn(1.1, 1.5, 2)]) == [1, 1, 2, None]
