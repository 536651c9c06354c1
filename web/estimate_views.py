"""Everything that the page of an estimate shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import url_for

from kb.validation import validate
from search.estimates.facts import SIZE, UNIT, is_number
from search.estimates.request import EstimateRequest
from search.estimates.wording import figure
from web.charts import range_chart, scale_of
from web.estimate_forms import ATTRIBUTE, LONGEST_ADDRESS, OTHER, changes, fields_of
from web.forms import Form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search.estimates.answers import EstimateAnswer
    from search.estimates.offering import EstimateFields
    from web.charts import Chart

_LABELS = {
    "title": "Name of the project", "plan": "Your figure", "plan_stage": "Stage of your plan",
    "least_grade": "Least grade of the figures that count", "price_year": "In prices of the year",
}  # fmt: skip
"""What fields are called that are not called by their names."""


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
    def charts(self) -> tuple[Chart | None, Chart | None]:
        """Of both scenarios, on one scale."""
        answers = [each for each in (self.answer, self.other) if each is not None]
        most = scale_of(answers)
        one, other = ((range_chart(each, most) if each else None) for each in (self.answer, self.other))
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
