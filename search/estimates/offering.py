"""What can be asked: the fields and values that finished projects have."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from search.estimates.answers import Part
from search.estimates.facts import CATEGORIES, UNIT, attributes, category_of
from search.estimates.history import MIN_PROJECTS
from search.estimates.targets import currencies, outcome_of, target_of, targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.reference.money import Money
    from search.estimates.repository import Finished, Projects

MOST_VALUES = 50


class TargetField(Part):
    """Something that can be estimated."""

    name: str
    unit: str
    n: Annotated[int, Field(description="Finished projects whose outcome is known.")]
    is_enough: Annotated[bool, Field(description=f"Whether that is {MIN_PROJECTS} or more.")]


class AttributeField(Part):
    """Something by which projects can be told apart."""

    name: str
    kind: Literal["number", "category"]
    n: Annotated[int, Field(description="Finished projects that state it.")]
    values: Annotated[list[str], Field(description="Of a category, the most frequent first.")]
    least: float | None
    most: float | None


class EstimateFields(Part):
    """What can be asked of the finished projects that the caller may see."""

    n: int
    targets: list[TargetField]
    currencies: list[str]
    size_units: list[str]
    late_sizes: Annotated[int, Field(description="Finished projects whose size is known only afterwards.")]
    stages: Annotated[list[str], Field(description="Stages of plans.")]
    fields: Annotated[list[AttributeField], Field(description="Typed fields: type, sector and so on.")]
    attributes: Annotated[list[AttributeField], Field(description="Further attributes.")]


def estimate_fields(projects: Projects, money: Money) -> EstimateFields:
    """The fields and values of these projects."""
    rows = projects.rows
    contents = [each.content for each in rows]
    numbers, categories = attributes(contents, ())
    further = [
        *(_number(name, values[~np.isnan(values)].tolist()) for name, values in numbers.items()),
        *(_category(name, values.tolist()) for name, values in categories.items()),
    ]
    typed = [
        _category(name, [category_of(content, name) for content in contents])
        for name in CATEGORIES
        if name != UNIT
    ]
    stages = Counter(str(each["stage"]) for content in contents for each in content.get("baselines", []))
    return EstimateFields(
        n=len(rows),
        targets=[_target(rows, name, money) for name in targets(rows)],
        currencies=[each for each in currencies(rows) if each],
        size_units=[unit for unit in projects.usual_sizes if unit],
        late_sizes=len(projects.late_sizes),
        stages=[stage for stage, _ in stages.most_common()],
        fields=[each for each in typed if each.n],
        attributes=sorted(further, key=lambda each: (-each.n, each.name)),
    )


def _target(rows: Sequence[Finished], name: str, money: Money) -> TargetField:
    target = target_of(rows, name, money)
    count = sum(
        outcome_of(each.content, target, money).value is not None and not each.is_cancelled for each in rows
    )
    return TargetField(name=name, unit=target.unit, n=count, is_enough=count >= MIN_PROJECTS)


def _number(name: str, known: list[float]) -> AttributeField:
    return AttributeField(
        name=name, kind="number", n=len(known), values=[], least=min(known), most=max(known)
    )


def _category(name: str, words: list[str]) -> AttributeField:
    found = Counter(word for word in words if word)
    ordered = sorted(found, key=lambda word: (-found[word], word))
    return AttributeField(
        name=name, kind="category", n=sum(found.values()), values=ordered[:MOST_VALUES], least=None, most=None
    )
