"""Whoosh's files from arrays and arrays from Whoosh's files.

Whoosh's own writer makes several Python objects per posting and compresses every list of a few bytes.
Here the same files (format W3 of whoosh.codec.whoosh3) are packed from the arrays that ranking needs
anyway, and Whoosh's searcher, and its writer, can be used on them as on any index.
"""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from whoosh.formats import Positions

from indexer.postings import FIELDS, SegmentPostings, compact, length_codes, rounded
from indexer.whoosh_terms import term_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

BLOCK = 128
"""Postings that are packed together: Whoosh's own limit."""
CHUNK = 1 << 18
"""Postings that are Python objects at the same time."""
_PICKLE = 4
"""The protocol of a block's data; Whoosh's own, 2, has no bytes."""
# One term's entry, as whoosh.codec.whoosh3.W3TermInfo.to_bytes packs it.
_TERM_INFO = np.dtype(
    [("inlined", "u1"), ("weight", ">f4"), ("documents", ">u4"), ("least_length", "u1"),
     ("greatest_length", "u1"), ("greatest_weight", ">f4"), ("first", ">u4"), ("last", ">u4"),
     ("offset", ">i8"), ("size", ">i4")]
)  # fmt: skip


class PackedPositions(Positions):  # type: ignore[misc]
    """Positions as unsigned numbers of four bytes, lowest byte first, one after another."""

    def encode(self, poslist: Sequence[int]) -> bytes:
        """The posting's value."""
        return np.array(poslist, "<u4").tobytes()

    def decode_positions(self, valuestring: bytes) -> list[int]:
        """The positions."""
        positions: list[int] = np.frombuffer(valuestring, "<u4").tolist()
        return positions

    def decode_frequency(self, valuestring: bytes) -> int:
        """How many there are."""
        return len(valuestring) // 4


def schema() -> Any:
    """The fields of the index."""
    from whoosh import columns, fields

    from indexer.analysis import StemmingAnalyzer

    result = fields.Schema(revision=fields.COLUMN(columns.NumericColumn("q")))
    for name in FIELDS:
        field = fields.TEXT(analyzer=StemmingAnalyzer())
        field.format = PackedPositions()
        result.add(name, field)
    return result


def write_segment(storage: Any, name: str, postings: SegmentPostings) -> Any:
    """Writes the files of a new segment of the index `name` and returns the segment."""
    from whoosh.codec.whoosh3 import STORED_COLUMN, W3Codec

    segment = W3Codec().new_segment(storage, name)
    segment.set_doc_count(postings.count)
    segment._fieldlengths = dict(  # noqa: SLF001  Whoosh's own per-document writer sets it so
        zip(FIELDS, postings.totals.tolist(), strict=True)
    )
    codes = length_codes(postings.lengths)
    columns = {f"_{field}_len": codes[number].tobytes() for number, field in enumerate(FIELDS)}
    columns["revision"] = postings.revisions.astype(">i8").tobytes()
    for column, data in columns.items():
        with storage.create_file(W3Codec.column_filename(segment, column)) as file:
            file.write(data)
    with storage.create_file(W3Codec.column_filename(segment, "_stored")) as file:
        STORED_COLUMN.writer(file).finish(postings.count)
    lengths = _posting_lengths(postings, codes)
    infos = _term_infos(postings, lengths)
    with segment.create_file(storage, W3Codec.POSTS_EXT) as file:
        ends = _write_posting_lists(file, postings, lengths)
    infos["offset"], infos["size"] = np.append(0, ends[:-1])[: len(infos)], np.diff(ends, prepend=0)
    with segment.create_file(storage, W3Codec.TERMS_EXT) as file:
        for piece in _terms(postings, infos):
            file.write(piece)
    return segment


def _row_fields(postings: SegmentPostings) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(FIELDS)), np.diff(postings.field_rows))


