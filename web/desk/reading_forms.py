"""A form that was sent, as data: typed where it can be, else as it was typed, for the model to refuse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from web.forms import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from werkzeug.datastructures import MultiDict

    from web.desk.fields import Field

PREFIX = "f."
"""Before the names of an entry's fields, so that none can be taken for one of the form's own."""
MOST_ROWS = 200
_NUMBER = re.compile(r"[-+]?[0-9]*\.?[0-9]+")
_YES, _NO = "yes", "no"


def read_fields(fields: Sequence[Field], form: MultiDict[str, str], prefix: str = PREFIX) -> dict[str, Any]:
    """What was filled in, as it is stored. Rows that are blank are left out."""
    found = {field.name: _read(field, form, prefix + field.name) for field in fields}
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}


def _read(field: Field, form: MultiDict[str, str], name: str) -> Any:
    if field.widget == "group":
        return read_fields(field.parts, form, f"{name}.")
    if field.widget == "rows":
        rows = (read_fields(field.parts, form, f"{name}.{number}.") for number in _numbers(form, name))
        return [row for row in rows if not _is_blank(field.parts, row)]
    if field.widget in ("ticks", "named"):
        return form.getlist(name)
    return READERS[field.widget](form.get(name, ""))


def _is_blank(parts: Sequence[Field], row: Mapping[str, Any]) -> bool:
    """Whether nothing was filled in: what stands at its default, such as a choice, does not count."""
    return all(
        row.get(part.name, part.default) in (part.default, False)
        or (part.widget == "choice" and row.get(part.name) == part.options[0][0])
        for part in parts
    )


def number(text: str) -> float | int | str:
    """What was typed as a number where it is one: `2,400,000` and `1 200.5` are."""
    bare = re.sub(r"[ ,\u00a0\u202f]", "", text.strip()).replace("−", "-")
    if not bare or not _NUMBER.fullmatch(bare) or len(bare) > 30:
        return text.strip()
    return float(bare)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _pairs(text: str) -> dict[str, Any]:
    """`sites: 3`, one a line."""
    pairs = (line.partition(":") for line in _lines(text))
    return {name.strip(): _value(value.strip()) for name, _, value in pairs}


def _value(text: str) -> float | int | str | bool:
    return {"yes": True, "no": False}.get(text.lower(), number(text))


def _numbers(form: MultiDict[str, str], name: str) -> list[int]:
    """The numbers of the rows that a form has, in order."""
    pattern = re.compile(re.escape(name) + r"\.([0-9]{1,4})\.")
    found = {int(match[1]) for key in form if (match := pattern.match(key))}
    return sorted(found)[:MOST_ROWS]


READERS: dict[str, Callable[[str], Any]] = {
    "words": str, "line": str.strip, "choice": str.strip, "day": str.strip, "lines": _lines,
    "numbers": lambda text: [whole(line) for line in _lines(text)],
    "switch": lambda text: text == _YES, "yes or no": {_YES: True, _NO: False}.get,
    "whole": whole, "number": number, "pairs": _pairs,
}  # fmt: skip
"""What becomes of the text of a field."""


def shown(field: Field, value: Any) -> str:
    """A stored value as the form shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _YES if value else _NO
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if field.widget in ("lines", "numbers") and isinstance(value, list):
        return "\n".join(str(each) for each in value)
    if field.widget == "pairs" and isinstance(value, dict):
        return "\n".join(f"{name}: {shown(field, each)}" for name, each in value.items())
    return str(value)


def with_row(data: dict[str, Any], path: str, step: str) -> dict[str, Any]:
    """The data with a row added (`path` names the list), removed or moved up (`path` names the row)."""
    parts = path.split(".")
    holder: Any = data
    for place, part in enumerate(parts[:-1]):
        following = parts[place + 1]
        if isinstance(holder, list):
            index = int(part) - 1 if part.isdecimal() else -1
            if not 0 <= index < len(holder):
                return data
            holder = holder[index]
        else:
            holder = holder.setdefault(part, [] if following.isdecimal() or step == "add" else {})
    last = parts[-1]
    if step == "add" and isinstance(holder, dict):
        rows = holder.setdefault(last, [])
        if isinstance(rows, list) and len(rows) < MOST_ROWS:
            rows.append({})
    elif isinstance(holder, list) and last.isdecimal() and 0 < int(last) <= len(holder):
        index = int(last) - 1
        row = holder.pop(index)
        if step == "up":
            holder.insert(max(0, index - 1), row)
    return data
