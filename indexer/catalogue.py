"""What every search needs of all documents at once, as arrays: filters, facets and dates."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from indexer.documents import FACETS, admits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from kb.reading import Reader

BATCH = 1_000
"""Documents parsed at a time."""


@dataclass(frozen=True)
class FacetColumn:
    """The values of one field: row i holds values[codes[indptr[i]:indptr[i + 1]]]."""

    values: tuple[str, ...]
    indptr: NDArray[np.int64]
    codes: NDArray[np.int32]

    def holding(self, value: str) -> NDArray[np.bool_]:
        """(rows): which rows hold the value, compared without case."""
        found = np.zeros(len(self.indptr) - 1, bool)
        for code in self._codes_of.get(value.casefold(), ()):
            found[self._rows[self.codes == code]] = True
        return found

    def merged(
        self, kept: NDArray[np.bool_], other: FacetColumn, order: NDArray[np.int64] | None
    ) -> FacetColumn:
        """The rows kept and then those of the other column, put into the given order if there is one."""
        numbers = {value: code for code, value in enumerate(self.values)}
        renumbered = [numbers.setdefault(value, len(numbers)) for value in other.values]
        sizes = np.diff(self.indptr)
        codes = [self.codes[np.repeat(kept, sizes)], np.array(renumbered, np.int32)[other.codes]]
        column = _column(numbers, np.concatenate(codes), np.concatenate([sizes[kept], np.diff(other.indptr)]))
        return column if order is None else column.ordered(order)

    def ordered(self, order: NDArray[np.int64]) -> FacetColumn:
        """The rows in this order."""
        sizes = np.diff(self.indptr)[order]
        ends = np.cumsum(sizes)
        places = np.repeat(self.indptr[order] - (ends - sizes), sizes) + np.arange(len(self.codes))
        return _column(self.values, self.codes[places], sizes)

    @cached_property
    def _codes_of(self) -> dict[str, list[int]]:
        """Value without case -> its codes: values that differ by case alone are one to a reader."""
        found: dict[str, list[int]] = {}
        for code, value in enumerate(self.values):
            found.setdefault(value.casefold(), []).append(code)
        return found

    @cached_property
    def _rows(self) -> NDArray[np.int32]:
        """(codes): the row of each code."""
        return np.repeat(np.arange(len(self.indptr) - 1, dtype=np.int32), np.diff(self.indptr))


class DocumentRow(NamedTuple):
    """What the catalogue reads of the manifest's table documents."""

    revision_id: int
    ref: str
    key: str
    facets: str
    """JSON: field -> its values."""
    year: int
    day: int
    due: int
    audience: str


class Catalogue:
    """The documents in ascending order of revision id; a row is a place in that order.

    A catalogue never changes: `revised` gives the next one, and parses what is new.
    """

    def __init__(self, documents: Iterable[DocumentRow]) -> None:
        """Takes the documents in ascending order of revision id, and keeps none of them."""
        numbers = {name: array("q") for name in ("revisions", "years", "days", "due")}
        names: dict[str, list[str]] = {"refs": [], "keys": []}
        columns = {field: _ColumnBuilder() for field in FACETS}
        audience = _ColumnBuilder()
        remaining = iter(documents)
        while batch := list(islice(remaining, BATCH)):
            revisions, refs, keys, facets, years, days, due, audiences = zip(*batch, strict=True)
            for kept, fresh in zip(numbers.values(), (revisions, years, days, due), strict=True):
                kept.extend(fresh)
            names["refs"].extend(refs)
            names["keys"].extend(keys)
            audience.extend([(each,) for each in audiences])
            values = json.loads(f"[{','.join(facets)}]")
            for field, column in columns.items():
                column.extend([held.get(field, ()) for held in values])
        self.revisions = np.array(numbers["revisions"], np.int64)
        self.years, self.days, self.due = (np.array(numbers[n], np.int32) for n in ("years", "days", "due"))
        self.refs, self.keys = np.array(names["refs"], object), np.array(names["keys"], object)
        self.facets = {field: column.finish() for field, column in columns.items()}
        self.audience = audience.finish()

    def __len__(self) -> int:
        return len(self.revisions)

    @cached_property
    def row_of_ref(self) -> dict[str, int]:
        """Reference -> row."""
        return {ref: row for row, ref in enumerate(self.refs.tolist())}

    def seen_by(self, reader: Reader) -> NDArray[np.bool_]:
        """(rows): what the reader may see, as the index knows it."""
        admitted = np.array([admits(audience, reader) for audience in self.audience.values], bool)
        return admitted[self.audience.codes]  # a row has one audience, so codes stand in the order of rows

    def rows_of(self, revisions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of revision ids; len(self) for those that are not here."""
        if not len(self):
            return np.zeros(len(revisions), np.int64)
        rows = np.searchsorted(self.revisions, revisions)
        known = self.revisions[np.minimum(rows, len(self) - 1)] == revisions
        return np.where(known, rows, len(self))

    def revised(self, kept: NDArray[np.bool_], added: Iterable[DocumentRow]) -> Catalogue:
        """The catalogue of the kept rows and of the documents added, which are none of those kept."""
        fresh = Catalogue(added)
        revisions = np.concatenate([self.revisions[kept], fresh.revisions])
        order = sorting(revisions)
        catalogue = Catalogue.__new__(Catalogue)
        for name in ("revisions", "years", "days", "due", "refs", "keys"):
            column = np.concatenate([getattr(self, name)[kept], getattr(fresh, name)])
            setattr(catalogue, name, column if order is None else column[order])
        catalogue.facets = {
            field: column.merged(kept, fresh.facets[field], order) for field, column in self.facets.items()
        }
        catalogue.audience = self.audience.merged(kept, fresh.audience, order)
        return catalogue


def sorting(revisions: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """The order that sorts them, equal ones as they stand; None when they are sorted, as new ids are."""
    if (revisions[:-1] <= revisions[1:]).all():
        return None
    return np.argsort(revisions, kind="stable")


class _ColumnBuilder:
    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.codes, self.sizes = array("i"), array("q")

    def extend(self, rows: Sequence[Sequence[str]]) -> None:
        values = list(chain.from_iterable(rows))
        for value in dict.fromkeys(values):
            self.numbers.setdefault(value, len(self.numbers))
        self.codes.extend(map(self.numbers.__getitem__, values))
        self.sizes.extend(map(len, rows))

    def finish(self) -> FacetColumn:
        return _column(self.numbers, np.array(self.codes, np.int32), np.array(self.sizes, np.int64))


def _column(values: Iterable[str], codes: NDArray[np.int32], sizes: NDArray[np.int64]) -> FacetColumn:
    return FacetColumn(tuple(values), np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), codes)
