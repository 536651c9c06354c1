"""What leaving out projects of a low grade costs or gains: `python -m tests.bench.grades`.

Of each history a random fifth is taken for grade D, and their actuals are multiplied by exp(N(0, s)). The
others are estimated in ten folds, learning from all, and from those that are not D. Printed is the MAE
without the fifth over that with it, the mean over the shuffles.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from search.estimates.blend import Blend
from search.estimates.intervals import LEVELS
from tests.estimating import EFFORT, REAL, open_history

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from search.estimates.history import History

SETS = ("Desharnais, 6 attributes", "Maxwell", "NASA93", "COCOMO81", "SEERA", "EBSPM cost", "China")
WRONG = (0.0, 0.25, 0.5, 1.0)
FOLDS = 10
LARGE = 200
"""Above this number of projects there are two shuffles, below five."""


def without_over_with(history: History, wrong: float, seed: int) -> float:
    """The ratio of the two mean errors over the projects that are not of grade D."""
    random, n = np.random.default_rng(seed), len(history)
    low = np.sort(random.permutation(n)[: n // 5])
    truth = history.truth.copy()
    truth[low] *= np.exp(random.normal(0, wrong, len(low)))
    spoilt = replace(history, truth=truth)
    good = np.setdiff1d(np.arange(n), low)
    errors: dict[bool, list[float]] = {True: [], False: []}
    for held in np.array_split(random.permutation(good), FOLDS):
        for with_low, learned in ((True, np.arange(n)), (False, good)):
            found = _medians(spoilt, held, np.setdiff1d(learned, held))
            errors[with_low] += np.abs(history.truth[held] - found).tolist()
    return float(np.mean(errors[False]) / np.mean(errors[True]))


def _medians(history: History, held: NDArray[np.intp], learned: NDArray[np.intp]) -> NDArray[np.float64]:
    blend = Blend.fit(history.subset(learned))
    planned = blend.read([history.profile(row) for row in held])
    return np.asarray(np.exp(blend.quantiles(blend.predict(planned))[:, LEVELS.index(0.5)]))


if __name__ == "__main__":
    for name in sys.argv[1:] or SETS:
        held = replace(open_history(REAL[name], EFFORT), texts=())
        seeds = range(2 if len(held) > LARGE else 5)
        found = [np.mean([without_over_with(held, wrong, seed) for seed in seeds]) for wrong in WRONG]
        print(f"{name:26} {len(held):4}  " + "  ".join(f"{each:.3f}" for each in found), flush=True)
