"""Tables for spreadsheets, as CSV and XLSX, in which no text is taken for a formula."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Cell = str | int | float | bool | date | datetime | None
ROWS = 1_048_576
"""Rows of an XLSX sheet, the header's included; Excel knows no more."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a text may begin with that a spreadsheet would calculate, also in the wide forms of East Asian
keyboards (OWASP, "CSV Injection").
"""
_UNKNOWN_TO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST = 32_767
"""Characters of a cell; Excel knows no more."""


def neutral(value: Cell) -> Cell:
    """The value; text that a spreadsheet would take for a formula with an apostrophe before it.

    Numbers and dates are what they are: only text can hold somebody's formula.
    """
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value
    return value


def write_csv(file: IO[str], header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """The table as CSV (RFC 4180). Times are written as ISO 8601."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_written(neutral(value)) for value in row])


def write_xlsx(file: IO[bytes], title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """The table as the one sheet of a workbook, row by row: all of it is never in memory.

    Raises ValueError where there are more rows than a sheet holds.
    """
    write_book(file, [(title, header, rows)])


def write_book(
    file: IO[bytes], sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]
) -> None:
    """Tables (title, header, rows) as the sheets of a workbook. Raises ValueError as `write_xlsx` does."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    try:
        for title, header, rows in sheets:
            sheet = book.create_sheet(title)
            sheet.freeze_panes = "A2"
            heads = [WriteOnlyCell(sheet, name) for name in header]
            for head in heads:
                head.font = Font(bold=True)
            sheet.append(heads)
            for number, row in enumerate(rows, start=2):
                if number > ROWS:
                    raise ValueError(f"a sheet holds {ROWS - 1:,} rows, and there are more")
                sheet.append([_shown(neutral(value)) for value in row])
    finally:
        book.save(file)  # also when it failed: an unfinished workbook leaves a temporary file behind


def _written(value: Cell) -> Cell:
    return value.isoformat() if isinstance(value, date) else value


def _shown(value: Cell) -> Cell:
    if isinstance(value, str):
        return _UNKNOWN_TO_XML.sub(" ", value)[:_LONGEST]
    if isinstance(value, datetime):  # a workbook knows no time zones
        return value.replace(tzinfo=None)
    return value
