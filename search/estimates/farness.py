"""Is anything like this among the finished projects at all?

The distance of the planned project to its nearest is held against those of finished projects, each as if
only the attributes were known of it that are known of the planned one. There is no precedent when the
nearest is further than any finished project's own nearest, and no nearer than finished projects are to
each other at random.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from search.estimates.analogy import Coordinates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from search.estimates.analogy import Distance

SAMPLE = 250
"""Finished projects that the planned one is held against."""
TOO_FAR = 1.25
"""A squared distance this many times that of the loneliest finished project has no precedent."""
SEED = 19790101
LONELY_SHARE = 0.95
LONELY = (
    "Nineteen in twenty finished projects have a nearer neighbour than this one: the range leans on projects "
    "that are not much alike."
)


@dataclass(frozen=True)
class Farness:
    """How far the nearest finished project is, and whether that is far."""

    share: float
    """Share of finished projects whose own nearest is nearer than the planned one's."""
    has_precedent: bool

    @property
    def warnings(self) -> list[str]:
        """What an answer says of it."""
        return [LONELY] if self.share > LONELY_SHARE else []


def farness(distance: Distance, planned: Coordinates, history: Coordinates) -> Farness:
    """How far one planned project (the first of `planned`) is from a history."""
    count = len(history.points)
    chosen = np.arange(count)
    if count > SAMPLE:
        chosen = np.sort(np.random.default_rng(SEED).permutation(count)[:SAMPLE])
    known = history.known[chosen] * planned.known[0]
    reads = planned.vectors is not None and bool(planned.vectors.any()) and history.vectors is not None
    vectors = history.vectors[chosen] if reads and history.vectors is not None else None
    sample = Coordinates(history.points[chosen] * planned.known[0], known, vectors)
    asked = Coordinates(planned.points[:1], planned.known[:1], planned.vectors if reads else None)
    others = Coordinates(history.points, history.known, history.vectors if reads else None)
    # What is not known on either side would add the same to all and hide how far the rest is.
    distance = replace(distance, gap=np.zeros_like(distance.gap))
    far = distance.squared(sample, others)
    random = float(np.median(far))
    far[np.arange(len(chosen)), chosen] = np.inf
    own = _least(far)
    here = float(_least(distance.squared(asked, others))[0])
    slack = 1e-9 + 0.01 * float(np.median(own))
    return Farness(float((own < here - 1e-9).mean()), here <= max(TOO_FAR * float(own.max()), random) + slack)


def _least(far: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(far.min(axis=1))
