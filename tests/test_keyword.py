"""The array ranking gives what Whoosh's own BM25F, filters and phrase search give."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import index as whoosh_index
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC
from whoosh.query import Or, Phrase, Term
from whoosh.scoring import BM25F

from indexer import keyword
from indexer.analysis import terms
from indexer.keyword import KeywordReader, KeywordWriter, Saturation
from tests.keyword_documents import WORDS, document, texts

NEVER_MERGE = 10**6


@st.composite
def histories(draw):
    """Commits of added documents and of removed ones, then a query."""
    batches = draw(
        st.lists(st.lists(st.tuples(texts, texts), min_size=1, max_size=5), min_size=1, max_size=4)
    )
    removed = draw(st.sets(st.integers(1, 8), max_size=4))
    growth = draw(st.sampled_from([keyword.GROWTH, NEVER_MERGE]))
    return batches, removed, growth, draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))


def build(folder: Path, batches, removed=frozenset(), growth=keyword.GROWTH) -> KeywordReader:
    number = 0
    with mock.patch.object(keyword, "GROWTH", growth):
        writer = KeywordWriter(folder)
        for batch in batches:
            added = []
            for text, title in batch:
                number += 1
                added.append(document(number, text, title))
            writer.write(added, set())
        writer.write([], set(removed))
    return KeywordReader.open(folder)


def whoosh_scores(folder: Path, query, **options) -> dict[int, float]:
    k1, b = keyword.BM25["text"]
    with whoosh_index.open_dir(folder).searcher(weighting=BM25F(K1=k1, B=b)) as searcher:
        results = searcher.search(query, limit=None, optimize=False, **options)
        return {int(hit["revision"]): hit.score for hit in results}


def scored(reader: KeywordReader, scores, mask=True) -> dict[int, float]:
    held = np.flatnonzero((scores != 0) & reader.live & mask)
    return dict(zip(reader.revisions[held].tolist(), scores[held].tolist(), strict=True))


@given(histories(), st.sampled_from([Saturation(1.2, 0.75), Saturation(0.9, 0.4)]), st.data())
@settings(max_examples=40, deadline=None)
def test_scores_equal_whoosh_bm25f(history, saturation, data):
    batches, removed, growth, words = history
    wanted = {term for word in words for _, term in terms(word)}
    weights = {term: data.draw(st.floats(0.25, 4), label=term) for term in sorted(wanted)}
    allowed = data.draw(st.sets(st.integers(1, 8)), label="allowed")
    only = Or([Term("ids", f"{number:04d}") for number in allowed])
    with (
        tempfile.TemporaryDirectory() as name,
        mock.patch.dict(keyword.BM25, text=saturation, title=saturation),
    ):
        folder = Path(name)
        reader = build(folder, batches, removed, growth)
        for field in ("text", "title"):
            query = Or([Term(field, term, boost=weight) for term, weight in weights.items()])
            ours = reader.score(field, weights)
            assert scored(reader, ours) == pytest.approx(whoosh_scores(folder, query), rel=1e-4)
            ours = scored(reader, ours, np.isin(reader.revisions, list(allowed)))
            theirs = whoosh_scores(folder, query, filter=only) if allowed else {}
            assert ours == pytest.approx(theirs, rel=1e-4)


@given(histories())
@settings(max_examples=40, deadline=None)
def test_phrases_and_their_scores_equal_whoosh_phrases(history):
    batches, removed, growth, words = history
    phrase = terms(" ".join(word for word in words if word != "L-0042"))
    adjacent = [term for _, term in phrase]
    if not phrase or [position - phrase[0][0] for position, _ in phrase] != list(range(len(phrase))):
        return  # Whoosh's own phrase cannot say that a stop word stands between
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reader = build(folder, batches, removed, growth)
        query = Phrase("text", adjacent) if len(adjacent) > 1 else Term("text", adjacent[0])
        found = scored(reader, reader.score("text", adjacent), reader.matches("text", phrase))
        assert found == pytest.approx(whoosh_scores(folder, query), rel=1e-4)


@given(histories())
@settings(max_examples=40, deadline=None)
def test_phrase_counts_are_those_of_the_texts(history):
    batches, removed, growth, words = history
    phrase = terms(" ".join(words))
    if not phrase:
        return
    with tempfile.TemporaryDirectory() as name:
        reader = build(Path(name), batches, removed, growth)
        at = {
            number: terms(text)
            for number, (text, _) in enumerate((entry for batch in batches for entry in batch), 1)
        }
        expected = {
            number: sum(
                all((start + offset, term) in found for offset, term in phrase)
                for start in range(-phrase[-1][0], 64)
            )
            for number, found in at.items()
        }
        rows, counts = reader.phrase_counts("text", phrase)
        ours = dict(zip(reader.revisions[rows].tolist(), counts.tolist(), strict=True))
        assert ours == {number: expected[number] for number in reader.revisions.tolist() if expected[number]}


def test_a_term_that_is_repeated_weighs_as_often(tmp_path):
    reader = build(tmp_path, [[("permit delay", ""), ("permit", ""), ("delay delay", "")]])
    twice = reader.score("text", ["permit", "delay", "permit"])
    assert twice.tolist() == reader.score("text", Counter(permit=2, delay=1)).tolist()
    single = reader.score("text", ["permit"])
    assert twice == pytest.approx(2 * single + reader.score("text", ["delay"]))


def test_a_stop_word_inside_a_phrase_leaves_room_for_one_word(tmp_path):
    reader = build(tmp_path, [[("state of the art", ""), ("state art", ""), ("state many new art", "")]])
    matched = reader.matches("text", terms("state of the art"))
    assert reader.revisions[matched].tolist() == [1, 3]


def test_many_commits_keep_few_segments_and_lose_nothing(tmp_path):
    writer = KeywordWriter(tmp_path)
    for number in range(1, 61):
        writer.write([document(number, f"permit number {number}")], set())
        assert len(KeywordReader.open(tmp_path).segments) <= np.log(number) / np.log(1.5) + 1
    reader = KeywordReader.open(tmp_path)
    assert sorted(reader.revisions[reader.live].tolist()) == list(range(1, 61))
    assert np.count_nonzero(reader.score("text", ["permit"])) == 60


def test_a_small_commit_rewrites_no_large_segment(tmp_path):
    writer = KeywordWriter(tmp_path)
    writer.write([document(number, "permit") for number in range(1, 101)], set())
    (large,) = KeywordReader.open(tmp_path).names
    for number in range(101, 111):
        writer.write([document(number, "permit")], set())
        assert large in KeywordReader.open(tmp_path).names


def test_no_merge_makes_a_segment_beyond_the_limit(tmp_path):
    writer = KeywordWriter(tmp_path)
    with mock.patch.object(keyword, "LARGEST", 20):
        for number in range(1, 61):
            writer.write([document(number, "permit")], set())
    counts = [segment.count for segment in KeywordReader.open(tmp_path).segments]
    assert sum(counts) == 60
    assert max(counts) <= 20


def test_what_is_deleted_takes_no_room_for_ever(tmp_path):
    writer = KeywordWriter(tmp_path)
    writer.write([document(number, "permit") for number in range(1, 101)], set())
    writer.write([document(200, "supplier")], set(range(1, 101)))
    assert KeywordReader.open(tmp_path).revisions.tolist() == [200]


def test_a_document_written_again_replaces_the_old_one(tmp_path):
    writer = KeywordWriter(tmp_path)
    writer.write([document(number, "permits") for number in range(1, 6)], set())
    writer.write([document(1, "suppliers")], set())
    reader = KeywordReader.open(tmp_path)
    assert sorted(reader.revisions[reader.live].tolist()) == [1, 2, 3, 4, 5]
    assert set(scored(reader, reader.score("text", ["permit"]))) == {2, 3, 4, 5}
    assert set(scored(reader, reader.score("text", ["supplier"]))) == {1}


def test_a_reader_shares_the_segments_that_stayed(tmp_path):
    writer = KeywordWriter(tmp_path)
    writer.write([document(number, "permits") for number in range(1, 10)], set())
    old = KeywordReader.open(tmp_path)
    writer.write([document(10, "suppliers")], {1})
    new = KeywordReader.open(tmp_path, old)
    assert new.segments[0] is old.segments[0]
    assert len(new.segments) == 2
    assert old.live.all()
    assert not new.live.all()
    assert new.revisions[new.live].tolist() == list(range(2, 11))


def test_a_commit_while_a_reader_opens_is_no_error(tmp_path):
    writer = KeywordWriter(tmp_path)
    writer.write([document(1, "permits")], set())
    before = TOC.read(FileStorage(tmp_path), "MAIN")
    writer.write([document(1, "suppliers")], set())
    after = TOC.read(FileStorage(tmp_path), "MAIN")
    with mock.patch.object(TOC, "read", side_effect=[before, after]):
        reader = KeywordReader.open(tmp_path)
    assert np.count_nonzero(reader.score("text", ["supplier"])) == 1


@pytest.mark.parametrize("damage", ["lost", "empty", "cut"])
def test_postings_are_read_again_when_their_arrays_are_lost(damage, tmp_path):
    writer = KeywordWriter(tmp_path)
    writer.write([document(1, "permits"), document(2, "suppliers")], set())
    before = KeywordReader.open(tmp_path).score("text", ["permit"])
    for file in (tmp_path / "arrays").rglob("*.npy"):
        if damage == "lost":
            file.unlink()
        else:
            file.write_bytes(b"" if damage == "empty" else file.read_bytes()[:-1])
    assert KeywordReader.open(tmp_path).score("text", ["permit"]).tolist() == before.tolist()


@pytest.mark.parametrize(
    "place",
    ["indexer.whoosh_files._terms", "indexer.postings.SegmentPostings.save", "whoosh.index.TOC.write"],
)
def test_a_commit_that_dies_changes_nothing_and_leaves_nothing(place, tmp_path):
    writer = KeywordWriter(tmp_path)
    writer.write([document(1, "permits"), document(2, "permits")], set())
    with mock.patch(place, side_effect=RuntimeError("killed")), pytest.raises(RuntimeError):
        writer.write([document(2, "suppliers"), document(3, "suppliers")], {1})
    reader = KeywordReader.open(tmp_path)
    assert reader.revisions[reader.live].tolist() == [1, 2]
    writer.write([document(2, "suppliers"), document(3, "suppliers")], {1})
    reader = KeywordReader.open(tmp_path)
    assert reader.revisions[reader.live].tolist() == [2, 3]
    left = {file.name.partition(".")[0] for file in tmp_path.iterdir()} - {"arrays"}
    assert len([name for name in left if name.startswith("sums-")]) == 1
    left = {name for name in left if not name.startswith("sums-")}
    assert {name for name in left if not name.startswith("_")} == set(reader.names)
    assert {folder.name for folder in (tmp_path / "arrays").iterdir()} == set(reader.names)


def test_an_empty_index_answers(tmp_path):
    KeywordWriter(tmp_path).write([], {1})
    reader = KeywordReader.open(tmp_path)
    assert reader.score("text", ["permit"]).tolist() == []
    assert reader.matches("text", [(0, "permit")]).tolist() == []
    assert reader.document_frequency("text", "permit") == 0
