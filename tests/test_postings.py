"""Segments made from arrays are what Whoosh's own writer makes of the same documents."""

from __future__ import annotations

import tempfile
from dataclasses import fields
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh.filedb.filestore import FileStorage
from whoosh.index import create_in, open_dir
from whoosh.reading import SegmentReader

from indexer import postings as postings_module
from indexer import whoosh_files
from indexer.inversion import indexed_texts, invert, merge
from indexer.postings import SegmentPostings
from indexer.whoosh_files import extract, schema, write_segment
from tests.keyword_documents import document, texts

entries = st.lists(st.tuples(texts, texts), min_size=1, max_size=12)


def documents(entries, first=1):
    return [document(number, *entry) for number, entry in enumerate(entries, first)]


def arrays(postings: SegmentPostings) -> dict[str, list]:
    return {each.name: getattr(postings, each.name).tolist() for each in fields(postings)}


@given(entries, st.integers(1, 5), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_whoosh_reads_what_was_written(entries, block, chunk):
    postings = invert(documents(entries))
    with (
        tempfile.TemporaryDirectory() as name,
        mock.patch.object(whoosh_files, "BLOCK", block),
        mock.patch.object(whoosh_files, "CHUNK", chunk),
    ):
        storage = FileStorage(name)
        with SegmentReader(storage, schema(), write_segment(storage, "MAIN", postings)) as reader:
            assert arrays(extract(reader)) == arrays(postings)


@given(entries)
@settings(max_examples=40, deadline=None)
def test_whoosh_writes_the_same(entries):
    added = documents(entries)
    postings = invert(added)
    with tempfile.TemporaryDirectory() as name:
        writer = create_in(name, schema()).writer()
        for each in added:
            writer.add_document(revision=each.revision_id, **indexed_texts(each))
        writer.commit()
        storage = FileStorage(name)
        with (
            open_dir(name).reader() as theirs,
            SegmentReader(storage, schema(), write_segment(storage, "MAIN", postings)) as ours,
        ):
            assert arrays(extract(theirs)) == arrays(postings)
            for field in ("ids", "text", "title"):
                assert ours.field_length(field) == theirs.field_length(field)
                for term in theirs.lexicon(field):
                    one, other = ours.term_info(field, term), theirs.term_info(field, term)
                    for statistic in ("weight", "doc_frequency", "min_length", "max_length", "max_weight",
                                      "min_id", "max_id"):  # fmt: skip
                        assert getattr(one, statistic)() == getattr(other, statistic)()


@given(st.lists(entries, min_size=1, max_size=4), st.data())
@settings(max_examples=40, deadline=None)
def test_a_merge_is_the_inversion_of_what_is_left(batches, data):
    parts, left, first = [], [], 1
    for batch in batches:
        added = documents(batch, first)
        first += len(added)
        live = np.array(data.draw(st.lists(st.booleans(), min_size=len(added), max_size=len(added))))
        parts.append((invert(added), live))
        left += [each for each, kept in zip(added, live, strict=True) if kept]
    assert arrays(merge(parts)) == arrays(invert(left))


def test_whoosh_itself_merges_what_was_written(tmp_path):
    added = documents([("permit delay", "risk"), ("permit", "cut over"), ("", "")])
    storage, index = FileStorage(tmp_path), create_in(tmp_path, schema())
    writer = index.writer()
    writer.segments.append(write_segment(storage, "MAIN", invert(added[:2])))
    writer.add_document(revision=3, **indexed_texts(added[2]))
    writer.commit(optimize=True)
    with index.reader() as reader:
        assert reader.is_atomic()
        assert arrays(extract(reader)) == arrays(invert([added[2], *added[:2]]))


def test_arrays_without_a_single_term_are_kept(tmp_path):
    postings = invert([])
    postings.save(tmp_path / "none")
    assert arrays(SegmentPostings.load(tmp_path / "none")) == arrays(postings)
    assert postings.row_of("text", "permit") is None


@given(entries, st.lists(st.sampled_from(["permit", "supplier", "late", "zeppelin"]), max_size=30))
def test_a_few_rows_are_remembered_and_all_are_right(entries, asked):
    postings, other = invert(documents(entries)), invert(documents(entries))
    with mock.patch.object(postings_module, "KNOWN_ROWS", 2):
        for word in asked:
            assert postings.row_of("text", word) == other._find_row("text", word)
            assert len(postings._rows) <= 2


@given(st.lists(st.integers(1, 300), max_size=100), st.data())
def test_positions_of_a_posting_begin_after_those_of_all_before(frequencies, data):
    nothing = invert([])
    counted = np.array(frequencies, np.uint16)
    postings = SegmentPostings(
        **{each.name: getattr(nothing, each.name) for each in fields(nothing)} | {"frequencies": counted}
    )
    asked = data.draw(
        st.lists(st.integers(0, len(frequencies) - 1), max_size=10) if frequencies else st.just([])
    )
    starts = postings.position_starts(np.array(asked, np.int64))
    assert starts.tolist() == [sum(frequencies[:place]) for place in asked]


@given(entries, st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_batches_hold_every_posting_once_in_order(entries, size):
    postings = invert(documents(entries))
    rows = [(row, np.float32(row)) for row in range(len(postings.terms))]
    with mock.patch.object(postings_module, "BATCH", size):
        batches = list(postings.in_batches(rows))
    for place, expected in enumerate(
        (postings.docs, postings.frequencies, np.repeat(np.arange(len(rows)), np.diff(postings.indptr)))
    ):
        assert [number for batch in batches for number in batch[place].tolist()] == expected.tolist()
    assert all(len(batch[0]) >= size for batch in batches[:-1])
