"""Which rows of a snapshot a query and a reader allow: filters, phrases, excluded words and ids."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np

from indexer.analysis import terms, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from indexer.snapshot import Snapshot
    from search.query import Filter, Query
    from search.sight import Sight


def filter_mask(sight: Sight, query: Query, leave_out: str = "") -> NDArray[np.bool_]:
    """(rows): what the reader may see and the filters allow, those of the field `leave_out` aside."""
    snapshot, mask = sight.snapshot, sight.rows.copy()
    catalogue = snapshot.catalogue
    if query.after is not None:
        mask &= catalogue.years >= query.after
    if query.before is not None:
        mask &= catalogue.years <= query.before
    wanted: dict[str, list[Filter]] = {}
    for condition in query.filters:
        if condition.field != leave_out:
            wanted.setdefault(condition.field, []).append(condition)
    for name, conditions in wanted.items():
        positive = [c for c in conditions if not c.negated]
        if positive:
            mask &= _holding_any(snapshot, name, positive)
        if negative := [c for c in conditions if c.negated]:
            mask &= ~_holding_any(snapshot, name, negative)
    return mask


def _holding_any(snapshot: Snapshot, name: str, conditions: Sequence[Filter]) -> NDArray[np.bool_]:
    values = {value for condition in conditions for value in condition.values}
    return np.asarray(np.logical_or.reduce([_holding(snapshot, name, value) for value in values]), bool)


def _holding(snapshot: Snapshot, name: str, value: str) -> NDArray[np.bool_]:
    catalogue = snapshot.catalogue
    if name == "year":
        year = int(value) if value.isascii() and value.isdigit() else -1
        return np.asarray(catalogue.years == year, bool)
    if name == "verified":
        return np.asarray(verification(snapshot) == value, bool)
    if name == "id":
        mask = np.zeros(len(catalogue), bool)
        mask[identified(snapshot, value)] = True
        return mask
    return catalogue.facets[name].holding(value)


def verification(snapshot: Snapshot, today: date | None = None) -> NDArray[np.str_]:
    """(rows): verified, overdue or unverified, as of today."""
    due = snapshot.catalogue.due
    day = (today or datetime.now(UTC).date()).toordinal()
    return np.where(due == 0, "unverified", np.where(due >= day, "verified", "overdue"))


def identified(snapshot: Snapshot, text: str) -> NDArray[np.int64]:
    """Rows of which the text is an identifier (L-0042, or the number in the source)."""
    row = snapshot.catalogue.row_of_ref.get(text.upper())
    if row is not None:
        return np.array([row], np.int64)
    found = _to_rows(snapshot, snapshot.keyword.matches("ids", terms(text))) if terms(text) else None
    return np.flatnonzero(found) if found is not None else np.zeros(0, np.int64)


def text_mask(snapshot: Snapshot, query: Query) -> NDArray[np.bool_]:
    """(rows): those that hold every phrase and none of the excluded words."""
    mask = np.ones(len(snapshot.catalogue), bool)
    for phrase in query.phrases:
        if terms(phrase):
            mask &= _to_rows(snapshot, snapshot.keyword.matches("text", terms(phrase)))
    for excluded in query.excluded:
        if terms(excluded):
            mask &= ~_to_rows(snapshot, snapshot.keyword.matches("text", terms(excluded)))
    return mask


def _to_rows(snapshot: Snapshot, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    mask = np.zeros(len(snapshot.catalogue) + 1, bool)
    mask[snapshot.keyword_rows[found]] = True
    return mask[:-1]


def is_identifier_like(query: Query) -> bool:
    """Whether the whole query may be an identifier: one word with a digit in it."""
    return (
        len(query.words) == 1
        and not query.phrases
        and any(c.isdigit() for c in query.words[0])
        and any(True for _ in words_of(query.words[0]))
    )
