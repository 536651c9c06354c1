"""GET /api/v1/search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search.results import SearchRequest
from web.api.models import MAX_FACET_VALUES, FacetCount, HitPart, SearchAnswer
from web.context import current
from web.searches import instead_of
from web.searches import search as run

if TYPE_CHECKING:
    from web.parameters import SearchParameters


def search(parameters: SearchParameters) -> SearchAnswer:
    """One search through the same engine as the pages."""
    request = SearchRequest(
        text=parameters.q,
        filters=parameters.filters,
        mode=parameters.mode,
        sort=parameters.sort,
        offset=parameters.offset,
        limit=parameters.limit,
    )
    page = run(request)
    instead = instead_of(page.hits)
    return SearchAnswer(
        total=page.total,
        degraded=list(page.degraded),
        hits=[HitPart.of(hit, current().today, instead) for hit in page.hits],
        facets={
            facet.field: [
                FacetCount(value=each.value, count=each.count, active=each.active)
                for each in facet.values[:MAX_FACET_VALUES]
            ]
            for facet in page.facets
        },
        suggestion=page.suggestion,
        notes=list(page.query.notes),
        searched=page.searched,
        took_ms=round(page.seconds * 1000, 2),
    )
