"""From a query to ranked rows of a snapshot: filters, the two rankings, and their fusion."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np

from indexer.analysis import terms, words_of
from search import fusion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from indexer.snapshot import Snapshot
    from kb.reading import Reader
    from search.query import Filter, Query

DEPTH = 200
"""Candidates that each ranking brings to the fusion."""
PASSAGE_DEPTH = 400
"""Passages read to find DEPTH entries: an entry has several."""
FLOOR = 0.25
"""Cosine under which an entry that shares no word with the query is no hit: unrelated texts reach 0.2."""
STRANGE_FLOOR = 0.4
"""The same for a query of which no word occurs anywhere: letters alone make a vector too, and it is
near to something."""
FIELD_WEIGHTS = {"text": 1.0, "title": 0.5}


@dataclass
class Ranking:
    """Ranked rows with everything that explains them."""

    rows: NDArray[np.int64]
    """Catalogue rows, best first: all hits."""
    scores: NDArray[np.float32]
    keyword: NDArray[np.float32]
    """(catalogue rows): BM25 of every row."""
    cosines: dict[int, float] = field(default_factory=dict)
    """row -> cosine of its nearest passage, for the rows that the semantic ranking found."""
    passages: dict[int, int] = field(default_factory=dict)
    """row -> number of that passage within its entry."""
    degraded: tuple[str, ...] = ()


def filter_mask(snapshot: Snapshot, query: Query, reader: Reader, leave_out: str = "") -> NDArray[np.bool_]:
    """(rows): what the reader may see and the filters allow, those of the field `leave_out` aside."""
    catalogue = snapshot.catalogue
    mask = np.ones(len(catalogue), bool) if reader.signed_in else catalogue.public.copy()
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
            mask &= np.logical_or.reduce([_holding(snapshot, name, c.value) for c in positive])
        for condition in conditions:
            if condition.negated:
                mask &= ~_holding(snapshot, name, condition.value)
    return mask


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


def keyword_scores(snapshot: Snapshot, query: Query) -> NDArray[np.float32]:
    """(rows): BM25 over title and text, 0 where no word of the query occurs."""
    wanted = [term for text in (*query.words, *query.phrases) for _, term in terms(text)]
    total = np.zeros(len(snapshot.catalogue) + 1, np.float32)
    for name, weight in FIELD_WEIGHTS.items():
        total[snapshot.keyword_rows] += np.float32(weight) * snapshot.keyword.score(name, wanted)
    return total[:-1]


def _to_rows(snapshot: Snapshot, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    mask = np.zeros(len(snapshot.catalogue) + 1, bool)
    mask[snapshot.keyword_rows[found]] = True
    return mask[:-1]


def nearest(
    snapshot: Snapshot, vector: NDArray[np.float32], allowed: NDArray[np.bool_], depth: int = DEPTH
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """(rows, cosines, passages): entries by their nearest passage, nearest first."""
    everything = bool(allowed.all())
    passage_mask = None if everything else allowed[snapshot.passage_rows]
    found, cosines = snapshot.vectors.search(vector, max(PASSAGE_DEPTH, 2 * depth), passage_mask)
    _, first = np.unique(snapshot.passage_rows[found], return_index=True)
    places = np.sort(first)[:depth]
    rows = np.asarray(snapshot.passage_rows[found[places]], np.int64)
    return rows, cosines[places], (found[places] - snapshot.first_passage[rows]).astype(np.int64)


def cosines_of(
    snapshot: Snapshot, vector: NDArray[np.float32], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """(rows): cosine of each row's nearest passage; -1 for a row without passages."""
    starts, ends = snapshot.first_passage[rows], snapshot.first_passage[rows + 1]
    sizes = ends - starts
    best = np.full(len(rows), -1.0, np.float32)
    held = np.flatnonzero(sizes)
    if len(held):
        offsets = np.concatenate([[0], np.cumsum(sizes[held])[:-1]])
        flat = np.repeat(starts[held] - offsets, sizes[held]) + np.arange(int(sizes[held].sum()))
        best[held] = np.maximum.reduceat(snapshot.vectors.scores(vector, flat), offsets)
    return best


def rank(
    snapshot: Snapshot, allowed: NDArray[np.bool_], keyword: NDArray[np.float32],
    vector: NDArray[np.float32] | None, mode: str, depth: int = DEPTH,
) -> Ranking:  # fmt: skip
    """All hits among the allowed rows, best first. `keyword` (rows) and `vector` are the query's."""
    floor = FLOOR if keyword.any() else STRANGE_FLOOR
    keyword = np.where(allowed, keyword, np.float32(0))
    matched = np.flatnonzero(keyword) if mode != "semantic" else np.zeros(0, np.int64)
    if vector is None:
        ranked = matched[fusion.order(keyword[matched], matched)]
        return Ranking(ranked, keyword[ranked], keyword)
    near, cosines, passages = nearest(snapshot, vector, allowed, depth)
    kept = (cosines >= floor) | (keyword[near] > 0)
    near, cosines, passages = near[kept], cosines[kept], passages[kept]
    if mode == "semantic":
        return _explained(Ranking(near, cosines, keyword), near, cosines, passages)
    best = matched[fusion.order(keyword[matched], matched)]
    candidates = np.union1d(best[:depth], near)
    # Every candidate gets both scores: a row that one list lacks is not worth nothing there.
    semantic = np.zeros(len(keyword), np.float32)
    semantic[near] = cosines
    unknown = np.setdiff1d(candidates, near, assume_unique=True)
    semantic[unknown] = cosines_of(snapshot, vector, unknown)
    scores = fusion.convex(keyword[candidates], semantic[candidates])
    places = fusion.order(scores, candidates)
    rest = best[~np.isin(best, candidates)]
    rows = np.concatenate([candidates[places], rest])
    fused = Ranking(rows, np.concatenate([scores[places], np.zeros(len(rest), np.float32)]), keyword)
    return _explained(fused, near, cosines, passages)


def _explained(
    ranking: Ranking, rows: NDArray[np.int64], cosines: NDArray[np.float32], passages: NDArray[np.int64]
) -> Ranking:
    ranking.cosines = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
    ranking.passages = dict(zip(rows.tolist(), passages.tolist(), strict=True))
    return ranking


def pin(ranking: Ranking, rows: Sequence[int]) -> Ranking:
    """The ranking with these rows first: an id that was typed exactly is what was meant."""
    pinned = np.array(rows, np.int64)
    others = ~np.isin(ranking.rows, pinned)
    ranking.rows = np.concatenate([pinned, ranking.rows[others]])
    top = np.full(len(pinned), 1.0 + float(ranking.scores.max(initial=0.0)), np.float32)
    ranking.scores = np.concatenate([top, ranking.scores[others]])
    return ranking


def is_identifier_like(query: Query) -> bool:
    """Whether the whole query may be an identifier: one word with a digit in it."""
    return (
        len(query.words) == 1
        and not query.phrases
        and any(c.isdigit() for c in query.words[0])
        and any(True for _ in words_of(query.words[0]))
    )
