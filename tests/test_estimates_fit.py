"""One fit, many answers: shortcuts against real refits, comparables, ranges, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from search.estimates import regression
from search.estimates.analogy import NEIGHBOURS
from search.estimates.blend import Blend
from search.estimates.design import Design, as_ratings, log_offset
from search.estimates.estimator import fit
from search.estimates.history import BadHistory, History, Profile, remembering
from search.estimates.regression import Inputs, Kernel, Regression
from tests.estimating import by_letters, made


def inputs_of(history: History) -> tuple[Inputs, Kernel, np.ndarray]:
    design = Design.of(history)
    inputs = Inputs(design.matrix(design.values(history)), None)
    return inputs, Kernel.of(inputs, design.size_column, design.size_weight), np.log(history.truth)


@pytest.mark.parametrize("landmarks", [800, 15])
def test_leaving_one_out_in_closed_form_is_a_real_refit(monkeypatch, landmarks):
    monkeypatch.setattr(regression, "LANDMARKS", landmarks)
    monkeypatch.setattr(regression, "PENALTIES", np.array([2.0]))
    inputs, kernel, target = inputs_of(made(60, gaps=0.1))
    whole = Regression.fit(inputs, target, kernel)
    chosen = whole.basis.columns
    for row in (0, 17, 59):
        others = np.delete(np.arange(60), row)
        if landmarks < 30:  # the landmarks must be the same ones, or it is another model
            part = refit_with_landmarks(inputs.rows(others), target[others], kernel, chosen)
        else:
            part = Regression.fit(inputs.rows(others), target[others], kernel)
        (found,) = part.predict(inputs.rows(np.array([row])))
        assert found == pytest.approx(whole.left_out[row], abs=1e-6)


def refit_with_landmarks(inputs, target, kernel, landmarks):
    basis = Inputs(landmarks, None)
    values, axes = np.linalg.eigh(kernel.bends(basis, basis))
    kept = values > 1e-9 * values.max()
    root = axes[:, kept] / np.sqrt(values[kept])
    features = np.hstack([kernel.straight(inputs), kernel.bends(inputs, basis) @ root])
    middle = features.mean(0)
    centred = features - middle
    slopes = np.linalg.solve(
        centred.T @ centred + 2.0 * np.eye(centred.shape[1]), centred.T @ (target - target.mean())
    )
    return Regression(kernel, basis, root, slopes, target.mean(), middle, 2.0, target)


def test_landmarks_change_little(monkeypatch):
    inputs, kernel, target = inputs_of(made(400))
    whole = Regression.fit(inputs, target, kernel).predict(inputs)
    monkeypatch.setattr(regression, "LANDMARKS", 100)
    assert np.abs(Regression.fit(inputs, target, kernel).predict(inputs) - whole).max() < 0.1


def test_the_regression_finds_the_law_that_made_the_data():
    history = made(300, noise=0.05)
    estimate = fit(history).estimate(Profile({"size": 150.0, "team": 4.0}, {"sector": "rail"}))
    assert estimate.p50 == pytest.approx(np.exp(2 + 0.9 * np.log(150) + 0.2 + 0.7), rel=0.1)


def test_an_estimate_holds_together():
    history = made(120)
    estimate = fit(history).estimate(Profile({"size": 150.0, "team": 4.0}, {"sector": "rail"}))
    assert estimate.refusal == ""
    assert 0 < estimate.p10 < estimate.p50 < estimate.p80 < estimate.p90
    assert estimate.n == 120
    assert (estimate.target, estimate.unit) == ("cost", "EUR")
    assert len(estimate.comparables) == NEIGHBOURS
    assert sum(each.weight for each in estimate.comparables) == pytest.approx(1)
    distances = [each.distance for each in estimate.comparables]
    assert distances == sorted(distances)
    for each in estimate.comparables:
        assert sum(each.parts.values()) == pytest.approx(1)
        assert each.implied == pytest.approx(each.truth * each.scale)
        assert each.truth == history.truth[history.ids.index(each.id)]
        assert each.name == f"Project {each.id[1:]}"
    analogy = np.exp(sum(each.weight * np.log(each.implied) for each in estimate.comparables))
    assert estimate.parts["analogy"] == pytest.approx(analogy)
    blended = 0.6 * estimate.parts["regression"] + 0.4 * analogy
    assert estimate.parts["blend"] == pytest.approx(blended)


def test_the_distance_is_the_sum_of_its_parts():
    blend = Blend.fit(made(50, gaps=0.2))
    points = blend.projects.points
    every = blend.distance.squared(points, points)
    for row, other in ((0, 1), (3, 30)):
        one, two = (
            replace(points, points=points.points[[place]], known=points.known[[place]])
            for place in (row, other)
        )
        assert sum(blend.distance.parts(one, two).values()) == pytest.approx(every[row, other])


def test_a_finished_project_is_nearest_to_itself():
    history = made(50)
    found = fit(history).estimate(history.profile(7)).comparables[0]
    assert found.id == "P7"
    assert found.distance == pytest.approx(0, abs=1e-6)


def test_anything_may_be_missing():
    history = made(80, gaps=0.4)
    estimator = fit(history)
    for row in range(80):
        estimate = estimator.estimate(history.profile(row))
        assert estimate.refusal == ""
        assert np.isfinite([estimate.p10, estimate.p90]).all()
    unsized = estimator.estimate(Profile({"team": 3.0}))
    assert any("size" in warning for warning in unsized.warnings)


def test_too_few_projects_are_refused():
    estimate = fit(made(19)).estimate(Profile({"size": 100.0}))
    assert "19 finished projects are too few" in estimate.refusal
    assert estimate.p50 is None
    assert fit(made(20)).estimate(Profile({"size": 100.0})).refusal == ""


def test_a_project_of_which_nothing_is_known_is_refused():
    refusal = fit(made(40)).estimate(Profile({"colour": 3.0}, {"sector": ""})).refusal
    assert "State some of: size, team, sector" in refusal


@pytest.mark.parametrize("size", [1e7, 1e-6, -5.0])
def test_a_job_without_precedent_in_size_is_refused(size):
    assert "no precedent" in fit(made(40)).estimate(Profile({"size": size})).refusal


def test_a_job_somewhat_beyond_the_biggest_is_estimated_with_a_warning():
    history = made(40)
    most = float(history.numbers["size"].max())
    estimate = fit(history).estimate(Profile({"size": 1.5 * most}, {"sector": "mining"}))
    assert estimate.p50 > 0
    assert any("finished projects had" in warning for warning in estimate.warnings)
    assert "No finished project has sector = mining." in estimate.warnings


def test_equal_truths_are_refused():
    history = replace(made(30), truth=np.full(30, 5.0))
    assert "the same in all projects" in fit(history).estimate(Profile({"size": 100.0})).refusal


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_truth_must_be_above_zero(bad):
    history = made(30)
    truth = history.truth.copy()
    truth[3] = bad
    with pytest.raises(BadHistory, match="P3"):
        replace(history, truth=truth)


def test_lengths_and_ids_are_checked():
    with pytest.raises(BadHistory, match="size has 2"):
        History("cost", "", ("a",), np.ones(1), {"size": np.ones(2)})
    with pytest.raises(BadHistory, match="id a"):
        History("cost", "", ("a", "a"), np.ones(2))


def test_descriptions_alone_give_an_estimate():
    random = np.random.default_rng(5)
    words = {"pump": 100.0, "railway": 10_000.0, "zigzag": 1_000.0}
    kinds = random.choice(list(words), 90)
    truth = np.array([words[kind] for kind in kinds]) * np.exp(random.normal(0, 0.2, 90))
    texts = tuple(f"{kind} {kind} work number {row}" for row, kind in enumerate(kinds))
    estimator = fit(History("cost", "", tuple(texts), truth, texts=texts), by_letters)
    railway = estimator.estimate(Profile(text="railway railway work number 91"))
    assert {each.id.split()[0] for each in railway.comparables[:5]} == {"railway"}
    assert railway.p10 < 10_000 < railway.p90
    assert railway.p50 > 10 * estimator.estimate(Profile(text="pump pump work number 92")).p50
    assert set(railway.comparables[0].parts) == {"description"}
    assert "description" in estimator.estimate(Profile()).refusal


def test_a_text_is_embedded_once():
    asked = []

    def embed(texts):
        asked.extend(texts)
        return by_letters(texts)

    remembered = remembering(embed)
    remembered(["a", "b", "a"])
    assert remembered(["b", "c"]).shape == (2, 26)
    assert asked == ["a", "b", "c"]


def test_ranges_hold_what_they_promise_on_data_with_known_noise():
    inside, under, total = 0, 0, 0
    for seed in range(6):
        history = made(260, seed, noise=0.6)
        learned, held = history.subset(np.arange(60)), history.subset(np.arange(60, 260))
        estimator = fit(learned)
        for row in range(200):
            each = estimator.estimate(held.profile(row))
            if not each.refusal:
                inside += each.p10 <= held.truth[row] <= each.p90
                under += held.truth[row] <= each.p80
                total += 1
    assert total > 1150
    assert inside / total == pytest.approx(0.8, abs=0.05)
    assert under / total == pytest.approx(0.8, abs=0.05)


def test_ranges_are_wider_where_projects_are_harder():
    random = np.random.default_rng(9)
    history = made(300, noise=0.0)
    hard = history.categories["sector"] == "health"
    truth = history.truth * np.exp(random.normal(0, np.where(hard, 1.2, 0.15)))
    estimator = fit(replace(history, truth=truth))
    easy, harder = (
        estimator.estimate(Profile({"size": 150.0, "team": 4.0}, {"sector": sector}))
        for sector in ("water", "health")
    )
    assert harder.p90 / harder.p10 > 2 * easy.p90 / easy.p10


def test_rating_scales_are_numbers_and_other_words_are_not():
    assert as_ratings(["vl", "n", "XH", ""]).tolist()[:3] == [1, 3, 6]
    assert as_ratings(["low", "medium", "high"]).tolist() == [2, 3, 4]
    assert as_ratings(["n", "m"]) is None
    assert as_ratings(["high", "purple"]) is None
    assert as_ratings(["high", "high"]) is None


def test_logarithms_are_taken_of_what_is_skewed():
    random = np.random.default_rng(4)
    assert log_offset(np.exp(random.normal(size=200))) == 0
    assert log_offset(np.r_[np.exp(random.normal(size=200)), np.zeros(20)]) > 0
    assert log_offset(random.normal(100, 5, 200) - 120) is None
    assert log_offset(np.tile([1.0, 2.0, 3.0], 20)) is None
