"""Numbers as small pictures: plan against actual, variance by cause, the stages of a path.

The table is the data and is read by everyone; the bar in a row is decoration, drawn on the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.steps import LinkStep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from kb.kinds import Path, Project, Variance
    from kb.steps import Step

FULL = 100.0
"""Width of the longest bar, in per cent."""


@dataclass(frozen=True)
class MeasureRow:
    """One estimate, or the actual, of one measure."""

    label: str
    on: date | None
    value: float
    share: float
    """Length of the bar, 0 to 100."""
    growth: float | None
    """Actual over this estimate, minus 1; None for the actual itself and where there is none."""
    is_actual: bool = False


@dataclass(frozen=True)
class Measure:
    """Cost, duration or effort: each estimate and the actual."""

    name: str
    unit: str
    rows: tuple[MeasureRow, ...]


def measures(project: Project) -> list[Measure]:
    """Plan against actual, one Measure for each that has at least one figure."""
    units = {"cost": ("Cost", project.currency or ""), "duration_months": ("Duration", "months"),
             "effort_hours": ("Effort", "hours")}  # fmt: skip
    found = []
    for attribute, (name, unit) in units.items():
        planned = [(each.stage, each.on, getattr(each, attribute)) for each in project.baselines]
        actual = getattr(project.actuals, attribute, None)
        rows = [row for row in planned if row[2] is not None]
        longest = max([value for _, _, value in rows] + ([actual] if actual else []), default=0.0)
        if longest:
            bars = [
                MeasureRow(label, on, value, FULL * value / longest, actual / value - 1 if actual else None)
                for label, on, value in rows
            ]
            if actual:
                share = FULL * actual / longest
                bars.append(MeasureRow("Actual", project.finished_on, actual, share, None, is_actual=True))
            found.append(Measure(name, unit, tuple(bars)))
    return found


@dataclass(frozen=True)
class VarianceRow:
    """A cause with its part of the difference between plan and actual."""

    cause: str
    words: str
    cost: float | None
    days: float | None
    share: float
    """Length of the bar, 0 to 100: by cost, or by days where no cause has a cost."""
    is_saving: bool


def variance_rows(variances: Sequence[Variance]) -> list[VarianceRow]:
    """The causes, largest first."""
    by_cost = any(each.cost for each in variances)
    sizes = [(each.cost if by_cost else each.days) or 0.0 for each in variances]
    longest = max((abs(size) for size in sizes), default=0.0) or 1.0
    rows = [
        VarianceRow(each.cause, each.words, each.cost, each.days, FULL * abs(size) / longest, size < 0)
        for each, size in zip(variances, sizes, strict=True)
    ]
    return sorted(rows, key=lambda row: -row.share)


@dataclass(frozen=True)
class JourneyStep:
    """A step of a path with what is known of its entry or link."""

    step: Step
    kind: str
    """That of the entry, or `link`; empty where the entry is not there."""
    title: str
    minutes: int | None


@dataclass(frozen=True)
class JourneyStage:
    """A stage of a path."""

    title: str
    ordered: bool
    steps: tuple[JourneyStep, ...]

    @property
    def minutes(self) -> int:
        """The time of all its steps that state one."""
        return sum(each.minutes or 0 for each in self.steps)


@dataclass(frozen=True)
class Journey:
    """The stages of a path and its total time."""

    stages: tuple[JourneyStage, ...]

    @property
    def minutes(self) -> int:
        """The time of all steps."""
        return sum(stage.minutes for stage in self.stages)

    @property
    def required_minutes(self) -> int:
        """The time of the required steps."""
        steps = (each for stage in self.stages for each in stage.steps)
        return sum(each.minutes or 0 for each in steps if each.step.required)

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return sum(len(stage.steps) for stage in self.stages)


def journey(path: Path, titles: Mapping[str, tuple[str, str]], minutes: Mapping[str, int | None]) -> Journey:
    """The path with titles and times; a step's own time goes before its entry's."""

    def walked(step: Step) -> JourneyStep:
        if isinstance(step, LinkStep):
            return JourneyStep(step, "link", step.title, step.minutes)
        kind, title = titles.get(step.entry, ("", "not in the repository"))
        return JourneyStep(step, kind, title, step.minutes or minutes.get(step.entry))

    return Journey(
        tuple(
            JourneyStage(stage.title, stage.ordered, tuple(walked(step) for step in stage.steps))
            for stage in path.stages
        )
    )
