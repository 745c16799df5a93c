"""What a word is, and what a query asks for."""

import pytest

from transcripts.search.query import Query, Term, parse
from transcripts.search.words import indexed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ask not, don't_do 3.5!", "ask not don t do 3 5"),
        ("Zażółć GĘŚLĄ jaźń, Straße", "zazolc gesla jazn strasse"),
        ("cafe\u0301 café CAFÉ", "cafe cafe cafe"),
        ("Ωμέγα, Ёлка", "ωμεγα елка"),
        ("हिन्दी में", "हिन्दी में"),
        ("السَّلام عليكم", "السلام عليكم"),
        ("東京タワーへ。iPhone本", "東京 京タ タワ ワー ーへ へ iphone 本"),
        ("회의를", "회의 의를 를"),
        ("𝒜 ＡＢ Ⅳ", "a ab iv"),
        ("½ ﷺ …", "12 صلىاللهعليهوسلم"),
        ("", ""),
        ("“–” ?", ""),
        ("x" * 100, "x" * 64),
    ],
)
def test_text_is_cut_and_folded(text: str, words: str):
    assert indexed(text) == words


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Ask NOT", Query((Term(("ask",)), Term(("not",))))),
        ('"ask not" you', Query((Term(("ask", "not")), Term(("you",))))),
        ("“ask not”", Query((Term(("ask", "not")),))),
        ('"ask not', Query((Term(("ask", "not")),))),
        ("coun* a*", Query((Term(("coun",), goes_on=True), Term(("a",))))),
        ('"your coun"*', Query((Term(("your", "coun"), goes_on=True),))),
        ('ask -not -"your country"', Query((Term(("ask",)),), (Term(("not",)), Term(("your", "country"))))),
        ("well-known don't", Query((Term(("well", "known")), Term(("don", "t"))))),
        ("ask ask ask", Query((Term(("ask",)),))),
        ("東京", Query((Term(("東京",)),))),
        ("東京タワー", Query((Term(("東京", "京タ", "タワ", "ワー")),))),
        ("京", Query((Term(("京",), goes_on=True),))),
        ("東京b", Query((Term(("東京", "京", "b")),))),
        ('* - -- "" ( ) ^ : %', Query()),
        ("-ask", Query((), (Term(("ask",)),))),
    ],
)
def test_query_is_read(text: str, query: Query):
    assert parse(text) == query


def test_huge_query_is_cut():
    query = parse(" ".join(f"word{number}" for number in range(10_000)))
    assert len(query.wanted) == 16
    assert len(parse(f'"{"word " * 10_000}"').wanted[0].words) == 32
