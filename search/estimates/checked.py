"""How good have estimates from this history been? A back-test in the shapes that all readers get."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from search.estimates.answers import Part
from search.estimates.intervals import LEVELS
from search.estimates.measures import wilson

if TYPE_CHECKING:
    from search.estimates.backtest import Backtest
    from search.estimates.repository import Prepared

WORST = 10
HELD_OUT = {
    "loo": "each project estimated from all others",
    "kfold": "each tenth estimated from the others",
    "time": "each project estimated from those finished before it",
}


class MethodPart(Part):
    """The errors of one method over all projects, and a paired test of ours against it."""

    name: str
    mae: Annotated[float, Field(description="Mean absolute error.")]
    mdae: Annotated[float, Field(description="Median absolute error.")]
    sa: Annotated[float, Field(description="Standardised accuracy, per cent: 0 is guessing.")]
    delta: Annotated[float, Field(description="Effect size against guessing.")]
    pred25: Annotated[float, Field(description="Share within a quarter of the truth.")]
    mdmre: Annotated[float, Field(description="Median magnitude of relative error.")]
    mae_without_largest: Annotated[float, Field(description="MAE when the largest project does not count.")]
    wins: Annotated[int | None, Field(description="Projects on which ours is nearer.")]
    losses: int | None
    p: Annotated[float | None, Field(description="Wilcoxon's signed-rank test, corrected by Holm.")]


class LevelPart(Part):
    """A promise, and how often it was kept."""

    promised: float
    kept: float
    interval: Annotated[tuple[float, float], Field(description="95 % (Wilson).")]


class TriedProject(Part):
    """A finished project, estimated without itself."""

    id: str
    title: str
    finished_on: date | None
    actual: float
    p10: float
    p50: float
    p80: float
    p90: float


class BacktestResult(Part):
    """What estimates from this history were worth."""

    target: str
    unit: str
    price_year: int | None
    n: int
    protocol: str
    methods: Annotated[list[MethodPart], Field(description="Ours first.")]
    inside_p10_p90: float
    inside_interval: tuple[float, float]
    under_p80: float
    under_interval: tuple[float, float]
    median_width: Annotated[float, Field(description="Of P10 to P90, in the unit.")]
    levels: list[LevelPart]
    worst: Annotated[list[TriedProject], Field(description="The largest errors.")]
    projects: list[TriedProject]
    left_out: list[str]


class BacktestAnswer(Part):
    """A back-test, or how far it has come."""

    state: Literal["running", "done", "refused"]
    done: Annotated[int, Field(description="Rounds.")]
    total: int
    why: Annotated[str, Field(description="Why there is none.")]
    result: BacktestResult | None


def result_of(found: Backtest, prepared: Prepared) -> BacktestResult:
    """The back-test in the shape that readers get."""
    intervals = found.intervals()
    projects = _projects(found, prepared)
    errors = {each.id: abs(each.actual - each.p50) for each in projects}
    return BacktestResult(
        target=prepared.target.name,
        unit=prepared.target.unit,
        price_year=prepared.target.price_year,
        n=len(found.truth),
        protocol=HELD_OUT[found.protocol.kind],
        methods=_methods(found),
        inside_p10_p90=intervals.coverage,
        inside_interval=intervals.coverage_interval,
        under_p80=intervals.hit_p80,
        under_interval=intervals.hit_p80_interval,
        median_width=intervals.median_width,
        levels=_levels(found),
        worst=sorted(projects, key=lambda each: (-errors[each.id], each.id))[:WORST],
        projects=projects,
        left_out=list(prepared.notices),
    )


def _methods(found: Backtest) -> list[MethodPart]:
    tests = {each.against: each for each in found.tests()}
    without = found.without_largest()
    parts = []
    for name, each in found.accuracies().items():
        test = tests.get(name)
        parts.append(
            MethodPart(
                name=name,
                mae=each.mae,
                mdae=each.mdae,
                sa=each.sa,
                delta=each.delta,
                pred25=each.pred25,
                mdmre=each.mdmre,
                mae_without_largest=without[name].mae,
                wins=test.wins if test else None,
                losses=test.losses if test else None,
                p=test.corrected_p if test else None,
            )
        )
    return parts


def _levels(found: Backtest) -> list[LevelPart]:
    parts = []
    for place, level in enumerate(LEVELS):
        hits = int((found.truth <= found.quantiles[:, place]).sum())
        n = len(found.truth)
        parts.append(LevelPart(promised=level, kept=hits / n, interval=wilson(hits, n)))
    return parts


def _projects(found: Backtest, prepared: Prepared) -> list[TriedProject]:
    names = ("p10", "p50", "p80", "p90")
    order = prepared.history.order
    days = {} if order is None else dict(zip(prepared.history.ids, order.tolist(), strict=True))
    listed = []
    for row, ref in enumerate(found.history.ids):
        day = days.get(ref, np.nan)
        marks = dict(zip(names, found.quantiles[row].tolist(), strict=True))
        listed.append(
            TriedProject(
                id=ref,
                title=found.history.name(row),
                finished_on=None if np.isnan(day) else date.fromordinal(int(day)),
                actual=float(found.truth[row]),
                **marks,
            )
        )
    return listed
