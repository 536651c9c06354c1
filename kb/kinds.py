"""The typed fields of each kind of entry.

Field names follow the words of the practice: NASA LLIS (driving event, lesson,
recommendation), PRINCE2's lessons log, PMI's register. Every kind inherits the
four facets that searchers narrow by (`sector`, `region`, `phases`, `methods`).
Types are strict: `false` is not a number, `"3"` is not 3.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kb.steps import EntryStep, LinkStep, Minutes, Step
from kb.strict import Strict
from kb.text import Day, Described, Line, NamesDescribed, Ref, Words

Method = Literal["agile", "waterfall", "hybrid"]
Level = Literal["low", "medium", "high"]
CauseCode = Literal[
    "requirements", "scope change", "estimation", "planning", "procurement", "supplier",
    "permits", "stakeholders", "governance", "resources", "skills", "technical",
    "integration", "data", "testing", "transition", "safety", "external", "communication",
]  # fmt: skip
Outcome = Literal["succeeded", "challenged", "failed", "cancelled"]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Year = Annotated[int, Field(ge=1900, le=2200)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Amount = Annotated[float, Field(allow_inf_nan=False)]
Address = Annotated[Line, Field(pattern=r"^(https?://\S+)?$"), Described("pattern", r"^(https?://[!-~]+)?$")]


class Fields(Strict):
    """What every kind carries beside title, summary, body, tags and links."""

    sector: Line = ""
    region: Line = ""
    phases: list[Line] = []
    methods: list[Method] = []


class Cause(Strict):
    """A root cause: a code from the shared list and the reason in words."""

    code: CauseCode
    words: Line = ""


class Impact(Strict):
    """What it cost or saved. Negative amounts are losses, positive ones savings."""

    cost: Amount | None = None
    currency: Currency | None = None
    days: Amount | None = None
    quality: Line = ""
    safety: Line = ""
    confidence: Level | None = None


class Applicability(Strict):
    """Where the lesson holds, and where it does not."""

    project_types: list[Line] = []
    size_band: Line = ""
    conditions: Words = ""
    counter_conditions: Words = ""


class Lesson(Fields):
    """One thing learned, with what to do about it."""

    type: Literal["good practice", "problem", "opportunity", "near miss"] = "problem"
    context: Words = ""
    expected: Words = ""
    happened: Words = ""
    lesson: Words = ""
    recommendation: Words = ""
    causes: list[Cause] = []
    impact: Impact | None = None
    warning_signs: list[Line] = []
    known_risk: bool | None = None
    applicability: Applicability | None = None
    priority: Level | None = None
    source: Ref | None = None
    evidence: Words = ""
    references: Words = ""
    occurred_on: Day | None = None
    unit: Line = ""
    programme: Line = ""


class Objective(Strict):
    """One objective held against what was reached."""

    dimension: Literal["scope", "cost", "time", "quality", "benefits"]
    planned: Line
    actual: Line
    met: bool | None = None


class Variance(Strict):
    """A part of the difference between plan and actual, by cause (days, money)."""

    cause: CauseCode
    cost: Amount | None = None
    days: Amount | None = None
    words: Line = ""


class Action(Strict):
    """A follow-up with an owner (a role, not a person) and a due date."""

    what: Line
    owner: Line = ""
    due: Day | None = None
    state: Literal["open", "in progress", "done", "dropped"] = "open"


class SignOff(Strict):
    """Who accepted the review, and when."""

    role: Line
    on: Day | None = None


class Review(Fields):
    """A post-project review: at a gate, at closure, or of benefits."""

    type: Literal["gate", "closure", "benefits"] = "closure"
    project: Ref | None = None
    held_on: Day | None = None
    facilitator: Line = ""
    participants: list[Line] = []
    outcome: Outcome | None = None
    objectives: list[Objective] = []
    went_well: Words = ""
    went_badly: Words = ""
    variances: list[Variance] = []
    estimate_accuracy: Words = ""
    lessons: list[Ref] = []
    actions: list[Action] = []
    sign_offs: list[SignOff] = []


class FormField(Strict):
    """A field that a user of the template fills in."""

    name: Line
    help: Line = ""
    example: Line = ""
    required: bool = False


class Change(Strict):
    """A line of a template's own change log."""

    on: Day
    what: Line


