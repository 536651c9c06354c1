"""How good the numbers of a finished project are: a grade from A to D, with the reasons.

Completeness is the share, by weight, of what an estimate takes from a project. Plausibility counts what
contradicts itself or lies far outside what projects do. The rule of the grade:

    A  at least 85 % complete, nothing in doubt
    B  at least 65 % complete, at most one thing in doubt
    C  at least 40 % complete, at most two things in doubt
    D  everything else, and whatever has no actual at all

A grade that the record states stands; what would have been computed is told beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kb.overrun import MEASURES, Measure, last_overrun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kb.kinds import Project

Letter = Literal["A", "B", "C", "D"]
RULE: tuple[tuple[Letter, float, int], ...] = (("A", 0.85, 0), ("B", 0.65, 1), ("C", 0.4, 2))
"""Grade, the least completeness, the most doubts."""
FAR = 5.0
"""Actual over plan beyond which, or below the inverse of which, one of the two is in doubt."""
_DAYS_A_MONTH = 365.25 / 12
_HOURS_A_MONTH = 250.0
"""That one person works at the very most."""
_NAMES = {"cost": "cost", "effort_hours": "effort", "duration_months": "duration"}


@dataclass(frozen=True)
class Grade:
    """A grade and what it rests on."""

    letter: Letter
    """The stated one, else the computed one."""
    computed: Letter
    completeness: float
    """Between 0 and 1."""
    missing: tuple[str, ...]
    """What an estimate would take and the record lacks, the weightiest first."""
    doubts: tuple[str, ...]
    """What is hardly right, in sentences."""
    is_stated: bool

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the grade is no better, in sentences; what is missing first."""
        lacking = (f"Not known: {', '.join(self.missing)}.",) if self.missing else ()
        return (*lacking, *self.doubts)


def grade(project: Project) -> Grade:
    """The grade of a project's numbers."""
    wanted = list(_wanted(project))
    total = sum(weight for _, weight, _ in wanted)
    lacking = sorted((each for each in wanted if not each[2]), key=lambda each: -each[1])
    completeness = 1 - sum(weight for _, weight, _ in lacking) / total
    doubts = tuple(_doubts(project))
    computed: Letter = "D"
    if _actuals(project):
        computed = next(
            (letter for letter, least, most in RULE if completeness >= least and len(doubts) <= most), "D"
        )
    stated = project.data_quality
    missing = tuple(name for name, _, _ in lacking)
    return Grade(stated or computed, computed, completeness, missing, doubts, stated is not None)


def _actuals(project: Project) -> list[Measure]:
    return [measure for measure in MEASURES if getattr(project.actuals, measure, None) is not None]


def _wanted(project: Project) -> Iterator[tuple[str, int, bool]]:
    """(what, weight, whether it is there). Currency and price year count only where there is money."""
    actuals = _actuals(project)
    planned = [measure for measure in actuals if last_overrun(project, measure) is not None]
    yield "what it really cost or took", 3, bool(actuals)
    yield "a second actual (cost, effort, duration)", 1, len(actuals) > 1
    yield "a plan of what is known as actual", 2, bool(planned)
    yield "size with its unit", 2, bool(project.size and project.size_unit)
    yield "type", 1, bool(project.type)
    yield "sector", 1, bool(project.sector)
    yield "start", 1, project.started_on is not None
    yield "finish", 1, project.finished_on is not None
    yield "outcome", 1, project.outcome is not None
    yield "source of the figures", 1, bool(project.source)
    if _has_money(project):
        yield "currency", 2, project.currency is not None
        yield "price year", 1, project.price_year is not None


def _has_money(project: Project) -> bool:
    costs = [each.cost for each in project.baselines]
    return any(cost is not None for cost in [*costs, getattr(project.actuals, "cost", None)])


def _doubts(project: Project) -> Iterator[str]:
    yield from _odd_dates(project)
    for measure in MEASURES:
        found = last_overrun(project, measure)
        if found is not None and found.ratio is not None and not 1 / FAR <= found.ratio <= FAR:
            yield f"The {_NAMES[measure]} is {found.ratio:.2g} times the plan of stage {found.stage}."
        if found is not None and found.approved <= 0:
            yield "The approved scope change takes away more than was planned."
    yield from _odd_effort(project)
    yield from _odd_causes(project)


def _odd_dates(project: Project) -> Iterator[str]:
    start, finish = project.started_on, project.finished_on
    if start and finish and finish < start:
        yield "It finished before it started."
        return
    duration = getattr(project.actuals, "duration_months", None)
    if start and finish and duration:
        months = (finish - start).days / _DAYS_A_MONTH
        if abs(months - duration) > max(2.0, 0.25 * duration):
            yield f"It took {duration:.3g} months as stated, and {months:.3g} from start to finish."
    year = project.price_year
    if year and ((start and year < start.year - 5) or (finish and year > finish.year + 5)):
        yield f"Prices of {year} are far from when it ran."
    late = [each.stage for each in project.baselines if each.on and finish and each.on > finish]
    if late:
        yield f"The plan of stage {late[0]} is dated after the finish."


def _odd_effort(project: Project) -> Iterator[str]:
    effort = getattr(project.actuals, "effort_hours", None)
    duration = getattr(project.actuals, "duration_months", None)
    if effort and duration and project.team_size:
        hours = effort / (duration * project.team_size)
        if hours > _HOURS_A_MONTH:
            yield f"The effort comes to {hours:.0f} hours per person and month."


def _odd_causes(project: Project) -> Iterator[str]:
    """The causes by amount against the whole difference, or against what of it was no scope change."""
    found = last_overrun(project)
    told = sum(each.cost for each in project.variances if each.cost is not None)
    if found is None or not told:
        return
    off = min(abs(told - found.difference), abs(told - found.overrun))
    if off > max(0.25 * abs(found.difference), 0.02 * found.baseline):
        yield f"The causes add up to {told:,.0f}, and actual less plan is {found.difference:,.0f}."
