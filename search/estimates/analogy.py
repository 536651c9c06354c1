"""Part two of the blend: the nearest finished projects, each scaled to the size of the planned one.

The distance of two projects is that of Gower's kind (Shepperd and Schofield 1997, "Estimating Software
Project Effort Using Analogies"): differences over the range of an attribute, 1 for unequal categories,
1 less the cosine for descriptions. An attribute counts as much as it goes with the logarithm of the
target. One that is not known on either side adds what it adds between two projects on average.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from search.estimates.design import Design, Values

    Matrix = NDArray[np.float64]

NEIGHBOURS = 10
TEXT_SHARE = 0.5
"""Weight of the description beside all other attributes together, where there are others."""
TEXT = "description"
_CLOSE = 0.1
"""Part of the median distance that is added before inverting, so that a twin does not count alone."""
_ROWS = 512
"""Projects compared at once."""


@dataclass(frozen=True)
class Coordinates:
    """Projects as points: unknown coordinates are 0 and have mask 0. Both are (n, coordinates)."""

    points: Matrix
    known: Matrix
    vectors: Matrix | None


@dataclass(frozen=True)
class Distance:
    """How far projects are from each other. `owner` names the attribute of each coordinate."""

    design: Design
    owner: tuple[str, ...]
    weights: Matrix
    gap: Matrix
    """What an unknown coordinate costs."""
    text: float
    """Weight of 1 less the cosine."""

    @classmethod
    def of(cls, design: Design, values: Values, vectors: Matrix | None, target: Matrix) -> Distance:
        """Learns weights from the projects and their log targets."""
        owner: list[str] = []
        weights: list[float] = []
        for number in design.numbers:
            owner.append(number.name)
            weights.append(_agreement(number.scaled(values.numbers[number.name]), target))
        for category in design.categories:
            share = _explained(values.categories[category.name], target)
            owner += [category.name] * category.width
            weights += [share / 2] * category.width  # two levels differ in two coordinates
        plain = cls(design, tuple(owner), np.array(weights), np.zeros(len(owner)), 0.0)
        points = plain.points(values, None)
        known = np.maximum(points.known.sum(0), 1)
        mean = points.points.sum(0) / known
        spread = (points.points**2).sum(0) / known - mean**2
        distance = cls(design, tuple(owner), plain.weights, 2 * plain.weights * spread, 0.0)
        if vectors is None:
            return distance
        structured = float(distance.gap.sum())
        apart = float(1 - (vectors.mean(0) ** 2).sum())
        text = TEXT_SHARE * structured / apart if structured and apart > 1e-9 else 1.0
        return cls(design, tuple(owner), plain.weights, distance.gap, text)

    def points(self, values: Values, vectors: Matrix | None) -> Coordinates:
        """The projects as points."""
        columns: list[Matrix] = []
        masks: list[Matrix] = []
        for number in self.design.numbers:
            scaled = number.scaled(values.numbers[number.name])
            missing = np.isnan(scaled)
            columns.append(np.where(missing, 0.0, (scaled - number.low) / (number.high - number.low)))
            masks.append(1.0 - missing)
        for category in self.design.categories:
            words = values.categories[category.name]
            known = words != ""
            columns += [((words == level) & known).astype(float) for level in category.levels]
            masks += [known.astype(float)] * category.width
        shape = (values.rows, len(self.owner))
        return Coordinates(np.array(columns).T.reshape(shape), np.array(masks).T.reshape(shape), vectors)

    def squared(self, one: Coordinates, other: Coordinates) -> Matrix:
        """Squared distances, (n of one, n of other): only coordinates known to both are compared."""
        w = self.weights
        far = (one.points**2 * w) @ other.known.T + (one.known * w) @ (other.points**2).T
        far -= 2 * (one.points * w) @ other.points.T
        far += self.gap.sum() - (one.known * self.gap) @ other.known.T
        if self.text and one.vectors is not None and other.vectors is not None:
            far += self.text * (1 - one.vectors @ other.vectors.T)
        return np.asarray(np.maximum(far, 0.0))

    def parts(self, one: Coordinates, other: Coordinates) -> dict[str, float]:
        """How much each attribute adds to the squared distance of two points, the largest first."""
        both = one.known[0] * other.known[0]
        each = both * self.weights * (one.points[0] - other.points[0]) ** 2 + (1 - both) * self.gap
        found: dict[str, float] = {}
        for name, part in zip(self.owner, each, strict=True):
            found[name] = found.get(name, 0.0) + float(part)
        if self.text and one.vectors is not None and other.vectors is not None:
            found[TEXT] = max(0.0, self.text * float(1 - one.vectors[0] @ other.vectors[0]))
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _agreement(values: Matrix, target: Matrix) -> float:
    """Absolute correlation with the target over the projects that state the attribute."""
    known = ~np.isnan(values)
    if known.sum() < 3 or not values[known].std() or not target[known].std():
        return 0.0
    return abs(float(np.corrcoef(values[known], target[known])[0, 1]))


def _explained(words: NDArray[np.str_], target: Matrix) -> float:
    """Root of the share of the target's variance that lies between the categories."""
    total = float(target.var())
    if not total:
        return 0.0
    _, place = np.unique(words, return_inverse=True)
    means = np.bincount(place, target) / np.bincount(place)
    return float(np.sqrt(means[place].var() / total))


@dataclass(frozen=True)
class Nearest:
    """The nearest finished projects of each project: rows and distances, (n, k), the nearest first."""

    rows: NDArray[np.intp]
    distances: Matrix


def nearest(
    distance: Distance, projects: Coordinates, history: Coordinates, *, without_self: bool = False
) -> Nearest:
    """The NEIGHBOURS nearest of the history; `without_self` where the projects are the history."""
    count = min(NEIGHBOURS, len(history.points) - without_self)
    rows: list[NDArray[np.intp]] = []
    distances: list[Matrix] = []
    for start in range(0, len(projects.points), _ROWS):
        part = slice(start, start + _ROWS)
        vectors = None if projects.vectors is None else projects.vectors[part]
        far = distance.squared(Coordinates(projects.points[part], projects.known[part], vectors), history)
        if without_self:
            places = np.arange(len(far))
            far[places, start + places] = np.inf
        order = _first(far, count)
        rows.append(order)
        distances.append(np.sqrt(np.take_along_axis(far, order, 1)))
    return Nearest(np.vstack(rows), np.vstack(distances))


def _first(far: Matrix, count: int) -> NDArray[np.intp]:
    """The places of the `count` smallest of each row in their order; of equal ones the first."""
    last = np.partition(far, count - 1, axis=1)[:, count - 1] if count else np.zeros(len(far))
    found = np.empty((len(far), count), np.intp)
    for row, (values, most) in enumerate(zip(far, last, strict=True)):
        among = np.flatnonzero(values <= most)
        found[row] = among[np.argsort(values[among], kind="stable")[:count]]
    return found


def closeness(distances: Matrix, typical: float) -> Matrix:
    """How much each neighbour counts, (n, k), rows adding up to 1."""
    counts = 1 / (distances + _CLOSE * typical + 1e-12)
    return np.asarray(counts / counts.sum(1, keepdims=True))
