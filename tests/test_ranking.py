"""Candidates and their order, over the sample corpus."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.sync import IndexWriter
from kb.reading import OPERATOR
from kb.records import apply_record, parse_record
from search import filters, ranking
from search.query import parse
from search.results import MAX_DEPTH, SearchRequest
from search.sight import Sight

QUERIES = ["permits late", "staff forgot the course", "kind:lesson supplier", "L-0042", "zzzqx vrrk", ""]


def understood(repository, text, mode="hybrid"):
    """The search, and what its words find among the rows that the query allows."""
    engine, query = repository.engine, parse(text)
    sight = Sight(engine._source.current(), OPERATOR)
    allowed = filters.filter_mask(sight, query)
    request = SearchRequest(text=text, mode=mode)
    return engine._understanding.search(sight, request, query, 0, lambda words: words.matches(allowed))


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
@pytest.mark.parametrize("text", QUERIES)
def test_every_hit_is_ranked_once_and_nothing_else(sample, text, mode):
    search, matches = understood(sample, text, mode)
    found = search.rank(matches, len(matches.allowed))
    assert len(np.unique(found.rows)) == len(found.rows) == found.total
    assert np.flatnonzero(search.hits(matches)).tolist() == sorted(found.rows.tolist())
    assert matches.allowed[found.rows].all()
    wordless = np.setdiff1d(found.rows, matches.rows if mode != "semantic" else [])
    if text:
        assert sorted(found.wordless.tolist()) == wordless.tolist()


@pytest.mark.parametrize("text", QUERIES[:3])
@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
def test_a_shorter_ranking_is_the_beginning_of_a_longer_one(sample, text, mode):
    search, matches = understood(sample, text, mode)
    whole = search.rank(matches, len(matches.allowed))
    for shown in (1, 20, 90, 150):
        part = search.rank(matches, shown)
        assert (len(part.rows), part.total) >= (min(shown, whole.total), whole.total)
        assert part.rows.tolist() == whole.rows[: len(part.rows)].tolist()
        assert part.scores.tolist() == whole.scores[: len(part.rows)].tolist()


@pytest.mark.parametrize("text", QUERIES[:3])
def test_scores_never_rise_along_the_ranking(sample, text):
    search, matches = understood(sample, text)
    assert (np.diff(search.rank(matches, len(matches.allowed)).scores) <= 1e-6).all()


def test_only_as_many_are_sorted_as_are_shown():
    words = np.random.default_rng(1).random(3 * MAX_DEPTH).astype(np.float32)
    found = ranking._in_order(words, np.flatnonzero(words), MAX_DEPTH)
    assert found.tolist() == np.argsort(-words, kind="stable")[:MAX_DEPTH].tolist()


def test_equal_scores_come_in_the_order_of_their_rows():
    words = np.ones(50, np.float32)
    assert ranking._in_order(words, np.arange(50), 20).tolist() == list(range(20))


def test_other_names_are_found_and_said(sample):
    page = sample.engine.search(SearchRequest(text="vendor", mode="keyword", limit=100), OPERATOR)
    by_other_name = [hit for hit in page.hits if hit.why.meanings]
    assert by_other_name
    for hit in by_other_name:
        assert [(each.name, each.typed) for each in hit.why.meanings] == [("supplier", "vendor")]
        assert "vendor" not in hit.why.words
        assert "“supplier” (for “vendor”)" in str(hit.why)
        assert any(part.marked for part in hit.snippet) or "supplier" in hit.entry.title.lower()


def test_the_extract_shows_a_code_whole(repository):
    """Not the passage that only holds more of its parts."""
    engine, database = repository.engine, repository.database
    parts = "MIL-STD-1540 and MIL-STD-461 and STD 975G MIL apply to vibration and shock of every unit."
    rule = "Whoever chooses parts for a flight unit follows MIL-STD-975G from the first drawing on."
    record = {"kind": "lesson", "title": "Parts", "happened": parts, "recommendation": rule}
    with database.write() as session:
        apply_record(session, parse_record(record))
    IndexWriter(repository.settings, database, engine.embedder).sync()
    hit = engine.search(SearchRequest(text="MIL-STD-975G"), OPERATOR).hits[0]
    assert hit.why.passage == "Recommendation"
    assert [part.text for part in hit.snippet if part.marked] == ["MIL-STD-975G"]
