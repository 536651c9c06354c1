"""Actual less plan of a project, taken apart: approved scope change, and overrun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kb.kinds import Baseline, Project

Measure = Literal["cost", "effort_hours", "duration_months"]
MEASURES: tuple[Measure, ...] = ("cost", "effort_hours", "duration_months")


@dataclass(frozen=True)
class Overrun:
    """One measure of a project against one of its baselines, in the units of `kb.kinds.Baseline`."""

    measure: Measure
    stage: str
    baseline: float
    actual: float
    scope_change: float
    """Approved after the baseline, + or -; of cost only, 0 where none is stated."""

    @property
    def difference(self) -> float:
        """Actual less baseline."""
        return self.actual - self.baseline

    @property
    def overrun(self) -> float:
        """What is left of the difference without approved scope change; negative is underrun."""
        return self.difference - self.scope_change

    @property
    def approved(self) -> float:
        """The baseline with the scope change: what was approved in the end."""
        return self.baseline + self.scope_change

    @property
    def ratio(self) -> float | None:
        """Actual over approved; None where nothing is left to compare with."""
        return self.actual / self.approved if self.approved > 0 else None


def overruns(project: Project, measure: Measure = "cost") -> list[Overrun]:
    """Against each baseline that has the measure, in the order in which they are stated."""
    actual = getattr(project.actuals, measure, None)
    if actual is None:
        return []
    change = (project.approved_scope_change or 0.0) if measure == "cost" else 0.0
    return [
        Overrun(measure, each.stage, planned, actual, change)
        for each in project.baselines
        if (planned := getattr(each, measure)) is not None
    ]


def last_overrun(project: Project, measure: Measure = "cost") -> Overrun | None:
    """Against the last baseline that has the measure: that on which the project was approved.

    The last is the latest by date where all have one, else the last stated.
    """
    having = [each for each in project.baselines if getattr(each, measure) is not None]
    found = overruns(project, measure)
    return found[having.index(_last(having))] if found else None


def _last(baselines: list[Baseline]) -> Baseline:
    dated = [(each.on, place) for place, each in enumerate(baselines) if each.on is not None]
    return baselines[max(dated)[1]] if len(dated) == len(baselines) else baselines[-1]
