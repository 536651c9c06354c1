"""The fusion's formula, its limits and its ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from search.fusion import convex, min_max, order

scores = arrays(np.float32, st.integers(0, 20), elements=st.floats(-10, 10, width=32))


@given(scores)
def test_min_max_stays_between_0_and_1_and_keeps_the_order(values):
    stretched = min_max(values)
    assert ((stretched >= 0) & (stretched <= 1)).all()
    assert (np.argsort(values, kind="stable")[:1] == np.argsort(stretched, kind="stable")[:1]).all() or len(
        values
    ) == 0


def test_convex_is_the_weighted_sum_of_the_stretched_scores():
    keyword, semantic = np.array([0, 5, 10], np.float32), np.array([0.2, 0.6, 0.4], np.float32)
    assert convex(keyword, semantic, 0.25) == pytest.approx([0.0, 0.375 + 0.25, 0.75 + 0.125])


def test_a_ranking_that_found_nothing_leaves_the_other_alone():
    semantic = np.array([0.1, 0.3, 0.2], np.float32)
    fused = convex(np.zeros(3, np.float32), semantic)
    assert order(fused, np.arange(3)).tolist() == [1, 2, 0]


def test_ties_go_to_the_lower_row():
    assert order(np.array([1, 2, 2, 1], np.float32), np.array([7, 9, 3, 5])).tolist() == [2, 1, 3, 0]
