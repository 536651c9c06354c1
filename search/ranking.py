"""From a query to ranked rows of a snapshot: filters, the two rankings, and their fusion."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from search import fusion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from indexer.snapshot import Snapshot
    from search.keywords import KeywordScores

DEPTH = 200
"""Candidates that each ranking brings to the fusion."""
PASSAGE_DEPTH = 400
"""Passages read to find DEPTH entries: an entry has several."""
FLOOR = 0.25
"""Cosine under which an entry that shares no word with the query is no hit: unrelated texts reach 0.2."""
STRANGE_FLOOR = 0.4
"""The same for a query of which no word occurs anywhere: letters alone make a vector too, and it is
near to something."""


@dataclass
class Ranking:
    """Ranked rows with everything that explains them."""

    rows: NDArray[np.int64]
    """Catalogue rows, best first: as many hits as were asked for, and maybe more."""
    scores: NDArray[np.float32]
    keyword: NDArray[np.float32]
    """(catalogue rows): BM25 of every row."""
    total: int
    """How many hits there are."""
    wordless: NDArray[np.int64]
    """The hits that are none of the words': see `Matches.rows`."""
    cosines: dict[int, float] = field(default_factory=dict)
    """row -> cosine of its nearest passage, for the rows that the semantic ranking found."""
    passages: dict[int, int] = field(default_factory=dict)
    """row -> number of that passage within its entry."""


