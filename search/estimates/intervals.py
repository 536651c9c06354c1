"""Ranges: conformal, from the residuals that the method really leaves on projects it has not seen.

A residual is log(truth) less log(point), the point made without the project. The score of a project is
its residual over how difficult the project looks. The p-quantile of the answer is

    point x exp(difficulty x q),   q the p-quantile of the scores

with q interpolated at rank (n + 1) p (Weibull 1939), so that a new project exchangeable with the
others lies below it with probability p on average. Dividing by the difficulty is normalised conformal
prediction (Papadopoulos, Gammerman and Vovk 2008, "Normalized nonconformity measures for regression
Conformal Prediction"). The spread of the neighbours' truths is never used: it covers 48 to 65 % where
80 are promised.

What holds: the scores are leave-one-out (jackknife) scores. They are symmetric in the projects, which
gives the promised share on average when leaving one project out hardly moves the others' predictions
(Steinberger and Leeb 2023, "Conditional predictive inference for stable algorithms"); without that
stability there is no guarantee free of assumptions (the variant that has one, at twice the error rate,
is jackknife+: Barber et al. 2021). That is why a back-test, which repeats all of this without the
project that it predicts, stands beside every range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

LEVELS = (0.1, 0.5, 0.8, 0.9)
_GAIN = 0.02
"""Normalising must narrow ranges by this much on the projects at hand, or none is done."""
_SHRINK = 10.0
"""Neighbours' residuals are mixed with so many of the mean size."""
_RIDGE = 20.0
_FURTHEST = 1.0
"""A trend in difficulty is followed at most by this much (log) either way."""


def quantile(scores: Matrix, share: float) -> float:
    """The quantile at rank (n + 1) x share, interpolated; the extremes where there is no such rank."""
    ordered = np.sort(scores)
    place = float(np.clip((len(ordered) + 1) * share - 1, 0, len(ordered) - 1))
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def plain_half_width(residuals: Matrix, inside: float = 0.8) -> float:
    """Half the width (logarithm) of a plain conformal range, to compare with: point x exp(-+ this).

    The ceil((n + 1) inside)-th smallest absolute residual, the same for every project (Vovk, Gammerman
    and Shafer 2005, "Algorithmic Learning in a Random World").
    """
    rank = int(np.ceil((len(residuals) + 1) * inside))
    return float(np.sort(np.abs(residuals))[min(rank, len(residuals)) - 1])


@dataclass(frozen=True)
class Signs:
    """What may tell difficult projects from easy ones, for n projects."""

    near: Matrix
    """(n, k) absolute residuals of the nearest projects, themselves left out."""
    trend: Matrix
    """(n, 3): log of the point, of the mean distance, of how far the parts of the blend disagree."""


@dataclass(frozen=True)
class Difficulty:
    """How large residuals are to be expected. Flat unless something really tells."""

    name: str
    """flat, near, trend or both."""
    typical: float
    means: Matrix
    spreads: Matrix
    slopes: Matrix

    @classmethod
    def of(cls, signs: Signs, residuals: Matrix) -> tuple[Difficulty, Matrix]:
        """The difficulty that gives the narrowest ranges, and its values for the projects themselves.

        Narrow by the pinball loss of the ranges' ends, which a range wins only by being both narrow
        and right. Difficulties of the projects themselves are left-one-out too.
        """
        size = np.abs(residuals)
        typical = float(size.mean()) or 1.0
        means, spreads = signs.trend.mean(0), signs.trend.std(0) + 1e-9
        columns = (signs.trend - means) / spreads
        wanted = np.log(size + 0.1 * np.median(size) + 1e-12)
        slopes, left_out = _ridge(columns, wanted)
        unfitted = cls("flat", typical, means, spreads, slopes)
        near = unfitted._near(signs)
        trend = np.exp(np.clip(left_out - wanted.mean(), -_FURTHEST, _FURTHEST))
        flat = np.ones(len(size))
        found = {"flat": flat, "near": near, "trend": trend, "both": np.sqrt(near * trend)}
        losses = {name: _loss(residuals, each) for name, each in found.items()}
        best = min(losses, key=losses.__getitem__)
        if losses[best] > (1 - _GAIN) * losses["flat"]:
            best = "flat"
        return cls(best, typical, means, spreads, slopes), found[best]

    def __call__(self, signs: Signs) -> Matrix:
        """The difficulty of projects, (n,); 1 is usual."""
        if self.name == "flat":
            return np.ones(len(signs.trend))
        near = self._near(signs)
        along = ((signs.trend - self.means) / self.spreads) @ self.slopes
        trend = np.exp(np.clip(along, -_FURTHEST, _FURTHEST))
        return {"near": near, "trend": trend, "both": np.sqrt(near * trend)}[self.name]

    def _near(self, signs: Signs) -> Matrix:
        total = signs.near.sum(1) + _SHRINK * self.typical
        return np.asarray(total / (signs.near.shape[1] + _SHRINK) / self.typical)


def _ridge(columns: Matrix, wanted: Matrix) -> tuple[Matrix, Matrix]:
    """Slopes, and the fitted values of each row without it."""
    n = len(wanted)
    inverse = np.linalg.inv(columns.T @ columns + _RIDGE * np.eye(columns.shape[1]))
    slopes = inverse @ columns.T @ (wanted - wanted.mean())
    leverage = 1 / n + np.einsum("ij,jk,ik->i", columns, inverse, columns)
    residuals = (wanted - wanted.mean() - columns @ slopes) / (1 - leverage)
    return slopes, wanted - residuals


def _loss(residuals: Matrix, difficulty: Matrix) -> float:
    """Mean pinball loss of the levels on the log scale."""
    scores = residuals / difficulty
    total = 0.0
    for level in LEVELS:
        miss = residuals - difficulty * quantile(scores, level)
        total += float(np.maximum(level * miss, (level - 1) * miss).mean())
    return total
