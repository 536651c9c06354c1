"""The parts of an answer in words: why a project is near, how much hangs on it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from search.estimates.analogy import TEXT
from search.estimates.answers import ComparablePart, DistancePart, ExcludedPart, SensitivityPart
from search.estimates.facts import CATEGORIES, SIZE, UNIT, category_of, is_late, is_number, words_of
from search.estimates.request import said_value
from search.estimates.wording import figure

if TYPE_CHECKING:
    from search.estimates.comparables import Comparable
    from search.estimates.estimator import Estimate, Estimator
    from search.estimates.fitted import Fitted
    from search.estimates.history import Profile
    from search.estimates.repository import Finished, Projects
    from search.estimates.request import EstimateRequest

UNKNOWN = "not known"


def comparable_part(
    request: EstimateRequest, found: Comparable, project: Finished, how: str
) -> ComparablePart:
    """A comparable with the values that make its distance."""
    content = project.content
    return ComparablePart(
        id=project.ref,
        title=project.title,
        url=f"/entries/{project.ref}",
        actual=found.truth,
        how=how,
        distance=found.distance,
        parts=[
            DistancePart(attribute=name, share=share, words=_both(request, found, project, name))
            for name, share in found.parts.items()
            if share > 0
        ],
        similarity=found.similarity,
        scale=found.scale,
        implied=found.implied,
        weight=found.weight,
        finished_on=date.fromisoformat(content["finished_on"]) if content.get("finished_on") else None,
        outcome=str(content.get("outcome") or ""),
        size=_there(project, SIZE),
        grade=project.grade,
        team_size=content.get("team_size"),
    )


def _both(request: EstimateRequest, found: Comparable, project: Finished, name: str) -> str:
    if name == TEXT:
        return f"similarity {found.similarity:.2f}" if found.similarity is not None else UNKNOWN
    here, there = said_value(request, name) or UNKNOWN, _there(project, name) or UNKNOWN
    return f"the same: {here}" if here == there != UNKNOWN else f"planned: {here}; there: {there}"


def _there(project: Finished, name: str) -> str:
    """What a finished project states of an attribute, in words."""
    if name.startswith(SIZE) and name != UNIT:
        size = project.content.get("size")
        late = ", known only afterwards" if is_late(project.content, SIZE) else ""
        return f"{f'{figure(size)} {project.size_unit}'.strip()}{late}" if size else ""
    if name in CATEGORIES:
        return category_of(project.content, name)
    value = project.content.get("attributes", {}).get(name)
    return figure(value) if is_number(value) else words_of(value)


def read_in_words(request: EstimateRequest, profile: Profile) -> dict[str, str]:
    """The attributes that were read, as they were stated."""
    names = [*profile.numbers, *profile.categories]
    return {name: said for name in names if (said := said_value(request, name))}


def excluded_parts(request: EstimateRequest, projects: Projects) -> list[ExcludedPart]:
    """The projects that are not to count, with their titles where they are there."""
    titles = {each.ref: each.title for each in projects.rows}
    return [
        ExcludedPart(id=ref, title=titles.get(ref, ""), reason=reason)
        for ref, reason in request.excluded.items()
    ]


def sensitivity(fitted: Fitted, out: set[int], profile: Profile, found: Estimate) -> list[SensitivityPart]:
    """The range without each comparable, and without the project that took most."""
    if found.p50 is None:
        return []
    history = fitted.history
    place = {ref: row for row, ref in enumerate(history.ids)}
    rows = [place[each.id] for each in found.comparables]
    truth = np.where(np.isin(np.arange(len(history)), list(out)), -np.inf, history.truth)
    largest = int(truth.argmax())
    if largest not in rows:
        rows.append(largest)
    parts = []
    for row in rows:
        marks = fitted.marks_without(out | {row}, profile)
        parts.append(
            SensitivityPart(
                id=history.ids[row],
                title=history.name(row),
                is_largest=row == largest,
                p50=marks[0] if marks else None,
                p80=marks[1] if marks else None,
                change=marks[0] / found.p50 - 1 if marks else None,
            )
        )
    return parts


def chance(estimator: Estimator, found: Estimate, plan: float | None) -> float | None:
    """The chance that a figure is not exceeded, by the same scores that make the range."""
    if plan is None or estimator.blend is None or found.p50 is None:
        return None
    score = (np.log(plan) - np.log(found.parts["blend"])) / found.difficulty
    return float((estimator.blend.scores <= score).sum() / (len(estimator.blend.scores) + 1))


def currency_of(projects: list[Finished], unit: str) -> str:
    """The currency in which causes are added up: that of the target, else of most comparables."""
    stated = Counter(str(each.content.get("currency") or "") for each in projects)
    return unit if unit in stated else next((name for name, _ in stated.most_common(1)), "")
