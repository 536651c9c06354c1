"""Intervals and paired tests, against values known by hand or from SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from search.significance import (
    RESAMPLES,
    bootstrap_interval,
    compare,
    fold_means,
    holm,
    randomisation_p,
    summarise,
)

GENERATOR = np.random.default_rng(1)


def exact_p(differences):
    """By all sign patterns."""
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    return sum(each >= abs(sum(differences)) - 1e-9 for each in sums) / len(sums)


@pytest.mark.parametrize(
    "differences",
    [[0.1] * 5, [0.1, -0.1, 0.2, 0.3], [0.5, -0.2, 0.1, 0.1, 0.4, 0.25, -0.05, 0.3], [0.2, 0.0, -0.2, 0.0]],
)
def test_the_randomisation_test_agrees_with_all_sign_patterns(differences):
    assert randomisation_p(np.array(differences)) == pytest.approx(exact_p(differences), abs=0.015)


def test_the_randomisation_test_agrees_with_scipy():
    differences = GENERATOR.normal(0.05, 0.3, 120)
    theirs = stats.permutation_test(
        (differences, np.zeros(120)),
        lambda x, y: np.mean(x - y),
        permutation_type="samples",
        n_resamples=20_000,
        rng=np.random.default_rng(2),
    )
    assert randomisation_p(differences) == pytest.approx(theirs.pvalue, abs=0.015)


def test_equal_rankings_are_no_different_and_a_clear_difference_is_as_rare_as_it_can_be():
    assert randomisation_p(np.zeros(9)) == 1.0
    assert randomisation_p(np.ones(100)) == 1 / (RESAMPLES + 1)


def test_under_the_null_p_is_uniform():
    ps = [randomisation_p(GENERATOR.normal(0, 1, 40)) for _ in range(60)]
    assert stats.kstest(ps, "uniform").pvalue > 0.001


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=12))
def test_the_sign_of_all_differences_does_not_matter(differences):
    values = np.array(differences)
    assert randomisation_p(values) == randomisation_p(-values)


def test_the_interval_agrees_with_scipy():
    values = GENERATOR.beta(0.6, 0.4, 200)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(3)
    ).confidence_interval
    assert bootstrap_interval(values) == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_a_summary_by_hand():
    found = summarise(np.array([0.0, 0.5, 1.0]))
    assert (found.mean, found.deviation) == (0.5, 0.5)
    assert found.interval == (0.0, 1.0)  # each with one resample in 27
    assert summarise(np.array([0.3])).deviation == 0.0
    with pytest.raises(ValueError, match="no values"):
        summarise(np.array([]))


def test_a_comparison_by_hand():
    found = compare(np.array([1.0, 0.5, 0.2, 0.0]), np.array([0.0, 0.5, 0.4, 0.0]))
    assert found.difference == pytest.approx(0.2)
    assert (found.wins, found.ties, found.losses) == (1, 2, 1)
    assert found.p == 1.0  # no signs of 1.0 and 0.2 bring the sum nearer to 0 than 0.8


def test_holm_by_hand():
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_lies_between_the_value_and_bonferroni(ps):
    corrected = holm(ps)
    for p, each in zip(ps, corrected, strict=True):
        assert p <= each <= min(1.0, p * len(ps)) + 1e-12
    assert [c for _, c in sorted(zip(ps, corrected, strict=True))] == sorted(corrected)


def test_folds_hold_each_query_once():
    values = np.arange(10, dtype=float)
    means = fold_means(values, 5)
    assert len(means) == 5
    assert np.mean(means) == pytest.approx(values.mean())
    assert fold_means(values, 10) != list(values), "shuffled"
    assert sorted(fold_means(values, 10)) == list(values)
    for bad in (1, 11):
        with pytest.raises(ValueError, match="folds of 10 queries"):
            fold_means(values, bad)
