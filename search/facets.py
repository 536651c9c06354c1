"""Counts of each field's values over all hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from search.query import FILTER_FIELDS
from search.results import Facet, FacetValue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from indexer.catalogue import Catalogue, FacetColumn
    from search.query import Query

STATES = ("overdue", "unverified", "verified")
"""The values of `verified`, by name."""
WIDE = ("tag", "phase", "method")
"""Fields of which a row may hold many values."""


class FacetCounter:
    """Counts the facets of one catalogue as of a day. Thread safe.

    The values of all fields are numbered together, field by field: a tally says of each value how many
    of some rows hold it. Tallies of disjoint sets of rows add up.
    """

    def __init__(self, catalogue: Catalogue, today: date) -> None:
        columns = {field: _by_name(column) for field, column in catalogue.facets.items()}
        columns |= {"year": _years(catalogue.years), "verified": _states(catalogue.due, today.toordinal())}
        self._values = {field: columns[field][0] for field in FILTER_FIELDS}
        ends = np.cumsum([len(values) for values in self._values.values()]).tolist()
        starts = [0, *ends[:-1]]
        self._parts = {
            field: slice(start, end) for field, start, end in zip(FILTER_FIELDS, starts, ends, strict=True)
        }
        self._groups = [
            _Group(
                [(self._parts[name].start + columns[name][1], columns[name][2]) for name in fields], ends[-1]
            )
            for fields in (WIDE, [name for name in FILTER_FIELDS if name not in WIDE])
        ]
        self._totals = self.tally_rows(np.arange(len(catalogue)))

    def tally(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(values): how many of the rows in the mask hold each."""
        if 2 * int(np.count_nonzero(mask)) > len(mask):
            return self._totals - self.tally_rows(np.flatnonzero(~mask))
        return self.tally_rows(np.flatnonzero(mask))

    def tally_rows(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(values): how many of these rows hold each."""
        wide, narrow = (group.count(rows) for group in self._groups)
        return wide + narrow

    def facets(
        self, query: Query, tally: NDArray[np.int64], without: Callable[[str], NDArray[np.int64]]
    ) -> tuple[Facet, ...]:
        """Every facet of the hits, by their tally.

        A field that the query filters by is counted by `without(field)`, the tally of the hits as they
        were without that filter: the other values stay visible, with what choosing them would add.
        """
        active = {(f.field, v.casefold()) for f in query.filters if not f.negated for v in f.values}
        filtered = {f.field for f in query.filters}
        facets = []
        for field in FILTER_FIELDS:
            part, values = self._parts[field], self._values[field]
            counts = (without(field) if field in filtered else tally)[part]
            held = np.flatnonzero(counts)
            # Years stand newest first, other values most frequent first.
            order = held[::-1] if field == "year" else held[np.argsort(-counts[held], kind="stable")]
            if len(held):
                marked = {value for name, value in active if name == field}
                pairs = zip([values[code] for code in order.tolist()], counts[order].tolist(), strict=True)
                found = (FacetValue(*pair, bool(marked) and pair[0].casefold() in marked) for pair in pairs)
                facets.append(Facet(field, tuple(found)))
        return tuple(facets)


class _Group:
    """The values of some fields, row by row. Rows that hold the same are counted as one, where many do."""

    def __init__(self, columns: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], size: int) -> None:
        """Of each field the codes below `size`, row after row, and how many of them each row has."""
        self.size = size
        sizes = [of_field for _, of_field in columns]
        owners = np.concatenate([np.repeat(np.arange(len(each)), each) for each in sizes])
        order = np.argsort(owners, kind="stable")
        codes = np.concatenate([codes for codes, _ in columns])[order].astype(np.int32)
        self._all = _Rows(codes, np.sum(sizes, axis=0))
        self._alike, first = self._all.alike(size)
        self._profiles = self._all.taken(first)

    def count(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(codes): how many of the rows hold each."""
        if len(rows) < len(self._profiles):
            return np.bincount(self._all.codes_of(rows), minlength=self.size)
        times = np.bincount(self._alike.take(rows), minlength=len(self._profiles))
        weights = np.repeat(times, self._profiles.sizes)
        return np.bincount(self._profiles.codes, weights, minlength=self.size).astype(np.int64)


class _Rows:
    """Codes of rows, one row after the other."""

    def __init__(self, codes: NDArray[np.int32], sizes: NDArray[np.int64]) -> None:
        self.codes, self.sizes = codes, sizes
        self._starts = np.cumsum(sizes) - sizes

    def __len__(self) -> int:
        return len(self.sizes)

    def codes_of(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """The codes of these rows."""
        sizes = self.sizes.take(rows)
        ends = np.cumsum(sizes)
        places = np.repeat(self._starts.take(rows) - (ends - sizes), sizes)
        places += np.arange(len(places))
        return self.codes.take(places)

    def taken(self, rows: NDArray[np.int64]) -> _Rows:
        """These rows."""
        return _Rows(self.codes_of(rows), self.sizes[rows])

    def alike(self, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(rows), (numbers): a number that rows with the same codes share, and the first row of each.

        Each code has a random number of 64 bits, and a row is known by the sum of its codes' numbers.
        """
        numbers = np.random.default_rng().integers(0, 2**64, size, np.uint64, endpoint=False)
        sums = np.append(np.uint64(0), np.cumsum(numbers[self.codes], dtype=np.uint64))
        of_rows = sums[self._starts + self.sizes] - sums[self._starts]
        _, first, alike = np.unique(of_rows, return_index=True, return_inverse=True)
        return alike, first


def _by_name(column: FacetColumn) -> tuple[Sequence[str], NDArray[np.int64], NDArray[np.int64]]:
    """A column's values by name, so that equal counts come out in that order; codes, and how many a row."""
    order = sorted(range(len(column.values)), key=column.values.__getitem__)
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    return [column.values[code] for code in order], number[column.codes], np.diff(column.indptr)


def _years(years: NDArray[np.int32]) -> tuple[Sequence[str], NDArray[np.int64], NDArray[np.int64]]:
    values, codes = np.unique(years, return_inverse=True)
    return list(map(str, values.tolist())), codes, np.ones(len(years), np.int64)


def _states(due: NDArray[np.int32], today: int) -> tuple[Sequence[str], NDArray[np.int64], NDArray[np.int64]]:
    dated = np.where(due >= today, STATES.index("verified"), STATES.index("overdue"))
    codes = np.where(due == 0, STATES.index("unverified"), dated)
    return STATES, codes, np.ones(len(due), np.int64)
