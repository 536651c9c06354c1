"""The blend of regression and analogy, as arrays: one fit, predictions, and predictions left one out.

    point = (1 - A) regression + A analogy
    analogy = exp(mean over the neighbours of log(truth_j) + log(scale_ij)), the closer the heavier
    log(scale_ij) = (1 - T) b (size_i - size_j) + T (regression_i - regression_j)

where size is the logarithm of the attribute that goes most with the target, b its slope alone, and
regression_j is what the regression predicts of project j without having seen it. T is the cube of the
share of the variance that the regression explains of projects it has not seen: a regression that
explains little is no measure of how much bigger one job is than another. A is the same for every
history: choosing the parts by inner cross-validation did not beat that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from search.estimates.analogy import Coordinates, Distance, Nearest, closeness, nearest
from search.estimates.design import Design
from search.estimates.intervals import LEVELS, Difficulty, Signs, quantile
from search.estimates.regression import Inputs, Kernel, Regression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from search.estimates.history import History, Profile

    Matrix = NDArray[np.float64]

ANALOGY = 0.4
_STEEPEST = 1.2
"""A job of twice the size takes at most 2^1.2 as much by its size alone."""


@dataclass(frozen=True)
class Projects:
    """Projects as the parts of the blend read them."""

    inputs: Inputs
    points: Coordinates
    size: Matrix
    """Logarithm of the size less its mean; 0 where not known."""


@dataclass(frozen=True)
class Predictions:
    """What the blend says of n projects; logarithms, but for `nearest`."""

    point: Matrix
    regression: Matrix
    analogy: Matrix
    scales: Matrix
    """(n, k) logarithm of what each neighbour's truth is multiplied by."""
    near: Nearest


@dataclass(frozen=True)
class Blend:
    """Fitted to a history."""

    design: Design
    distance: Distance
    regression: Regression
    projects: Projects
    target: Matrix
    """Log truths, (n,)."""
    slope: float
    """Of the log target over the log size, alone."""
    typical: float
    """Median distance to the neighbours."""
    left_out: Predictions
    """Of each project of the history, without it."""
    residuals: Matrix
    """log(truth) less log(point), left one out."""
    difficulty: Difficulty
    scores: Matrix

    @classmethod
    def fit(cls, history: History) -> Blend:
        """Everything that is learned, from these projects alone."""
        design, target = Design.of(history), np.log(history.truth)
        values = design.values(history)
        vectors = None if history.vectors is None else history.vectors.astype(np.float64)
        distance = Distance.of(design, values, vectors, target)
        projects = _projects(design, distance, history, vectors)
        kernel = Kernel.of(projects.inputs, design.size_column, design.size_weight)
        regression = Regression.fit(projects.inputs, target, kernel)
        near = nearest(distance, projects.points, projects.points, without_self=True)
        slope = _slope(projects.size, target)
        typical = float(np.median(near.distances))
        left_out = _blended(
            regression.left_out, projects.size, near, regression, projects, target, slope, typical
        )
        residuals = target - left_out.point
        difficulty, expected = Difficulty.of(_signs(left_out, residuals), residuals)
        return cls(
            design, distance, regression, projects, target, slope, typical, left_out, residuals,
            difficulty, residuals / expected,
        )  # fmt: skip

    def read(self, profiles: Sequence[Profile]) -> Projects:
        """Planned projects as the parts read them; their texts need vectors by now."""
        vectors = None
        if self.projects.inputs.vectors is not None:
            dimension = self.projects.inputs.vectors.shape[1]
            vectors = np.zeros((len(profiles), dimension))
            for row, profile in enumerate(profiles):
                if profile.vector is not None:
                    vectors[row] = profile.vector
        return _projects(self.design, self.distance, profiles, vectors)

    def predict(self, planned: Projects) -> Predictions:
        """What it says of planned projects."""
        near = nearest(self.distance, planned.points, self.projects.points)
        predicted = self.regression.predict(planned.inputs)
        return _blended(
            predicted, planned.size, near, self.regression, self.projects, self.target, self.slope,
            self.typical,
        )  # fmt: skip

    def quantiles(self, predictions: Predictions) -> Matrix:
        """Logarithms of the LEVELS of each project, (n, levels)."""
        difficulty = self.difficulties(predictions)
        marks = np.array([quantile(self.scores, level) for level in LEVELS])
        return np.asarray(predictions.point[:, None] + difficulty[:, None] * marks)

    def difficulties(self, predictions: Predictions) -> Matrix:
        """How wide the range of each project is against a usual one's, (n,)."""
        return self.difficulty(_signs(predictions, self.residuals))

    def without(self, rows: NDArray[np.intp]) -> Blend:
        """The blend with these projects neither near nor counted for the range.

        What was learned from them stays in the slopes: among many projects a few hardly move those.
        """
        kept = np.setdiff1d(np.arange(len(self.target)), rows)
        points = self.projects.points
        vectors = None if points.vectors is None else points.vectors[kept]
        return replace(
            self,
            projects=Projects(
                self.projects.inputs.rows(kept),
                Coordinates(points.points[kept], points.known[kept], vectors),
                self.projects.size[kept],
            ),
            regression=replace(self.regression, left_out=self.regression.left_out[kept]),
            target=self.target[kept],
            residuals=self.residuals[kept],
            scores=self.scores[kept],
        )


def _projects(
    design: Design, distance: Distance, projects: History | Sequence[Profile], vectors: Matrix | None
) -> Projects:
    values = design.values(projects)
    size = np.zeros(values.rows)
    if design.size is not None:
        size = design.size.scaled(values.numbers[design.size.name]) - design.size.mean
        size = np.where(np.isnan(size), 0.0, size)
    inputs = Inputs(design.matrix(values), vectors)
    return Projects(inputs, distance.points(values, vectors), size)


def _trust(regression: Regression, target: Matrix) -> float:
    """How far the regression measures how big a job is, 0 to 1."""
    spread = float(target.var())
    missed = float(((target - regression.left_out) ** 2).mean())
    return max(0.0, 1 - missed / spread) ** 3 if spread else 0.0


def _slope(size: Matrix, target: Matrix) -> float:
    spread = float(size.var())
    if not spread:
        return 0.0
    return float(np.clip(((size - size.mean()) * (target - target.mean())).mean() / spread, 0, _STEEPEST))


def _blended(
    predicted: Matrix, size: Matrix, near: Nearest, regression: Regression, history: Projects,
    target: Matrix, slope: float, typical: float,
) -> Predictions:  # fmt: skip
    trust = _trust(regression, target) if slope else 1.0
    rows = near.rows
    scales = (1 - trust) * slope * (size[:, None] - history.size[rows])
    scales += trust * (predicted[:, None] - regression.left_out[rows])
    counts = closeness(near.distances, typical)
    analogy = (counts * (target[rows] + scales)).sum(1)
    point = np.log((1 - ANALOGY) * np.exp(predicted) + ANALOGY * np.exp(analogy))
    return Predictions(point, predicted, analogy, scales, near)


def _signs(predictions: Predictions, residuals: Matrix) -> Signs:
    distance = predictions.near.distances.mean(1)
    apart = np.abs(predictions.regression - predictions.analogy)
    trend = np.column_stack([predictions.point, np.log(distance + 1e-3), np.log(0.1 + apart)])
    return Signs(np.abs(residuals)[predictions.near.rows], trend)
