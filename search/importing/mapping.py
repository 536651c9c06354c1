"""What each column of a table of projects is: the mapping, as a person edits it and as it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from kb.errors import InvalidRecord
from kb.kinds import Currency, Positive, Year
from kb.strict import Strict
from kb.text import Line
from kb.validation import Problem, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Shape = Literal["id", "line", "words", "lines", "choice", "number", "whole", "date", "free", "nothing"]
Unit = Literal[
    "", "hours", "person-days", "person-months", "person-years", "days", "weeks", "months", "years",
    "single", "thousand", "million",
]  # fmt: skip
DateForm = Literal["", "ymd", "dmy", "mdy", "year", "year of 19.."]
ATTRIBUTE, LEAVE_OUT = "attribute", "leave out"
DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Target:
    """Something that a column may be."""

    name: str
    label: str
    shape: Shape
    units: tuple[Unit, ...] = ()
    """In which figures may come; the first is that of the record."""
    staged: bool = False
    """Whether it belongs to a plan of some stage."""
    positive: bool = False


EFFORT: tuple[Unit, ...] = ("hours", "person-days", "person-months", "person-years")
DURATION: tuple[Unit, ...] = ("months", "weeks", "days", "years")
COST: tuple[Unit, ...] = ("single", "thousand", "million")
TARGETS: Mapping[str, Target] = {
    each.name: each
    for each in (
        Target("key", "Id of the project", "id"),
        Target("title", "Title", "line"),
        Target("summary", "Summary", "words"),
        Target("body", "Description", "words"),
        Target("type", "Type of project", "line"),
        Target("sector", "Sector", "line"),
        Target("region", "Region", "line"),
        Target("methods", "Delivery method", "lines"),
        Target("phases", "Phases", "lines"),
        Target("tags", "Tags", "lines"),
        Target("actuals.cost", "Actual cost", "number", COST, positive=True),
        Target("actuals.effort_hours", "Actual effort", "number", EFFORT, positive=True),
        Target("actuals.duration_months", "Actual duration", "number", DURATION, positive=True),
        Target("baseline.cost", "Planned cost", "number", COST, staged=True, positive=True),
        Target("baseline.effort_hours", "Planned effort", "number", EFFORT, staged=True, positive=True),
        Target("baseline.duration_months", "Planned duration", "number", DURATION, staged=True,
               positive=True),
        Target("baseline.on", "Date of the plan", "date", staged=True),
        Target("approved_scope_change", "Approved scope change", "number", COST),
        Target("currency", "Currency", "line"),
        Target("price_year", "Price year", "whole"),
        Target("size", "Size", "number", positive=True),
        Target("size_unit", "Unit of the size", "line"),
        Target("team_size", "Team size", "number", positive=True),
        Target("started_on", "Start", "date"),
        Target("finished_on", "Finish", "date"),
        Target("outcome", "Outcome", "choice"),
        Target("novelty", "Novelty", "choice"),
        Target("complexity", "Complexity", "choice"),
        Target("benefits_planned", "Planned benefits", "number", COST),
        Target("benefits_realised", "Realised benefits", "number", COST),
        Target("data_quality", "Data-quality grade", "choice"),
        Target("source", "Source of the figures", "line"),
        Target("confidentiality", "Confidentiality", "line"),
        Target(ATTRIBUTE, "Free attribute", "free"),
        Target(LEAVE_OUT, "Leave out", "nothing"),
    )
}  # fmt: skip
CHOICES: Mapping[str, tuple[str, ...]] = {
    "outcome": ("succeeded", "challenged", "failed", "cancelled"),
    "novelty": ("low", "medium", "high"),
    "complexity": ("low", "medium", "high"),
    "data_quality": ("A", "B", "C", "D"),
    "methods": ("agile", "waterfall", "hybrid"),
}
"""Words that the fields of a choice may hold; `Column.values` translates others."""
SEVERAL = {"body", "tags", ATTRIBUTE, LEAVE_OUT}
"""What several columns may be at once."""


class Column(Strict):
    """What one column is, and how its cells are read."""

    column: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    to: Annotated[str, Field(json_schema_extra={"enum": list(TARGETS)})]
    """One of TARGETS."""
    stage: Line = ""
    """Of a plan, such as `business case`."""
    name: Line = ""
    """Of a free attribute; the column's own unless given."""
    kind: Literal["", "number", "category"] = ""
    """Of a free attribute: content decides unless it is said. Digits may be codes."""
    unit: Unit = ""
    decimal: Literal["", "point", "comma"] = ""
    """Its decimal sign; content decides where it can be read in one way only."""
    dates: DateForm = ""
    zero_unknown: bool = False
    """Whether 0 says "not known"."""
    known_after: bool | None = None
    """Whether it is known only once the project has finished; None: not decided."""
    values: dict[str, str] = {}
    """Cells of a choice and the word that each stands for."""

    @property
    def target(self) -> Target:
        """What it is."""
        return TARGETS[self.to]

    @property
    def attribute(self) -> str:
        """The name of the free attribute."""
        return self.name or " ".join(self.column.split())[:300]

    @field_validator("to")
    @classmethod
    def _check(cls, to: str) -> str:
        if to not in TARGETS:
            raise ValueError(f"there is no field {shorten(to)}; fields: {', '.join(TARGETS)}")
        return to

    def problems(self) -> Iterator[str]:
        """What in it contradicts itself."""
        target = self.target
        if self.unit and self.unit not in target.units:
            allowed = ", ".join(target.units) or "none"
            yield f"{target.label} has no unit {self.unit!r}; units: {allowed}"
        if target.staged and not self.stage:
            yield "say of which stage the plan is, such as approval"
        allowed_values = CHOICES.get(self.to, ())
        wrong = [each for each in self.values.values() if each and each not in allowed_values]
        if wrong:
            yield f"{shorten(wrong[0])} is none of {', '.join(allowed_values) or 'no words'}"


