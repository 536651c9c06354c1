"""The measures of estimates, by hand and by brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.estimates.intervals import Difficulty, Signs, plain_half_width, quantile
from search.estimates.measures import accuracy, compare, guessing, interval_score, wilson

TRUTH = np.array([10.0, 20.0, 40.0])


def test_random_guessing_by_hand():
    # |10-20|, |10-40|, |20-40|, each both ways: mean 60/3
    assert guessing(TRUTH).mean == pytest.approx(20)
    assert guessing(TRUTH).deviation == pytest.approx(np.std([10, 30, 20]))


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=30))
def test_random_guessing_is_that_over_all_pairs(values):
    pairs = [abs(a - b) for a, b in itertools.permutations(values, 2)]
    found = guessing(np.array(values))
    assert found.mean == pytest.approx(np.mean(pairs), abs=1e-6)
    assert found.deviation == pytest.approx(np.std(pairs), rel=1e-5, abs=0.1)


def test_the_measures_by_hand():
    found = accuracy(TRUTH, np.array([12.0, 20.0, 20.0]))
    assert found.mae == pytest.approx(22 / 3)
    assert found.mdae == 2
    assert found.sa == pytest.approx(100 * (1 - (22 / 3) / 20))
    assert found.delta == pytest.approx((20 - 22 / 3) / np.std([10, 30, 20]))
    assert found.pred25 == pytest.approx(2 / 3)
    assert found.mdmre == pytest.approx(0.2)


def test_guessing_the_truth_is_perfect_and_guessing_at_random_is_nothing():
    assert accuracy(TRUTH, TRUTH).sa == 100
    assert accuracy(TRUTH, TRUTH + 20).sa == pytest.approx(0)


def test_wilson_as_published():
    # Newcombe 1998, table I: 81 of 263
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(20, 20)[1] == 1


def test_the_paired_test_counts_wins_and_corrects():
    random = np.random.default_rng(1)
    truth = random.uniform(10, 20, 60)
    tests = compare(truth, truth + 0.1, {"worse": truth + random.uniform(1, 2, 60), "same": truth + 0.1})
    assert [(test.against, test.wins, test.losses) for test in tests] == [("worse", 60, 0), ("same", 0, 0)]
    assert tests[0].difference < 0
    assert tests[0].corrected_p == pytest.approx(2 * tests[0].p)
    assert tests[1].p == 1


def test_the_interval_score_by_hand():
    # widths 10; the second truth is 5 above, the third 1 below
    truth, low, high = np.array([5.0, 15.0, -1.0]), np.zeros(3), np.full(3, 10.0)
    assert interval_score(truth, low, high) == pytest.approx(10 + (5 + 1) * 10 / 3)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 5.0), (0.1, 1.0), (0.9, 9.0), (0.85, 8.5), (0.01, 1.0)]
)
def test_quantiles_stand_at_rank_n_plus_1(share, expected):
    assert quantile(np.arange(1.0, 10.0), share) == pytest.approx(expected)


def test_a_plain_range_takes_the_rank_above():
    assert plain_half_width(np.array([0.1, -0.2, 0.3, -0.4, 0.5, 0.6, 0.7, 0.8, 0.9])) == 0.8


def test_difficulty_stays_flat_where_nothing_tells():
    random = np.random.default_rng(2)
    signs = Signs(np.abs(random.normal(size=(200, 10))), random.normal(size=(200, 3)))
    difficulty, values = Difficulty.of(signs, random.normal(size=200))
    assert difficulty.name == "flat"
    assert set(values) == {1.0}


def test_difficulty_follows_what_tells():
    random = np.random.default_rng(3)
    trend = random.normal(size=(300, 3))
    residuals = random.normal(size=300) * np.exp(0.8 * trend[:, 0])
    signs = Signs(np.abs(random.normal(size=(300, 10))), trend)
    difficulty, _ = Difficulty.of(signs, residuals)
    assert difficulty.name == "trend"
    easy, hard = difficulty(Signs(np.ones((2, 10)), np.array([[-1.0, 0, 0], [1.0, 0, 0]])))
    assert hard > 2 * easy
