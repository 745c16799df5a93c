import pytest

from speech import scoring


@pytest.mark.parametrize(
    ("wanted", "found", "errors"),
    [
        ("", "", 0),
        ("a b c", "a b c", 0),
        ("a b c", "a c", 1),
        ("a b", "a x b y", 2),
        ("a b c", "", 3),
        ("kitten", "k i t", 3),
    ],
)
def test_edit_distance_counts_changed_added_and_missing_words(wanted: str, found: str, errors: int):
    assert scoring.edit_distance(wanted.split(), found.split()) == errors


def test_score_without_reference_words_has_no_rate():
    assert scoring.Score(errors=0, words=0).rate == 0.0
