"""Everything that the page of an estimate shows.

Charts are drawn on the server as SVG: they are there without JavaScript, on paper and in a dossier, and
nothing of them has to move. Each stands beside a table of the same figures. A script makes each a stop for
the keyboard, at which arrow keys go from value to value and each is said (static/js/charts.js).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import url_for

from kb.validation import validate
from search.estimates.facts import SIZE, UNIT, is_number
from search.estimates.request import EstimateRequest
from search.estimates.wording import amount, figure
from web.estimate_forms import ATTRIBUTE, LONGEST_ADDRESS, OTHER, changes, fields_of
from web.forms import Form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search.estimates.answers import EstimateAnswer
    from search.estimates.offering import EstimateFields

_LABELS = {
    "title": "Name of the project", "plan": "Your figure", "plan_stage": "Stage of your plan",
    "least_grade": "Least grade of the figures that count", "price_year": "In prices of the year",
}  # fmt: skip
"""What fields are called that are not called by their names."""
WIDTH, EDGE = 600.0, 14.0
"""Of a range plot, in its own units."""


@dataclass(frozen=True)
class Tick:
    """A value that has its own mark: a comparable below the range, or the outcome."""

    x: float
    words: str


@dataclass(frozen=True)
class RangePlot:
    """P10 to P90 as a line, P50 as a dot, P80 as a mark, each comparable as a tick; places in plot units."""

    p10: float
    p50: float
    p80: float
    p90: float
    ticks: tuple[Tick, ...]
    plan: float | None
    most: float
    """Value at the right edge; the left edge is 0."""
    beyond: int
    """Comparables that lie further to the right."""
    outcome: Tick | None = None


def range_plot(
    answer: EstimateAnswer, most: float | None = None, actual: float | None = None
) -> RangePlot | None:
    """The plot of an answer; None where there is no range. `most` makes two plots comparable, `actual` is
    what it really was.
    """
    if answer.range is None:
        return None
    most = max(most or scale_of([answer]), 1.02 * (actual or 0.0))
    ticks = [
        (each.implied, f"{each.title} ({each.id}): implies {amount(each.implied, answer.unit)}")
        for each in answer.comparables
        if each.implied is not None and each.implied <= most
    ]

    def place(value: float) -> float:
        return round(EDGE + (WIDTH - 2 * EDGE) * min(value, most) / most, 1)

    found = answer.range
    return RangePlot(
        place(found.p10), place(found.p50), place(found.p80), place(found.p90),
        tuple(Tick(place(value), words) for value, words in ticks),
        place(answer.plan.plan) if answer.plan and answer.plan.plan <= most else None,
        most,
        sum(each.implied is not None and each.implied > most for each in answer.comparables),
        Tick(place(actual), f"Outcome: {amount(actual, answer.unit)}") if actual else None,
    )  # fmt: skip


def scale_of(answers: Sequence[EstimateAnswer]) -> float:
    """The largest value that the plots need: every P90, and comparables that are not far beyond."""
    ends = [each.range.p90 for each in answers if each.range]
    most = max(ends, default=1.0)
    implied = [c.implied for each in answers for c in each.comparables if c.implied is not None]
    return max([most, *(value for value in implied if value <= 1.6 * most)]) * 1.02


@dataclass(frozen=True)
class Difference:
    """A figure of both scenarios."""

    name: str
    one: float
    other: float

    @property
    def change(self) -> float:
        """Of the second against the first: 0.1 is a tenth more."""
        return self.other / self.one - 1


@dataclass(frozen=True)
class EstimatePage:
    """What was asked, what can be asked, and the answers."""

    offered: EstimateFields
    form: Form
    request: EstimateRequest | None = None
    answer: EstimateAnswer | None = None
    other_form: Form = field(default_factory=Form)
    other_request: EstimateRequest | None = None
    other: EstimateAnswer | None = None

    @property
    def address(self) -> str:
        """Where this very page can be found again; empty where no address holds it."""
        return address_of(self.request, self.other_request) if self.request else ""

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The fields of the first scenario."""
        return fields_of(self.request) if self.request else []

    @property
    def stated(self) -> list[tuple[str, str]]:
        """(attribute, value) of what was read of the first scenario; the size has its unit."""
        found = dict(self.answer.stated) if self.answer else {}
        if self.request and self.request.size is not None:
            found.pop(UNIT, None)
        return [(SIZE if name.startswith(f"{SIZE} (") else name, value) for name, value in found.items()]

    @property
    def stages(self) -> list[tuple[str, str]]:
        """The stages of plans to choose from."""
        return [("", "The most frequent"), *((stage, stage.capitalize()) for stage in self.offered.stages)]

    @property
    def target(self) -> str:
        """What is estimated."""
        return self.request.target if self.request else self.form.value("target", "cost")

    @property
    def plots(self) -> tuple[RangePlot | None, RangePlot | None]:
        """Of both scenarios, on one scale."""
        answers = [each for each in (self.answer, self.other) if each is not None]
        most = scale_of(answers)
        one, other = ((range_plot(each, most) if each else None) for each in (self.answer, self.other))
        return one, other

    @property
    def differences(self) -> list[Difference]:
        """The figures of both scenarios."""
        one, other = (each.range if each else None for each in (self.answer, self.other))
        if one is None or other is None:
            return []
        return [
            Difference(name.upper(), getattr(one, name), getattr(other, name))
            for name in type(one).model_fields
        ]

    @property
    def changed(self) -> list[tuple[str, str, str]]:
        """(field, first, second) of what differs between the scenarios."""
        if self.request is None or self.other_request is None:
            return []
        here = dict(fields_of(self.request))
        names = changes(self.request, self.other_request)
        return [(_said(name), here.get(name.removeprefix(OTHER), ""), value) for name, value in names]


def request_words(request: EstimateRequest, unit: str) -> list[tuple[str, str]]:
    """(label, value) of a request as people read it: the size with its unit, the plan in that of the target.
    Projects that do not count stand with the comparables.
    """
    numbers = {"size": (request.size, request.size_unit), "plan": (request.plan, unit)}
    numbers |= {ATTRIBUTE + name: (each, "") for name, each in request.attributes.items() if is_number(each)}
    found = []
    for name, value in fields_of(request):
        if name == "exclude" or (name == "size_unit" and request.size is not None):
            continue
        number, of = numbers.get(name, (None, ""))
        words = value if number is None else f"{figure(number)} {of}".strip()
        found.append((_LABELS.get(name) or _said(name).capitalize(), words))
    return found


def _said(name: str) -> str:
    return name.removeprefix(OTHER).removeprefix(ATTRIBUTE).replace("_", " ")


def address_of(request: EstimateRequest, other: EstimateRequest | None = None) -> str:
    """The page's address; empty where it would be too long."""
    fields = fields_of(request) + (changes(request, other) if other else [])
    if not any(name != "target" for name, _ in fields):
        return url_for("estimates.estimates", target=request.target, asked="1")
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    found = url_for("estimates.estimates", **values)  # type: ignore[arg-type]
    return found if len(found) <= LONGEST_ADDRESS else ""


def like_address(content: Mapping[str, Any], ref: str) -> str:
    """The address of an estimate of a project like a finished one, which itself does not count."""
    names = (
        "type",
        "sector",
        "region",
        "methods",
        "novelty",
        "complexity",
        "size",
        "size_unit",
        "attributes",
    )
    data = {name: content[name] for name in names if content.get(name)}
    left_out = {"exclude": [{"id": ref, "reason": "It is the project itself"}]}
    return address_of(validate(EstimateRequest, data | left_out)) or url_for("estimates.estimates")
