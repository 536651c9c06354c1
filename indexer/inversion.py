"""From documents to a segment's postings, and from several segments to one, all in arrays."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from indexer.analysis import index_term, word_list
from indexer.postings import FIELDS, SegmentPostings, compact, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from indexer.documents import Document

_STOP = -1


class _TermNumbers(dict[str, int]):
    """Word -> number of its term, counted as they come; _STOP for a word too common to index."""

    def __init__(self) -> None:
        super().__init__()
        self.terms: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        term = index_term(word)
        number = _STOP if term is None else self.terms.setdefault(term, len(self.terms))
        self[word] = number
        return number


def indexed_texts(document: Document) -> dict[str, str]:
    """What each field indexes of a document, in the order of FIELDS."""
    return {"ids": f"{document.ref} {document.key}", "text": document.text, "title": document.title}


def invert(documents: Sequence[Document]) -> SegmentPostings:
    """The postings of these documents, numbered as they come."""
    terms, tokens, sizes = _read(documents)
    # Texts are numbered document by document, field by field.
    texts = np.repeat(np.arange(len(sizes)), sizes)
    places = np.arange(len(tokens)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kept = tokens != _STOP
    texts, places = texts[kept], places[kept]
    docs, field = np.divmod(texts, len(FIELDS))
    # A stable sort by field and term leaves documents and places ascending within each term.
    keys = field * len(terms) + tokens[kept]
    order = np.argsort(keys, kind="stable")
    keys, docs, places = keys[order], docs[order], places[order]
    first_of_row = np.diff(keys, prepend=-1) != 0
    first_of_posting = first_of_row | (np.diff(docs, prepend=-1) != 0)
    starts = np.flatnonzero(first_of_posting)
    row_field, row_term = np.divmod(keys[first_of_row], len(terms))
    lengths = np.bincount(texts, minlength=len(sizes)).reshape(-1, len(FIELDS)).T
    return SegmentPostings(
        terms=terms[row_term],
        field_rows=np.searchsorted(row_field, np.arange(len(FIELDS) + 1)),
        indptr=np.append(np.searchsorted(starts, np.flatnonzero(first_of_row)), len(starts)),
        docs=docs[starts].astype(np.int32),
        frequencies=compact(np.diff(np.append(starts, len(keys)))),
        position_indptr=np.append(np.flatnonzero(first_of_row), len(keys)),
        positions=compact(places),
        revisions=np.array([document.revision_id for document in documents], np.int64),
        lengths=rounded(lengths),
    )


def _read(documents: Sequence[Document]) -> tuple[NDArray[np.bytes_], NDArray[np.int64], NDArray[np.int64]]:
    """(terms, sorted), (words of all texts): the number of each one's term, _STOP for stop words, and
    (texts): how many words each has.
    """
    numbers = _TermNumbers()
    stream: list[int] = []
    sizes: list[int] = []
    for document in documents:
        for text in indexed_texts(document).values():
            words = word_list(text)
            stream += map(numbers.__getitem__, words)
            sizes.append(len(words))
    terms = np.array([term.encode() for term in numbers.terms] or [b""])
    order = np.argsort(terms)
    rank = np.empty(len(terms) + 1, np.int64)
    rank[order], rank[_STOP] = np.arange(len(terms)), _STOP
    return terms[order], rank[np.array(stream, np.int64)], np.array(sizes, np.int64)


def merge(parts: Iterable[tuple[SegmentPostings, NDArray[np.bool_]]]) -> SegmentPostings:
    """One segment with the documents of several for which the mask (documents) holds, in their order."""
    sources = [_Source(segment, live) for segment, live in parts]
    keys = sorted(set(chain.from_iterable(source.keys for source in sources)))
    row_of = dict(zip(keys, range(len(keys)), strict=True))
    for source in sources:
        source.rows = np.fromiter(map(row_of.__getitem__, source.keys), np.int64, len(source.keys))
    indptr, position_indptr = np.zeros(len(keys) + 1, np.int64), np.zeros(len(keys) + 1, np.int64)
    for source in sources:
        indptr[source.rows + 1] += source.sizes
        position_indptr[source.rows + 1] += source.position_sizes
    np.cumsum(indptr, out=indptr)
    np.cumsum(position_indptr, out=position_indptr)
    docs = np.empty(indptr[-1], np.int32)
    frequencies = np.empty(indptr[-1], _widest(source.segment.frequencies for source in sources))
    positions = np.empty(position_indptr[-1], _widest(source.segment.positions for source in sources))
    filled, positions_filled, base = indptr[:-1].copy(), position_indptr[:-1].copy(), 0
    for source in sources:
        places = _destinations(filled, source.rows, source.sizes)
        docs[places] = source.docs + base
        frequencies[places] = source.frequencies
        positions[_destinations(positions_filled, source.rows, source.position_sizes)] = source.positions
        base += int(source.live.sum())
    return SegmentPostings(
        terms=np.array([term for _, term in keys] or [b""], np.bytes_)[: len(keys)],
        field_rows=np.searchsorted([field for field, _ in keys], np.arange(len(FIELDS) + 1)),
        indptr=indptr,
        docs=docs,
        frequencies=frequencies,
        position_indptr=position_indptr,
        positions=positions,
        revisions=np.concatenate([source.segment.revisions[source.live] for source in sources]),
        lengths=np.concatenate([source.segment.lengths[:, source.live] for source in sources], axis=1),
    )


class _Source:
    """One segment on its way into a merge: what remains of it without its deleted documents."""

    def __init__(self, segment: SegmentPostings, live: NDArray[np.bool_]) -> None:
        self.segment, self.live = segment, live
        field_of = np.repeat(np.arange(len(FIELDS)), np.diff(segment.field_rows)).tolist()
        self.keys: list[tuple[int, bytes]] = list(zip(field_of, segment.terms.tolist(), strict=True))
        self.rows: NDArray[np.int64]
        kept = live.take(segment.docs)
        kept_positions = np.repeat(kept, segment.frequencies)
        self.docs = (np.cumsum(live) - 1).astype(np.int32)[segment.docs[kept]]
        self.frequencies = segment.frequencies[kept]
        self.positions = segment.positions[kept_positions]
        self.sizes = _counts(kept, segment.indptr)
        self.position_sizes = _counts(kept_positions, segment.position_indptr)
        if not live.all():
            held = np.flatnonzero(self.sizes)
            self.keys = [self.keys[row] for row in held.tolist()]
            self.sizes, self.position_sizes = self.sizes[held], self.position_sizes[held]


def _counts(kept: NDArray[np.bool_], indptr: NDArray[np.int64]) -> NDArray[np.int64]:
    """(rows): how many of each row's elements are kept."""
    return np.diff(np.append(0, np.cumsum(kept))[indptr])


def _widest(arrays: Iterable[NDArray[np.unsignedinteger]]) -> np.dtype[np.unsignedinteger]:
    return np.result_type(*(array.dtype for array in arrays))


def _destinations(
    filled: NDArray[np.int64], rows: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Where a source's elements go that lie row by row: behind what each row already holds, which is
    counted up.
    """
    starts = np.cumsum(sizes) - sizes
    places = np.repeat(filled[rows] - starts, sizes)
    places += np.arange(len(places))
    filled[rows] += sizes
    return places
