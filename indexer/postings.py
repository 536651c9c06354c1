"""The postings of one segment as arrays: written beside Whoosh's segment, mapped by readers.

Whoosh decodes postings one object at a time; ranking wants whole lists at once. So the writer
decodes each new segment once and readers share the arrays through the page cache.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FIELDS = ("text", "title", "ids")
_ARRAYS = ("indptr", "docs", "weights", "position_indptr", "positions", "revisions", "lengths", "totals")


@dataclass(frozen=True)
class SegmentPostings:
    """Compressed sparse rows: one row per (field, term), one column per document."""

    terms: tuple[str, ...]
    """`field:term`, sorted as Whoosh sorts them."""
    indptr: NDArray[np.int64]
    """(terms + 1): the postings of term i are indptr[i]:indptr[i + 1]."""
    docs: NDArray[np.int32]
    """(postings): document numbers within the segment, ascending per term."""
    weights: NDArray[np.float32]
    """(postings): how often the term occurs in the document."""
    position_indptr: NDArray[np.int64]
    """(postings + 1): the positions of posting j are position_indptr[j]:position_indptr[j + 1]."""
    positions: NDArray[np.int32]
    """Positions of terms in their field, ascending per posting."""
    revisions: NDArray[np.int64]
    """(documents): revision id of each document."""
    lengths: NDArray[np.float32]
    """(fields, documents): lengths as Whoosh keeps them, rounded to what fits a byte."""
    totals: NDArray[np.float64]
    """(fields): exact sums of the lengths."""

    @property
    def count(self) -> int:
        """Documents in the segment, deleted ones included."""
        return len(self.revisions)

    @cached_property
    def number_of(self) -> dict[str, int]:
        """Row of each `field:term`."""
        return dict(zip(self.terms, range(len(self.terms)), strict=True))

    def slice_of(self, field: str, term: str) -> slice:
        """Where the term's postings lie; an empty slice when it does not occur."""
        number = self.number_of.get(f"{field}:{term}")
        if number is None:
            return slice(0, 0)
        return slice(int(self.indptr[number]), int(self.indptr[number + 1]))

    def positions_of(self, postings: slice) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """(document, position) of every occurrence in these postings."""
        bounds = self.position_indptr[postings.start : postings.stop + 1]
        if len(bounds) < 2:
            return np.empty(0, np.int32), np.empty(0, np.int32)
        docs = np.repeat(self.docs[postings], np.diff(bounds))
        return docs, self.positions[int(bounds[0]) : int(bounds[-1])]

    def save(self, folder: Path) -> None:
        """Writes the arrays, so that a folder of this name is always complete."""
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        (partial / "terms").write_text("\n".join(self.terms), "utf-8")
        for name in _ARRAYS:
            np.save(partial / f"{name}.npy", getattr(self, name))
        partial.replace(folder)

    @classmethod
    def load(cls, folder: Path) -> SegmentPostings:
        """Maps the arrays. Raises OSError or ValueError when they are missing or broken."""
        text = (folder / "terms").read_text("utf-8")
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _ARRAYS
        }
        return cls(terms=tuple(text.split("\n")) if text else (), **arrays)


def extract(reader: Any) -> SegmentPostings:
    """The postings of one Whoosh segment reader."""
    terms: list[str] = []
    docs: list[int] = []
    weights: list[float] = []
    positions: list[int] = []
    indptr, position_indptr = [0], [0]
    for field in FIELDS:
        for raw in reader.lexicon(field):
            terms.append(f"{field}:{raw.decode()}")
            matcher = reader.postings(field, raw)
            while matcher.is_active():
                docs.append(matcher.id())
                weights.append(matcher.weight())
                positions += matcher.value_as("positions")
                position_indptr.append(len(positions))
                matcher.next()
            indptr.append(len(docs))
    count = reader.doc_count_all()
    lengths = [[reader.doc_field_length(doc, field) or 0 for doc in range(count)] for field in FIELDS]
    return SegmentPostings(
        terms=tuple(terms),
        indptr=np.array(indptr, np.int64),
        docs=np.array(docs, np.int32),
        weights=np.array(weights, np.float32),
        position_indptr=np.array(position_indptr, np.int64),
        positions=np.array(positions, np.int32),
        revisions=np.array([int(fields["revision"]) for _, fields in reader.iter_docs()], np.int64),
        lengths=np.array(lengths, np.float32).reshape(len(FIELDS), count),
        totals=np.array([reader.field_length(field) for field in FIELDS], np.float64),
    )
