"""Counts of each field's values over all hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from search.query import FILTER_FIELDS
from search.ranking import verification
from search.results import Facet, FacetValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from indexer.snapshot import Snapshot
    from search.query import Query


def count_facets(
    snapshot: Snapshot, query: Query, hits: NDArray[np.bool_], without: Callable[[str], NDArray[np.bool_]]
) -> tuple[Facet, ...]:
    """Every facet over the hits (rows).

    A field that the query filters by is counted over `without(field)`, the hits as they were
    without that filter: the other values stay visible, with what choosing them would add.
    """
    active = {(f.field, f.value.casefold()) for f in query.filters if not f.negated}
    filtered = {f.field for f in query.filters}
    facets = []
    for field in FILTER_FIELDS:
        rows = without(field) if field in filtered else hits
        values = tuple(
            FacetValue(value, count, (field, value.casefold()) in active)
            for value, count in _count(snapshot, field, rows)
        )
        if values:
            facets.append(Facet(field, values))
    return tuple(facets)


def _count(snapshot: Snapshot, field: str, rows: NDArray[np.bool_]) -> list[tuple[str, int]]:
    if field == "year":
        years, counts = np.unique(snapshot.catalogue.years[rows], return_counts=True)
        return [(str(year), int(count)) for year, count in zip(years[::-1], counts[::-1], strict=True)]
    if field == "verified":
        states, counts = np.unique(verification(snapshot)[rows], return_counts=True)
        return sorted(
            ((str(s), int(c)) for s, c in zip(states, counts, strict=True)), key=lambda pair: -pair[1]
        )
    return snapshot.catalogue.facets[field].count(rows)
