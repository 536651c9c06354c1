"""Attributes as columns of numbers: logarithms, ratings, categories, gaps.

Everything here is learned from the projects at hand and from nothing else, so that a fit without a
project has never seen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from search.estimates.history import History, Profile

RATINGS = {
    "none": 0, "very low": 1, "vl": 1, "low": 2, "l": 2, "nominal": 3, "normal": 3, "medium": 3,
    "moderate": 3, "average": 3, "n": 3, "m": 3, "high": 4, "h": 4, "very high": 5, "vh": 5,
    "extra high": 6, "extremely high": 6, "xh": 6,
}  # fmt: skip
"""Words of rating scales, COCOMO's among them. A category of such words alone is an ordered number."""
_RATED = {"high", "h", "very high", "vh", "extra high", "extremely high", "xh"}
_CLIP = 4.0
"""A standardised value further out counts as this far."""
_GAPS = 3
"""Values that must be missing before the gap itself is a column."""
_FLAG = 0.7
"""Weight of a column that says "zero" or "not known" beside that of the value."""
_LEAST_SPREAD = 0.1
"""A level that nearly all or nearly no projects have is not blown up beyond this."""
_DISTINCT_FOR_LOG = 6


@dataclass(frozen=True)
class Number:
    """A numeric attribute: how it is scaled."""

    name: str
    offset: float | None
    """log(value + offset) is used; None: the value as it is."""
    mean: float
    spread: float
    low: float
    high: float
    zeros: tuple[float, float] | None
    """Mean and spread of "is zero", where that is a column."""
    gaps: tuple[float, float] | None
    ratings: bool = False

    @property
    def width(self) -> int:
        """Columns it takes."""
        return 1 + (self.zeros is not None) + (self.gaps is not None)

    def scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values, as logarithms where that is their scale; NaN stays."""
        if self.offset is None:
            return values
        # A planned project may state a zero where no finished one has any.
        floor = np.exp(self.low) - self.offset
        return np.asarray(np.log(np.maximum(values, floor) + self.offset))

    def columns(self, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Standardised columns of the values."""
        missing = np.isnan(values)
        standard = np.clip((self.scaled(values) - self.mean) / self.spread, -_CLIP, _CLIP)
        found = [np.where(missing, 0.0, standard)]
        for flag, stated in ((values == 0, self.zeros), (missing, self.gaps)):
            if stated is not None:
                found.append(_FLAG * (flag - stated[0]) / stated[1])
        return found


@dataclass(frozen=True)
class Category:
    """A categorical attribute: a column for each level that two projects or more have."""

    name: str
    levels: tuple[str, ...]
    shares: tuple[float, ...]

    @property
    def width(self) -> int:
        """Columns it takes."""
        return len(self.levels)

    def columns(self, values: NDArray[np.str_]) -> list[NDArray[np.float64]]:
        """One standardised column a level."""
        return [
            ((values == level) - share) / max(float(np.sqrt(share * (1 - share))), _LEAST_SPREAD)
            for level, share in zip(self.levels, self.shares, strict=True)
        ]


@dataclass(frozen=True)
class Design:
    """The attributes of a history that tell its projects apart."""

    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]
    size: Number | None
    """The attribute that goes most with the target: how big a job is."""
    size_weight: float
    """Correlation of its logarithm with that of the target; 0 where there is none."""

    @classmethod
    def of(cls, history: History) -> Design:
        """Learns scales from the projects."""
        rated = {
            name: ratings
            for name, values in history.categories.items()
            if (ratings := as_ratings(values.tolist())) is not None
        }
        numbers = [_number(name, values) for name, values in history.numbers.items()]
        numbers += [_number(name, values, ratings=True) for name, values in rated.items()]
        known = tuple(number for number in numbers if number is not None)
        categories = tuple(
            category
            for name, values in history.categories.items()
            if name not in rated and (category := _category(name, values)) is not None
        )
        size, weight = _size(known, history)
        return cls(known, categories, size, weight)

    @property
    def names(self) -> list[str]:
        """The attributes that tell projects apart."""
        return [number.name for number in self.numbers] + [category.name for category in self.categories]

    @property
    def width(self) -> int:
        """Columns of the matrix."""
        return sum(number.width for number in self.numbers) + sum(each.width for each in self.categories)

    @property
    def size_column(self) -> int | None:
        """Where in the matrix the size stands."""
        if self.size is None:
            return None
        place = self.numbers.index(self.size)
        return sum(number.width for number in self.numbers[:place])

    def matrix(self, values: Values) -> NDArray[np.float64]:
        """Standardised columns, (projects, width)."""
        columns = [column for each in self.numbers for column in each.columns(values.numbers[each.name])]
        columns += [
            column for each in self.categories for column in each.columns(values.categories[each.name])
        ]
        return np.array(columns).T.reshape(values.rows, self.width)

    def values(self, projects: History | Sequence[Profile]) -> Values:
        """The raw values of projects, with gaps where a profile does not state one."""
        return Values.of(self, projects)


