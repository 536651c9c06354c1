"""Addresses of the results page: every state of a search is in its URL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import url_for

from search.query import render_query

if TYPE_CHECKING:
    from search.query import Filter, Query
    from web.parameters import ResultsParameters


@dataclass(frozen=True)
class SearchState:
    """What the address of a results page says."""

    q: str = ""
    filters: tuple[Filter, ...] = ()
    mode: str = "hybrid"
    sort: str = "relevance"
    page: int = 1

    @classmethod
    def of(cls, parameters: ResultsParameters, q: str) -> SearchState:
        """The state that an address asked for, with the query as it was understood."""
        return cls(q, parameters.filters, parameters.mode, parameters.sort, parameters.page)

    @property
    def url(self) -> str:
        """The address, without what is at its default."""
        pairs = self._asked + ([("page", str(self.page))] if self.page != 1 else [])
        return url_for("results.results") + ("?" + urlencode(pairs) if pairs else "")

    @property
    def _asked(self) -> list[tuple[str, str]]:
        pairs = [("q", self.q)] if self.q else []
        pairs += [(choice.field, choice.value) for choice in self.filters]
        pairs += [("mode", self.mode)] if self.mode != "hybrid" else []
        return pairs + ([("sort", self.sort)] if self.sort != "relevance" else [])

    def url_to_take(self, form: str, *, report: bool = False) -> str:
        """The address of what is found as a file, or of a report of the lessons among it."""
        pairs = [*self._asked, ("format", form), *([("shape", "report")] if report else [])]
        return url_for("documents.document") + "?" + urlencode(pairs)

    def url_with(self, **changes: Any) -> str:
        """The address with these changes, from the first page on."""
        return replace(self, **{"page": 1} | changes).url

    def url_adding(self, choice: Filter) -> str:
        """The address narrowed by one more value."""
        return self.url_with(filters=(*self.filters, choice))

    def url_without(self, choice: Filter) -> str:
        """The address without one chosen value."""
        return self.url_with(filters=tuple(other for other in self.filters if other != choice))

    def written(self, query: Query) -> tuple[Filter, ...]:
        """The query's filters that stand in its text and not in the address."""
        return tuple(choice for choice in query.filters if choice not in self.filters)

    def url_asking(self, query: Query, **changes: Any) -> str:
        """The address with the query's text changed, and the choices kept."""
        return self.url_with(q=render_query(replace(query, **{"filters": self.written(query)} | changes)))
