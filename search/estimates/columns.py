"""What a column holds, decided by all its cells: numbers, dates, categories, descriptions or names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

Kind = Literal["number", "category", "text", "date", "id", "name", "empty", "constant"]
Decimal = Literal["point", "comma"]

_SPACES = "\u00a0\u202f '’"
_EXPONENT = r"(?:[eE][+-]?\d{1,3})?"


def _shape(decimal: str, thousands: str) -> re.Pattern[str]:
    whole = "|".join(rf"[1-9]\d{{0,2}}(?:{mark}\d{{3}})+" for mark in (thousands, f"[{_SPACES}]"))
    return re.compile(rf"[+-]?(?:(?:{whole}|\d+)(?:{decimal}\d*)?|{decimal}\d+){_EXPONENT}", re.ASCII)


_SHAPES: dict[Decimal, re.Pattern[str]] = {"point": _shape(r"\.", ","), "comma": _shape(",", r"\.")}
_NOT_DIGITS = str.maketrans("", "", _SPACES)
_MOSTLY = 0.75
"""A column with this share of numbers is one of numbers, and what is none in it is an error."""
_WORDS = 4
_ID = re.compile(
    r"(?:^|[ _.\-])(?i:id|no|nr|num|number|key|ref)$|[a-z](?:ID|Id)$|^(?i:project|proj|index|row)$"
)
_DATES = (
    (re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ].*)?"), "ymd"),
    (re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})"), "dmy"),
)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


class Ambiguous(ValueError):
    """Cells that can be read in two ways."""


@dataclass(frozen=True)
class NotNumbers(ValueError):
    """Cells of a column of numbers that are none: their rows."""

    rows: tuple[int, ...]


def numbers(cells: list[str], decimal: Decimal | None = None) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The numbers in the cells, NaN where empty. The whole column decides what a comma means.

    Raises Ambiguous when all cells can be read both ways and differ (1,234), NotNumbers when some
    are no numbers.
    """
    known = [(row, cell) for row, cell in enumerate(cells) if cell]
    chosen = decimal or _decimal([cell for _, cell in known])
    wrong = [row for row, cell in known if not _SHAPES[chosen].fullmatch(cell)]
    if wrong:
        raise NotNumbers(tuple(wrong))
    found = np.full(len(cells), np.nan)
    for row, cell in known:
        found[row] = _value(cell, chosen)
    if np.isinf(found).any():
        raise NotNumbers(tuple(int(row) for row in np.flatnonzero(np.isinf(found))))
    return found


def _decimal(known: list[str]) -> Decimal:
    """The sign under which most cells are numbers. Raises Ambiguous."""
    point, comma = (sum(bool(shape.fullmatch(cell)) for cell in known) for shape in _SHAPES.values())
    if point != comma:
        return "point" if point > comma else "comma"
    if point == len(known) and any(_value(cell, "point") != _value(cell, "comma") for cell in known):
        raise Ambiguous
    return "point"


def _value(cell: str, decimal: Decimal) -> float:
    plain = cell.translate(_NOT_DIGITS)
    plain = plain.replace(",", "") if decimal == "point" else plain.replace(".", "").replace(",", ".")
    return float(plain)


def examples(cells: list[str]) -> tuple[str, float, float]:
    """A cell that differs between the readings, as point and as comma."""
    for cell in cells:
        if cell and _value(cell, "point") != _value(cell, "comma"):
            return cell, _value(cell, "point"), _value(cell, "comma")
    raise ValueError("no cell differs")


def dates(cells: list[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """Days (ordinal) of the cells, NaN where empty; None when they are no dates.

    Raises Ambiguous for 03/04/2024 where no cell shows which is the month.
    """
    known = [cell for cell in cells if cell]
    if not known:
        return None
    for shape, order in _DATES:
        parts = [shape.fullmatch(cell) for cell in known]
        if all(parts):
            return _days(cells, shape, order)
    slashed = [match for cell in known if (match := _SLASHED.fullmatch(cell))]
    if len(slashed) < len(known):
        return None
    months_first = any(int(match[2]) > 12 for match in slashed)
    days_first = any(int(match[1]) > 12 for match in slashed)
    if months_first == days_first:
        raise Ambiguous
    return _days(cells, _SLASHED, "mdy" if months_first else "dmy")


def _days(
    cells: list[str], shape: re.Pattern[str], order: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    found = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        match = shape.fullmatch(cell)
        if match:
            parts = dict(zip(order, (int(part) for part in match.groups()[:3]), strict=True))
            try:
                found[row] = date(parts["y"], parts["m"], parts["d"]).toordinal()
            except ValueError:
                return None
    return found


def kind_of(name: str, cells: list[str]) -> Kind:
    """What the column holds, by its content; its name matters only for numbers that are ids."""
    known = [cell for cell in cells if cell]
    if not known:
        return "empty"
    distinct = len(set(known))
    if _numeric_share(known) >= _MOSTLY:
        whole = all(re.fullmatch(r"\d+", cell) for cell in known)
        if whole and distinct == len(cells) and _ID.search(name):
            return "id"
        return "constant" if distinct == 1 and len(known) == len(cells) else "number"
    try:
        if dates(cells) is not None:
            return "date"
    except Ambiguous:
        return "date"
    if distinct == 1 and len(known) == len(cells):
        return "constant"
    words = float(np.mean([len(cell.split()) for cell in known]))
    if words >= _WORDS and distinct > len(known) / 2:
        return "text"
    if distinct > 0.9 * len(known) and len(known) > 10:
        return "id" if all(len(cell.split()) == 1 for cell in known) else "name"
    return "category"


def _numeric_share(known: list[str]) -> float:
    return max(sum(bool(shape.fullmatch(cell)) for cell in known) for shape in _SHAPES.values()) / len(known)
