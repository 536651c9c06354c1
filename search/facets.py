"""Counts of each field's values over all hits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from search.query import FILTER_FIELDS
from search.results import Facet, FacetValue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from indexer.catalogue import Catalogue, FacetColumn
    from search.query import Query

STATES = ("overdue", "unverified", "verified")
"""The values of `verified`, by name."""


@dataclass(frozen=True)
class _Chosen:
    """The rows to count over."""

    mask: NDArray[np.bool_]

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The rows to look at: those that are chosen, or the others where these are fewer."""
        return np.flatnonzero(~self.mask if self.by_rest else self.mask)

    @cached_property
    def by_rest(self) -> bool:
        """Whether counts are all that there are less those of `rows`."""
        return 2 * int(np.count_nonzero(self.mask)) > len(self.mask)


class _Values:
    """The values of one field in all rows, numbered in their order."""

    def __init__(self, values: Sequence[str], codes: NDArray[np.int32], starts: NDArray[np.int64]) -> None:
        """Row i holds values[codes[starts[i]:starts[i + 1]]]."""
        self.values, self.codes, self.starts = values, codes, starts
        self._totals = np.bincount(codes, minlength=len(values))
        sizes = np.diff(starts)
        self._single: NDArray[np.int32] | None = None
        if len(sizes) and sizes.max() <= 1:
            # One number a row, the last for none: a third of the time of following `starts`.
            self._single = np.full(len(sizes), len(values), np.int32)
            self._single[sizes > 0] = codes

    @classmethod
    def of(cls, column: FacetColumn) -> _Values:
        """The values of a column, numbered by name: equal counts come out in that order."""
        order = sorted(range(len(column.values)), key=column.values.__getitem__)
        number = np.empty(len(order), np.int32)
        number[order] = np.arange(len(order), dtype=np.int32)
        return cls([column.values[code] for code in order], number[column.codes], column.indptr)

    def count(self, chosen: _Chosen) -> NDArray[np.int64]:
        """(values): how many of the chosen rows hold each."""
        counts = np.bincount(self._codes_of(chosen.rows), minlength=len(self.values))[: len(self.values)]
        return self._totals - counts if chosen.by_rest else counts

    def _codes_of(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        if self._single is not None:
            return self._single.take(rows)
        starts = self.starts[rows]
        sizes = self.starts[rows + 1] - starts
        ends = np.cumsum(sizes)
        return np.take(self.codes, np.repeat(starts - (ends - sizes), sizes) + np.arange(sizes.sum()))


class FacetCounter:
    """Counts the facets of one catalogue. Thread safe."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._due = catalogue.due
        self._values = {field: _Values.of(column) for field, column in catalogue.facets.items()}
        self._years, self._year_codes = np.unique(catalogue.years, return_inverse=True)

    def count(
        self, query: Query, hits: NDArray[np.bool_], without: Callable[[str], NDArray[np.bool_]]
    ) -> tuple[Facet, ...]:
        """Every facet over the hits (rows).

        A field that the query filters by is counted over `without(field)`, the hits as they were
        without that filter: the other values stay visible, with what choosing them would add.
        """
        active = {(f.field, f.value.casefold()) for f in query.filters if not f.negated}
        filtered = {f.field for f in query.filters}
        over_hits = _Chosen(hits)
        facets = []
        for field in FILTER_FIELDS:
            chosen = _Chosen(without(field)) if field in filtered else over_hits
            counts = self._count(field, chosen)
            if counts:
                marked = {value for name, value in active if name == field}
                values = (FacetValue(*pair, bool(marked) and pair[0].casefold() in marked) for pair in counts)
                facets.append(Facet(field, tuple(values)))
        return tuple(facets)

    def _count(self, field: str, chosen: _Chosen) -> list[tuple[str, int]]:
        if field == "year":
            counts = np.bincount(self._year_codes[chosen.mask], minlength=len(self._years))
            newest = np.flatnonzero(counts)[::-1]
            return list(zip(map(str, self._years[newest].tolist()), counts[newest].tolist(), strict=True))
        if field == "verified":
            return _most_frequent(STATES, np.bincount(self._states(chosen.mask), minlength=len(STATES)))
        values = self._values[field]
        return _most_frequent(values.values, values.count(chosen))

    def _states(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        due = self._due[mask]
        today = datetime.now(UTC).date().toordinal()
        dated = np.where(due >= today, STATES.index("verified"), STATES.index("overdue"))
        return np.where(due == 0, STATES.index("unverified"), dated)


def _most_frequent(values: Sequence[str], counts: NDArray[np.int64]) -> list[tuple[str, int]]:
    held = np.flatnonzero(counts)
    order = held[np.argsort(-counts[held], kind="stable")]
    return [(values[code], count) for code, count in zip(order.tolist(), counts[order].tolist(), strict=True)]
