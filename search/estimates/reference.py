"""The reference class: what became of the plans of such projects (Flyvbjerg 2006, "From Nobel Prize to
Project Management: Getting Risks Right"). An uplift is what is added to a plan so that it holds with the
given chance. Scope that was approved later is no overrun: it counts to the plan, as in kb.overrun.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from search.estimates.answers import PlanPart, PublishedUplift, Ratios, ReferencePart
from search.estimates.intervals import quantile
from search.estimates.targets import actual, planned
from search.estimates.wording import amount, change, percent

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kb.reference.texts import Uplift
    from search.estimates.repository import Finished, Prepared
    from search.estimates.request import EstimateRequest
    from search.estimates.targets import Target

LEAST = 10
"""Plans that quantiles need: with fewer P90 lies beyond all that was seen."""
ALL = "all projects"
_SHARES = (0.1, 0.5, 0.8, 0.9)


def reference_class(
    prepared: Prepared, out: Collection[int], request: EstimateRequest, uplifts: Sequence[Uplift]
) -> ReferencePart | None:
    """Actual over planned by type and stage, without the rows in `out`, and what others published.

    Both are as the project states them, so that no rate or index comes between. None where nothing of
    the target was ever planned, here or elsewhere.
    """
    target = prepared.target
    published = _published(uplifts, target.name, request.type)
    found: dict[tuple[str, str], list[float]] = {}
    for row, project in enumerate(prepared.projects):
        if row in out or not target.measure:
            continue
        spent, scope = actual(project.content, target.measure) or 0.0, _scope(project, target)
        for stage, plan in planned(project.content, target.measure).items():
            if spent > 0 and plan + scope > 0:
                found.setdefault((ALL, stage), []).append(spent / (plan + scope))
                if request.type and project.content.get("type") == request.type:
                    found.setdefault((request.type, stage), []).append(spent / (plan + scope))
    if not found and not published:
        return None
    classes = [_ratios(label, stage, ratios) for (label, stage), ratios in sorted(found.items(), key=_order)]
    chosen = _chosen(classes, _stage(classes, request), request.type) if classes else None
    p50, p80, words = (
        _by_others(published, target.name, request.type) if chosen is None else _ours(chosen, request.type)
    )
    return ReferencePart(
        chosen=chosen, classes=classes, words=words, uplift_p50=p50, uplift_p80=p80, published=published
    )


def _published(uplifts: Sequence[Uplift], target: str, kind: str) -> list[PublishedUplift]:
    """Of the target; those of the type first."""
    fitting = [each for each in uplifts if each.measure == target]
    fitting.sort(key=lambda each: (each.project_type.casefold() != kind.casefold(), each.key))
    return [
        PublishedUplift(
            project_type=each.project_type,
            p50=None if each.p50_percent is None else each.p50_percent / 100,
            p80=None if each.p80_percent is None else each.p80_percent / 100,
            n=each.n,
            year=each.year,
            source=each.source,
        )
        for each in fitting
    ]


def _by_others(
    published: Sequence[PublishedUplift], target: str, kind: str
) -> tuple[float | None, float | None, str]:
    """The published uplift of the type where there is one, and what is said."""
    few = f"Fewer than {LEAST} plans of {target} are known here with their outcome: too few for an uplift."
    first = next(
        (each for each in published if kind and each.project_type.casefold() == kind.casefold()), None
    )
    if first is None:
        return None, None, f"{few} Published ones are of other types." if published else few
    marks = " and ".join(
        f"{change(value)} ({name})"
        for name, value in (("P50", first.p50), ("P80", first.p80))
        if value is not None
    )
    return first.p50, first.p80, f"{few} Published for {first.project_type}: {marks} ({first.source})."


def _scope(project: Finished, target: Target) -> float:
    return float(project.content.get("approved_scope_change") or 0.0) if target.is_money else 0.0


def _order(item: tuple[tuple[str, str], list[float]]) -> tuple[bool, int, str]:
    (label, stage), ratios = item
    return label == ALL, -len(ratios), stage


def _ratios(label: str, stage: str, ratios: list[float]) -> Ratios:
    values = np.array(ratios)
    known = len(values) >= LEAST
    marks = [quantile(values, share) if known else None for share in _SHARES]
    names = ("p10", "p50", "p80", "p90")
    return Ratios(
        label=label,
        stage=stage,
        n=len(values),
        over=float((values > 1).mean()),
        **dict(zip(names, marks, strict=True)),
    )


def _stage(classes: Sequence[Ratios], request: EstimateRequest) -> str:
    """The stage that was asked for where there is one, else the most frequent."""
    counts = Counter({each.stage: each.n for each in classes if each.label == ALL})
    return request.plan_stage if request.plan_stage in counts else max(counts, key=counts.__getitem__)


def _chosen(classes: Sequence[Ratios], stage: str, kind: str) -> Ratios | None:
    """The narrowest class of the stage that has enough plans."""
    fitting = [each for each in classes if each.stage == stage and each.p50 is not None]
    return next((each for each in fitting if each.label == kind), fitting[0] if fitting else None)


def _ours(chosen: Ratios, kind: str) -> tuple[float | None, float | None, str]:
    """The uplifts of our own class, and what is said."""
    p50, p80 = (0.0 if each is None else each - 1 for each in (chosen.p50, chosen.p80))
    whom = f"{chosen.n:,} projects of the type {kind}" if chosen.label == kind else f"{chosen.n:,} projects"
    narrower = f" There are too few of the type {kind} alone." if kind and chosen.label != kind else ""
    words = (
        f"Of {whom} with a plan at the stage {chosen.stage}, {percent(chosen.over)} took more than planned. "
        f"A plan of that stage holds with a chance of one half at {change(p50)}, and of 80 % at "
        f"{change(p80)}.{narrower}"
    )
    return p50, p80, words


def plan_part(
    plan: float | None, reference: ReferencePart | None, chance: float | None, unit: str
) -> PlanPart | None:
    """Somebody's own figure beside the reference class and the model."""
    if plan is None:
        return None
    said = [f"Your figure is {amount(plan, unit)}."]
    uplifts = (reference.uplift_p50, reference.uplift_p80) if reference else (None, None)
    with_p50, with_p80 = (None if each is None else plan * (1 + each) for each in uplifts)
    marks = [
        f"{amount(value, unit)} ({name})"
        for name, value in (("P50", with_p50), ("P80", with_p80))
        if value is not None
    ]
    if marks:
        said.append(f"As such plans fared, it becomes {' or '.join(marks)}.")
    if chance is not None:
        said.append(f"The model gives it a chance of {percent(chance)} of being enough.")
    return PlanPart(plan=plan, with_p50=with_p50, with_p80=with_p80, chance=chance, words=" ".join(said))
