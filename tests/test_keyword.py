"""The array ranking gives what Whoosh's own BM25F and phrase search give."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import index as whoosh_index
from whoosh.query import Or, Phrase, Term
from whoosh.scoring import BM25F

from indexer.analysis import terms
from indexer.documents import Document
from indexer.keyword import MAX_SEGMENTS, KeywordReader, KeywordWriter

WORDS = [
    "supplier",
    "delay",
    "permit",
    "cut",
    "over",
    "the",
    "of",
    "risk",
    "naïve",
    "7120.5",
    "budgets",
    "L-0042",
]
texts = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)


def document(revision: int, text: str, title: str = "untitled") -> Document:
    return Document(
        revision_id=revision, stamp="s", ref=f"L-{revision:04d}", key="", title=title, text=text, passages=(),
        facets={}, year=2020, day=737000, due=0, visibility="public",
    )  # fmt: skip


@st.composite
def histories(draw):
    """Commits of added documents and of removed ones, then a query."""
    batches = draw(
        st.lists(st.lists(st.tuples(texts, texts), min_size=1, max_size=5), min_size=1, max_size=4)
    )
    removed = draw(st.sets(st.integers(1, 8), max_size=4))
    return batches, removed, draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))


def build(folder: Path, batches, removed) -> KeywordReader:
    writer = KeywordWriter(folder)
    number = 0
    for batch in batches:
        added = []
        for text, title in batch:
            number += 1
            added.append(document(number, text, title))
        writer.write(added, set())
    writer.write([], set(removed))
    return KeywordReader.open(folder)


def whoosh_scores(folder: Path, query) -> dict[int, float]:
    with whoosh_index.open_dir(folder).searcher(weighting=BM25F()) as searcher:
        results = searcher.search(query, limit=None, optimize=False)
        return {int(hit["revision"]): hit.score for hit in results}


@given(histories())
@settings(max_examples=25, deadline=None)
def test_scores_equal_whoosh_bm25f(history):
    batches, removed, words = history
    wanted = [term for word in words for _, term in terms(word)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reader = build(folder, batches, removed)
        for field in ("text", "title"):
            ours = reader.score(field, wanted)
            found = {
                int(r): float(s)
                for r, s, alive in zip(reader.revisions, ours, reader.live, strict=True)
                if s and alive
            }
            theirs = whoosh_scores(folder, Or([Term(field, term) for term in dict.fromkeys(wanted)]))
            if len(set(wanted)) == len(wanted):
                assert found == pytest.approx(theirs, rel=1e-4)
            assert set(found) == set(theirs)


@given(histories())
@settings(max_examples=25, deadline=None)
def test_phrases_equal_whoosh_phrases(history):
    batches, removed, words = history
    phrase = terms(" ".join(word for word in words if word != "L-0042"))
    adjacent = [term for _, term in phrase]
    if not phrase or [position - phrase[0][0] for position, _ in phrase] != list(range(len(phrase))):
        return  # Whoosh's own phrase cannot say that a stop word stands between
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reader = build(folder, batches, removed)
        found = set(reader.revisions[reader.matches("text", phrase) & reader.live].tolist())
        query = Phrase("text", adjacent) if len(adjacent) > 1 else Term("text", adjacent[0])
        assert found == set(whoosh_scores(folder, query))


def test_a_stop_word_inside_a_phrase_leaves_room_for_one_word(tmp_path):
    reader = build(
        tmp_path, [[("state of the art", ""), ("state art", ""), ("state many new art", "")]], set()
    )
    matched = reader.matches("text", terms("state of the art"))
    assert reader.revisions[matched].tolist() == [1, 3]


def test_many_commits_keep_few_segments_and_lose_nothing(tmp_path):
    writer = KeywordWriter(tmp_path)
    for number in range(1, 41):
        writer.write([document(number, f"permit number {number}")], set())
    reader = KeywordReader.open(tmp_path)
    assert len(reader.segments) <= MAX_SEGMENTS
    assert sorted(reader.revisions[reader.live].tolist()) == list(range(1, 41))
    assert np.count_nonzero(reader.score("text", ["permit"])) == 40


def test_a_document_written_again_replaces_the_old_one(tmp_path):
    writer = KeywordWriter(tmp_path)
    writer.write([document(1, "permits")], set())
    writer.write([document(1, "suppliers")], set())
    reader = KeywordReader.open(tmp_path)
    assert reader.revisions[reader.live].tolist() == [1]
    assert not reader.score("text", ["permit"])[reader.live].any()


def test_postings_are_read_again_when_their_arrays_are_lost(tmp_path):
    writer = KeywordWriter(tmp_path)
    writer.write([document(1, "permits"), document(2, "suppliers")], set())
    before = KeywordReader.open(tmp_path).score("text", ["permit"])
    for file in (tmp_path / "arrays").rglob("*.npy"):
        file.unlink()
    assert KeywordReader.open(tmp_path).score("text", ["permit"]).tolist() == before.tolist()


def test_an_empty_index_answers(tmp_path):
    KeywordWriter(tmp_path)
    reader = KeywordReader.open(tmp_path)
    assert reader.score("text", ["permit"]).tolist() == []
    assert reader.matches("text", [(0, "permit")]).tolist() == []
