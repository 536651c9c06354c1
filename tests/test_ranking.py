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

QUERIES = ["permits late", "staff forgot the course", "kind:lesson supplier", "L-0042", "zzzqx vrrk", ""]


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
@pytest.mark.parametrize("text", QUERIES)
def test_every_hit_is_ranked_once_and_nothing_else(sample, text, mode):
    engine = sample.engine
    snapshot, query = engine._source.current(), parse(text)
    search = engine._understood(snapshot, SearchRequest(text=text, mode=mode), query)
    allowed = filters.filter_mask(snapshot, query, OPERATOR)
    rows = search.rank(allowed).rows
    assert len(np.unique(rows)) == len(rows)
    assert np.flatnonzero(search.hits(allowed)).tolist() == sorted(rows.tolist())
    assert allowed[rows].all()


@pytest.mark.parametrize("text", QUERIES[:3])
def test_scores_never_rise_along_the_ranking(sample, text):
    engine = sample.engine
    snapshot, query = engine._source.current(), parse(text)
    search = engine._understood(snapshot, SearchRequest(text=text), query)
    scores = search.rank(np.ones(len(snapshot.catalogue), bool)).scores
    assert (np.diff(scores) <= 1e-6).all()


def test_what_no_page_shows_is_left_unsorted_but_is_there():
    words = np.random.default_rng(1).random(3 * MAX_DEPTH).astype(np.float32)
    rows = np.flatnonzero(words)
    found = ranking._in_order(words, rows)
    assert sorted(found.tolist()) == rows.tolist()
    shown = words[found[: ranking.SHOWN]]
    assert (np.diff(shown) <= 0).all()
    assert shown.min() >= words[found[ranking.SHOWN :]].max()


def test_equal_scores_come_in_the_order_of_their_rows():
    words = np.ones(50, np.float32)
    assert ranking._in_order(words, np.arange(50)).tolist() == list(range(50))


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
