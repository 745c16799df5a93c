"""Who says it, where a file names them before the text: as our exports do, or as people write, “Ann: Good morning”.

Names that our exports wrote are known by the spaces behind them, in a file that has two spaces in a row nowhere else. Others only
look like names: what is no talk between people keeps them in its text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from transcripts.exports.labels import END, NOBODY
from transcripts.imports.transcript import Imported, Passage

LONGEST = 100
"""In characters: as long as a speaker's name can be."""
MOST_WORDS = 4
LEAST_SHARE = 0.2
"""Of a talk between people so many passages begin with a name: in subtitles only those where the speaker changes."""
MOST_SHARE = 0.8
"""One name alone is before this many: a talk of one person."""
AGAIN_SHARE = 0.5
"""Where a name is before all, more than so many have one that comes again: in a recipe, or an agenda, each comes once."""

LABEL = re.compile(r"(?P<name>[^\W\d_][^:：]{0,60}?)\s?(?::\s+|：\s*)(?=\S)")
NUMBERED = re.compile(r"speaker[ _-]?\d{1,4}", re.IGNORECASE)
"""As many programs, and we, call those who have no name."""
INSIDE = frozenset("'’.-\u200c\u200d")
"""What words of a name may have in them beside letters."""
PARTICLES = frozenset(
    ["al", "bin", "da", "de", "del", "den", "der", "di", "dos", "du", "el", "ibn", "la", "le", "van", "von", "y", "zu"]
)
OTHERS = re.compile(
    "achtung|answer|attention|beispiel|caution|chapter|date|edit|example|fact|figure|frage|hinweis|important|info|introduction|"
    "musik|music|nota|note|notes|place|ps|question|remember|result|summary|sound|step|subject|subtitles|table|time|tip|title|"
    "todo|topic|translation|untertitel|update|warning|zeit|注|注意|例"
)
"""What often stands before a colon and is nobody."""
SAYS = ("说", "說", "道", "曰", "问", "問", "答", "言")
"""End what a Chinese story has before direct speech."""


class Names(StrEnum):
    """What becomes of names before a colon."""

    WHERE_LIKELY = ""
    ALWAYS = "speakers"
    NEVER = "text"


Told = tuple[str, str]
"""Who says something, empty for nobody, and what they say."""


def told(passages: Sequence[Passage], names: Names, *, goes_on: bool, may_be_ours: bool) -> Imported:
    """Return a transcript with the speakers that the texts of its passages name, each text on one line.

    With `goes_on` a passage without a name is said by whoever spoke before. `may_be_ours` is False where a file that names
    speakers so cannot come from our exports.
    """
    texts = [passage.text for passage in passages]
    has_ours = may_be_ours and are_ours(texts, goes_on=goes_on)
    tell = _reader(texts, names, has_ours=has_ours)
    found = [tell(text) or (None, text) for text in texts]
    speakers = dict.fromkeys(name for name, _ in found if name)
    whose = _who([name for name, _ in found], goes_on=goes_on)
    said = (
        replace(passage, text=" ".join(text.split()), speaker=name)
        for passage, (_, text), name in zip(passages, found, whose, strict=True)
    )
    is_ours = has_ours and names is Names.WHERE_LIKELY and _is_sure(texts)
    return Imported(tuple(said), {name: name for name in speakers}, labels=tuple(speakers), is_ours=is_ours)


def are_ours(texts: Sequence[str], *, goes_on: bool) -> bool:
    """Return whether texts have the names that our exports put before them: the first one, where it goes on, else all.

    A single name may be there by chance, so it has to look like one.
    """
    found = [_of_ours(text) for text in texts]
    are_marked = found[0] is not None if goes_on else None not in found
    if not are_marked or any("  " in text for text, ours in zip(texts, found, strict=True) if ours is None):
        return False
    names = _names_of_ours(texts)
    return len(names) > 1 or any(map(_may_be_name, names))


def _is_sure(texts: Iterable[str]) -> bool:
    """Return whether names that may be ours are more than a single one, or one that we give."""
    names = _names_of_ours(texts)
    return len(names) > 1 or bool(NUMBERED.fullmatch(names[0]))


def _names_of_ours(texts: Iterable[str]) -> list[str]:
    return [ours[0] for ours in map(_of_ours, texts) if ours and ours[0]]


def _reader(texts: Collection[str], names: Names, *, has_ours: bool) -> Callable[[str], Told | None]:
    if names is Names.NEVER:
        return lambda _text: None
    if names is Names.ALWAYS:
        return lambda text: _named_by_us(text) or _of_others(text)
    if has_ours:
        return _of_ours
    likely = _likely([*map(_of_others, texts)])
    return lambda text: _chosen(_of_others(text), likely)


def _named_by_us(text: str) -> Told | None:
    ours = _of_ours(text)
    return ours if ours and ours[0] else None


def _chosen(found: Told | None, names: Collection[str]) -> Told | None:
    return found if found and found[0] in names else None


def _of_ours(text: str) -> Told | None:
    """Return who says a text, where it has the spaces that our exports put before it, and no other two in a row."""
    name, mark, said = ("", NOBODY, text[len(NOBODY) :]) if text.startswith(NOBODY) else text.partition(END)
    is_name = name == " ".join(name.split()) and len(name) <= LONGEST
    return (name, said) if mark and is_name and "  " not in said and not said[:1].isspace() else None


def _of_others(text: str) -> Told | None:
    text = " ".join(text.split())
    match = LABEL.match(text)
    return (match["name"], text[match.end() :]) if match else None


def _likely(found: Sequence[Told | None]) -> set[str]:
    """Return the names that are those of speakers by how they look and how often they come."""
    counts = Counter(each[0] for each in found if each and _looks_like_name(each[0]))
    numbered = {name for name in counts if NUMBERED.fullmatch(name)}
    again = {name for name, count in counts.items() if count > 1}
    share = sum(counts[name] for name in again) / max(1, len(found))
    if counts.total() == len(found) and (numbered or share > AGAIN_SHARE):
        return set(counts)
    is_talk = share >= (LEAST_SHARE if len(again) > 1 else MOST_SHARE)
    return numbered | (again if numbered or is_talk else set())


def _may_be_name(name: str) -> bool:
    """Return whether a name that two spaces follow may be one: it is no heading, and not the beginning of a sentence."""
    words = name.split()
    is_prose = len(words) > 1 and any(word[0].islower() and word not in PARTICLES for word in words)
    return any(map(str.isalpha, name)) and not is_prose and not _is_heading(name)


def _is_heading(name: str) -> bool:
    """Return whether it stands before a colon often, and is nobody."""
    return bool(OTHERS.fullmatch(name.casefold())) or name.endswith(SAYS)


def _looks_like_name(name: str) -> bool:
    words = name.split()
    if NUMBERED.fullmatch(name):
        return True
    if len(words) > MOST_WORDS or _is_heading(name):
        return False
    return any(map(_has_capital, words)) and all(_has_capital(word) or word in PARTICLES for word in words)


def _has_capital(word: str) -> bool:
    """Return whether a word may be one of a name: it has a capital, or its script has none."""
    kinds = [unicodedata.category(letter) for letter in word if letter not in INSIDE]
    return bool(kinds) and kinds[0] in ("Lu", "Lt", "Lo") and all(kind[0] in "LM" for kind in kinds)


def _who(names: Iterable[str | None], *, goes_on: bool) -> Iterator[str]:
    """Yield who says each passage; None names nobody, and an empty name says that nobody is known."""
    last = ""
    for name in names:
        last = name if name is not None else last if goes_on else ""
        yield last
