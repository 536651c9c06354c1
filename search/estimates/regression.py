r"""Part one of the blend: a log-linear regression that may bend.

log(truth) is regressed on the columns of the design. Penalised least squares with the kernel

    k(x, z) = (1 - m) x'Wz / p + m exp(-|x - z|^2 / (2 w^2 p)) + c cos(text of x, text of z)

is ridge regression on the columns, on smooth bends of them, and on the descriptions at once
(Saunders, Gammerman and Vovk 1998, "Ridge Regression Learning Algorithm in Dual Variables"). W is the
identity but for the size, which counts (1 + 4.5 r^2)^2 with r its correlation with the target: that a
bigger job takes more is known beforehand, so its slope is hardly shrunk.

Leaving one project out needs no second fit: with the hat matrix H the residual of project i without it
is e_i / (1 - H_ii) (Allen 1974, "The relationship between variable selection and data augmentation and
a method for prediction"). The penalty is that with the least mean square of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

BEND = 0.3
WIDTH = 2.0
TEXT = 0.15
SIZE = 4.5
PENALTIES = np.exp(np.linspace(np.log(0.003), np.log(100), 30))
LANDMARKS = 800
"""Above twice this number of projects the bends are spanned by so many of them (Nyström; Williams and
Seeger 2001), so that cost grows with the number of projects and not with its cube."""
SEED = 20180601


@dataclass(frozen=True)
class Inputs:
    """What the regression reads of n projects."""

    columns: Matrix
    """(n, p), of the design."""
    vectors: Matrix | None
    """(n, dimension), of the descriptions."""

    def rows(self, rows: NDArray[np.intp]) -> Inputs:
        """Some of the projects."""
        return Inputs(self.columns[rows], None if self.vectors is None else self.vectors[rows])


@dataclass(frozen=True)
class Kernel:
    """How alike two projects are, for the regression."""

    weights: Matrix
    """(p,), of the columns in the straight part."""
    centre: Matrix | None
    """Mean vector of the texts, and the mean square of what is left."""
    spread: float

    @classmethod
    def of(cls, inputs: Inputs, size_column: int | None, size_weight: float) -> Kernel:
        """The kernel for these projects."""
        weights = np.ones(inputs.columns.shape[1])
        if size_column is not None:
            weights[size_column] = 1 + SIZE * size_weight**2
        if inputs.vectors is None:
            return cls(weights, None, 1.0)
        centre = inputs.vectors.mean(0)
        spread = float(((inputs.vectors - centre) ** 2).sum(1).mean())
        return cls(weights, centre if spread > 1e-12 else None, spread)

    def straight(self, inputs: Inputs) -> Matrix:
        """Columns whose inner product is the straight and the text part."""
        width = max(1, inputs.columns.shape[1])
        parts = [inputs.columns * self.weights * np.sqrt((1 - BEND) / width)]
        if self.centre is not None:
            vectors = np.zeros((len(inputs.columns), len(self.centre)))
            if inputs.vectors is not None:
                vectors = inputs.vectors - self.centre
            parts.append(vectors * np.sqrt(TEXT / self.spread))
        return np.hstack(parts)

    def bends(self, one: Inputs, other: Inputs) -> Matrix:
        """The smooth part, (n of one, n of other)."""
        width = max(1, one.columns.shape[1])
        far = squared_distances(one.columns, other.columns) / width
        return np.asarray(BEND * np.exp(-far / (2 * WIDTH**2)))


def squared_distances(one: Matrix, other: Matrix) -> Matrix:
    """Squared Euclidean distances, (n of one, n of other)."""
    far = np.add.outer((one * one).sum(1), (other * other).sum(1)) - 2 * one @ other.T
    return np.asarray(np.maximum(far, 0.0))


@dataclass(frozen=True)
class Regression:
    """Fitted: `left_out` holds what it predicts of each project when it has not seen it (logarithms)."""

    kernel: Kernel
    basis: Inputs
    """The projects that the coefficients belong to: all, or the landmarks."""
    root: Matrix | None
    """With landmarks: inverse root of their kernel."""
    coefficients: Matrix
    level: float
    middle: Matrix
    """Mean over the projects of what is multiplied with the coefficients."""
    penalty: float
    left_out: Matrix

    @classmethod
    def fit(cls, inputs: Inputs, target: Matrix, kernel: Kernel) -> Regression:
        """Fits log targets (n,)."""
        if len(target) > 2 * LANDMARKS:
            return cls._fit_landmarks(inputs, target, kernel)
        straight = kernel.straight(inputs)
        alike = straight @ straight.T + kernel.bends(inputs, inputs)
        middle = alike.mean(0)
        centred = alike - middle - middle[:, None] + middle.mean()
        values, axes = np.linalg.eigh(centred)
        values = np.maximum(values, 0.0)
        penalty, left_out = choose_penalty(axes, values, target)
        coefficients = axes @ ((axes.T @ (target - target.mean())) / (values + penalty))
        return cls(
            kernel, inputs, None, coefficients, float(target.mean()), middle, penalty, left_out
        )  # fmt: skip

    @classmethod
    def _fit_landmarks(cls, inputs: Inputs, target: Matrix, kernel: Kernel) -> Regression:
        chosen = np.sort(np.random.default_rng(SEED).permutation(len(target))[:LANDMARKS])
        basis = inputs.rows(chosen)
        values, axes = np.linalg.eigh(kernel.bends(basis, basis))
        kept = values > 1e-9 * values.max()
        root = axes[:, kept] / np.sqrt(values[kept])
        features = np.hstack([kernel.straight(inputs), kernel.bends(inputs, basis) @ root])
        middle = features.mean(0)
        features -= middle
        squares, turns = np.linalg.eigh(features.T @ features)
        kept = squares > 1e-9 * squares.max()
        squares, turns = squares[kept], turns[:, kept]
        penalty, left_out = choose_penalty(features @ (turns / np.sqrt(squares)), squares, target)
        along = turns.T @ (features.T @ (target - target.mean()))
        coefficients = turns @ (along / (squares + penalty))
        return cls(
            kernel, basis, root, coefficients, float(target.mean()), middle, penalty, left_out
        )  # fmt: skip

    def predict(self, inputs: Inputs) -> Matrix:
        """Logarithms of what the projects will take, (n,)."""
        straight = self.kernel.straight(inputs)
        bends = self.kernel.bends(inputs, self.basis)
        if self.root is not None:
            terms = np.hstack([straight, bends @ self.root])
        else:
            terms = straight @ self.kernel.straight(self.basis).T + bends
        return np.asarray(self.level + (terms - self.middle) @ self.coefficients)


def choose_penalty(axes: Matrix, values: Matrix, target: Matrix) -> tuple[float, Matrix]:
    """The penalty, and the predictions of each project without it.

    `axes` (n, k) are orthonormal and each sums to 0, `values` (k,) the squared lengths along them.
    """
    centred = target - target.mean()
    along, squares = axes.T @ centred, axes**2
    shrink = values / (values + PENALTIES[:, None])
    leverage = np.minimum(1 / len(target) + shrink @ squares.T, 1 - 1e-6)
    residuals = (centred - (shrink * along) @ axes.T) / (1 - leverage)
    best = int((residuals**2).mean(1).argmin())
    return float(PENALTIES[best]), target - residuals[best]
