"""How good are estimates? Pure functions over truths and estimates, and paired tests.

The mean magnitude of relative error is left out on purpose: it is least for whoever underestimates
(Foss et al. 2003, "A simulation study of the model evaluation criterion MMRE").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from search.significance import holm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

PRED = 0.25
_Z = 1.959963984540054


@dataclass(frozen=True)
class Accuracy:
    """The measures of one method over n projects."""

    mae: float
    """Mean absolute error, in the unit of the target."""
    mdae: float
    """Median absolute error."""
    sa: float
    """Standardised accuracy in per cent: 100 (1 - MAE / MAE of random guessing)."""
    delta: float
    """Effect size: by how many standard deviations of random guessing's errors the error is smaller."""
    pred25: float
    """Share of estimates within a quarter of the truth."""
    mdmre: float
    """Median magnitude of relative error."""


@dataclass(frozen=True)
class Guessing:
    """Absolute error of guessing: the truth of another project, drawn at random, as the estimate."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Tested:
    """A paired test of the product's absolute errors against those of another method."""

    against: str
    difference: float
    """MAE of the product less that of the other: negative is better."""
    wins: int
    losses: int
    p: float
    """Wilcoxon's signed-rank test, two-sided."""
    corrected_p: float
    """Holm's correction over all methods compared."""


def guessing(truth: Matrix) -> Guessing:
    """Exact: over all ordered pairs of two different projects, not sampled.

    Shepperd and MacDonell 2012, "Evaluating prediction systems in software project estimation";
    Langdon et al. 2016, "Exact Mean Absolute Error of Baseline Predictor, MARP0". Sorted, the sum over
    pairs is one over ranks, so that 10,000 projects cost no more than sorting them.
    """
    n = len(truth)
    if n < 2:
        return Guessing(0.0, 0.0)
    ordered = np.sort(truth)
    ranks = 2 * np.arange(1, n + 1) - n - 1
    mean = 2 * float(ranks @ ordered) / (n * (n - 1))
    square = 2 * float(n * (truth**2).sum() - truth.sum() ** 2) / (n * (n - 1))
    return Guessing(mean, float(np.sqrt(max(0.0, square - mean**2))))


def accuracy(truth: Matrix, estimates: Matrix, chance: Guessing | None = None) -> Accuracy:
    """The measures; random guessing is that among these truths unless given."""
    chance = chance or guessing(truth)
    errors = np.abs(truth - estimates)
    relative = errors / truth
    mae = float(errors.mean())
    return Accuracy(
        mae,
        float(np.median(errors)),
        100 * (1 - mae / chance.mean) if chance.mean else 0.0,
        (chance.mean - mae) / chance.deviation if chance.deviation else 0.0,
        float((relative <= PRED).mean()),
        float(np.median(relative)),
    )


def compare(truth: Matrix, product: Matrix, others: Mapping[str, Matrix]) -> list[Tested]:
    """The product against each other method, project by project.

    Wilcoxon 1945, "Individual comparisons by ranking methods".
    """
    from scipy.stats import wilcoxon

    own = np.abs(truth - product)
    found = {}
    for name, estimates in others.items():
        differences = own - np.abs(truth - estimates)
        untied = differences[differences != 0]
        p = float(wilcoxon(untied).pvalue) if len(untied) else 1.0
        found[name] = (differences, p)
    corrected = holm([p for _, p in found.values()])
    return [
        Tested(name, float(each.mean()), int((each < 0).sum()), int((each > 0).sum()), p, after)
        for (name, (each, p)), after in zip(found.items(), corrected, strict=True)
    ]


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927, "Probable inference, the law of succession")."""
    if n == 0:
        return 0.0, 1.0
    share, spread = hits / n, _Z**2 / n
    centre = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * float(np.sqrt(share * (1 - share) / n + spread / (4 * n)))
    return max(0.0, centre - half), min(1.0, centre + half)


def interval_score(truth: Matrix, low: Matrix, high: Matrix, outside: float = 0.2) -> float:
    """Mean width, plus 2 / `outside` of every miss: small only for what is narrow and right.

    Gneiting and Raftery 2007, "Strictly Proper Scoring Rules, Prediction, and Estimation".
    """
    missed = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    return float((high - low + 2 / outside * missed).mean())