@dataclass(frozen=True)
class Values:
    """Raw values of some projects by attribute."""

    rows: int
    numbers: Mapping[str, NDArray[np.float64]]
    categories: Mapping[str, NDArray[np.str_]]

    @classmethod
    def of(cls, design: Design, projects: History | Sequence[Profile]) -> Values:
        """What the design asks for."""
        numbers, categories = {}, {}
        for number in design.numbers:
            numbers[number.name] = _numbers_of(number, projects)
        for category in design.categories:
            categories[category.name] = _words_of(category.name, projects)
        return cls(len(projects), numbers, categories)


def _numbers_of(number: Number, projects: History | Sequence[Profile]) -> NDArray[np.float64]:
    if number.ratings:
        words = _words_of(number.name, projects)
        return np.array([RATINGS.get(word.strip().lower(), np.nan) for word in words], float)
    if isinstance(projects, (list, tuple)):
        return np.array([profile.numbers.get(number.name, np.nan) for profile in projects], float)
    return projects.numbers[number.name]  # type: ignore[union-attr]


def _words_of(name: str, projects: History | Sequence[Profile]) -> NDArray[np.str_]:
    if isinstance(projects, (list, tuple)):
        return np.array([profile.categories.get(name, "") for profile in projects], np.str_)
    return projects.categories[name]  # type: ignore[union-attr]


def as_ratings(words: Sequence[str]) -> NDArray[np.float64] | None:
    """The words as places on a rating scale, NaN where empty; None when they are no such scale."""
    plain = [word.strip().lower() for word in words]
    levels = {word for word in plain if word}
    if len(levels) < 2 or not levels <= RATINGS.keys() or not levels & _RATED:
        return None
    return np.array([RATINGS.get(word, np.nan) for word in plain], float)


def log_offset(values: NDArray[np.float64]) -> float | None:
    """What to add before the logarithm; None where the values are better left as they are.

    Logarithms are taken of values that are never negative, vary, and are less skewed after than
    before. Where zeros occur a tenth of the way up the positive values is added.
    """
    if values.min() < 0 or len(np.unique(values)) <= _DISTINCT_FOR_LOG or (values == 0).mean() > 0.9:
        return None
    positive = values[values > 0]
    offset = 0.0 if len(positive) == len(values) else float(np.quantile(positive, 0.1))
    return offset if abs(_skewness(np.log(values + offset))) < abs(_skewness(values)) else None


def _skewness(values: NDArray[np.float64]) -> float:
    centred = values - values.mean()
    return float((centred**3).mean() / ((centred**2).mean() ** 1.5 + 1e-300))


def _number(name: str, given: NDArray[np.float64], *, ratings: bool = False) -> Number | None:
    known = given[~np.isnan(given)]
    if len(np.unique(known)) < 2:
        return None
    offset = None if ratings else log_offset(known)
    scaled = known if offset is None else np.log(known + offset)
    zeros, gaps = known == 0, np.isnan(given)
    flagged = offset is not None and 0.05 < zeros.mean() < 0.95
    return Number(
        name, offset, float(scaled.mean()), float(scaled.std()), float(scaled.min()), float(scaled.max()),
        _moments(zeros) if flagged else None,
        _moments(gaps) if gaps.sum() >= _GAPS else None,
        ratings,
    )  # fmt: skip


def _moments(flags: NDArray[np.bool_]) -> tuple[float, float]:
    return float(flags.mean()), max(float(flags.std()), _LEAST_SPREAD)


def _category(name: str, values: NDArray[np.str_]) -> Category | None:
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) < 2:
        return None
    kept = [place for place, count in enumerate(counts) if count >= 2]
    if not kept:
        return None
    return Category(
        name,
        tuple(str(levels[place]) for place in kept),
        tuple(float(counts[place]) / len(values) for place in kept),
    )


def _size(numbers: Sequence[Number], history: History) -> tuple[Number | None, float]:
    best: tuple[Number | None, float] = (None, 0.0)
    target = np.log(history.truth)
    for number in numbers:
        if number.offset is None or number.ratings:
            continue
        scaled = number.scaled(history.numbers[number.name])
        known = ~np.isnan(scaled)
        if known.sum() < 3 or not scaled[known].std() or not target[known].std():
            continue
        together = float(np.corrcoef(scaled[known], target[known])[0, 1])
        if together > best[1]:
            best = number, together
    return best
