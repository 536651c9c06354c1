"""Combining two rankings into one: pure functions over aligned score arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAREST_SHARE = 0.75
"""Share of the nearest passage in an entry's cosine; the rest is the mean of all its passages."""
COSINE_SCALE = 10.0
"""Log-odds of relevance per unit of cosine. MiniLM is trained with logits of 20 times the cosine."""
KEYWORD_SCALE = 1.5
"""Log-odds per unit of normalised keyword score, for a query whose best cosine is USUAL_COSINE."""
USUAL_COSINE = 0.65
"""Cosine of a typical query's nearest passage: the median over the collections tuned on."""
COSINE_TRUST = 5.0
"""How fast words lose weight as the nearest passage comes nearer: e-fold per 0.2 of cosine."""

EXACT_CODE = 2.0
"""Log-odds of a code that a row holds to the letter: look-alikes in meaning must not come before it."""

SMOOTHED = 30
"""So many of the best entries lend each other score."""
NEIGHBOURS = 3
SMOOTHING = 0.2
"""Share of an entry's score that comes from its neighbours."""


def log_odds(
    keyword: NDArray[np.float32], best_keyword: float, cosines: NDArray[np.float32], nearest: float
) -> NDArray[np.float32]:
    """(rows): how much the two scores together speak for each row, as a sum of log-odds.

    `keyword` is BM25 and `best_keyword` the most that this query could reach, `cosines` those of the
    rows and `nearest` that of the nearest passage of all.

        COSINE_SCALE * cosine + w * keyword / sqrt(best_keyword)
        w = KEYWORD_SCALE * exp(-COSINE_TRUST * (nearest - USUAL_COSINE))

    BM25 is a sum of one log-odds a word (Robertson and Zaragoza 2009), and a cosine of a contrastively
    trained encoder is one up to a factor, so they add without stretching each list to 0..1: how far a
    row stands out stays visible. Words are not independent, so that a sum over n of them says less
    than n times one: hence the square root, the standard deviation of a sum of independent terms. And
    where a passage is near in meaning, as with a paraphrase, shared words add little: hence w.
    """
    weight = KEYWORD_SCALE * np.exp(-COSINE_TRUST * (nearest - USUAL_COSINE))
    words = keyword / np.sqrt(max(best_keyword, 1e-6))
    combined: NDArray[np.float32] = (COSINE_SCALE * cosines + weight * words).astype(np.float32)
    return combined


def smoothed(scores: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(rows): scores in which rows that are alike share: each takes SMOOTHING of the mean of its
    NEIGHBOURS nearest rows, weighted by cosine. `vectors` (rows, dimension) have length one.

    Relevant entries resemble each other (Diaz 2005, "Regularizing ad hoc retrieval scores").
    """
    if len(scores) <= NEIGHBOURS:
        return scores
    # Row by row: a matrix product would wake the other threads of BLAS, at more cost than the work.
    alike = np.vecdot(vectors[:, None], vectors[None])
    np.fill_diagonal(alike, -1)
    nearest = np.argpartition(-alike, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
    weights = np.maximum(alike[np.arange(len(alike))[:, None], nearest], 1e-6)
    shared = (weights * scores[nearest]).sum(axis=1) / weights.sum(axis=1)
    mixed: NDArray[np.float32] = ((1 - SMOOTHING) * scores + SMOOTHING * shared).astype(np.float32)
    return mixed


def min_max(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scores stretched to 0 .. 1; all 1 when they are equal and not 0, all 0 when they are 0."""
    if not len(scores):
        return scores
    low, high = float(scores.min()), float(scores.max())
    if high > low:
        return ((scores - low) / (high - low)).astype(np.float32)
    return np.full(len(scores), 1.0 if high else 0.0, np.float32)


def convex(keyword: NDArray[np.float32], semantic: NDArray[np.float32], weight: float) -> NDArray[np.float32]:
    """Weight * semantic + (1 - weight) * keyword, each min-max normalised over the candidates.

    Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval". What `log_odds`
    has to beat: see `search.baseline`.
    """
    fused: NDArray[np.float32] = weight * min_max(semantic) + (1 - weight) * min_max(keyword)
    return fused


def order(scores: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the rows from best to worst; ties go to the lower row, so that pages are stable."""
    return np.lexsort((rows, -scores))