def nearest(
    snapshot: Snapshot, vector: NDArray[np.float32], allowed: NDArray[np.bool_], depth: int = DEPTH
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """(rows, cosines, passages): entries by their nearest passage, nearest first."""
    passage_mask = None if allowed.all() else allowed[snapshot.passage_rows]
    found, cosines = snapshot.vectors.search(vector, max(PASSAGE_DEPTH, 2 * depth), passage_mask)
    _, first = np.unique(snapshot.passage_rows[found], return_index=True)
    places = np.sort(first)[:depth]
    rows = np.asarray(snapshot.passage_rows[found[places]], np.int64)
    return rows, cosines[places], (found[places] - snapshot.first_passage[rows]).astype(np.int64)


def cosines_of(
    snapshot: Snapshot, vector: NDArray[np.float32], rows: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(rows), (rows): cosine of each row's nearest passage and the mean over its passages; -1 for a row
    without passages.
    """
    starts, ends = snapshot.first_passage[rows], snapshot.first_passage[rows + 1]
    sizes = ends - starts
    nearest, mean = np.full(len(rows), -1.0, np.float32), np.full(len(rows), -1.0, np.float32)
    held = np.flatnonzero(sizes)
    if len(held):
        flat, offsets = _passages_of(starts[held], sizes[held])
        cosines = snapshot.vectors.scores(vector, flat)
        nearest[held] = np.maximum.reduceat(cosines, offsets)
        mean[held] = np.add.reduceat(cosines, offsets) / sizes[held]
    return nearest, mean


def _passages_of(
    starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The passages of several rows one after the other, and where those of each begin."""
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.repeat(starts - offsets, sizes) + np.arange(int(sizes.sum())), offsets


@dataclass(frozen=True)
class Matches:
    """What the words of a query find among the allowed rows."""

    allowed: NDArray[np.bool_]
    scores: NDArray[np.float32]
    """(catalogue rows): keyword scores, 0 for rows that are not allowed."""
    rows: NDArray[np.int64]
    """Those that hold a word of the query, ascending."""
    best: NDArray[np.int64]
    """The DEPTH of them with the highest scores, and those equal to the lowest, ascending."""

    @classmethod
    def among(cls, allowed: NDArray[np.bool_], keyword: KeywordScores) -> Matches:
        """The matches among the allowed rows."""
        scores = keyword.scores if allowed.all() else keyword.scores * allowed
        rows = np.flatnonzero(scores > 0)
        return cls(allowed, scores, rows, rows[_highest(scores[rows], DEPTH)])


@dataclass(frozen=True)
class Candidates:
    """What each of the two rankings finds among the allowed rows."""

    words: NDArray[np.float32]
    """(catalogue rows): keyword scores, 0 for rows that are not allowed."""
    matched: NDArray[np.int64]
    """Rows that hold a word of the query; none in semantic mode."""
    near: NDArray[np.int64]
    """Rows near in meaning, nearest first."""
    cosines: NDArray[np.float32]
    passages: NDArray[np.int64]
    highest: float
    """Cosine of the nearest passage of all."""

    @property
    def wordless(self) -> NDArray[np.int64]:
        """Rows near in meaning that are not matched."""
        return self.near[~self._are_matched(self.near)]

    def are_hits(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(rows): whether they are among the candidates."""
        return self._are_matched(rows) | np.isin(rows, self.near)

    def _are_matched(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        return self.words[rows] > 0 if len(self.matched) else np.zeros(len(rows), bool)


def candidates(
    snapshot: Snapshot,
    matches: Matches,
    keyword: KeywordScores,
    vector: NDArray[np.float32] | None,
    mode: str,
) -> Candidates:
    """The hits among the allowed rows. `keyword` and `vector` are the query's."""
    none = np.zeros(0, np.int64)
    words, matched = matches.scores, none if mode == "semantic" else matches.rows
    if vector is None:
        return Candidates(words, matched, none, np.zeros(0, np.float32), none, 0.0)
    near, cosines, passages = nearest(snapshot, vector, matches.allowed)
    is_known = len(matches.rows) > 0 or bool(keyword.scores.any())
    kept = (cosines >= (FLOOR if is_known else STRANGE_FLOOR)) | (words[near] > 0)
    highest = float(cosines.max(initial=-1.0))
    return Candidates(words, matched, near[kept], cosines[kept], passages[kept], highest)


def hits_mask(found: Candidates) -> NDArray[np.bool_]:
    """(catalogue rows): which rows are hits, without putting them in order."""
    mask = found.words > 0 if len(found.matched) else np.zeros(len(found.words), bool)
    mask[found.near] = True
    return mask


def rank(
    snapshot: Snapshot, found: Candidates, best: NDArray[np.int64], keyword: KeywordScores,
    vector: NDArray[np.float32] | None, mode: str, shown: int, prior: NDArray[np.float32] | None = None,
) -> Ranking:  # fmt: skip
    """The first `shown` candidates, best first. `best` are those with the highest keyword scores, `prior`
    (rows) is added to the log-odds of the hybrid ranking.
    """
    words, wordless = found.words, found.wordless
    total = len(found.matched) + len(wordless)
    if vector is None:
        ranked = _in_order(words, found.matched, shown)
        return Ranking(ranked, words[ranked], words, total, wordless)
    if mode == "semantic":
        return _explained(Ranking(found.near, found.cosines, words, total, wordless), found)
    rows = np.union1d(best, found.near)
    nearest_cosines, means = cosines_of(snapshot, vector, rows)
    both = fusion.NEAREST_SHARE * nearest_cosines + (1 - fusion.NEAREST_SHARE) * means
    scores = fusion.log_odds(words[rows], keyword.best, both, found.highest)
    scores += fusion.EXACT_CODE * keyword.codes[rows]
    rows, scores = _smoothed(snapshot, rows, scores if prior is None else scores + prior[rows])
    if len(rows) < min(shown, total):
        # What only holds some word comes after them, with the lowest score there is.
        others = np.ones(len(words), bool)
        others[rows] = False
        rest = _in_order(words, found.matched[others[found.matched]], shown - len(rows))
        rows = np.concatenate([rows, rest])
        scores = np.concatenate([scores, np.full(len(rest), scores.min(initial=0.0), np.float32)])
    return _explained(Ranking(rows, scores, words, total, wordless), found)


def _in_order(words: NDArray[np.float32], rows: NDArray[np.int64], shown: int) -> NDArray[np.int64]:
    """The best `shown` of the rows, in order."""
    best = rows[_highest(words[rows], shown)]
    return best[fusion.order(words[best], best)][:shown]


def _highest(scores: NDArray[np.float32], depth: int) -> NDArray[np.int64]:
    """Places of the `depth` highest scores and of those equal to the lowest of them, in any order."""
    if len(scores) <= depth:
        return np.arange(len(scores))
    return np.flatnonzero(scores >= np.partition(scores, len(scores) - depth)[len(scores) - depth])


def _smoothed(
    snapshot: Snapshot, rows: NDArray[np.int64], scores: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The rows from best to worst and their scores, the best of them smoothed among each other."""
    places = fusion.order(scores, rows)
    rows, scores = rows[places], scores[places]
    best, others = rows[: fusion.SMOOTHED], scores[fusion.SMOOTHED :]
    shared = fusion.smoothed(scores[: fusion.SMOOTHED], _centres(snapshot, best))
    # None of them falls behind those that had no part in it.
    shared = np.maximum(shared, others.max(initial=-np.inf))
    again = fusion.order(shared, np.arange(len(best)))
    return (
        np.concatenate([best[again], rows[fusion.SMOOTHED :]]),
        np.concatenate([shared[again], others]),
    )


def _centres(snapshot: Snapshot, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """(rows, dimension): the mean of each row's passages, of length one."""
    starts, ends = snapshot.first_passage[rows], snapshot.first_passage[rows + 1]
    centres = np.zeros((len(rows), snapshot.vectors.matrix.shape[1]), np.float32)
    held = np.flatnonzero(ends > starts)
    if len(held):
        flat, offsets = _passages_of(starts[held], (ends - starts)[held])
        centres[held] = np.add.reduceat(snapshot.vectors.matrix[flat], offsets, axis=0)
    lengths = np.linalg.norm(centres, axis=1, keepdims=True)
    return np.asarray(centres / np.where(lengths > 0, lengths, 1), np.float32)


def _explained(ranking: Ranking, found: Candidates) -> Ranking:
    ranking.cosines = dict(zip(found.near.tolist(), found.cosines.tolist(), strict=True))
    ranking.passages = dict(zip(found.near.tolist(), found.passages.tolist(), strict=True))
    return ranking


def pin(ranking: Ranking, rows: Sequence[int], found: Candidates) -> Ranking:
    """The ranking with these rows first: an id that was typed exactly is what was meant."""
    pinned = np.array(rows, np.int64)
    new = pinned[~found.are_hits(pinned)]
    others = ~np.isin(ranking.rows, pinned)
    top = np.full(len(pinned), 1.0 + float(ranking.scores.max(initial=0.0)), np.float32)
    return replace(
        ranking,
        rows=np.concatenate([pinned, ranking.rows[others]]),
        scores=np.concatenate([top, ranking.scores[others]]),
        total=ranking.total + len(new),
        wordless=np.concatenate([ranking.wordless, new]),
    )
