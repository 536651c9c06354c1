"""A planned project as a form and as an address: what was typed becomes a request, and a request fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb.errors import InvalidRecord
from kb.validation import Problem, validate
from search.estimates.facts import is_number, words_of
from search.estimates.numbers import read_number
from search.estimates.request import EstimateRequest
from search.estimates.targets import LOWEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from werkzeug.datastructures import MultiDict

    from search.estimates.offering import AttributeField

WORDS = (
    "target", "currency", "title", "description", "type", "sector", "region", "novelty", "complexity",
    "size_unit", "plan_stage", "least_grade",
)  # fmt: skip
NUMBERS = ("size", "plan")
ATTRIBUTE = "attr:"
UNSAID = {("target", "cost"), ("least_grade", LOWEST)}
"""What a request says anyway."""
OTHER = "b:"
"""Before the fields of the second scenario."""
LONGEST_ADDRESS = 3_000
PLANNED = (
    "title", "description", "type", "sector", "region", "methods", "novelty", "complexity", "size",
    "size_unit", "attributes",
)  # fmt: skip
"""What describes the project, so that a second scenario may differ in it."""


def read_request(
    fields: MultiDict[str, str], attributes: Sequence[AttributeField], prefix: str = ""
) -> EstimateRequest:
    """The request that fields state; blank ones are not known. Raises InvalidRecord naming each wrong one."""
    data: dict[str, Any] = {name: value for name in WORDS if (value := _one(fields, prefix + name))}
    problems: list[Problem] = []
    for name in NUMBERS:
        _put_number(data, name, _one(fields, prefix + name), problems, prefix + name)
    year = _one(fields, f"{prefix}price_year")
    if year:
        data["price_year"] = int(year) if year.isascii() and year.isdigit() and len(year) < 5 else year
    data["methods"] = [value for value in fields.getlist(f"{prefix}method") if value]
    data["attributes"] = _attributes(fields, attributes, prefix, problems)
    data["exclude"] = _exclusions(fields, prefix)
    try:
        request = validate(EstimateRequest, data)
    except InvalidRecord as error:
        found = [Problem(prefix + each.field, each.message) for each in error.problems]
        raise InvalidRecord([*problems, *found]) from None
    if problems:
        raise InvalidRecord(problems)
    return request


def _one(fields: MultiDict[str, str], name: str) -> str:
    return fields.get(name, "").strip()


def _put_number(data: dict[str, Any], name: str, text: str, problems: list[Problem], field: str) -> None:
    if not text:
        return
    try:
        data[name] = read_number(text, field)
    except InvalidRecord as error:
        problems += error.problems


def _attributes(
    fields: MultiDict[str, str], known: Sequence[AttributeField], prefix: str, problems: list[Problem]
) -> dict[str, Any]:
    """The further attributes. What finished projects state as a number is read as one."""
    kinds = {each.name: each.kind for each in known}
    found: dict[str, Any] = {}
    start = prefix + ATTRIBUTE
    for field in fields:
        text = _one(fields, field)
        if not field.startswith(start) or not text:
            continue
        name = field[len(start) :]
        if kinds.get(name) == "number":
            _put_number(found, name, text, problems, field)
        else:
            found[name] = text
    return found


def _exclusions(fields: MultiDict[str, str], prefix: str) -> list[dict[str, str]]:
    """`H-0012:why not`, each once; the last reason counts."""
    if prefix:
        return []
    pairs = (value.partition(":") for value in fields.getlist("exclude") if value.strip())
    return [
        {"id": ref, "reason": reason}
        for ref, reason in {ref.strip(): reason.strip() for ref, _, reason in pairs}.items()
    ]


def fields_of(request: EstimateRequest, prefix: str = "") -> list[tuple[str, str]]:
    """The fields that state the request, without what is not known."""
    found = [
        (name, str(value))
        for name in WORDS
        if (value := getattr(request, name)) and (name, value) not in UNSAID
    ]
    found += [(name, plain(getattr(request, name))) for name in NUMBERS if getattr(request, name) is not None]
    found += [("price_year", str(request.price_year))] if request.price_year else []
    found += [("method", method) for method in request.methods]
    found += [(ATTRIBUTE + name, plain(value)) for name, value in request.attributes.items()]
    found += [("exclude", f"{each.id}:{each.reason}") for each in request.exclude]
    return [(prefix + name, value) for name, value in found]


def plain(value: object) -> str:
    """A value as a form shows it, so that it is read as the same again."""
    return f"{value:.15g}" if is_number(value) else words_of(value)


def changes(one: EstimateRequest, other: EstimateRequest) -> list[tuple[str, str]]:
    """The fields in which the second scenario differs, as fields of it; a blank one is not known there."""
    here, there = (dict(_grouped(fields_of(each))) for each in (one, other))
    names = [name for name in {**here, **there} if _is_planned(name) and here.get(name) != there.get(name)]
    return [(OTHER + name, value) for name in names for value in there.get(name, [""])]


def _grouped(fields: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def _is_planned(name: str) -> bool:
    return name in {*PLANNED, "method"} or name.startswith(ATTRIBUTE)


def second(fields: MultiDict[str, str], one: EstimateRequest) -> MultiDict[str, str] | None:
    """The fields of the second scenario: those of the first, but for what is stated of the second."""
    stated = _grouped(
        (name.removeprefix(OTHER), value)
        for name, values in fields.lists()
        for value in values
        if name.startswith(OTHER)
    )
    stated = {name: values for name, values in stated.items() if _is_planned(name)}
    if not stated:
        return None
    from werkzeug.datastructures import MultiDict

    kept = [(name, value) for name, value in fields_of(one) if name not in stated]
    return MultiDict([*kept, *((name, value) for name, values in stated.items() for value in values)])


def values_of(request: EstimateRequest | None, typed: Mapping[str, str]) -> dict[str, str]:
    """What a form shows: the request's fields, and over them what was typed."""
    return (dict(fields_of(request)) if request else {}) | dict(typed)