class Provenance(Strict):
    """A clause of a template that exists because of an entry."""

    clause: Line
    because: Ref


class Template(Fields):
    """A document to start from; its text is the body."""

    purpose: Line = ""
    mandatory: bool = False
    form: list[FormField] = []
    changelog: list[Change] = []
    provenance: list[Provenance] = []


class Question(Strict):
    """A question of a quiz; `answers` are the indexes (from 0) of correct options."""

    text: Line
    type: Literal["single", "multiple", "order", "short", "case"] = "single"
    options: list[Line] = []
    answers: list[Annotated[int, Field(ge=0)]] = []
    model_answer: Words = ""
    feedback: Line = ""


class Training(Fields):
    """A piece of training material; its text is the body."""

    type: Literal["guide", "slides", "video", "exercise", "quiz"] = "guide"
    objectives: list[Line] = []
    level: Literal["introductory", "intermediate", "advanced"] | None = None
    minutes: Minutes | None = None
    language: Line = ""
    url: Address = ""
    competencies: list[Line] = []
    source_lessons: list[Ref] = []
    pass_mark: Annotated[int, Field(ge=0, le=100)] | None = None
    assessment: list[Question] = []


class Stage(Strict):
    """A stage of a path; its steps are taken in order or freely."""

    title: Line
    ordered: bool = True
    steps: list[Step] = []


class Path(Fields):
    """A learning path over the repository's own material, and links that lead elsewhere."""

    audience: Line = ""
    goal: Words = ""
    stages: list[Stage] = []
    prerequisites: list[Ref] = []
    validity_months: Annotated[int, Field(gt=0, le=600)] | None = None
    competencies: list[Line] = []

    @property
    def steps(self) -> list[Step]:
        """The steps of all stages, in their order."""
        return [step for stage in self.stages for step in stage.steps]

    @property
    def entry_steps(self) -> list[EntryStep]:
        """Those that are entries."""
        return [step for step in self.steps if isinstance(step, EntryStep)]

    @property
    def link_steps(self) -> list[LinkStep]:
        """Those that lead elsewhere."""
        return [step for step in self.steps if isinstance(step, LinkStep)]


class Baseline(Strict):
    """What was planned at a stage. Cost in `Project.currency`, effort in hours."""

    stage: Line
    on: Day | None = None
    cost: Positive | None = None
    effort_hours: Positive | None = None
    duration_months: Positive | None = None


class Actuals(Strict):
    """What it really took, in the units of Baseline."""

    cost: Positive | None = None
    effort_hours: Positive | None = None
    duration_months: Positive | None = None


class Project(Fields):
    """A finished project with its numbers, a comparable for the next one."""

    type: Line = ""
    novelty: Level | None = None
    complexity: Level | None = None
    size: Positive | None = None
    size_unit: Line = ""
    started_on: Day | None = None
    finished_on: Day | None = None
    currency: Currency | None = None
    price_year: Year | None = None
    baselines: list[Baseline] = []
    actuals: Actuals | None = None
    approved_scope_change: Amount | None = None
    team_size: Positive | None = None
    variances: list[Variance] = []
    outcome: Outcome | None = None
    benefits_planned: NotNegative | None = None
    benefits_realised: NotNegative | None = None
    data_quality: Literal["A", "B", "C", "D"] | None = None
    completeness: Annotated[float, Field(ge=0, le=1)] | None = None
    source: Line = ""
    confidentiality: Line = ""
    attributes: Annotated[dict[Line, Amount | bool | Line], NamesDescribed()] = {}
    known_after: list[Line] = []
    """Attributes, and fields such as `team_size`, that are known only once a project has finished: they may
    not be used to predict another."""


KINDS: dict[str, type[Fields]] = {
    "lesson": Lesson,
    "review": Review,
    "template": Template,
    "training": Training,
    "path": Path,
    "project": Project,
}
PREFIXES = {"lesson": "L", "review": "R", "template": "T", "training": "M", "path": "P", "project": "H"}
KIND_OF_PREFIX = {prefix: kind for kind, prefix in PREFIXES.items()}
