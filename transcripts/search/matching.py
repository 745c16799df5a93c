"""Ask the database's full-text index: SQLite's FTS5 or PostgreSQL's tsvector, which get the same words."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from transcripts.models.recording import RecordingQuerySet
from transcripts.search.index import owner_word, speaker_word
from transcripts.search.query import Query, Term

MOST_NAMED = 400
"""So many recordings can be named in a query of FTS5: with 100 of them it takes 4 ms, whatever the word."""
MOST_SPEAKERS = 50
"""So many names are looked up in the index itself. With more PostgreSQL misjudges the query, and each place is looked at quicker."""
FIELDS = "entry.id, entry.recording_id, entry.segment_id, entry.words"
SQLITE = """
    SELECT {fields} FROM transcripts_searchwords found
    CROSS JOIN transcripts_searchentry entry ON entry.id = found.rowid
    WHERE found.transcripts_searchwords MATCH {asked} {narrowed} ORDER BY found.rowid DESC LIMIT %s
"""
# Few recordings are named in the query of the index itself. Without that, a common word would be looked up everywhere.
SQLITE_AMONG = """
    %s || (
        SELECT CASE WHEN COUNT(*) > {most} THEN ''
        ELSE ' AND scope : ("none"' || IFNULL(GROUP_CONCAT(' OR "r' || SUBSTR(id, 1, 12) || '"', ''), '') || ')' END
        FROM ({among} LIMIT {most} + 1)
    ) || %s
"""
POSTGRES = """
    SELECT {fields} FROM transcripts_searchentry entry
    WHERE entry.vector @@ %s::tsquery {narrowed} ORDER BY entry.id DESC LIMIT %s
"""
IN_RECORDINGS = "AND entry.recording_id IN ({})"
OF_SPEAKERS = """
    AND EXISTS (
        SELECT 1 FROM transcripts_segment said JOIN transcripts_speaker speaker ON speaker.id = said.speaker_id
        WHERE said.id = entry.segment_id AND speaker.name {}
    )
"""
# One value, however many names there are: no database takes all that there may be in a library as one value each.
ONE_OF = {"sqlite": "IN (SELECT value FROM json_each(%s))", "postgresql": "= ANY(%s)"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look. None sets no limit. `owner` is looked up in the full-text index itself, which is quick for any word."""

    owner: int | None = None
    among: RecordingQuerySet | None = None
    speakers: Sequence[str] | None = None
    """Names of whoever says it: not too many of them are looked up like the owner."""

    @property
    def has_many_speakers(self) -> bool:
        return self.speakers is not None and len(self.speakers) > MOST_SPEAKERS


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where the words are; a title where `segment` is None."""

    pk: int
    recording: UUID | str
    """As the database has it: to make two thousand of them alike takes 4 ms."""
    segment: int | None
    words: str


def candidates(query: Query, scope: Scope, *, limit: int) -> list[Candidate]:
    """Return where the words of a query are, what was written last first, at most so many. Costs one query."""
    template, asked, values = _asked(query, scope)
    narrowed, more = _narrowed(scope)
    with connection.cursor() as cursor:
        cursor.execute(template.format(fields=FIELDS, asked=asked, narrowed=narrowed), [*values, *more, limit])
        rows = cursor.fetchall()
    return [Candidate(*row) for row in rows]


def _asked(query: Query, scope: Scope) -> tuple[str, str, list[Any]]:
    """Return the statement, what the index is asked in it, and the values of that."""
    if connection.vendor != "sqlite":
        return POSTGRES, "", [tsquery(query, scope)]
    found, without = fts5(query, scope)
    if scope.among is None:
        return SQLITE, "%s", [found + without]
    among, values = _sql(scope.among)
    return SQLITE, SQLITE_AMONG.format(among=among, most=MOST_NAMED), [found, *values, without]


def _sql(among: RecordingQuerySet) -> tuple[str, tuple[Any, ...]]:
    """Return a query for the ids of recordings."""
    query = among.order_by().values("id").query
    sql, values = query.get_compiler(connection=connection).as_sql()
    return sql, tuple(values)


def _narrowed(scope: Scope) -> tuple[str, list[Any]]:
    """Return conditions on an entry, and their values."""
    conditions: list[str] = []
    values: list[Any] = []
    if scope.among is not None:
        among, some = _sql(scope.among)
        conditions.append(IN_RECORDINGS.format(among))
        values += some
    if scope.has_many_speakers:
        conditions.append(OF_SPEAKERS.format(ONE_OF[connection.vendor]))
        values.append(json.dumps(scope.speakers) if connection.vendor == "sqlite" else scope.speakers)
    return " ".join(conditions), values


def fts5(query: Query, scope: Scope) -> tuple[str, str]:
    """Return a query in the language of FTS5 in two parts, between which more can be asked. Words have no quotes in them."""
    found = f"(words : ({' AND '.join(map(_fts5_term, query.wanted))})"
    for words in _words(scope):
        found += f" AND scope : ({' OR '.join(words)})"
    excluded = " OR ".join(map(_fts5_term, query.excluded))
    return found, f") NOT words : ({excluded})" if excluded else ")"


def _fts5_term(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + (" *" if term.goes_on else "")


def tsquery(query: Query, scope: Scope) -> str:
    """Return a query in the language of tsquery. Words have no quotes in them."""
    parts = [*map(_ts_term, query.wanted), *(f"!{_ts_term(term)}" for term in query.excluded)]
    parts += ["(':" + "' | ':".join(words) + "')" for words in _words(scope)]
    return " & ".join(parts)


def _words(scope: Scope) -> Iterator[list[str]]:
    """Yield words of which an entry's scope has to have one: its owner, and whoever says it."""
    if scope.owner is not None:
        yield [owner_word(scope.owner)]
    if scope.speakers is not None and not scope.has_many_speakers:
        yield [speaker_word(name) for name in scope.speakers]


def _ts_term(term: Term) -> str:
    words = " <-> ".join(f"'{word}'" for word in term.words)
    return f"({words}:*)" if term.goes_on else f"({words})"
