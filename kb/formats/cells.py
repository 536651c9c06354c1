r"""Cells of a table: how each value of a record is written in one, and read back unchanged.

- A column is a dotted path: `impact.cost`, `baselines.2.stage` (element 2 of a list), `attributes.sites`.
- An empty cell is a value not given. A lone `'` is an empty text, `{}` a group without values.
- A list of texts stands in one cell, joined with `; `. In an item `\;` is a semicolon and `\\` a
  backslash; an item `\e` is an empty text. Any other backslash is itself.
- A text that a spreadsheet would run (it starts with = + - @, a tab or their full-width forms) gets an
  apostrophe in front, also behind apostrophes of its own; reading removes one (OWASP, "CSV injection").
- In `attributes` a cell that looks like a number or true/false is one; a text that looks so gets an
  apostrophe too. Numbers in number columns are written plainly, negative ones included.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from kb.content import CONTENT
from kb.meta import Meta
from kb.validation import bare_type, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Shape = Literal["text", "number", "whole", "switch", "texts", "wholes", "free", "group"]
FREE = "attributes"
EMPTY_ITEM = r"\e"
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
# A free text with a plus sign stays text: "+49 30" and "+5" are more often codes than numbers.
_FREE_NUMBER = re.compile(r"-?(?:[0-9]{1,400}\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_GUARDED = re.compile(r"'*(?:[=+\-@\t\r＝＋－＠]|\Z)")
_GUARDED_FREE = re.compile(rf"'*(?:{_FREE_NUMBER.pattern}|true|false)\Z", re.IGNORECASE)
_SWITCH = {"true": True, "false": False}
_SCALARS: dict[Any, Shape] = {float: "number", int: "whole", bool: "switch"}


def shape_of(kind: str, column: str) -> Shape | None:
    """What the cells of a column hold in records of `kind`; None where there is no such field."""
    first, *rest = column.split(".")
    if first == "kind":
        return None if rest else "text"
    if first == FREE:
        known = FREE in CONTENT[kind].model_fields
        return "free" if known and rest else None
    for model in (Meta, CONTENT[kind]):
        if first in model.model_fields:
            return _shape(model.model_fields[first].annotation, rest)
    return None


def _shape(annotation: Any, rest: list[str]) -> Shape | None:
    if fields := fields_of(annotation):
        if not rest:
            return "group"
        return _shape(fields[rest[0]].annotation, rest[1:]) if rest[0] in fields else None
    annotation = bare_type(annotation)
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        if fields_of(item):
            indexed = len(rest) > 1 and re.fullmatch(r"[1-9][0-9]{0,3}", rest[0])
            return _shape(item, rest[1:]) if indexed else None
        return None if rest else "wholes" if bare_type(item) is int else "texts"
    return None if rest else _SCALARS.get(annotation, "text")


def column_order(kind: str, column: str) -> list[tuple[int, str]]:
    """A sort key: fields as they stand in the models, elements of lists by number."""
    first, *rest = column.split(".")
    fields = CONTENT[kind].model_fields
    names = ["id", "kind", "key", "title", "summary", *fields, *Meta.model_fields]
    # The long text goes behind what fits on a screen.
    place = len(names) if first == "body" else names.index(first) if first in names else len(names) + 1
    key = [(place, first)]
    annotation = fields[first].annotation if first in fields else None
    for part in rest if first != FREE else []:
        if inner := fields_of(annotation):
            key.append((list(inner).index(part), part))
            annotation = inner[part].annotation
        else:
            (annotation,) = get_args(bare_type(annotation))
            key.append((int(part), ""))
    return [*key, (0, ".".join(rest))] if first == FREE else key


def read_cell(cell: str, shape: Shape) -> Any:
    """The value of a cell that is not empty; its text where it does not have the shape."""
    if shape == "free":
        return _read_free(cell)
    cell = unguard(cell)
    match shape:
        case "number" if _NUMBER.fullmatch(cell):
            return float(cell)
        case "whole" if _WHOLE.fullmatch(cell):
            return int(cell)
        case "switch":
            return _SWITCH.get(cell.lower(), cell)
        case "texts":
            return split_items(cell)
        case "wholes":
            return [int(item) if _WHOLE.fullmatch(item) else item for item in split_items(cell)]
        case "group" if cell == "{}":
            return {}
    return cell


def _read_free(cell: str) -> float | bool | str:
    if _FREE_NUMBER.fullmatch(cell):
        return float(cell)
    if cell.lower() in _SWITCH:
        return _SWITCH[cell.lower()]
    return cell[1:] if cell.startswith("'") and _GUARDED_FREE.match(cell) else unguard(cell)


def guard(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _GUARDED.match(text) else text


def unguard(cell: str) -> str:
    """The text of a cell: undoes `guard`, and leaves other apostrophes alone."""
    return cell[1:] if cell.startswith("'") and _GUARDED.match(cell) else cell


def split_items(cell: str) -> list[str]:
    r"""The items of a list cell. Places left empty are no items: `a; ;b;` has two."""
    parts = (part.strip() for part in re.findall(r"((?:\\[;\\]|[^;])+)(?:;|\Z)", cell))
    return ["" if part == EMPTY_ITEM else re.sub(r"\\([;\\])", r"\1", part) for part in parts if part]


def join_items(items: list[Any]) -> str:
    r"""The list as one cell, which `split_items` takes apart again."""
    return "; ".join(re.sub(r"[;\\]", r"\\\g<0>", str(item)) or EMPTY_ITEM for item in items)


def flatten(record: dict[str, Any]) -> dict[str, str]:
    """The cells of a flat record, by column."""
    cells: dict[str, str] = {}
    for name, value in record.items():
        if name == FREE:
            cells |= {f"{FREE}.{key}": _write_free(item) for key, item in value.items()}
        else:
            cells.update(_flatten(name, value))
    return cells


def _flatten(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _flatten(f"{path}.{name}", item)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, item in enumerate(value, 1):
            yield from _flatten(f"{path}.{number}", item)
    elif isinstance(value, list):
        yield path, guard(join_items(value))
    else:
        yield path, _write(value)


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return guard(value) if isinstance(value, str) else str(value)


def _write_free(value: Any) -> str:
    if isinstance(value, str) and _GUARDED_FREE.match(value):
        return f"'{value}"
    return _write(value)
