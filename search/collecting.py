"""The entries of a search, beyond its first page: for whoever takes them away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from kb import reading
from search.results import MAX_DEPTH, MAX_LIMIT

if TYPE_CHECKING:
    from kb.database import Database
    from kb.reading import EntryView, Reader
    from search.results import SearchPage, SearchRequest

MOST_LISTED = 10_000
"""Entries of a list that no words rank."""
MOST_RANKED = MAX_DEPTH
"""Hits of a search: further down they share one common word."""


class Searcher(Protocol):
    """The part of `search.engine.Engine` that this uses."""

    def search(self, request: SearchRequest, reader: Reader) -> SearchPage:
        """The answer to a search."""


@dataclass(frozen=True)
class Collection:
    """Entries, best first, and how many there are in all."""

    views: list[EntryView]
    total: int


def collect(
    database: Database, engine: Searcher, request: SearchRequest, reader: Reader, most: int
) -> Collection:
    """The first `most` entries of a search; where nothing is asked, of a kind in the order of their ids."""
    kinds = [each.value for each in request.filters if each.field == "kind"]
    if not request.text.strip() and len(request.filters) == len(kinds) <= 1:
        return _listed(database, reader, kinds[0] if kinds else None, min(most, MOST_LISTED))
    return _ranked(engine, request, reader, min(most, MOST_RANKED))


def _listed(database: Database, reader: Reader, kind: str | None, most: int) -> Collection:
    with database.read() as session:
        counts = reading.counts(session, reader)
        views = reading.list_entries(session, reader, kind, 0, most)
    return Collection(views, counts.get(kind, 0) if kind else sum(counts.values()))


def _ranked(engine: Searcher, request: SearchRequest, reader: Reader, most: int) -> Collection:
    views: list[EntryView] = []
    while True:
        asked = replace(request, offset=len(views), limit=min(MAX_LIMIT, most - len(views)))
        page = engine.search(asked, reader)
        views += [hit.entry for hit in page.hits]
        if not page.hits or len(views) >= min(most, page.total):
            return Collection(views, page.total)
