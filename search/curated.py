"""Curated lists at work: a filter finds what is under any spelling of its value.

A tag that became another when two were merged is still typed, and stands in addresses that people kept.
What is searched for is not rewritten: a filter carries the other spellings beside its own value.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from kb.taxonomy.dimensions import DIMENSIONS
from kb.taxonomy.spelling import meanings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kb.database import Database
    from kb.taxonomy.spelling import Meanings
    from search.query import Filter, Query
    from search.results import SearchPage

FIELDS = {each.name: each.facet for each in DIMENSIONS.values() if each.facet}
"""Of the lists that a search narrows by, the field."""
LIST_OF = {field: DIMENSIONS[name].many for name, field in FIELDS.items()}


class Spellings:
    """The spellings of each value, ready to be looked up. Immutable, so threads may share it."""

    def __init__(self, known: Mapping[str, Mapping[str, str]]) -> None:
        self._of: dict[tuple[str, str], tuple[str, ...]] = {}
        for name, means in known.items():
            field = FIELDS.get(name)
            if field is not None:
                self._add(field, means)

    def applied(self, query: Query) -> Query:
        """The query, its filters with all spellings of their values."""
        if not self._of:
            return query
        return replace(query, filters=tuple(map(self._spelt, query.filters)))

    def _add(self, field: str, means: Mapping[str, str]) -> None:
        spelt = defaultdict(list)
        for spelling, value in means.items():
            spelt[value].append(spelling)
        for value, spellings in spelt.items():
            for each in (value, *spellings):
                self._of[field, each.casefold()] = (value, *spellings)

    def _spelt(self, choice: Filter) -> Filter:
        known = self._of.get((choice.field, choice.value.casefold()))
        return choice if known is None else replace(choice, spellings=known)


class SpellingSource:
    """The spellings as they stand in the records, read again when something has changed. Thread safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stamp: int | None = None
        self._known: Meanings = {}
        self._spellings = Spellings({})
        self._lock = threading.Lock()

    def applied(self, query: Query) -> Query:
        """The query, its filters with all spellings of their values. Raises DatabaseUnavailable."""
        if not any(choice.field in LIST_OF for choice in query.filters):
            return query
        stamp = self._database.change_stamp()
        with self._lock:
            if stamp != self._stamp:
                with self._database.read() as session:
                    known = meanings(session)
                if known != self._known:
                    self._known, self._spellings = known, Spellings(known)
                self._stamp = stamp
            return self._spellings.applied(query)


def noted(page: SearchPage) -> SearchPage:
    """The page, saying which filters name what is called otherwise by now.

    What it is called is said only where the reader sees an entry of that name.
    """
    seen = {(facet.field, each.value.casefold()) for facet in page.facets for each in facet.values}
    notes = list(_notes([each for each in page.query.filters if _is_told(each, seen)]))
    if not notes:
        return page
    return replace(page, query=replace(page.query, notes=(*page.query.notes, *notes)))


def _is_told(choice: Filter, seen: set[tuple[str, str]]) -> bool:
    if not choice.spellings or choice.spellings[0].casefold() == choice.value.casefold():
        return False
    return (choice.field, choice.spellings[0].casefold()) in seen


def _notes(choices: Sequence[Filter]) -> dict[str, None]:
    return dict.fromkeys(
        f"“{each.value}” is “{each.spellings[0]}” in the list of {LIST_OF[each.field]} by now: "
        + ("what is under either is left out." if each.negated else "what is under either is found.")
        for each in choices
    )
