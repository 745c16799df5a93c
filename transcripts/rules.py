"""Replacement rules: what they make of a text. Pure.

All rules look at the text as it was recognised, once: what one has written no rule changes again, so a rule from “a” to “aa” ends.
Where two fit in the same place the longer one counts; of two alike the one that was given first.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Protocol

from transcripts.boundaries import JOINERS, is_bounded

WITHOUT_DOT = {"İ": "i", "ı": "i"}
"""Turkish letters that a search without regard to capitals takes for an i."""


class RuleLike(Protocol):
    @property
    def find(self) -> str: ...
    @property
    def replacement(self) -> str: ...
    @property
    def whole_words(self) -> bool: ...
    @property
    def match_case(self) -> bool: ...


class Rules:
    """Rules in the order in which they count. A place of a text is compared once with all that are of a length."""

    def __init__(self, rules: Iterable[RuleLike]) -> None:
        self._rules: defaultdict[str, list[RuleLike]] = defaultdict(list)
        for rule in rules:
            if rule.find.strip():
                self._rules[folded(rule.find)].append(rule)
        self._lengths: defaultdict[str, list[int]] = defaultdict(list)
        """By the letter that they begin with, the longest first."""
        for letter, length in sorted({(find[0], len(find)) for find in self._rules}, reverse=True):
            self._lengths[letter].append(length)

    def apply(self, text: str) -> str:
        """Return a text of one line with everything replaced."""
        parts, plain, at, done = [], folded(text), 0, 0
        while at < len(text):
            rule = self._fitting(text, plain, at) if plain[at] in self._lengths else None
            if rule is None:
                at += 1
                continue
            end = at + len(rule.find)
            parts += [text[done:at], _written(rule, text[at:end])]
            at = done = end
        return "".join([*parts, text[done:]])

    def _fitting(self, text: str, plain: str, at: int) -> RuleLike | None:
        """Return the rule that counts at a place: the longest of those that fit, of two alike the first."""
        fitting = (rule for end, rules in self._found(plain, at) for rule in rules if _fits(rule, text, at, end))
        return next(fitting, None)

    def _found(self, plain: str, at: int) -> list[tuple[int, list[RuleLike]]]:
        """Return the rules that begin at a place, capitals aside, with where each ends, the longest first."""
        ends = [at + length for length in self._lengths[plain[at]] if at + length <= len(plain)]
        return [(end, self._rules[plain[at:end]]) for end in ends if plain[at:end] in self._rules]


def folded(text: str) -> str:
    """Return a text without capitals, each letter in its place."""
    return text.lower() if text.isascii() else "".join(map(_folded, text))


def _folded(letter: str) -> str:
    plain = WITHOUT_DOT.get(letter), letter.casefold(), letter.lower()
    return next(each for each in (*plain, letter) if each and len(each) == 1)


def _fits(rule: RuleLike, text: str, start: int, end: int) -> bool:
    if rule.match_case and text[start:end] != rule.find:
        return False
    return not rule.whole_words or is_bounded(text, start, end)


def _written(rule: RuleLike, found: str) -> str:
    return rule.replacement if rule.match_case else in_case_of(found, rule.replacement)


def places(text: str, find: str, *, match_case: bool, whole_words: bool) -> Iterator[tuple[int, int]]:
    """Yield where something stands in a text, none of the places within another."""
    plain, wanted = (text, find) if match_case else (folded(text), folded(find))
    at = plain.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        if is_fitting := not whole_words or is_bounded(text, at, end):
            yield at, end
        at = plain.find(wanted, end if is_fitting else at + 1)


def clean(text: str) -> str:
    """Return a text as transcripts have it: on one line, single spaces, without what cannot be shown."""
    shown = "".join(letter if letter.isprintable() or letter in JOINERS else " " for letter in text)
    return " ".join(shown.split()).strip(f"{JOINERS} ")


def in_case_of(found: str, replacement: str) -> str:
    """Return a replacement that has no capitals of its own with those of what was found: “Moon” for “Mond”, “MOON” for “MOND”."""
    if replacement != replacement.lower():
        return replacement
    if len(found) > 1 and found == found.upper() != found.lower():
        return replacement.upper()
    is_capital = found[:1] != found[:1].lower()
    return replacement[:1].upper() + replacement[1:] if is_capital else replacement
