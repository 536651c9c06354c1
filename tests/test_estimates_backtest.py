"""Back-tests: nothing that is held out is seen, and the figures are those of the estimates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from search.estimates import baselines
from search.estimates.backtest import PRODUCT, Protocol, backtest
from search.estimates.design import Design
from search.estimates.estimator import fit
from search.estimates.history import BadHistory
from tests.estimating import by_letters, made

HISTORY = made(45, seed=3, gaps=0.05)
FOUND = backtest(HISTORY)


def test_each_estimate_is_that_of_a_fit_to_all_others():
    for row in (0, 20, 44):
        learned = HISTORY.subset(np.delete(np.arange(45), row))
        estimate = fit(learned).estimate(HISTORY.profile(row))
        low, middle, p80, high = FOUND.quantiles[row]
        assert (low, middle, p80, high) == pytest.approx(
            (estimate.p10, estimate.p50, estimate.p80, estimate.p90)
        )
        assert FOUND.estimates[PRODUCT][row] == pytest.approx(estimate.p50)


@pytest.mark.parametrize("protocol", [Protocol("loo"), Protocol("kfold", 9), Protocol("time")])
def test_the_truth_of_a_held_out_project_changes_nothing_about_it(protocol):
    truth = HISTORY.truth.copy()
    truth[44] *= 50  # the last one in time
    changed = backtest(replace(HISTORY, truth=truth), protocol)
    before = backtest(HISTORY, protocol)
    assert changed.quantiles[-1] == pytest.approx(before.quantiles[-1])
    assert changed.plain[-1] == pytest.approx(before.plain[-1])
    for name in set(baselines.METHODS) - {baselines.FOREST}:
        assert changed.estimates[name][-1] == pytest.approx(before.estimates[name][-1])


def test_in_time_only_earlier_projects_count():
    found = backtest(HISTORY, Protocol("time"))
    assert found.history.ids == HISTORY.ids[20:]
    later = replace(HISTORY, truth=np.r_[HISTORY.truth[:30], HISTORY.truth[30:] * 9])
    assert backtest(later, Protocol("time")).quantiles[:10] == pytest.approx(found.quantiles[:10])


def test_projects_of_one_day_do_not_see_each_other():
    order = np.floor(np.arange(45) / 5)
    found = backtest(replace(HISTORY, order=order), Protocol("time"))
    estimate = fit(HISTORY.subset(np.arange(20))).estimate(HISTORY.profile(24))
    assert found.quantiles[4, 1] == pytest.approx(estimate.p50)


def test_every_project_is_estimated_once_whatever_the_folds():
    found = backtest(HISTORY, Protocol("kfold", 7, seed=2), workers=2)
    assert found.history.ids == HISTORY.ids
    assert found.quantiles == pytest.approx(backtest(HISTORY, Protocol("kfold", 7, seed=2)).quantiles)


def test_what_is_printed_for_programs():
    data = FOUND.data()
    assert list(data) == ["n", "methods", "product", "intervals"]
    assert data["n"] == 45
    assert list(data["methods"]) == [PRODUCT, *(name for name in baselines.METHODS)]
    for each in data["methods"].values():
        assert list(each) == ["mae", "mdae", "sa", "pred25", "mdmre"]
        assert 0 <= each["pred25"] <= 1
    assert data["product"] == PRODUCT
    assert list(data["intervals"]) == ["coverage_p10_p90", "hit_p80", "median_width"]


def test_the_figures_are_those_of_the_estimates():
    intervals = FOUND.intervals()
    inside = [
        low <= truth <= high for truth, (low, _, _, high) in zip(FOUND.truth, FOUND.quantiles, strict=True)
    ]
    assert intervals.coverage == np.mean(inside)
    assert intervals.coverage_interval[0] < intervals.coverage < intervals.coverage_interval[1]
    assert FOUND.accuracies()[PRODUCT].mae == pytest.approx(
        np.abs(FOUND.truth - FOUND.estimates[PRODUCT]).mean()
    )
    worst = FOUND.worst(3)
    errors = np.abs(FOUND.truth - FOUND.estimates[PRODUCT])
    assert worst[0].id == FOUND.history.ids[int(errors.argmax())]
    without = FOUND.without_largest()[PRODUCT]
    kept = np.delete(np.arange(45), FOUND.truth.argmax())
    assert without.mae == pytest.approx(np.abs(FOUND.truth[kept] - FOUND.estimates[PRODUCT][kept]).mean())
    assert {test.against for test in FOUND.tests()} == set(baselines.METHODS)


def test_progress_is_told():
    seen = []
    backtest(HISTORY, Protocol("kfold", 3), lambda done, total: seen.append((done, total)), compared=False)
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_descriptions_count_where_they_were_read():
    texts = tuple(f"{word} works" for word in HISTORY.categories["sector"])
    told = replace(HISTORY, texts=texts, categories={}).embedded(by_letters)
    blind = replace(HISTORY, categories={})
    with_text, without = (backtest(each, compared=False).accuracies()[PRODUCT].mae for each in (told, blind))
    assert with_text < without


@pytest.mark.parametrize(
    ("history", "protocol", "message"),
    [
        (made(19), Protocol(), "too few"),
        (made(30), Protocol("kfold", 2), "Use more folds"),
        (made(30), Protocol("kfold", 31), "2 to 30 folds"),
        (made(20), Protocol("time"), "20 others before"),
        (replace(made(30), order=None), Protocol("time"), "needs a date"),
    ],
)
def test_what_cannot_be_tested_says_why(history, protocol, message):
    with pytest.raises(BadHistory, match=message):
        backtest(history, protocol)


# The methods that the product is compared with


def values_of(history, rows):
    learned = history.subset(rows)
    design = Design.of(learned)
    return design, design.values(learned), learned.truth


def test_the_nearest_is_found_by_hand():
    history = replace(
        made(4), numbers={"size": np.array([0.0, 10.0, 4.0, 9.0])},
        categories={"sector": np.array(["a", "a", "b", "b"])},
        truth=np.array([1.0, 2.0, 3.0, 4.0]),
    )  # fmt: skip
    design, known, truth = values_of(history, np.arange(4))
    # size 5, sector b: squared distances 1.25, 1.25, 0.01, 0.16
    planned = replace(
        known, rows=1, numbers={"size": np.array([5.0])}, categories={"sector": np.array(["b"])}
    )  # fmt: skip
    assert baselines.Neighbours(1)(design, known, truth, planned) == [3]
    assert baselines.Neighbours(3)(design, known, truth, planned) == pytest.approx([(3 + 4 + 1) / 3])
    assert baselines.median(design, known, truth, planned) == [2.5]


def test_linear_programming_finds_the_weights():
    random = np.random.default_rng(0)
    numbers = {"a": random.uniform(1, 9, 40), "b": random.uniform(1, 9, 40)}
    truth = 3 * numbers["a"] + 2 * numbers["b"]
    truth[5] = 500  # least absolute errors do not follow one that is far out
    history = replace(made(40), numbers=numbers, categories={}, truth=truth)
    design, known, truths = values_of(history, np.arange(40))
    found = baselines.lp4ee(design, known, truths, known)
    assert np.delete(found, 5) == pytest.approx(np.delete(truth, 5), rel=1e-6)


def test_linear_programming_gives_no_negative_weight():
    random = np.random.default_rng(0)
    numbers = {"a": random.uniform(1, 9, 40), "b": random.uniform(1, 2, 40)}
    history = replace(made(40), numbers=numbers, categories={}, truth=20 * numbers["a"] - 5 * numbers["b"])
    design, known, truth = values_of(history, np.arange(40))
    more = replace(known, numbers=numbers | {"b": numbers["b"] * 3})
    assert (
        baselines.lp4ee(design, known, truth, more) >= baselines.lp4ee(design, known, truth, known) - 1e-9
    ).all()


def test_the_log_linear_baseline_finds_a_power_law():
    history = made(200, noise=0.01)
    design, known, truth = values_of(history, np.arange(200))
    assert baselines.atlm(design, known, truth, known) == pytest.approx(truth, rel=0.1)


def test_the_forest_out_of_bag_has_not_seen_the_project():
    history = made(80)
    truth = history.truth.copy()
    truth[10] *= 100
    design, known, _ = values_of(history, np.arange(80))
    found = baselines.forest_out_of_bag(design, known, truth)
    seen = baselines.forest(design, known, truth, known)
    assert found[10] < 0.2 * truth[10] < seen[10]


def test_outcomes_that_are_all_the_same_are_refused_in_words():
    history = made(30)
    same = replace(history, truth=np.full(30, 7.0))
    with pytest.raises(BadHistory, match="cost is the same in all projects"):
        backtest(same)
