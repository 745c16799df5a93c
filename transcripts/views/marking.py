"""Doubtful words as the recording page shows them: marked in the text, each with the reason in words."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from speech.doubt import Doubt
from transcripts.doubts import sentence_of

DOUBTFUL = '<mark class="doubt" data-word="{}" title="{}">{}</mark>'


def mark(text: str, places: Sequence[int], words: Sequence[Sequence[Any]], doubts: Iterable[Doubt]) -> SafeString:
    """Return a segment's text with its doubtful words marked. `places` is where each word starts in it, -1 where it does not."""
    parts, at = [], 0
    for doubt in doubts:
        start, word = places[doubt.place], words[doubt.place][2].strip()
        if start >= 0:
            parts += [escape(text[at:start]), format_html(DOUBTFUL, doubt.place, sentence_of(doubt), word)]
            at = start + len(word)
    return mark_safe("".join([*parts, escape(text[at:])]))  # noqa: S308 - each part is escaped.
