"""What somebody asks: a planned project, and what of its outcome is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from kb.kinds import Currency, Level, Method, Positive, Year
from kb.quality import Letter
from kb.strict import Strict
from kb.text import SOMETHING, Described, Line, NamesDescribed, Ref, Words
from search.estimates.facts import CATEGORIES, SIZE, UNIT, is_number, words_of
from search.estimates.history import Profile
from search.estimates.targets import LOWEST
from search.estimates.wording import figure

if TYPE_CHECKING:
    from search.estimates.repository import Prepared, Projects

MOST_EXCLUDED = 50
MOST_ATTRIBUTES = 100
LONGEST = 20_000
Reason = Annotated[Line, StringConstraints(min_length=1, max_length=200), Described("pattern", SOMETHING)]
Value = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)] | bool | Line


class Exclusion(Strict):
    """A finished project that is not to count, and why."""

    id: Ref
    reason: Reason


class EstimateRequest(Strict):
    """A planned project. What is not known stays out, or null."""

    target: Annotated[Line, Field(description="cost, effort, duration, or a numeric attribute.")] = "cost"
    currency: Annotated[
        Currency | None, Field(description="Of the cost; unless given, that of most finished projects.")
    ] = None
    price_year: Annotated[
        Year | None, Field(description="In prices of this year; unless given, the newest that is known.")
    ] = None
    title: Line = ""
    description: Annotated[
        Words, Field(max_length=LONGEST, description="The project in words, as a brief would say it.")
    ] = ""
    type: Line = ""
    sector: Line = ""
    region: Line = ""
    methods: Annotated[list[Method], Field(max_length=3)] = []
    novelty: Level | None = None
    complexity: Level | None = None
    size: Annotated[Positive, Field(le=1e15)] | None = None
    size_unit: Line = ""
    attributes: Annotated[
        dict[Line, Value],
        Field(max_length=MOST_ATTRIBUTES, description="Further attributes by name."),
        NamesDescribed(),
    ] = {}
    exclude: Annotated[
        list[Exclusion], Field(max_length=MOST_EXCLUDED, description="Finished projects that do not count.")
    ] = []
    least_grade: Annotated[
        Letter, Field(description="Finished projects whose figures have a lower grade do not count.")
    ] = LOWEST
    plan: Annotated[
        Annotated[Positive, Field(le=1e15)] | None,
        Field(description="The figure that one has already, in the unit of the target."),
    ] = None
    plan_stage: Annotated[
        Line, Field(description="Stage of the plan, such as business case: plans of that stage are compared.")
    ] = ""

    @property
    def text(self) -> str:
        """Title and description."""
        return "\n".join(part for part in (self.title, self.description) if part)

    @property
    def excluded(self) -> dict[str, str]:
        """Reason by id."""
        return {each.id: each.reason for each in self.exclude}


@dataclass(frozen=True)
class Stated:
    """A request as the estimator reads it, and what of it was not understood."""

    profile: Profile
    unread: tuple[str, ...]


def stated(request: EstimateRequest, projects: Projects, prepared: Prepared) -> Stated:
    """The request as a profile of the history's attributes."""
    history = prepared.history
    numbers, unread = _size(request, projects, prepared)
    categories = {name: word for name in CATEGORIES if (word := _category(request, name))}
    categories = {name: word for name, word in categories.items() if name in history.categories}
    for name, value in request.attributes.items():
        if name in history.numbers:
            if is_number(value):
                numbers[name] = float(value)
            else:
                unread.append(f"{name} is {words_of(value)!r}, and a number in finished projects: not read.")
        elif name in history.categories:
            categories[name] = words_of(value)
        elif name == prepared.target.name or name in prepared.left_out:
            unread.append(f"{name} was not read: it says what is to be estimated.")
        else:
            unread.append(f"No finished project states {name}: not read.")
    return Stated(Profile(numbers, categories, request.text), tuple(unread))


def _size(
    request: EstimateRequest, projects: Projects, prepared: Prepared
) -> tuple[dict[str, float], list[str]]:
    if request.size is None:
        return {}, []
    units = projects.usual_sizes
    unit = request.size_unit or (next(iter(units)) if projects.has_one_unit else "")
    size = projects.size_of(request.size, unit)
    if not units and projects.late_sizes:
        return {}, ["The size was not read: that of finished projects is known only afterwards."]
    if size is None or projects.size_name not in prepared.history.numbers:
        named = ", ".join(unit for unit in units if unit) or "no unit at all"
        said = f"in {request.size_unit}" if request.size_unit else "without a unit"
        return {}, [f"The size {said} was not read: finished projects state theirs in {named}."]
    return {projects.size_name: size}, []


def _category(request: EstimateRequest, name: str) -> str:
    if name == "method":
        return ", ".join(sorted(request.methods))
    return str(getattr(request, "size_unit" if name == UNIT else name) or "")


def said_value(request: EstimateRequest, name: str) -> str:
    """What the request states of an attribute, in words; empty where nothing."""
    if name.startswith(SIZE) and name != UNIT:
        return f"{figure(request.size)} {request.size_unit}".strip() if request.size is not None else ""
    if name in CATEGORIES:
        return _category(request, name)
    value = request.attributes.get(name)
    return figure(value) if is_number(value) else words_of(value)
