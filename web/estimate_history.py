"""The page of how good estimates from this history have been, with its plots.

Plots are drawn on the server, as on the page of an estimate; beside each stands a table of its figures,
and a script lets arrow keys go from value to value.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from search.estimates.wording import amount

if TYPE_CHECKING:
    from search.estimates.checked import BacktestAnswer, BacktestResult, TriedProject
    from search.estimates.offering import EstimateFields

WIDTH, HEIGHT, EDGE = 320.0, 240.0, 12.0
"""Of a plot, in its own units."""


@dataclass(frozen=True)
class Dot:
    """A project in a plot."""

    x: float
    y: float
    words: str
    is_inside: bool
    """Whether the truth lay from P10 to P90."""


@dataclass(frozen=True)
class Calibration:
    """A promise and its keeping, as places in the plot."""

    x: float
    y: float
    low: float
    high: float
    words: str


@dataclass(frozen=True)
class HistoryPage:
    """What is shown of a back-test."""

    offered: EstimateFields
    target: str
    answer: BacktestAnswer | None
    problem: str = ""
    least_grade: str = ""

    @property
    def result(self) -> BacktestResult | None:
        """The back-test, once it is done."""
        return self.answer.result if self.answer else None

    @property
    def share(self) -> float:
        """How much of it is done, in per cent."""
        return 100 * self.answer.done / self.answer.total if self.answer and self.answer.total else 0.0

    @property
    def predicted(self) -> list[Dot]:
        """Actual over P50, both as logarithms, on one scale."""
        if self.result is None:
            return []
        values = [value for each in self.result.projects for value in (each.actual, each.p50)]
        low, high = log(min(values)), log(max(values))
        return [
            Dot(
                _place(log(each.p50), low, high, WIDTH),
                round(HEIGHT - _place(log(each.actual), low, high, HEIGHT), 1),
                self._words(each),
                each.p10 <= each.actual <= each.p90,
            )
            for each in self.result.projects
        ]

    @property
    def over_time(self) -> list[Dot]:
        """log(actual / P50) over the day of the end; above the middle took more than expected."""
        dated = [each for each in self.result.projects if each.finished_on] if self.result else []
        if not dated:
            return []
        days = [each.finished_on.toordinal() for each in dated if each.finished_on]
        misses = [log(each.actual / each.p50) for each in dated]
        most = max(abs(miss) for miss in misses) or 1.0
        return [
            Dot(
                _place(day, min(days), max(days), WIDTH),
                round(HEIGHT - _place(miss, -most, most, HEIGHT), 1),
                self._words(each),
                each.p10 <= each.actual <= each.p90,
            )
            for each, day, miss in zip(dated, days, misses, strict=True)
        ]

    @property
    def calibration(self) -> list[Calibration]:
        """Share of truths below each quantile over what was promised."""
        found = []
        for each in self.result.levels if self.result else []:
            y, low, high = (round(HEIGHT - _place(v, 0, 1, HEIGHT), 1) for v in (each.kept, *each.interval))
            words = f"Promised {each.promised:.0%}, kept {each.kept:.0%}"
            words += f" ({each.interval[0]:.0%} to {each.interval[1]:.0%})"
            found.append(Calibration(_place(each.promised, 0, 1, WIDTH), y, low, high, words))
        return found

    def _words(self, each: TriedProject) -> str:
        unit = self.result.unit if self.result else ""
        held = "inside" if each.p10 <= each.actual <= each.p90 else "outside"
        ended = f", ended {each.finished_on.year}" if each.finished_on else ""
        return (
            f"{each.title} ({each.id}): actual {amount(each.actual, unit)}, P50 {amount(each.p50, unit)}, "
            f"{held} P10 to P90{ended}"
        )

    @property
    def years(self) -> tuple[int, int] | None:
        """The first and the last year in which projects finished."""
        found = (
            [each.finished_on.year for each in self.result.projects if each.finished_on]
            if self.result
            else []
        )
        return (min(found), max(found)) if found else None


def _place(value: float, low: float, high: float, length: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return round(EDGE + (length - 2 * EDGE) * share, 1)
