"""What the settings offer of exports and speakers, and what they ask about the recordings that are kept."""

from collections.abc import Iterator

from preferences import choices, forecast
from preferences.choices import Choice
from transcripts.speaker_forms import FEW


def hand_over() -> None:
    """Tell the settings whom to ask."""
    choices.offer(choices.FORMATS, _formats)
    choices.offer(choices.SPEAKERS, _counts)
    forecast.count_with(_doomed)


def _formats(_by_staff: bool) -> Iterator[Choice]:
    from transcripts.exports.formats import FORMATS  # Not at the start: only few commands write exports.

    for each in FORMATS.values():
        yield Choice(each.name, f"{each.label} (.{each.extension})")


def _counts(_by_staff: bool) -> Iterator[Choice]:
    for number in range(2, FEW + 1):
        yield Choice(str(number), f"Exactly {number}")
    for number in range(2, FEW + 1):
        yield Choice(f"1-{number}", f"Up to {number}")


def _doomed(keep_media_days: int, keep_days: int, in_days: int) -> forecast.Doomed:
    from transcripts.services import retention

    return retention.count(keep_media_days, keep_days, in_days)
