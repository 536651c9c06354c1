"""The answer to a request, in the shapes that page, API and command line share."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """Base of every part of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(Part):
    """What the target will not exceed with a chance of 10, 50, 80 and 90 in 100."""

    p10: float
    p50: float
    p80: float
    p90: float


class Measured(Part):
    """How often ranges made in this way held on this very history: each project estimated from others."""

    protocol: Annotated[str, Field(description="How projects were held out, in words.")]
    n: int
    inside_p10_p90: Annotated[float, Field(description="Share from P10 to P90; 0.8 is promised.")]
    inside_interval: Annotated[tuple[float, float], Field(description="Its 95 % interval (Wilson).")]
    under_p80: Annotated[float, Field(description="Share up to P80; 0.8 is promised.")]
    under_interval: tuple[float, float]


class DistancePart(Part):
    """What one attribute adds to the distance."""

    attribute: str
    share: Annotated[float, Field(description="Of the squared distance, 0 to 1.")]
    words: Annotated[str, Field(description="Both values, such as `planned: 500 users; there: 340 users`.")]


class ComparablePart(Part):
    """A finished project that is near, the nearest first."""

    id: str
    title: str
    url: str
    actual: Annotated[float, Field(description="In the unit of the target, an amount in its prices too.")]
    how: Annotated[str, Field(description="How the amount was brought to that currency and year.")]
    distance: float
    parts: Annotated[list[DistancePart], Field(description="What makes the distance, the largest first.")]
    similarity: Annotated[float | None, Field(description="Of the descriptions: cosine, -1 to 1.")]
    scale: Annotated[float | None, Field(description="How many times as big the planned project is.")]
    implied: Annotated[float | None, Field(description="actual x scale.")]
    weight: Annotated[float | None, Field(description="How much it counts among the comparables.")]
    finished_on: date | None
    outcome: str
    size: str
    team_size: float | None
    grade: Annotated[
        Literal["", "A", "B", "C", "D"],
        Field(description="How good its figures are: A is best. Empty in dossiers from before it was told."),
    ] = ""


class ExcludedPart(Part):
    """A project that does not count, with the reason that was given."""

    id: str
    title: Annotated[str, Field(description="Empty where there is no such finished project.")]
    reason: str


class Ratios(Part):
    """Actual over planned in a class of finished projects: 1.2 is a fifth more than planned."""

    label: str
    stage: str
    n: int
    p10: float | None
    p50: float | None
    p80: float | None
    p90: float | None
    over: Annotated[float, Field(description="Share that took more than planned.")]


class PublishedUplift(Part):
    """An uplift that others published: by how much such projects exceeded their estimates."""

    project_type: str
    p50: Annotated[float | None, Field(description="0.2 is a fifth on top of the estimate.")]
    p80: float | None
    n: int | None
    year: int
    source: str


class ReferencePart(Part):
    """How plans of such projects fared: the outside view."""

    chosen: Ratios | None
    """The class whose uplifts count here."""
    classes: Annotated[list[Ratios], Field(description="By stage of the plan, and for all projects.")]
    words: str
    uplift_p50: Annotated[float | None, Field(description="0.2 is a fifth on top of the plan.")]
    uplift_p80: float | None
    published: Annotated[
        list[PublishedUplift], Field(description="By others; used where too few plans of ours are known.")
    ]


class PlanPart(Part):
    """The figure that somebody has already, seen from outside."""

    plan: float
    with_p50: Annotated[float | None, Field(description="Plan x P50 of the reference class.")]
    with_p80: float | None
    chance: Annotated[float | None, Field(description="Chance by the model that the plan is not exceeded.")]
    words: str


class SensitivityPart(Part):
    """The range without one project."""

    id: str
    title: str
    is_largest: Annotated[bool, Field(description="Whether it is the one that took most of all.")]
    p50: float | None
    p80: float | None
    change: Annotated[float | None, Field(description="Of P50: -0.1 is a tenth less without it.")]


class LinkedEntry(Part):
    """A lesson or review that belongs to a comparable."""

    id: str
    kind: str
    title: str
    url: str


class CausePart(Part):
    """What made comparables differ from their plans."""

    cause: str
    projects: Annotated[list[str], Field(description="Comparables that name it.")]
    known: Annotated[int, Field(description="Comparables whose causes are known.")]
    days: Annotated[float | None, Field(description="Days over all of them; negative saved.")]
    cost: float | None
    words: Annotated[str, Field(description="Such as `3 of 7 lost over 30 days to permits`.")]
    entries: list[LinkedEntry]


class TeamPart(Part):
    """What the comparables' teams looked like."""

    n: int
    smallest: float
    median: float
    largest: float


class EstimateAnswer(Part):
    """A range with every precedent behind it, or a refusal that says why."""

    target: str
    unit: Annotated[str, Field(description="Empty where the history does not say.")]
    price_year: Annotated[int | None, Field(description="Amounts are in prices of this year.")]
    n: Annotated[int, Field(description="Finished projects that it rests on.")]
    refusal: Annotated[str, Field(description="Why there is no range; empty where there is one.")]
    range: Range | None
    words: Annotated[str, Field(description="The answer in a sentence or two.")]
    measured: Measured | None
    method: str
    regression: float | None
    analogy: float | None
    reads_text: Annotated[bool, Field(description="Whether the description counts.")]
    stated: Annotated[dict[str, str], Field(description="The attributes that were read.")]
    comparables: list[ComparablePart]
    excluded: list[ExcludedPart]
    reference: ReferencePart | None
    plan: PlanPart | None
    sensitivity: list[SensitivityPart]
    causes: list[CausePart]
    lessons: Annotated[list[LinkedEntry], Field(description="Lessons and reviews of the comparables.")]
    team: TeamPart | None
    warnings: list[str]
    left_out: Annotated[list[str], Field(description="What of the history does not count, and why.")]
