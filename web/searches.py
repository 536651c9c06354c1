"""Searches of pages and API: through the engine, for whoever asks, counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kb.neighbours import superseding
from kb.people.limits import SEARCH_OF_ADDRESS, SEARCH_OF_PERSON
from web.context import current
from web.metrics import metrics
from web.proxies import client_network
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable

    from search.results import Hit, SearchPage, SearchRequest


def search(request: SearchRequest) -> SearchPage:
    """The answer to a search that somebody makes. Raises TooMany."""
    count_one()
    page = services().engine.search(request, current().reader)
    metrics().count_search(page)
    _count_use(page)
    return page


def instead_of(hits: Iterable[Hit]) -> dict[str, tuple[str, ...]]:
    """Those of the hits in whose place others stand, with the ids of those."""
    with services().database.read() as session:
        return superseding(session, {hit.entry.ref for hit in hits}, current().reader)


def _count_use(page: SearchPage) -> None:
    """Counts what was searched for, and whether anything held its words."""
    usage, query = services().usage, page.query
    if usage is None or page.request.offset or page.degraded:
        return
    person = current().person
    whose = client_network() if person.id is None else f"#{person.id}"
    is_empty = not any(hit.why.words or hit.why.meanings for hit in page.hits)
    usage.searched(whose, query.text, is_empty=is_empty, surfaced=[hit.entry.ref for hit in page.hits])


def count_one() -> None:
    """Counts what takes as much as a search. Raises TooMany.

    A person counts wherever they are, so that colleagues behind one address do not stand in each other's way.
    """
    here, person = services(), current().person
    if person.id is None:
        limit = replace(SEARCH_OF_ADDRESS, most=here.settings.visitor_searches)
        here.leases.spend(here.database, limit, client_network())
    else:
        here.leases.spend(here.database, SEARCH_OF_PERSON, f"#{person.id}")
