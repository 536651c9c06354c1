"""Combining two rankings into one: pure functions over aligned score arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHT = 0.5
"""Share of the semantic score."""


def min_max(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scores stretched to 0 .. 1; all 1 when they are equal and not 0, all 0 when they are 0."""
    if not len(scores):
        return scores
    low, high = float(scores.min()), float(scores.max())
    if high > low:
        return ((scores - low) / (high - low)).astype(np.float32)
    return np.full(len(scores), 1.0 if high else 0.0, np.float32)


def convex(
    keyword: NDArray[np.float32], semantic: NDArray[np.float32], weight: float = WEIGHT
) -> NDArray[np.float32]:
    """Weight * semantic + (1 - weight) * keyword, each min-max normalised over the candidates.

    Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval": a convex
    combination is robust to the choice of normalisation and beats reciprocal rank fusion.
    """
    fused: NDArray[np.float32] = weight * min_max(semantic) + (1 - weight) * min_max(keyword)
    return fused


def order(scores: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the rows from best to worst; ties go to the lower row, so that pages are stable."""
    return np.lexsort((rows, -scores))
