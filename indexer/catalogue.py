"""What every search needs of all documents at once, as arrays: filters, facets and dates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from indexer.documents import FACETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class FacetColumn:
    """The values of one field: row i holds values[codes[indptr[i]:indptr[i + 1]]]."""

    values: tuple[str, ...]
    indptr: NDArray[np.int64]
    codes: NDArray[np.int32]
    rows: NDArray[np.int32]
    """(codes): the row of each code."""

    def holding(self, value: str) -> NDArray[np.bool_]:
        """(rows): which rows hold the value, compared without case."""
        wanted = value.casefold()
        found = np.zeros(len(self.indptr) - 1, bool)
        for code, candidate in enumerate(self.values):
            if candidate.casefold() == wanted:
                found[self.rows[self.codes == code]] = True
        return found

    def count(self, rows: NDArray[np.bool_]) -> list[tuple[str, int]]:
        """(value, how many of the rows hold it), most frequent first, then by name."""
        counts = np.bincount(self.codes[rows[self.rows]], minlength=len(self.values))
        pairs = [(self.values[code], int(counts[code])) for code in np.flatnonzero(counts)]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


@dataclass(frozen=True)
class DocumentRow:
    """A row of the manifest's table documents."""

    revision_id: int
    generation: int
    ref: str
    key: str
    facets: str
    year: int
    day: int
    due: int
    visibility: str


class Catalogue:
    """The documents in ascending order of revision id; a row is a place in that order."""

    def __init__(self, documents: Sequence[DocumentRow]) -> None:
        self.documents = documents
        self.revisions = np.array([document.revision_id for document in documents], np.int64)
        self.years = np.array([document.year for document in documents], np.int32)
        self.days = np.array([document.day for document in documents], np.int32)
        self.due = np.array([document.due for document in documents], np.int32)
        self.public = np.array([document.visibility == "public" for document in documents], bool)
        self.row_of_ref = {document.ref: row for row, document in enumerate(documents)}
        parsed = [json.loads(document.facets) for document in documents]
        self.facets = {field: _column([values.get(field, ()) for values in parsed]) for field in FACETS}

    def __len__(self) -> int:
        return len(self.documents)

    def rows_of(self, revisions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of revision ids; len(self) for those that are not here."""
        if not len(self):
            return np.zeros(len(revisions), np.int64)
        rows = np.searchsorted(self.revisions, revisions)
        known = self.revisions[np.minimum(rows, len(self) - 1)] == revisions
        return np.where(known, rows, len(self))


def _column(values_per_row: Sequence[Sequence[str]]) -> FacetColumn:
    codes_of: dict[str, int] = {}
    codes = [codes_of.setdefault(value, len(codes_of)) for values in values_per_row for value in values]
    sizes = np.array([len(values) for values in values_per_row], np.int64)
    return FacetColumn(
        values=tuple(codes_of),
        indptr=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=np.array(codes, np.int32),
        rows=np.repeat(np.arange(len(sizes), dtype=np.int32), sizes),
    )
