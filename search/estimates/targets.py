"""What can be estimated: cost, effort, duration, and any numeric attribute that finished projects have."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.errors import Taken
from kb.reference.money import CannotConvert, Money
from kb.validation import Problem
from search.estimates.facts import is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kb.quality import Letter
    from search.estimates.repository import Finished

MEASURES = {"cost": "cost", "effort": "effort_hours", "duration": "duration_months"}
"""The standard targets, and the field of actuals and baselines that holds each."""
LOWEST: Letter = "D"
"""The grade of figures that all projects have at least."""
UNITS = {"effort": "hours", "duration": "months"}


class UnknownTarget(Taken):
    """Nothing of this name, or in this money, can be estimated from the history as it stands."""


@dataclass(frozen=True)
class Target:
    """What is estimated, and in which unit."""

    name: str
    unit: str
    """EUR, hours, months; empty where the history does not say."""
    price_year: int | None = None
    """Amounts are in prices of this year; None where they are in those of their own years."""

    @property
    def is_money(self) -> bool:
        """Whether amounts are in a currency."""
        return self.name == "cost"

    @property
    def measure(self) -> str:
        """The field of actuals and baselines; empty for an attribute."""
        return MEASURES.get(self.name, "")


@dataclass(frozen=True)
class Aim:
    """What is estimated, in which money, and from which projects."""

    target: str
    currency: str = ""
    """That of most finished projects where empty."""
    price_year: int | None = None
    """The newest that is known where None."""
    least_grade: Letter = LOWEST
    """Projects whose figures have a lower grade do not count."""


def targets(rows: Iterable[Finished]) -> list[str]:
    """What can be estimated from these projects: the standard ones first, then numeric attributes."""
    contents = [each.content for each in rows]
    found = [
        name for name, measure in MEASURES.items() if any(actual(content, measure) for content in contents)
    ]
    kinds: dict[str, set[bool]] = {}
    for content in contents:
        for name, value in content.get("attributes", {}).items():
            kinds.setdefault(name, set()).add(is_number(value))
    return found + sorted(name for name, each in kinds.items() if each == {True} and name not in MEASURES)


def currencies(rows: Iterable[Finished]) -> list[str]:
    """The currencies of the known costs, the most frequent first."""
    found = Counter(
        str(each.content.get("currency") or "") for each in rows if actual(each.content, "cost") is not None
    )
    return [name for name, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def target_of(
    rows: Sequence[Finished], name: str, money: Money, currency: str = "", price_year: int | None = None
) -> Target:
    """The target of this name. Raises UnknownTarget naming those that there are."""
    if name == "cost":
        known = currencies(rows)
        unit = currency or (known[0] if known else "")
        years = sorted(year for each, region, year in money.indices if each == unit and not region)
        if unit and known and not years and unit not in known:
            named = ", ".join(each for each in known if each)
            message = f"no finished project states its cost in {unit}, and there is no price index of it to "
            raise UnknownTarget([Problem("currency", f"{message}convert by; there are costs in {named}")])
        if price_year and price_year not in years:
            stated = f"there are those of {years[0]} to {years[-1]}" if years else "there is none at all"
            message = f"there is no price index of {unit or 'this currency'} for {price_year}; {stated}"
            raise UnknownTarget([Problem("price_year", message)])
        return Target(name, unit, price_year or (years[-1] if years else None))
    if name in MEASURES:
        return Target(name, UNITS[name])
    known = targets(rows)
    if name not in known:
        message = f"there is nothing of this name to estimate; there is {', '.join(known) or 'nothing yet'}"
        raise UnknownTarget([Problem("target", message)])
    return Target(name, "")


@dataclass(frozen=True)
class Outcome:
    """What a project took, None where that is not known, and why it cannot be used where it is."""

    value: float | None
    why_not: str = ""
    how: str = ""
    """How an amount was brought to the target's currency and prices."""


def outcome_of(content: Mapping[str, Any], target: Target, money: Money) -> Outcome:
    """The outcome in the unit of the target."""
    if not target.measure:
        value = content.get("attributes", {}).get(target.name)
        if value is not None and value <= 0:
            return Outcome(None, f"{target.name} is not above 0")
        return Outcome(value)
    value = actual(content, target.measure)
    return Outcome(value) if value is None or not target.is_money else _priced(content, value, target, money)


def _priced(content: Mapping[str, Any], value: float, target: Target, money: Money) -> Outcome:
    stated, year = content.get("currency"), content.get("price_year")
    if stated == target.unit and target.price_year in (None, year):
        return Outcome(value)
    if target.price_year is None:
        return Outcome(
            None, f"cost in {stated}, and there is no price index of {target.unit} to convert it by"
        )
    region = str(content.get("region", ""))
    try:
        found = money.normalise(value, stated, year, target.unit, target.price_year, region)
    except CannotConvert as error:
        return Outcome(None, str(error).rstrip("."))
    return Outcome(found.amount, how=found.how)


def actual(content: Mapping[str, Any], measure: str) -> float | None:
    """What the project really took; None where not known."""
    return (content.get("actuals") or {}).get(measure)


def planned(content: Mapping[str, Any], measure: str) -> dict[str, float]:
    """What was planned, by stage, in the order of the stages; the last of several of one name counts."""
    return {
        str(each["stage"]): float(each[measure]) for each in content.get("baselines", []) if each.get(measure)
    }
