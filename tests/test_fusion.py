"""The fusion's formulas, their limits and their ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from search import fusion
from search.fusion import convex, log_odds, min_max, order, smoothed

scores = arrays(np.float32, st.integers(0, 20), elements=st.floats(-10, 10, width=32))


def floats(*values):
    return np.array(values, np.float32)


def test_log_odds_are_the_formula():
    found = log_odds(floats(0, 6), 16.0, floats(0.4, 0.5), fusion.USUAL_COSINE)
    assert found == pytest.approx([4.0, 5.0 + fusion.KEYWORD_SCALE * 6 / 4])


@given(
    keyword=st.floats(0, 100, width=32), cosine=st.floats(-1, 1, width=32),
    best=st.floats(1, 500), nearest=st.floats(-1, 1),
)  # fmt: skip
def test_more_of_either_score_never_lowers_the_log_odds(keyword, cosine, best, nearest):
    base, more_words, nearer = log_odds(
        floats(keyword, keyword + 1, keyword), best, floats(cosine, cosine, cosine + 0.1), nearest
    )
    assert more_words > base
    assert nearer > base


def test_words_count_less_the_nearer_the_nearest_passage_is():
    gains = [
        np.diff(log_odds(floats(0, 5), 20.0, floats(0.3, 0.3), nearest))[0] for nearest in (0.3, 0.6, 0.9)
    ]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 2 * gains[2]


def test_a_query_of_no_known_word_ranks_by_meaning_alone():
    assert order(log_odds(floats(0, 0, 0), 0.0, floats(0.1, 0.3, 0.2), 0.3), np.arange(3)).tolist() == [
        1,
        2,
        0,
    ]


def test_smoothing_lifts_the_row_that_resembles_good_ones():
    good, poor = [1.0, 0.0], [0.0, 1.0]
    given_scores = floats(5, 4.9, 4.8, 3, 3, 1, 1.1, 1.2)
    found = smoothed(given_scores, np.array([good] * 4 + [poor] * 4, np.float32))
    assert found[3] > given_scores[3] > found[4]


@given(st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_smoothing_stays_within_the_scores_it_mixes(count, seed):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    given_scores = random.normal(size=count).astype(np.float32)
    found = smoothed(given_scores, vectors)
    assert found.shape == given_scores.shape
    if count:
        assert found.min() >= given_scores.min() - 1e-5
        assert found.max() <= given_scores.max() + 1e-5


@given(scores)
def test_min_max_stays_between_0_and_1_and_keeps_the_order(values):
    stretched = min_max(values)
    assert ((stretched >= 0) & (stretched <= 1)).all()
    assert (np.argsort(values, kind="stable")[:1] == np.argsort(stretched, kind="stable")[:1]).all() or len(
        values
    ) == 0


def test_convex_is_the_weighted_sum_of_the_stretched_scores():
    keyword, semantic = floats(0, 5, 10), floats(0.2, 0.6, 0.4)
    assert convex(keyword, semantic, 0.25) == pytest.approx([0.0, 0.375 + 0.25, 0.75 + 0.125])


def test_a_ranking_that_found_nothing_leaves_the_other_alone():
    fused = convex(np.zeros(3, np.float32), floats(0.1, 0.3, 0.2), 0.5)
    assert order(fused, np.arange(3)).tolist() == [1, 2, 0]


def test_ties_go_to_the_lower_row():
    assert order(floats(1, 2, 2, 1), np.array([7, 9, 3, 5])).tolist() == [2, 1, 3, 0]
