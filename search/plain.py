"""Searching by plain comparison: what answers while there is no index, or only a part of one.

An entry is found when it holds every word as it was typed. There is no ranking, newest come first; what
narrows a search narrows it here as well.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from indexer.documents import entry_date, facets_of, key_of
from kb.reading import counts
from kb.scanning import scan
from search.explain import plain_hit
from search.results import MAX_LIMIT, SearchPage

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from indexer.snapshot import Snapshot
    from kb.database import Database
    from kb.reading import EntryView, Reader
    from search.query import Query
    from search.results import SearchRequest


def search(database: Database, request: SearchRequest, query: Query, reader: Reader) -> SearchPage:
    """The answer without any index: both rankings are missing from it."""
    found, searched = _found(database, query, reader, frozenset())
    shown = _sorted(found, request)[request.offset : request.offset + request.limit]
    hits = tuple(plain_hit(view, query) for view in shown)
    return SearchPage(query, request, len(found), hits, degraded=("keyword", "semantic"), searched=searched)


def completed(database: Database, page: SearchPage, snapshot: Snapshot, reader: Reader) -> SearchPage:
    """The answer of an index that is being made, and after its hits what it does not hold yet."""
    with database.read() as session:
        published = sum(counts(session, reader).values())
    if page.searched >= published:
        return page
    known = frozenset(snapshot.catalogue.revisions.tolist())
    found, _ = _found(database, page.query, reader, known)
    start, room = max(0, page.request.offset - page.total), page.request.limit - len(page.hits)
    more = (plain_hit(view, page.query) for view in _sorted(found, page.request)[start : start + room])
    return replace(page, total=page.total + len(found), hits=(*page.hits, *more), searched=published)


def _found(
    database: Database, query: Query, reader: Reader, without: AbstractSet[int]
) -> tuple[list[EntryView], int]:
    """At most MAX_LIMIT entries, and how many were looked at."""
    today = datetime.now(UTC).date()

    def keep(view: EntryView) -> bool:
        return view.revision_id not in without and fits(view, query, today)

    with database.read() as session:
        views = scan(session, [*query.words, *query.phrases], reader, MAX_LIMIT, keep)
        return views, sum(counts(session, reader).values())


def _sorted(views: list[EntryView], request: SearchRequest) -> list[EntryView]:
    if request.sort in {"newest", "oldest"}:
        return sorted(views, key=entry_date, reverse=request.sort == "newest")
    return views


def fits(view: EntryView, query: Query, today: date) -> bool:
    """Whether the entry passes all that narrows the query, its words aside."""
    year = entry_date(view).year
    if (query.after is not None and year < query.after) or (query.before is not None and year > query.before):
        return False
    held = {name: {value.casefold() for value in values} for name, values in facets_of(view).items()}
    held |= {
        "year": {str(year)},
        "verified": {view.verification(today)},
        "id": {view.ref.casefold(), key_of(view).casefold()},
    }
    wanted: dict[str, list[bool]] = defaultdict(list)
    for condition in query.filters:
        there = held.get(condition.field, set())
        holds = any(value.casefold() in there for value in condition.values)
        if condition.negated and holds:
            return False
        if not condition.negated:
            wanted[condition.field].append(holds)
    if not all(any(alternatives) for alternatives in wanted.values()):
        return False
    told = json.dumps(view.stored, ensure_ascii=False).lower()
    return not any(word.lower() in told for word in query.excluded)
