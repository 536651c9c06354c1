"""JSON Schema in words: of what kind a value is, and the fields of an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Words = tuple[tuple[str, str], ...]
"""Stretches of text, each with the name of the shape that it links to, or an empty one."""
NUMBERS = {"integer": "whole number", "number": "number"}
FORMATS = {"date": "date", "date-time": "moment", "email": "e-mail address", "uri": "address"}
MOST_VALUES = 12
"""More values than that are not listed beside a field."""


@dataclass(frozen=True)
class FieldView:
    """A field of an object."""

    name: str
    kind: Words
    is_needed: bool
    description: str


def name_of(schema: Mapping[str, Any]) -> str:
    """The name of the shape that a schema refers to; empty when it is none."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def fields_of(schema: Mapping[str, Any]) -> list[FieldView]:
    """The fields of an object, in the order of the description."""
    needed = schema.get("required", ())
    return [
        FieldView(name, kind_of(each), name in needed, each.get("description", ""))
        for name, each in schema.get("properties", {}).items()
    ]


def kind_of(schema: Mapping[str, Any]) -> Words:
    """Of what kind a value is."""
    return (*_kind(schema), *_default(schema))


def _kind(schema: Mapping[str, Any]) -> Words:
    if name := name_of(schema):
        return ((name, name),)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return tuple(_joined([_kind(each) for each in schema[several]]))
    if len(schema.get("allOf", ())) == 1:
        return _kind(schema["allOf"][0])
    if "const" in schema:
        return _plain(f"always {_value(schema['const'])}")
    if "enum" in schema:
        return _plain(_values(schema["enum"]))
    return _of_type(schema)


def _of_type(schema: Mapping[str, Any]) -> Words:
    match schema.get("type"):
        case "array":
            limits = _limits(schema, "minItems", "maxItems", "").removeprefix(", ")
            return (*_plain(f"list of {limits}: " if limits else "list of "), *_kind(schema.get("items", {})))
        case "string":
            words = FORMATS.get(schema.get("format", ""), "text")
            return _plain(words + _limits(schema, "minLength", "maxLength", " characters"))
        case "integer" | "number" as kind:
            return _plain(NUMBERS[kind] + _limits(schema, "minimum", "maximum", ""))
        case "boolean":
            return _plain("true or false")
        case "null":
            return _plain("null")
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return (*_plain("object of "), *_kind(schema["additionalProperties"]), *_plain(" by name"))
        case "object":
            return _plain("object")
        case list() as kinds:
            return tuple(_joined([_kind({**schema, "type": kind}) for kind in kinds]))
    return _plain("any value")


def _joined(kinds: Sequence[Words]) -> Iterator[tuple[str, str]]:
    for place, kind in enumerate(dict.fromkeys(kinds)):
        if place:
            yield " or ", ""
        yield from kind


def _limits(schema: Mapping[str, Any], least: str, most: str, unit: str) -> str:
    low, high = schema.get(least), schema.get(most)
    if low is not None and high is not None:
        return f", {low:,} to {high:,}{unit}"
    if high is not None:
        return f", at most {high:,}{unit}"
    return f", at least {low:,}{unit}" if low else ""


def _default(schema: Mapping[str, Any]) -> Words:
    default = schema.get("default")
    return () if default in (None, "", [], {}) else _plain(f"; {_value(default)} unless given")


def _values(values: Sequence[object]) -> str:
    shown = ", ".join(map(_value, values[:MOST_VALUES]))
    more = len(values) - MOST_VALUES
    return f"one of {shown}" + (f" and {more} more" if more > 0 else "")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else f"{value}" if str(value) else "empty"


def _plain(text: str) -> Words:
    return ((text, ""),) if text else ()
