"""No query runs wild: what a search reads is bounded by numbers, whatever is typed."""

from __future__ import annotations

import string
from collections import Counter
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from indexer.analysis import words_of
from indexer.postings import FIELDS, SegmentPostings
from indexer.sync import IndexWriter
from kb.database import open_database
from kb.reading import OPERATOR
from search.engine import Engine
from search.parsing import (
    MAX_CHARACTERS,
    MAX_EXCLUDED,
    MAX_FILTERS,
    MAX_PHRASE_WORDS,
    MAX_PHRASES,
    MAX_WORDS,
)
from search.query import parse
from search.results import SearchRequest
from tests.fakes import HashingEmbedder
from tests.fakes_web import fill
from tests.fixtures.served import make_settings

MOST_TERMS = MAX_WORDS + (MAX_PHRASES + MAX_EXCLUDED) * MAX_PHRASE_WORDS
"""Terms of the largest query."""
A_TERM = 8
"""How often each is looked up in a field at the most: for weight, score, snippet, reasons, suggestion."""
MARKS = st.text(string.punctuation + ' abc0"“”\u3000\t', max_size=300)
PIECES = ["*", "?", "cut*", "*over", "**", "* *", '"* *"', "~9", "^9", "[a TO z]", "(((", '"', "-", "kind:*",
          "tag:*a", "after:0", "L-0001", "supplier", "the", "AND", "NOT", "\u0301", "x" * 200]  # fmt: skip
TEXTS = st.one_of(MARKS, st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join))
LARGEST = " ".join(f"word{number}" for number in range(3_000))


@pytest.fixture(scope="module")
def make_engine(tmp_path_factory, sqlite_template):
    home = tmp_path_factory.mktemp("queries")
    chosen, embedder = make_settings(home), HashingEmbedder()
    database = open_database(chosen.database_url)
    fill(database)
    IndexWriter(chosen, database, embedder).sync()
    yield lambda: Engine(chosen, database, embedder)
    database.dispose()


@contextmanager
def counted():
    """(Counter of the terms that were looked up, how many lists of postings were read)."""
    terms: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        row_of, postings = SegmentPostings.row_of, SegmentPostings.postings
        lists = [0]

        def looked_up(segment, field, term):
            terms[term] += 1
            return row_of(segment, field, term)

        def read(segment, row):
            lists[0] += 1
            return postings(segment, row)

        patch.setattr(SegmentPostings, "row_of", looked_up)
        patch.setattr(SegmentPostings, "postings", read)
        yield terms, lists


def work_of(make_engine, text: str, mode: str = "hybrid") -> tuple[Counter[str], int]:
    """What a search looks up, by an engine that remembers none."""
    engine = make_engine()
    with counted() as (terms, lists):
        engine.search(SearchRequest(text=text, mode=mode), OPERATOR)
    return terms, lists[0]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, mode=st.sampled_from(["hybrid", "keyword"]))
@example("* *", "keyword")
@example("*" * MAX_CHARACTERS, "keyword")
@example(LARGEST, "keyword")
@example('"' + LARGEST + '"', "keyword")
@example(" ".join(f'"a{n} b{n} c{n}"' for n in range(900)), "keyword")
@example(" ".join(f"-a{n}" for n in range(1_500)), "keyword")
@example(" ".join(f"tag:a{n}" for n in range(1_500)), "keyword")
@example("cut-over/" * 800, "hybrid")
def test_point_13_what_a_search_reads_is_bounded(make_engine, text, mode):
    terms, lists = work_of(make_engine, text, mode)
    assert len(terms) <= MOST_TERMS * 2, "a word, and its stem"
    assert sum(terms.values()) <= MOST_TERMS * A_TERM * len(FIELDS)
    assert lists <= MOST_TERMS * A_TERM * len(FIELDS)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
@example(LARGEST)
@example('"' * MAX_CHARACTERS)
@example(('"' + "a " * 50 + '" ') * 60)
@example("-" * MAX_CHARACTERS)
@example("kind:lesson " * 3_000)
def test_point_13_terms_phrases_and_filters_are_bounded(text):
    query = parse(text)
    assert len(query.source) <= MAX_CHARACTERS
    assert len(query.words) <= MAX_WORDS
    assert len(query.phrases) <= MAX_PHRASES
    assert all(len(list(words_of(phrase))) <= MAX_PHRASE_WORDS for phrase in query.phrases)
    assert len(query.excluded) <= MAX_EXCLUDED
    assert len(query.filters) <= MAX_FILTERS


@pytest.mark.parametrize("pattern", ["*{}", "{}*", "*{}*", "?{}", "{}?", "**{}**", "{}~", "{}~3", "{}^9"])
def test_point_13_a_wildcard_is_no_more_work_than_the_word(make_engine, pattern):
    """It is not replaced by the words of the index that it would fit."""
    for word in ("supplier", "rehearsal", "a"):
        assert set(work_of(make_engine, pattern.format(word))[0]) <= set(work_of(make_engine, word)[0])


@pytest.mark.parametrize("text", ["*", "* *", "?", "** ??", '"*"', '"* *"', "-*", "*" * 5_000, "* " * 4_000])
def test_point_13_wildcards_alone_look_nothing_up(make_engine, text):
    assert work_of(make_engine, text) == (Counter(), 0)
