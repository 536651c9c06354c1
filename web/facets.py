"""Facets as the results page shows them, and the chips of what is active."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.query import FILTER_FIELDS
from search.results import FacetValue
from web.labels import FACET_NAMES, facet_value

if TYPE_CHECKING:
    from search.query import Filter, Query
    from search.results import SearchPage
    from web.links import SearchState

SHOWN = 8
"""Values of a facet that are visible before "show all"."""
LISTED = 60
"""Values that are listed at all: rarer ones are reached by `tag:word` or another word."""
OPEN_FIELDS = {"kind", "sector", "phase", "verified"}
"""Facets that are open from the start; others open when one of their values is chosen."""


@dataclass(frozen=True)
class FacetGroup:
    """One facet: its first values, and the rest behind "show all"."""

    field: str
    name: str
    values: tuple[FacetValue, ...]
    rest: tuple[FacetValue, ...]
    unlisted: int
    """How many rarer values are not listed."""
    open: bool


@dataclass(frozen=True)
class Chip:
    """One active narrowing, and the address without it."""

    words: str
    url: str


def facet_groups(page: SearchPage, state: SearchState) -> list[FacetGroup]:
    """The facets that can narrow this answer, in the order of FILTER_FIELDS.

    A chosen value that no hit holds stays in the list, so that it can be unchosen.
    """
    by_field = {facet.field: facet.values for facet in page.facets}
    groups = []
    for name in FILTER_FIELDS:
        chosen = {choice.value.casefold(): choice.value for choice in state.filters if choice.field == name}
        values = [FacetValue(v.value, v.count, v.value.casefold() in chosen) for v in by_field.get(name, ())]
        missing = set(chosen) - {value.value.casefold() for value in values}
        values = [FacetValue(chosen[key], 0, active=True) for key in sorted(missing)] + values
        if not values:
            continue
        # Chosen values stand first: a choice is never hidden behind "show all".
        values.sort(key=lambda value: not value.active)
        groups.append(_group(name, values, len(chosen)))
    return groups


def _group(name: str, values: list[FacetValue], chosen: int) -> FacetGroup:
    cut = max(SHOWN, chosen)
    return FacetGroup(
        field=name,
        name=FACET_NAMES[name],
        values=tuple(values[:cut]),
        rest=tuple(values[cut:LISTED]),
        unlisted=len(values[max(cut, LISTED) :]),
        open=name in OPEN_FIELDS or chosen > 0,
    )


def chips(query: Query, state: SearchState) -> list[Chip]:
    """What narrows the search: choices in the address, and filters and years written in the query."""
    written = state.written(query)
    found = [Chip(_words(choice), state.url_without(choice)) for choice in state.filters]
    for choice in written:
        kept = tuple(other for other in written if other != choice)
        found.append(Chip(_words(choice), state.url_asking(query, filters=kept)))
    if query.after is not None:
        found.append(Chip(f"from {query.after}", state.url_asking(query, after=None)))
    if query.before is not None:
        found.append(Chip(f"up to {query.before}", state.url_asking(query, before=None)))
    return found


def _words(choice: Filter) -> str:
    words = f"{FACET_NAMES.get(choice.field, choice.field)}: {facet_value(choice.field, choice.value)}"
    return f"not {words}" if choice.negated else words
