"""The query language: what a text means, and that no text breaks it."""

from __future__ import annotations

import string
import time
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.analysis import words_of
from search.parsing import (
    BOOSTS,
    CONJUNCTIONS,
    LAST_NOT,
    LONE_QUOTE,
    MAX_CHARACTERS,
    MAX_EXCLUDED,
    MAX_FILTERS,
    MAX_PHRASE_WORDS,
    MAX_PHRASES,
    MAX_WORDS,
    NOTHING,
    TOO_LONG,
    WILDCARDS,
)
from search.query import Filter, Query, parse, render_query

PARTS_IN_LINES = r"""
word cut-over L-0042 7120.5 don't 5" a"b http://x.y/?q=1 12:30 foo:bar 😀 naïve شبكة AND OR NOT && - -- -word
-( " ( ) “typographic” « » * ? wild* ?x w?ld ^2 word^2.5 ~ word~1 kind: kind:lesson -kind:lessons kind:banana
KIND:Review,lesson tag: tag:a,b tag:(x) tag:"a,b",c sector:İzmir id:l-0042 -L-0042 after:2019 since:2020 , .
before:2024 until:soon -after:2019 year:2021 verified:yes
"""
PARTS = PARTS_IN_LINES.split()
PARTS += ['"a phrase"', '-"a phrase"', '"a b"~3', 'tag:"a, b",c', "\x00", "\ud800"]
pieces = st.sampled_from([*PARTS, " ", "", "é", "\u0301", "\u202e"])
texts = st.one_of(
    st.text(),
    st.text(st.characters(codec=None)),
    st.text(string.punctuation + ' ab"“NOT-'),
    st.lists(st.sampled_from(PARTS), max_size=40).map(" ".join),
    st.lists(pieces, max_size=40).map("".join),
)


@given(texts)
@example('"' * MAX_CHARACTERS)
@example('"a"' * MAX_CHARACTERS)
@example("tag:İ,İİ " * MAX_CHARACTERS)
@example("a\u0301" * MAX_CHARACTERS)
@example("a'" * MAX_CHARACTERS)
@example('0^"~')
def test_every_text_is_understood_and_its_canonical_form_means_the_same(text: str) -> None:
    query = parse(text)

    canonical = render_query(query)
    assert len(canonical) <= MAX_CHARACTERS
    assert parse(canonical) == query
    assert render_query(parse(canonical)) == canonical


@given(texts)
def test_no_query_is_larger_than_the_limits(text: str) -> None:
    query = parse(text)

    assert len(query.source) <= MAX_CHARACTERS
    assert len(query.words) <= MAX_WORDS
    assert len(query.phrases) <= MAX_PHRASES
    assert len(query.excluded) <= MAX_EXCLUDED
    assert len(query.filters) <= MAX_FILTERS
    assert all(len(list(words_of(phrase))) <= MAX_PHRASE_WORDS for phrase in query.phrases)
    for part in (
        query.source,
        *query.words,
        *query.phrases,
        *query.excluded,
        *(f.value for f in query.filters),
    ):
        part.encode()
        assert "\x00" not in part


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\x00", "\ud800", "\u200b"])
def test_no_words_make_an_empty_query(text: str) -> None:
    assert parse(text) == Query()
    assert parse(text).is_empty


def test_words_stay_as_typed() -> None:
    assert parse("Cut-over of  SAP, don't 7120.5").words == ("Cut-over", "of", "SAP,", "don't", "7120.5")


@pytest.mark.parametrize(
    "text", ['"late supplier"', "“late supplier”", "„late supplier“", "«late supplier»", '"late  supplier ']
)
def test_phrases_stand_in_quotation_marks(text: str) -> None:
    query = parse(text + '"' * text.startswith('"late  '))

    assert query.phrases == ("late supplier",)
    assert query.words == ()


def test_a_lone_quotation_mark_is_noted() -> None:
    query = parse('risk "late supplier')

    assert (query.words, query.phrases, query.notes) == (("risk", "late", "supplier"), (), (LONE_QUOTE,))