def _posting_lengths(postings: SegmentPostings, codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(postings): the length byte of the document in the field."""
    bounds = postings.indptr[postings.field_rows]
    parts = zip(codes, bounds[:-1], bounds[1:], strict=True)
    return np.concatenate([of_field.take(postings.docs[first:end]) for of_field, first, end in parts])


def _term_infos(postings: SegmentPostings, lengths: NDArray[np.uint8]) -> NDArray[Any]:
    """(rows) of _TERM_INFO, their places in the file left open."""
    rows = len(postings.terms)
    infos = np.zeros(rows, _TERM_INFO)
    if rows:
        starts = postings.indptr[:-1]
        infos["weight"] = np.diff(postings.position_indptr)
        infos["documents"] = np.diff(postings.indptr)
        infos["least_length"] = np.minimum.reduceat(lengths, starts)
        infos["greatest_length"] = np.maximum.reduceat(lengths, starts)
        infos["greatest_weight"] = np.maximum.reduceat(postings.frequencies, starts)
        infos["first"] = postings.docs[starts]
        infos["last"] = postings.docs[postings.indptr[1:] - 1]
    return infos


def _terms(postings: SegmentPostings, infos: NDArray[Any]) -> Iterable[bytes]:
    prefixes = [number.to_bytes(2, "big") for number in range(len(FIELDS))]
    fields = _row_fields(postings).tolist()
    keys = [prefixes[field] + term for field, term in zip(fields, postings.terms.tolist(), strict=True)]
    packed, size = infos.tobytes(), _TERM_INFO.itemsize
    values = [packed[start : start + size] for start in range(0, len(packed), size)]
    return term_file(keys, values, {"fieldmap": {field: number for number, field in enumerate(FIELDS)}})


def _write_posting_lists(file: Any, postings: SegmentPostings, lengths: NDArray[np.uint8]) -> list[int]:
    """Writes the lists row by row and gives where each ends."""
    ends: list[int] = []
    row, rows = 0, len(postings.terms)
    while row < rows:
        limit = int(np.searchsorted(postings.indptr, postings.indptr[row] + CHUNK, "right")) - 1
        chunk = slice(row, max(limit, row + 1))
        pieces = _posting_lists(postings, lengths, chunk, ends)
        file.write(b"".join(pieces))
        row = chunk.stop
    return ends


def _posting_lists(
    postings: SegmentPostings, lengths: NDArray[np.uint8], rows: slice, ends: list[int]
) -> list[bytes]:
    """The lists of these rows in pieces; where each ends is added to `ends`. A list is a mark and its
    blocks, a block is its size (negative for the last), its statistics and its data.
    """
    from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC

    part = slice(int(postings.indptr[rows.start]), int(postings.indptr[rows.stop]))
    gaps, weights = _gaps(postings, rows).tolist(), postings.frequencies[part].astype(float).tolist()
    values = _values(postings, rows)
    pieces: list[bytes] = []
    written, opening = ends[-1] if ends else 0, True
    for start, end, last, least, greatest, *spread, closing in _blocks(postings, lengths, rows):
        if opening:
            pieces.append(WHOOSH3_HEADER_MAGIC)
            written += len(WHOOSH3_HEADER_MAGIC)
        same = None if greatest == 1 else greatest
        data = (
            tuple(gaps[start:end]),
            same if least == greatest else tuple(weights[start:end]),
            tuple(values[start:end]),
        )
        block = pickle.dumps((end - start, last, greatest, 0, *spread), 2) + pickle.dumps(data, _PICKLE)
        size = -len(block) if closing else len(block)
        pieces += (size.to_bytes(4, "big", signed=True), block)
        written += 4 + len(block)
        if closing:
            ends.append(written)
        opening = closing
    return pieces


def _blocks(postings: SegmentPostings, lengths: NDArray[np.uint8], rows: slice) -> Iterable[tuple[Any, ...]]:
    """Of each block of these rows: start and end among their postings, last document, least and greatest
    frequency, least and greatest length byte, whether it closes its list.
    """
    first = int(postings.indptr[rows.start])
    indptr = postings.indptr[rows.start : rows.stop + 1] - first
    part = slice(first, first + int(indptr[-1]))
    docs, frequencies, lengths = postings.docs[part], postings.frequencies[part], lengths[part]
    per_row = -(-np.diff(indptr) // BLOCK)
    nth = np.arange(int(per_row.sum())) - np.repeat(np.cumsum(per_row) - per_row, per_row)
    starts = np.repeat(indptr[:-1], per_row) + nth * BLOCK
    ends = np.append(starts[1:], len(docs))
    columns = (
        starts, ends, docs[ends - 1],
        np.minimum.reduceat(frequencies, starts).astype(float),
        np.maximum.reduceat(frequencies, starts).astype(float),
        np.minimum.reduceat(lengths, starts), np.maximum.reduceat(lengths, starts),
        ends == np.repeat(indptr[1:], per_row),
    )  # fmt: skip
    return zip(*(column.tolist() for column in columns), strict=True)


def _gaps(postings: SegmentPostings, rows: slice) -> NDArray[np.int32]:
    """(postings of these rows): document numbers as differences, each block's first whole."""
    first = int(postings.indptr[rows.start])
    docs = postings.docs[first : int(postings.indptr[rows.stop])]
    row_starts = postings.indptr[rows.start : rows.stop] - first
    within = np.arange(len(docs)) - np.repeat(
        row_starts, np.diff(postings.indptr[rows.start : rows.stop + 1])
    )
    return np.where(within % BLOCK == 0, docs, np.diff(docs, prepend=np.int32(0)))


def _values(postings: SegmentPostings, rows: slice) -> list[bytes]:
    """The packed positions of each posting of these rows."""
    part = slice(int(postings.position_indptr[rows.start]), int(postings.position_indptr[rows.stop]))
    packed = postings.positions[part].astype("<u4").tobytes()
    frequencies = postings.frequencies[postings.indptr[rows.start] : postings.indptr[rows.stop]]
    bounds = np.append(0, np.cumsum(frequencies, dtype=np.int64) * 4).tolist()
    return [packed[start:end] for start, end in pairwise(bounds)]


def extract(reader: Any) -> SegmentPostings:
    """The postings of one Whoosh segment reader, read one by one."""
    terms: list[bytes] = []
    docs: list[int] = []
    frequencies: list[int] = []
    positions: list[int] = []
    field_rows, indptr, position_indptr = [0], [0], [0]
    for field in FIELDS:
        for raw in reader.lexicon(field):
            terms.append(raw)
            matcher = reader.postings(field, raw)
            while matcher.is_active():
                docs.append(matcher.id())
                places = matcher.value_as("positions")
                frequencies.append(len(places))
                positions += places
                matcher.next()
            indptr.append(len(docs))
            position_indptr.append(len(positions))
        field_rows.append(len(terms))
    count = reader.doc_count_all()
    lengths = [[reader.doc_field_length(doc, field) or 0 for doc in range(count)] for field in FIELDS]
    revisions = reader.column_reader("revision")
    return SegmentPostings(
        terms=np.array(terms or [b""])[: len(terms)],
        field_rows=np.array(field_rows, np.int64),
        indptr=np.array(indptr, np.int64),
        docs=np.array(docs, np.int32),
        frequencies=compact(np.array(frequencies, np.int64)),
        position_indptr=np.array(position_indptr, np.int64),
        positions=compact(np.array(positions, np.int64)),
        revisions=np.array([revisions[doc] for doc in range(count)], np.int64),
        lengths=rounded(np.array(lengths, np.int64).reshape(len(FIELDS), count)),
    )