class ColumnMapping(Strict):
    """What every column of a table is, and what holds for all its rows."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=100)]
    """Of the source: loading it again under the same name finds the same projects."""
    columns: Annotated[list[Column], Field(min_length=1, max_length=500)]
    currency: Currency | None = None
    price_year: Year | None = None
    size_unit: Line = ""
    type: Line = ""
    sector: Line = ""
    region: Line = ""
    source: Line = ""
    visibility: Literal["public", "signed-in"] = "public"
    hours_a_day: Positive = 8.0
    """One person's, to convert person-days."""
    hours_a_month: Positive = 152.0
    """One person's, to convert person-months (152 is COCOMO's)."""

    def problems(self) -> list[Problem]:
        """What contradicts itself, by the column's name."""
        return [Problem(each.column, words) for each in self.columns for words in each.problems()]

    def of(self, target: str) -> list[Column]:
        """The columns that are this."""
        return [each for each in self.columns if each.to == target]

    def factor(self, column: Column) -> float:
        """What a figure of the column is multiplied with to be in the record's unit."""
        factors = {
            "person-days": self.hours_a_day, "person-months": self.hours_a_month,
            "person-years": 12 * self.hours_a_month, "days": 1 / DAYS_A_MONTH, "weeks": 7 / DAYS_A_MONTH,
            "years": 12.0, "thousand": 1e3, "million": 1e6,
        }  # fmt: skip
        return factors.get(column.unit, 1.0)


def check_columns(mapping: ColumnMapping, known: Iterable[str]) -> None:
    """Raises InvalidRecord where columns are missing, unknown, or two are the same thing."""
    names = list(known)
    said = [each.column for each in mapping.columns]
    problems = [Problem(name, "is in the mapping and not in the table") for name in said if name not in names]
    problems += [Problem(name, "is in the mapping twice") for name in set(said) if said.count(name) > 1]
    problems += [
        Problem(name, "is not in the mapping; map it, or leave it out there by name")
        for name in names
        if name not in said
    ]
    seen: dict[tuple[str, str], str] = {}
    for each in mapping.columns:
        thing = (each.to, each.attribute if each.to == ATTRIBUTE else each.stage)
        if each.to == ATTRIBUTE or each.to not in SEVERAL:
            first = seen.setdefault(thing, each.column)
            if first != each.column:
                problems.append(Problem(each.column, f"is {each.target.label.lower()} as {first} is already"))
    if problems:
        raise InvalidRecord(problems)
