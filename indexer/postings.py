"""The postings of one segment as arrays, kept beside Whoosh's files and mapped by readers.

Whoosh decodes postings one object at a time; ranking wants whole lists at once. The arrays never
change, so that all processes share them through the page cache.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, fields
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FIELDS = ("ids", "text", "title")
"""In the order in which Whoosh keeps them."""

BATCH = 1 << 14
"""Postings beyond which a batch is closed: what is computed from it stays in the processor's cache."""
STRIDE = 32
"""How many positions stand before a posting is kept for one in so many."""
KNOWN_ROWS = 5_000
"""So many rows of a segment are remembered by their terms, some 600 kB: those of hundreds of queries. Without
a close bound memory grew with every search; with a thousand, searches seemed 1 to 3 % slower.
"""
_BIAS = 1 << 16
"""Keeps the place of a phrase's start above zero when its first word is missing from the document."""


@dataclass(frozen=True)
class SegmentPostings:
    """Compressed sparse rows: one row per (field, term), one column per document.

    Integers are kept in the smallest type that holds them.
    """

    terms: NDArray[np.bytes_]
    """(rows): UTF-8, sorted within each field."""
    field_rows: NDArray[np.int64]
    """(fields + 1): the rows of field i are field_rows[i]:field_rows[i + 1]."""
    indptr: NDArray[np.int64]
    """(rows + 1): the postings of row i are indptr[i]:indptr[i + 1]."""
    docs: NDArray[np.int32]
    """(postings): document numbers within the segment, ascending per row."""
    frequencies: NDArray[np.unsignedinteger]
    """(postings): how often the term occurs in the document."""
    position_indptr: NDArray[np.int64]
    """(rows + 1): the positions of row i are position_indptr[i]:position_indptr[i + 1], as many for
    each posting as its frequency says."""
    positions: NDArray[np.unsignedinteger]
    """Positions of terms in their field, ascending per posting."""
    revisions: NDArray[np.int64]
    """(documents): revision id of each document."""
    lengths: NDArray[np.float32]
    """(fields, documents): lengths in terms as Whoosh keeps them, rounded to what fits a byte."""

    @property
    def count(self) -> int:
        """Documents in the segment, deleted ones included."""
        return len(self.revisions)

    @property
    def totals(self) -> NDArray[np.int64]:
        """(fields): exact sums of the lengths: as many as there are positions."""
        return np.diff(self.position_indptr[self.field_rows])

    def row_of(self, field: str, term: str) -> int | None:
        """The row of a term, None when it does not occur."""
        key = field, term
        try:
            return self._rows[key]
        except KeyError:
            if len(self._rows) >= KNOWN_ROWS:
                self._rows.clear()
            row = self._rows[key] = self._find_row(field, term)
            return row

    @cached_property
    def _rows(self) -> dict[tuple[str, str], int | None]:
        """Rows that were asked for: a query asks several times for each of its terms."""
        return {}

    def _find_row(self, field: str, term: str) -> int | None:
        number = FIELDS.index(field)
        first, end = int(self.field_rows[number]), int(self.field_rows[number + 1])
        wanted = term.encode()
        # A longer needle would make NumPy copy the haystack into a wider type.
        if first == end or not wanted or len(wanted) > self.terms.itemsize:
            return None
        row = first + int(self.terms[first:end].searchsorted(np.array(wanted, self.terms.dtype)))
        return row if row < end and self.terms[row] == wanted else None

    def document_frequency(self, field: str, term: str) -> int:
        """In how many documents the term occurs, deleted ones included."""
        row = self.row_of(field, term)
        return 0 if row is None else int(self.indptr[row + 1] - self.indptr[row])

    def postings(self, row: int) -> tuple[NDArray[np.int32], NDArray[np.unsignedinteger]]:
        """(documents, frequencies) of a row."""
        part = slice(int(self.indptr[row]), int(self.indptr[row + 1]))
        return self.docs[part], self.frequencies[part]

    def in_batches(
        self, rows: Sequence[tuple[int, np.float32]]
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]]:
        """(documents, frequencies, factors) of every posting of these (row, factor), row after row: many
        short lists at once, since each step over an array costs more than a few postings do.
        """
        sizes = [int(self.indptr[row + 1] - self.indptr[row]) for row, _ in rows]
        first = total = 0
        for end, size in enumerate(sizes, 1):
            total += size
            if total >= BATCH or end == len(sizes):
                lists = [self.postings(row) for row, _ in rows[first:end]]
                factors = np.array([factor for _, factor in rows[first:end]], np.float32)
                yield (
                    np.concatenate([docs for docs, _ in lists], dtype=np.intp),
                    np.concatenate([frequencies for _, frequencies in lists], dtype=np.float32),
                    np.repeat(factors, sizes[first:end]),
                )
                first, total = end, 0

    def occurrences(
        self, row: int, wanted: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int32], NDArray[np.unsignedinteger]]:
        """(document, position) of every occurrence in documents for which `wanted` (documents) holds."""
        docs, frequencies = self.postings(row)
        kept = np.flatnonzero(wanted.take(docs))
        sizes = frequencies.take(kept).astype(np.intp)
        ends = np.cumsum(frequencies, dtype=np.intp).take(kept) + int(self.position_indptr[row])
        places = np.repeat(ends - np.cumsum(sizes), sizes)
        places += np.arange(len(places))
        return np.repeat(docs.take(kept), sizes), self.positions.take(places)

    def position_starts(self, postings: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the positions of the numbered postings begin in `positions`, row by row or of any rows."""
        strides = postings // STRIDE
        between = strides[:, None] * STRIDE + np.arange(STRIDE)
        frequencies = self.frequencies.take(between, mode="clip")
        counted = between < postings[:, None]
        within: NDArray[np.int64] = np.add.reduce(frequencies, axis=1, dtype=np.int64, where=counted)
        return self._stride_starts.take(strides) + within

    @cached_property
    def _stride_starts(self) -> NDArray[np.int64]:
        """How many positions stand before each STRIDE-th posting, of all rows together."""
        if not len(self.frequencies):
            return np.zeros(0, np.int64)
        strides = np.arange(0, len(self.frequencies), STRIDE)
        sums = np.add.reduceat(self.frequencies, strides, dtype=np.int64)
        return np.cumsum(sums) - sums

    def phrase(
        self, field: str, terms: Sequence[tuple[int, str]]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(documents, counts): where and how often the terms occur at these relative positions."""
        rows = [(offset, self.row_of(field, term)) for offset, term in terms]
        found = [(offset, row) for offset, row in rows if row is not None]
        if not found or len(found) < len(rows):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        common = self._documents_of_all({row for _, row in found})
        starts = reduce(_common, (self._starts(row, offset, common) for offset, row in found))
        return np.unique(starts >> 32, return_counts=True)

    def _starts(self, row: int, offset: int, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Where a phrase would start of which this is the word at `offset`, ascending: one number for
        each, document * 2**32 + position, so that they can be intersected.
        """
        docs, positions = self.occurrences(row, wanted)
        return (docs.astype(np.int64) << 32) + (positions.astype(np.int64) - offset + _BIAS)

    def _documents_of_all(self, rows: set[int]) -> NDArray[np.bool_]:
        """(documents): those that hold every one of the rows' terms."""
        lists = sorted((self.postings(row)[0] for row in rows), key=len)
        common = np.zeros(self.count, bool)
        common[lists[0]] = True
        for docs in lists[1:]:
            both = docs[common.take(docs)]
            common = np.zeros(self.count, bool)
            common[both] = True
        return common

    def save(self, folder: Path) -> None:
        """Writes the arrays, so that a folder of this name is always complete."""
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for each in fields(self):
            np.save(partial / f"{each.name}.npy", getattr(self, each.name))
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)

    @classmethod
    def load(cls, folder: Path) -> SegmentPostings:
        """Maps the arrays. Raises OSError, ValueError or EOFError when they are missing or broken."""
        return cls(*(_mapped(folder / f"{each.name}.npy") for each in fields(cls)))


def _mapped(file: Path) -> NDArray[Any]:
    """The array of a file as a plain one: np.memmap takes microseconds for every slice."""
    return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))


def _common(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """What two ascending lists without repetitions share. A stable sort finds them sorted already and
    merges them, ten times faster than np.intersect1d sorts.
    """
    both = np.concatenate([one, other])
    both.sort(kind="stable")
    shared: NDArray[np.int64] = both[1:][both[1:] == both[:-1]]
    return shared


def compact(numbers: NDArray[np.int64]) -> NDArray[np.unsignedinteger]:
    """The numbers, none negative, in the smallest type that holds them."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))


def rounded(lengths: NDArray[np.int64]) -> NDArray[np.float32]:
    """Lengths as Whoosh rounds them."""
    return length_table().astype(np.float32)[length_codes(lengths)]


def length_codes(lengths: NDArray[np.int64] | NDArray[np.float32]) -> NDArray[np.uint8]:
    """The byte that stands for each length in Whoosh's files: the least length that is not shorter."""
    table = length_table()
    codes: NDArray[np.int64] = np.searchsorted(table, np.minimum(lengths, table[-1]))
    return codes.astype(np.uint8)


def length_table() -> NDArray[np.int64]:
    """(256): the length that each byte stands for, ascending."""
    from whoosh.util.numeric import byte_to_length

    return np.array([byte_to_length(code) for code in range(256)], np.int64)
