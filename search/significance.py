"""How sure is a difference between two rankings? Spread, intervals and paired tests over queries.

Every random draw comes from a fixed seed: the same values give the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SEED = 20070601
RESAMPLES = 10_000
LEVEL = 0.95
_CELLS = 2_000_000
"""Random numbers held at once: memory stays bounded whatever the number of queries."""


@dataclass(frozen=True)
class Summary:
    """A measure over queries."""

    mean: float
    deviation: float
    """Standard deviation over the queries (n - 1)."""
    interval: tuple[float, float]
    """95 % bootstrap interval of the mean."""


@dataclass(frozen=True)
class Comparison:
    """Of paired values: how much better is one ranking than the other?"""

    difference: float
    """Mean of one less the other, query by query."""
    p: float
    wins: int
    ties: int
    losses: int


def summarise(values: NDArray[np.float64]) -> Summary:
    """Mean, standard deviation and interval of the values (queries). Raises ValueError for none."""
    if not len(values):
        raise ValueError("no values to summarise")
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Summary(float(values.mean()), deviation, bootstrap_interval(values))


def bootstrap_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean over the values (queries).

    Efron 1979, "Bootstrap methods: another look at the jackknife"; Sakai 2006 for measures of retrieval.
    """
    generator = np.random.default_rng(SEED)
    means = np.concatenate(
        [
            values[generator.integers(0, len(values), (rows, len(values)))].mean(axis=1)
            for rows in _batches(len(values))
        ]
    )
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def compare(one: NDArray[np.float64], other: NDArray[np.float64]) -> Comparison:
    """Paired comparison of two rankings' values (queries), in the same order of queries."""
    differences = one - other
    return Comparison(
        float(differences.mean()),
        randomisation_p(differences),
        int((differences > 0).sum()),
        int((differences == 0).sum()),
        int((differences < 0).sum()),
    )


def randomisation_p(differences: NDArray[np.float64]) -> float:
    """Two-sided p of Fisher's paired randomisation test on the differences (queries).

    If the rankings were alike, each difference might as well have the other sign: p is the share of
    random signs that give a mean as far from 0 as the one observed, the observed one included.
    Smucker, Allan and Carterette 2007, "A Comparison of Statistical Significance Tests for
    Information Retrieval Evaluation".
    """
    untied = differences[differences != 0]  # a tie adds nothing to the sum, whichever its sign
    if not len(untied):
        return 1.0
    generator = np.random.default_rng(SEED)
    observed = abs(float(untied.sum()))
    # Sums of the same numbers in another order differ in the last bits.
    bound = observed - 1e-9 * float(np.abs(untied).sum())
    extreme = 0
    for rows in _batches(len(untied)):
        signs = generator.integers(0, 2, (rows, len(untied)), dtype=np.int8) * 2.0 - 1.0
        extreme += int((np.abs(signs @ untied) >= bound).sum())
    return (extreme + 1) / (RESAMPLES + 1)


def holm(ps: Sequence[float]) -> list[float]:
    """The p values of one family, corrected for its size, in the order given.

    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    corrected = [0.0] * len(ps)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        corrected[place] = highest
    return corrected


def fold_means(values: NDArray[np.float64], folds: int) -> list[float]:
    """Mean of each of `folds` random parts of the values (queries). Raises ValueError for a bad number."""
    if not 2 <= folds <= len(values):
        raise ValueError(f"{folds} folds of {len(values)} queries: there must be 2 to {len(values)} folds")
    shuffled = np.random.default_rng(SEED).permutation(values)
    return [float(part.mean()) for part in np.array_split(shuffled, folds)]


def _batches(width: int) -> Iterator[int]:
    """Sizes that add up to RESAMPLES, each with at most _CELLS numbers of `width` a row."""
    size = max(1, _CELLS // width)
    for start in range(0, RESAMPLES, size):
        yield min(size, RESAMPLES - start)
