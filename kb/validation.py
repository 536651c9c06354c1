"""Pydantic's findings in words that name the field and what to do."""

from __future__ import annotations

import difflib
import reprlib
import secrets
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from kb.errors import InvalidRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

_NAME = 80
_SHOWN = 100
VARIANT = f"variant {secrets.token_hex()} "
"""Begins the tags of a record's variants, which stand in pydantic's places. It is another in each process,
so that no field in what somebody sent can be taken for one.
"""
M = TypeVar("M", bound=BaseModel)

_TYPE_WORDS = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a group of named values",
    "model_type": "must be a group of named values",
    "date_type": "must be a date written as 2026-03-01",
    "datetime_type": "must be a moment written as 2026-03-01T14:02:00+00:00",
    "missing": "is required",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong in one field; `field` is a dotted path such as `impact.cost`."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


def validate(model: type[M], data: Mapping[str, Any], prefix: str = "") -> M:
    """`data` as `model`. Raises InvalidRecord with one Problem per fault."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidRecord(list(_problems(error, data, model, prefix))) from None


def _problems(error: ValidationError, data: object, model: type[BaseModel], prefix: str) -> Iterator[Problem]:
    faults: dict[str, list[ErrorDetails]] = {}
    for fault in error.errors(include_url=False):
        fault["loc"] = tuple(part for part in fault["loc"] if not str(part).startswith(VARIANT))
        faults.setdefault(prefix + _path(fault["loc"], data), []).append(fault)
    for path, found in list(faults.items())[:_SHOWN]:
        # Several faults of one value: it is none of the types it may have. The one that is not
        # about the type comes from the type that the value is nearest to.
        nearest = [fault for fault in found if not fault["type"].endswith("_type")] or found
        words = _words(nearest[0], model)
        if len(nearest) > 1:
            types = (_TYPE_WORDS.get(fault["type"], "").removeprefix("must be ") for fault in nearest)
            words = f"must be {' or '.join(types)}, not {shorten(nearest[0]['input'])}"
        yield Problem(path, words)
    if len(faults) > _SHOWN:
        yield Problem("", f"{len(faults) - _SHOWN} further fields are wrong")


def _path(loc: tuple[int | str, ...], data: object) -> str:
    """The dotted path of a fault, elements counted from 1, without pydantic's names for types tried."""
    parts = []
    for part in loc:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
        else:
            break
        parts.append(str(part + 1) if isinstance(part, int) else _printable(str(part)))
    return ".".join(parts)


def _printable(name: str) -> str:
    """A field's name as it may stand in a message."""
    name = name if name.isprintable() else ascii(name)[1:-1]
    return name if len(name) <= _NAME else f"{name[:_NAME]}…"


def _words(fault: ErrorDetails, model: type[BaseModel]) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        return unknown_field(str(fault["loc"][-1])[:_NAME], _fields_at(model, fault["loc"][:-1]))
    if kind == "literal_error":
        return f"must be one of {context['expected']}, not {shorten(fault['input'])}"
    if kind in {"too_long", "string_too_long"}:
        limit = f"{context['max_length']} {'characters' if isinstance(fault['input'], str) else 'items'}"
        return f"is too long: it has {len(fault['input'])}, at most {limit} fit"
    if kind in {"too_short", "string_too_short"}:
        return "must not be empty"
    if kind == "string_unicode":
        return "contains a character that cannot be stored; remove it"
    if kind in _TYPE_WORDS:
        limits = {
            name: f"{limit:g}" if isinstance(limit, float) else limit for name, limit in context.items()
        }
        words = _TYPE_WORDS[kind].format_map(limits)
        return words if kind == "missing" else f"{words}, not {shorten(fault['input'])}"
    return fault["msg"][:1].lower() + fault["msg"][1:]


def _fields_at(model: Any, loc: tuple[int | str, ...]) -> Iterable[str]:
    """Names of the fields of the group at `loc` in `model`."""
    for part in loc:
        model = fields_of(model)[part].annotation if isinstance(part, str) else get_args(bare_type(model))[0]
    return fields_of(model)


def fields_of(annotation: Any) -> dict[str, FieldInfo]:
    """The fields of a record of this type, of all its variants where it has several; none of other types."""
    if get_origin(annotation) is Annotated:
        return fields_of(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        found: dict[str, FieldInfo] = {}
        for part in get_args(annotation):
            found |= {name: field for name, field in fields_of(part).items() if name not in found}
        return found
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return dict(annotation.model_fields) if is_model else {}


def bare_type(annotation: Any) -> Any:
    """The type without constraints and without `| None`."""
    if get_origin(annotation) is Annotated:
        return bare_type(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return bare_type(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation


def unknown_field(name: str, known: Iterable[str]) -> str:
    """Says that `name` is unknown, and which known name is nearest."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return "is not a known field" + (f"; did you mean {close[0]}?" if close else "; remove or rename it")


def shorten(value: object, limit: int = 60) -> str:
    """`value` as it may stand in a message: its repr, cut at `limit` characters."""
    # reprlib does not descend into what is nested deeply.
    text = reprlib.repr(value) if isinstance(value, (dict, list)) else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