def test_an_inch_is_no_quotation_mark() -> None:
    assert parse('5" and 6" pipes') == Query(words=('5"', "and", '6"', "pipes"))


@pytest.mark.parametrize("text", ["-draft", "NOT draft", "(-draft)", "NOT -draft", "-“draft”"])
def test_a_word_is_excluded(text: str) -> None:
    assert parse(text) == Query(excluded=("draft",))


def test_a_phrase_is_excluded() -> None:
    assert parse('risk -"out of scope"') == Query(words=("risk",), excluded=("out of scope",))


@pytest.mark.parametrize("text", ["a-b", "cut-over", "--force", "a -", "- a"])
def test_other_hyphens_exclude_nothing(text: str) -> None:
    assert parse(text).excluded == ()
    assert parse(text).words


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("kind:lesson", [Filter("kind", "lesson")]),
        ("Kinds:Lessons", [Filter("kind", "lesson")]),
        ("kind:lesson,review", [Filter("kind", "lesson"), Filter("kind", "review")]),
        (
            "kind:lesson tag:a kind:review",
            [Filter("kind", "lesson"), Filter("kind", "review"), Filter("tag", "a")],
        ),
        ("tag:procurement", [Filter("tag", "procurement")]),
        ("-tag:procurement", [Filter("tag", "procurement", negated=True)]),
        ("NOT tag:procurement", [Filter("tag", "procurement", negated=True)]),
        ('sector:"Public Health"', [Filter("sector", "public health")]),
        ("sector:“public health”,rail", [Filter("sector", "public health"), Filter("sector", "rail")]),
        ("(method:agile)", [Filter("method", "agile")]),
        ("year:2021 outcome:failed", [Filter("year", "2021"), Filter("outcome", "failed")]),
        ("verification:no", [Filter("verified", "unverified")]),
        ("id:l-0042 id:30301", [Filter("id", "L-0042"), Filter("id", "30301")]),
        ("-L-0042", [Filter("id", "L-0042", negated=True)]),
        ("tag:a tag:A", [Filter("tag", "a")]),
    ],
)
def test_fields_narrow(text: str, filters: list[Filter]) -> None:
    assert parse(text) == Query(filters=tuple(filters))
    assert parse(text).notes == ()


@pytest.mark.parametrize(
    "text", ["foo:bar", "http://example.org/a", "12:30", "ratio 3:1", "kind: lesson", "::", "tag :x"]
)
def test_other_colons_are_part_of_words(text: str) -> None:
    query = parse(text)

    assert (query.filters, query.notes[:1]) == ((), (NOTHING,) if text == "::" else ())


def test_years_bound_the_search() -> None:
    assert parse("after:2019 before:2024") == Query(after=2019, before=2024)
    assert parse("since:2019 after:2021 until:2024 before:2023") == Query(after=2021, before=2023)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "outcome:won",
            "“outcome:won” was ignored: use a value: succeeded, challenged, failed or cancelled.",
        ),
        ("after:soon", "“after:soon” was ignored: use a value such as 2021."),
        ("year:21", "“year:21” was ignored: use a value such as 2021."),
        ("method:scrum", "“method:scrum” was ignored: use a value: agile, waterfall or hybrid."),
        ("tag:,", "“tag:” was ignored: it needs a value such as procurement."),
        ('sector:""', "“sector:” was ignored: it needs a value."),
        ("-after:2019", "“-after:” was ignored: write before:, with a year, instead."),
    ],
)
def test_a_bad_value_is_noted_and_ignored(text: str, note: str) -> None:
    query = parse(f"risk {text}")

    assert query == Query(words=("risk",))
    assert query.notes == (note,)


@pytest.mark.parametrize(
    ("text", "refs"), [("l-0042", "L-0042"), ("(see L-0042).", "L-0042"), ("L0042", ""), ("xL-0042", "")]
)
def test_ids_are_recognised_and_stay_words(text: str, refs: str) -> None:
    query = parse(text)

    assert query.refs == tuple(refs.split())
    assert query.words == tuple(text.split())


