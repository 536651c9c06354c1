"""A table of projects as cells: CSV with any usual delimiter, or the first sheet of an Excel file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from kb.errors import KbError
from kb.formats import TABLE_BYTES, BadFile, LoadOptions, decode, read_bytes
from kb.formats.archives import check_archive
from kb.formats.tables import read_rows, wrong_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")
EXCEL = (".xlsx", ".xlsm")
MISSING = frozenset({"", "na", "n/a", "nan", "null", "?", "-", "–", "—"})
"""Cells (in small letters) that say "not known"."""
_SHOWN = 5


@dataclass(frozen=True)
class Problem:
    """What is wrong with a table. Line and column where one is to blame."""

    message: str
    line: int | None = None
    column: str = ""

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line else []
        place += [f"column {self.column}"] if self.column else []
        return f"{', '.join(place)}: {self.message}" if place else self.message


class BadTable(KbError):
    """A table that cannot be used as it is; `problems` say where and why."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        shown = [f"{file}, {problem}" if problem.line or problem.column else f"{file}: {problem}"
                 for problem in problems[:_SHOWN]]  # fmt: skip
        more = len(problems) - _SHOWN
        super().__init__("\n".join([*shown, *([f"and {more} more like these"] if more > 0 else [])]))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Table:
    """Cells as text, stripped. Cells that say "not known" are empty."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    """Line of the file on which each row starts."""

    def cells(self, column: str) -> list[str]:
        """The cells of a column, row by row."""
        place = self.columns.index(column)
        return [row[place] for row in self.rows]


def read(path: Path, *, delimiter: str | None = None, encoding: str = "utf-8") -> Table:
    """The table in a file. Raises BadTable naming file, line and column, KbError for bad options."""
    LoadOptions(delimiter=delimiter or ",", encoding=encoding)  # checks both
    try:
        if path.suffix.lower() in EXCEL:
            lines = list(_excel_rows(path))
        else:
            text = decode(read_bytes(path, TABLE_BYTES, "split it"), encoding)
            delimiter = delimiter or _delimiter(path.name, text)
            lines = list(read_rows(text, delimiter))
    except BadFile as error:
        fault = error.fault
        raise BadTable(path.name, [Problem(fault.message, fault.line, fault.field)]) from None
    return _table(path.name, lines, delimiter)


def _table(file: str, lines: Iterable[tuple[int, list[str]]], delimiter: str | None) -> Table:
    filled = [(line, row) for line, row in lines if any(cell.strip() for cell in row)]
    if not filled:
        raise BadTable(file, [Problem("is empty; the first line must name the columns")])
    (first, header), *rest = filled
    columns = tuple(" ".join(name.split()) for name in header)
    problems = [
        Problem(f"column {place} has no name; give it one or remove the column", first)
        for place, name in enumerate(columns, 1)
        if not name
    ]
    twice = [name for place, name in enumerate(columns) if name and name in columns[:place]]
    problems += [Problem("is the name of two columns; rename one", first, name) for name in twice]
    for line, row in rest:
        if len(row) != len(columns):
            fault = wrong_width(line, len(row), len(columns), repr(delimiter))
            problems.append(Problem(fault.message, line))
    if problems:
        raise BadTable(file, problems)
    if not rest:
        raise BadTable(file, [Problem("names columns and has no rows")])
    rows = tuple(tuple(_cell(cell) for cell in row) for _, row in rest)
    return Table(file, columns, rows, tuple(line for line, _ in rest))


def _cell(text: str) -> str:
    plain = text.strip()
    return "" if plain.lower() in MISSING else plain


def _delimiter(file: str, text: str) -> str:
    """The delimiter under which the most rows have as many cells as the header, at least two."""
    sample = text[:200_000]
    whole = sample if len(sample) == len(text) else sample[: sample.rfind("\n") + 1] or sample
    found: list[tuple[float, int, str]] = []
    for candidate in DELIMITERS:
        try:
            rows = [row for _, row in read_rows(whole, candidate) if any(cell.strip() for cell in row)]
        except (BadFile, csv.Error):
            continue
        width = len(rows[0]) if rows else 0
        if width > 1:
            fitting = sum(len(row) == width for row in rows) / len(rows)
            found.append((fitting, width, candidate))
    if not found:
        return ","
    best = max(found)
    equal = [each for each in found if each[0] == best[0] and each[1] == best[1]]
    if len(equal) > 1:
        named = " or ".join(repr(each[2]) for each in equal)
        raise BadTable(file, [Problem(f"could be separated by {named}; pass --delimiter")])
    return best[2]


def _excel_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet, short ones filled up."""
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    check_archive(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (OSError, BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise BadFile(None, f"is no Excel file that can be read ({error})") from None
    try:
        rows = [[_excel_cell(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()
    width = max((place for row in rows for place, cell in enumerate(row, 1) if cell), default=0)
    for line, row in enumerate(rows, 1):
        yield line, (row + [""] * width)[:width]


def _excel_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    # A number keeps all its digits and needs no guessing about its decimal sign.
    return repr(value) if isinstance(value, float) else str(value)
