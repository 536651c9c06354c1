"""Nearest neighbours are exact, also under a filter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.vectors import VectorIndex


def unit_rows(count: int, seed: int, dimension: int = 16) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(st.integers(0, 60), st.integers(1, 80), st.integers(0, 2**16), st.floats(0, 1))
@settings(max_examples=80, deadline=None)
def test_search_gives_the_nearest_of_the_allowed_rows(count, k, seed, share):
    rows = unit_rows(count, seed)
    query = unit_rows(1, seed + 1)[0]
    allowed = np.random.default_rng(seed).random(count) < share
    found, cosines = VectorIndex(rows).search(query, k, allowed)
    wanted = np.sort((rows @ query)[allowed])[::-1][:k]
    assert cosines == pytest.approx(wanted, abs=1e-5)
    assert allowed[found].all()
    assert len(set(found.tolist())) == len(found)


def test_scores_are_the_cosines_of_the_rows_asked_for():
    rows = unit_rows(10, 1)
    index = VectorIndex(rows)
    assert index.scores(rows[3], np.array([3, 5])) == pytest.approx([1.0, float(rows[5] @ rows[3])], abs=1e-6)
    assert index.matrix == pytest.approx(rows)