@pytest.mark.parametrize(
    ("text", "query", "note"),
    [
        ("risk*", Query(words=("risk",)), WILDCARDS),
        ("*", Query(), WILDCARDS),
        ("?isk", Query(words=("isk",)), WILDCARDS),
        ("a AND b OR c", Query(words=("a", "b", "c")), CONJUNCTIONS),
        ("risk^2 delay~1", Query(words=("risk", "delay")), BOOSTS),
        ('"late supplier"~3', Query(phrases=("late supplier",)), BOOSTS),
        ("risk NOT", Query(words=("risk",)), LAST_NOT),
        ("(a) (b", Query(words=("(a)", "(b")), ""),
        ("what now?", Query(words=("what", "now?")), ""),
        ("? why ?", Query(words=("why",)), ""),
        ("😀 !!", Query(), NOTHING),
    ],
)
def test_marks_of_other_languages_do_no_harm(text: str, query: Query, note: str) -> None:
    assert parse(text) == query
    assert note in (*parse(text).notes, "")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a " * 5_000, TOO_LONG),
        ("x" * 20_000, TOO_LONG),
        ("ab " * 1000, f"Only the first {MAX_WORDS} words were used."),
        (" ".join(f'"p {n}"' for n in range(20)), f"Only the first {MAX_PHRASES} phrases were used."),
        (f'"{"of " * 20}"', f"Only the first {MAX_PHRASE_WORDS} words of a phrase were used."),
        (" ".join(f"tag:{n}" for n in range(50)), f"Only the first {MAX_FILTERS} filters were used."),
        (
            " ".join(f"-{n}" for n in range(50)),
            f"Only the first {MAX_EXCLUDED} excluded words and phrases were used.",
        ),
    ],
)
def test_what_is_cut_is_noted(text: str, note: str) -> None:
    assert note in parse(text).notes


@pytest.mark.parametrize(
    "piece",
    ["a ", '"', "-", "(", "tag:a,", ":", "*", "~", "a^2", "NOT ", "\ud800", " ", "é", '"a ', "-(", "?a"],
)
def test_a_megabyte_takes_no_time(piece: str) -> None:
    started = time.process_time()

    parse(piece * (1_000_000 // len(piece)))

    assert time.process_time() - started < 0.5


def test_letters_of_every_direction_are_words() -> None:
    assert parse("تأخير المورد \u202eabc").words == ("تأخير", "المورد", "abc")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the of", True),
        ("to be or not to be", True),
        ("the supplier", False),
        ('the "of"', False),
        ("", False),
        ("tag:x", False),
    ],
)
def test_common_words_alone_are_recognised(text: str, expected: bool) -> None:
    assert parse(text).only_common is expected


def test_a_filter_is_taken_out() -> None:
    query = parse('risk tag:a,"b c" kind:lesson')

    assert render_query(query.without(Filter("tag", "b c"))) == "risk tag:a kind:lesson"
    assert render_query(query.without(Filter("tag", "x"))) == render_query(query)


def test_chosen_values_are_written_so_that_they_are_read_again() -> None:
    query = replace(parse("risk"), filters=(Filter("sector", 'rail "and" road'), Filter("region", "A, B")))

    assert parse(render_query(query)).filters == (Filter("sector", "rail and road"), Filter("region", "a, b"))


def test_a_pasted_description_is_plain_words() -> None:
    text = 'The vendor said "ready" - NOT so; type:problem, see L-0042. ' * 12
    query = parse(text)
    assert not query.phrases
    assert not query.excluded
    assert not query.filters
    assert query.refs == ("L-0042",)
    assert {"ready", "not", "type:problem", "so"} <= set(query.words)
    assert query.notes[0].startswith("This long text was read as plain words")
    assert parse(render_query(query)) == query
