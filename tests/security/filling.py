"""Records of every kind with given texts in each of their text fields, made from the models themselves."""

from __future__ import annotations

import re
import types
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter, ValidationError

from kb.content import CONTENT
from kb.kinds import PREFIXES
from kb.meta import Meta
from kb.text import Line
from tests.security.payloads import payloads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic.fields import FieldInfo

Texts = tuple[str, ...]
LINE = 300
TOLD = {
    "id",
    "revision",
    "state",
    "anonymous",
    "created_at",
    "decided_at",
    "visibility",
    "readers",
    "mask_source",
}
"""What a record says of itself, and no words of a person."""
MARKS = re.compile(r"[!-/:-@\[-`{-~]")
NUMBERS = (1, 50, 2020, 0.5)


@cache
def hostile() -> tuple[Texts, ...]:
    """All payloads that can be stored, as many together as fit into a line."""
    packs: list[list[str]] = [[]]
    for each in payloads():
        if each.is_storable:
            if sum(len(text) + 1 for text in packs[-1]) + len(each.text) > LINE:
                packs.append([])
            packs[-1].append(each.text)
    return tuple(tuple(pack) for pack in packs)


@cache
def harmless() -> tuple[Texts, ...]:
    """The same without any mark: the words, the spaces and what cannot be seen stay."""
    return tuple(tuple(MARKS.sub(" ", text) for text in pack) for pack in hostile())


@dataclass
class Supply:
    """Hands out the packs one after the other: the first field of the n-th record gets the n-th."""

    packs: tuple[Texts, ...]
    at: int
    ref: str

    def take(self) -> Texts:
        self.at += 1
        return self.packs[(self.at - 1) % len(self.packs)]


def filled(model: type[BaseModel], supply: Supply, without: Sequence[str] | set[str] = ()) -> dict[str, Any]:
    """What makes a `model` with a text of the supply in each text field, however deep."""
    return {
        name: _value(_annotated(field), supply)
        for name, field in model.model_fields.items()
        if name not in without
    }


def record(kind: str, number: int, packs: tuple[Texts, ...], revision: int = 1) -> dict[str, Any]:
    """The n-th record of a kind; all of them together bring every pack into every field."""
    supply = Supply(packs, number + revision - 1, f"H-{number + 1:04d}")
    content = filled(CONTENT[kind], supply)
    if kind == "path":
        content["stages"][0]["steps"][0]["entry"] = f"M-{number + 1:04d}"
    if kind == "training":
        content["assessment"].append(
            content["assessment"][0] | {"type": "short", "options": [], "answers": []}
        )
    if kind == "project":  # it has what it names as known only afterwards
        content["attributes"] |= dict.fromkeys(content["known_after"], 1.0)
    meta = filled(Meta, supply, TOLD)
    key = fitting(Line, packs[number])
    return content | meta | {
        "id": f"{PREFIXES[kind]}-{number + 1:04d}", "kind": kind, "revision": revision,
        "key": f"{kind} {number} {key}"[:LINE],
    }  # fmt: skip


def _annotated(field: FieldInfo) -> Any:
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _value(kind: Any, supply: Supply) -> Any:
    bare = _bare(kind)
    origin = get_origin(bare)
    if bare is str:
        return fitting(kind, supply.take(), supply.ref)
    if origin in (Union, types.UnionType):
        choices = [each for each in get_args(bare) if each is not type(None)]
        return _value(next((each for each in choices if _bare(each) is str), choices[0]), supply)
    if origin is list:
        inner = get_args(bare)[0]
        if get_origin(_bare(inner)) in (Union, types.UnionType):
            return [_value(variant, supply) for variant in get_args(_bare(inner))]
        if _bare(inner) is not str:
            return [_value(inner, supply)]
        found = [fitting(inner, (text,), supply.ref) for text in supply.take()]
        return list(dict.fromkeys(text for text in found if text))
    if origin is dict:
        key, value = get_args(bare)
        return {_value(key, supply): _value(value, supply)}
    if origin is Literal:
        return get_args(bare)[0]
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return filled(bare, supply)
    samples = {bool: [True], date: ["2026-03-01"], datetime: ["2026-03-01T10:00:00+00:00"]}.get(bare, NUMBERS)
    return next(each for each in samples if fits(kind, each))


def fitting(kind: Any, texts: Texts, ref: str = "") -> str | None:
    """As much of the texts as such a field takes; an id, a currency or an address where it must be one."""
    flat = " ".join(" ".join(texts).split())
    visible = "".join(char for char in flat if char.isprintable())
    candidates = ["\n\n".join(texts)]
    candidates += [text[:most] for most in (LINE, 100, 80) for text in (flat, visible)]
    candidates += [f"https://x.example/{''.join(flat.split())}"[:LINE], ref, "EUR"]
    candidates += [f"https://x.example/{quote(flat)}"[:LINE]]
    return next((each for each in candidates if each and fits(kind, each)), None)


def _bare(kind: Any) -> Any:
    return _bare(get_args(kind)[0]) if get_origin(kind) is Annotated else kind


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def fits(kind: Any, value: Any) -> bool:
    """Whether a field of this type takes the value."""
    try:
        _adapter(kind).validate_python(value, strict=not isinstance(value, str))
    except ValidationError:
        return False
    return True
