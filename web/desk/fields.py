"""What a form asks for, made from the typed fields of a kind: one description for page and parser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from kb import hindsight
from kb.content import CONTENT
from kb.desk.required import REQUIRED
from kb.text import MAX_ADDRESS, MAX_LINE, Ref, WebAddress
from kb.validation import bare_type, fields_of
from web.desk.wording import CHOICES, CORE, PLACING, Text, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

Widget = Literal[
    "line", "words", "lines", "numbers", "choice", "ticks", "named", "switch", "yes or no", "number", "whole",
    "day", "group", "rows", "pairs",
]  # fmt: skip
"""`named` is ticks for names that the same form holds, such as those of its further attributes."""


@dataclass(frozen=True)
class Field:
    """One field of a form."""

    name: str
    widget: Widget
    text: Text
    options: tuple[tuple[str, str], ...] = ()
    """(value, words) of a choice; the first is empty where nothing may be chosen. Of `named` those that every
    form offers."""
    default: Any = None
    is_required: bool = False
    """Whether it is asked for at submit."""
    is_ref: bool = False
    is_address: bool = False
    longest: int = MAX_LINE
    """Characters that fit into a line."""
    parts: tuple[Field, ...] = ()
    """The fields of a group or of a row."""

    @property
    def label(self) -> str:
        """What it is called."""
        return self.text.label


@dataclass(frozen=True)
class FormPlan:
    """The fields of a kind, in the order of the form."""

    kind: str
    core: tuple[Field, ...]
    more: tuple[Field, ...]
    placing: tuple[Field, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """All of them."""
        return (*self.core, *self.more, *self.placing)


@cache
def plan_of(kind: str) -> FormPlan:
    """What the form of a kind asks for."""
    found = {field.name: field for field in parts_of(CONTENT[kind], kind, REQUIRED[kind])}
    core = [name for name in CORE[kind] if name in found]
    placing = [name for name in PLACING if name not in core]
    more = [name for name in found if name not in (*core, *placing)]
    return FormPlan(kind, *(tuple(found[name] for name in names) for names in (core, more, placing)))


def parts_of(record: Any, where: str, required: Sequence[str] = ()) -> tuple[Field, ...]:
    """The fields of a record, of all its variants where it has several; `where` is what holds it."""
    return tuple(
        _field(name, info, where, is_required=name in required or name in {"title", "link"})
        for name, info in fields_of(record).items()
    )


def _field(name: str, info: FieldInfo, where: str, *, is_required: bool) -> Field:
    text = text_of(where, name)
    default = info.get_default() if not info.is_required() else None
    kind = _annotated(info)
    widget, options, parts = _widget(name, kind, default)
    is_address = _is(kind, WebAddress)
    return Field(
        name, widget, text, options, default, is_required, is_ref=_is(kind, Ref), is_address=is_address,
        longest=MAX_ADDRESS if is_address else MAX_LINE, parts=parts,
    )  # fmt: skip


def _annotated(info: FieldInfo) -> Any:
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation


def _widget(
    name: str, kind: Any, default: Any
) -> tuple[Widget, tuple[tuple[str, str], ...], tuple[Field, ...]]:
    bare = bare_type(kind)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return "group", (), parts_of(bare, name)
    origin = get_origin(bare)
    if origin is Literal:
        return "choice", _options(bare, may_be_empty=default is None), ()
    if origin is list:
        return _several(name, get_args(bare)[0])
    if origin is dict:
        return "pairs", (), ()
    if bare is bool:
        return ("yes or no" if default is None else "switch"), (), ()
    if bare in (int, float, date):
        return {int: "whole", float: "number", date: "day"}[bare], (), ()  # type: ignore[return-value]
    return ("line" if _is_line(kind) else "words"), (), ()


def _several(name: str, inner: Any) -> tuple[Widget, tuple[tuple[str, str], ...], tuple[Field, ...]]:
    if name == hindsight.FIELD:
        return "named", tuple((each, text_of("project", each).label) for each in hindsight.OFFERED), ()
    if parts := parts_of(inner, name):
        return "rows", (), parts
    bare = bare_type(inner)
    if get_origin(bare) is Literal:
        return "ticks", _options(bare, may_be_empty=False), ()
    return ("numbers" if bare is int else "lines"), (), ()


def _options(choice: Any, *, may_be_empty: bool) -> tuple[tuple[str, str], ...]:
    known = tuple((value, CHOICES.get(value, value.capitalize())) for value in get_args(choice))
    return (("", "Not said"), *known) if may_be_empty else known


def _is_line(kind: Any) -> bool:
    """Whether a text is one line; ids, addresses and codes are."""
    sizes = [each.max_length or 0 for each in _metadata(kind) if isinstance(each, StringConstraints)]
    return _is(kind, Ref) or _is(kind, WebAddress) or max(sizes, default=0) <= MAX_LINE


def _is(kind: Any, known: Any) -> bool:
    """Whether a type is a known one, whatever else is said of it."""
    wanted = _metadata(known)[0]
    return any(each == wanted for each in _metadata(kind))


def _metadata(kind: Any) -> list[Any]:
    """Everything that annotations say of a type, however they are nested."""
    found: list[Any] = list(getattr(kind, "__metadata__", ()))
    if isinstance(kind, FieldInfo):
        found += kind.metadata
    for part in get_args(kind):
        if get_origin(part) is Annotated or get_args(part):
            found += _metadata(part)
    return found
