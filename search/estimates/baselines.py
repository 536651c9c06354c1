"""What the product is compared with, in the same run: published methods, as their authors describe them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from search.estimates.design import Design, Number, Values

    Matrix = NDArray[np.float64]
    Turn = Callable[[Matrix], Matrix]

FOREST = "random forest"
TREES = 100
SEED = 20010101


class Method(Protocol):
    """Estimates planned projects from finished ones."""

    def __call__(self, design: Design, finished: Values, truth: Matrix, planned: Values, /) -> Matrix:
        """Estimates in the unit of the truth, (n of planned,). `design` was learned from the finished."""


def median(_design: Design, _finished: Values, truth: Matrix, planned: Values) -> Matrix:
    """The median of all finished projects."""
    return np.full(planned.rows, float(np.median(truth)))


@dataclass(frozen=True)
class Neighbours:
    """The mean truth of the k nearest: differences over the range, 1 for unequal categories, all alike.

    Shepperd and Schofield 1997, "Estimating Software Project Effort Using Analogies".
    """

    k: int

    def __call__(self, design: Design, finished: Values, truth: Matrix, planned: Values) -> Matrix:
        """The mean of the k nearest."""
        far = np.zeros((planned.rows, finished.rows))
        for number in design.numbers:
            known, asked = finished.numbers[number.name], planned.numbers[number.name]
            least, most = np.nanmin(known), np.nanmax(known)
            difference = np.subtract.outer(asked, known) / (most - least)
            far += np.where(np.isnan(difference), 1.0, difference**2)
        for category in design.categories:
            words, asked_words = finished.categories[category.name], planned.categories[category.name]
            far += asked_words[:, None] != words
        order = np.argsort(far, axis=1, kind="stable")[:, : self.k]
        return np.asarray(truth[order].mean(1))


def atlm(design: Design, finished: Values, truth: Matrix, planned: Values) -> Matrix:
    """Least squares after the transformation that makes each variable least skewed; categories as factors.

    Whigham, Owen and MacDonell 2015, "A Baseline Model for Software Effort Estimation".
    """
    forward, back = _straightened(truth)
    columns, asked = [np.ones((finished.rows, 1))], [np.ones((planned.rows, 1))]
    for number in design.numbers:
        known, wanted = _filled(number, finished, planned)
        turn, _ = _straightened(known)
        columns.append(turn(known)[:, None])
        asked.append(turn(wanted)[:, None])
    for category in design.categories:
        for level in category.levels[1:]:
            columns.append((finished.categories[category.name] == level).astype(float)[:, None])
            asked.append((planned.categories[category.name] == level).astype(float)[:, None])
    slopes = np.linalg.lstsq(np.hstack(columns), forward(truth), rcond=None)[0]
    return np.maximum(back(np.hstack(asked) @ slopes), 0.0)


def _straightened(values: Matrix) -> tuple[Turn, Turn]:
    """The least skewed of: as is, logarithm, root; and its inverse."""

    def skew(turned: Matrix) -> float:
        centred = turned - turned.mean()
        return float(abs((centred**3).mean()) / ((centred**2).mean() ** 1.5 + 1e-300))

    turns: list[tuple[Turn, Turn]] = [(lambda values: values, lambda values: values)]
    if values.min() >= 0:
        turns.append((lambda values: np.sqrt(np.maximum(values, 0)), lambda roots: np.maximum(roots, 0) ** 2))
    if values.min() > 0:
        least = float(values.min())
        # No estimate is let further out than e^50, which no unit reaches.
        turns.append(
            (lambda values: np.log(np.maximum(values, least)), lambda logs: np.exp(np.minimum(logs, 50)))
        )
    return min(turns, key=lambda pair: skew(pair[0](values)))


def lp4ee(design: Design, finished: Values, truth: Matrix, planned: Values) -> Matrix:
    """Least absolute errors with weights that are not negative, by linear programming.

    Sarro and Petrozziello 2018, "Linear Programming as a Baseline for Software Effort Estimation". It reads
    numbers alone (rating scales among them); a gap is the median.
    """
    from scipy.optimize import linprog

    if not design.numbers:
        return median(design, finished, truth, planned)
    pairs = [_filled(number, finished, planned) for number in design.numbers]
    known, wanted = (np.column_stack(each) for each in zip(*pairs, strict=True))
    scales = np.maximum(np.abs(known).max(0), 1e-300)
    n, width = known.shape
    costs = np.r_[np.zeros(width), np.ones(2 * n)]
    equal = np.hstack([known / scales, np.eye(n), -np.eye(n)])
    solved = linprog(costs, A_eq=equal, b_eq=truth, bounds=(0, None), method="highs")
    if not solved.success:
        return median(design, finished, truth, planned)
    return np.asarray(np.maximum(wanted / scales @ solved.x[:width], 0.0))


def forest(design: Design, finished: Values, truth: Matrix, planned: Values) -> Matrix:
    """The mean of TREES regression trees on resampled projects (Breiman 2001, "Random Forests")."""
    return np.asarray(_grown(design, finished, truth).predict(_columns(design, planned)))


def forest_out_of_bag(design: Design, finished: Values, truth: Matrix) -> Matrix:
    """The estimate of each project from the trees that have not seen it: leave-one-out for one fit."""
    found = np.asarray(_grown(design, finished, truth, bagged=True).oob_prediction_)
    return np.where(found > 0, found, np.median(truth))


def _grown(design: Design, finished: Values, truth: Matrix, *, bagged: bool = False) -> _Forest:
    from sklearn.ensemble import RandomForestRegressor

    trees = RandomForestRegressor(TREES * 3 if bagged else TREES, oob_score=bagged, random_state=SEED)
    grown: _Forest = trees.fit(_columns(design, finished), truth)
    return grown


def _columns(design: Design, values: Values) -> Matrix:
    return design.matrix(values) if design.width else np.ones((values.rows, 1))


class _Forest(Protocol):
    oob_prediction_: Sequence[float]

    def predict(self, columns: Matrix) -> Matrix: ...


def _filled(number: Number, finished: Values, planned: Values) -> tuple[Matrix, Matrix]:
    """The raw values, gaps filled with the median of the finished projects."""
    known, wanted = finished.numbers[number.name], planned.numbers[number.name]
    middle = float(np.nanmedian(known))
    return np.where(np.isnan(known), middle, known), np.where(np.isnan(wanted), middle, wanted)


METHODS: dict[str, Method] = {
    "median": median,
    "nearest 1": Neighbours(1),
    "nearest 3": Neighbours(3),
    "nearest 5": Neighbours(5),
    "ATLM": atlm,
    "LP4EE": lp4ee,
    FOREST: forest,
}
"""In the order in which tables show them."""
