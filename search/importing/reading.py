"""The cells of one column as values, and which of them cannot be read."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from search.estimates.columns import NotNumbers, numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from search.importing.mapping import Column, ColumnMapping, DateForm

_FORMS: dict[DateForm, re.Pattern[str]] = {
    "ymd": re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:[T ].*)?"),
    "dmy": re.compile(r"(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})"),
    "mdy": re.compile(r"(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4})"),
}
_YEAR = re.compile(r"(\d{4})(?:\.0)?")
_SHORT_YEAR = re.compile(r"(\d{2})(?:\.0)?")
_SHOWN = {"ymd": "2024-03-31", "dmy": "31.03.2024", "mdy": "03/31/2024", "year": "2024",
          "year of 19..": "92"}  # fmt: skip


@dataclass(frozen=True)
class Values:
    """One value a row, None where nothing is known; what is wrong with cells, by row."""

    values: list[Any]
    faults: dict[int, str]


def read_numbers(cells: list[str], column: Column, factor: float = 1.0) -> Values:
    """The numbers, each times the factor. Raises Ambiguous when all can be read in two ways."""
    faults: dict[int, str] = {}
    cells = list(cells)
    while True:
        try:
            found = numbers(cells, column.decimal or None)
            break
        except NotNumbers as error:
            for row in error.rows:
                advice = "" if column.to != "attribute" else ", or say that the column is a category"
                faults[row] = f"{cells[row][:40]!r} is no number; correct it, or empty the cell{advice}"
                cells[row] = ""
    values: list[Any] = [None if np.isnan(each) else float(each) * factor for each in found]
    for row, value in enumerate(values):
        if value is None:
            continue
        if value == 0 and column.zero_unknown:
            values[row] = None
        elif value <= 0 and column.target.positive:
            said = "; or say in the mapping that 0 means not known" if value == 0 else ""
            faults[row] = (
                f"is {cells[row]}, and must be above 0: correct it, or empty the cell to leave it out{said}"
            )
    return Values(values, faults)


def read_dates(cells: list[str], column: Column) -> Values:
    """The days as ISO text. A year is its last day, as a start its first."""
    values: list[Any] = []
    faults: dict[int, str] = {}
    for row, cell in enumerate(cells):
        value = _day(cell, column) if cell else None
        values.append(value)
        if cell and value is None:
            faults[row] = f"{cell[:40]!r} is no date written as {_SHOWN.get(column.dates, '2024-03-31')}"
    return Values(values, faults)


def _day(cell: str, column: Column) -> str | None:
    form = column.dates or "ymd"
    if form in {"year", "year of 19.."}:
        match = (_YEAR if form == "year" else _SHORT_YEAR).fullmatch(cell)
        if match is None:
            return None
        year = int(match[1]) + (0 if form == "year" else 1900)
        return f"{year:04d}-01-01" if column.to == "started_on" else f"{year:04d}-12-31"
    match = _FORMS[form].fullmatch(cell)
    if match is None:
        return None
    year, month, day = (int(match[part]) for part in "ymd")
    if not (year and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    return date(year, month, day).isoformat()


def read_free(cells: list[str], column: Column, *, is_number: bool) -> Values:
    """A free attribute: numbers where the column holds numbers, else its words."""
    if column.kind == "number" or (is_number and not column.kind):
        return read_numbers(cells, column)
    too_long = {
        row: f"has {len(cell):,} characters, and an attribute at most 300: map the column to the description"
        for row, cell in enumerate(cells)
        if len(cell) > 300
    }
    return Values([cell or None for cell in cells], too_long)


def read_words(cells: list[str], column: Column) -> Values:
    """Text, choices by the words that stand for them, lists by their items."""
    translate = _translator(column)
    if column.target.shape == "lines":
        split = [[translate(part.strip()) for part in re.split(r"[;,|]", cell)] for cell in cells]
        return Values([[part for part in parts if part] or None for parts in split], {})
    return Values([translate(cell) or None for cell in cells], {})


def _translator(column: Column) -> Callable[[str], str]:
    from search.importing.mapping import CHOICES

    known = {word.lower(): word for word in CHOICES.get(column.to, ())}

    def translated(cell: str) -> str:
        return column.values[cell] if cell in column.values else known.get(cell.lower(), cell)

    return translated


def read_column(cells: list[str], column: Column, mapping: ColumnMapping, *, is_number: bool) -> Values:
    """The values of a column, as its mapping says. Raises Ambiguous."""
    match column.target.shape:
        case "number":
            return read_numbers(cells, column, mapping.factor(column))
        case "whole":
            found = read_numbers(cells, column)
            wrong = {
                row: f"{cells[row]!r} is no whole number"
                for row, value in enumerate(found.values)
                if value is not None and not float(value).is_integer()
            }
            return Values([None if v is None else int(v) for v in found.values], found.faults | wrong)
        case "date":
            return read_dates(cells, column)
        case "free":
            return read_free(cells, column, is_number=is_number)
        case _:
            return read_words(cells, column)
