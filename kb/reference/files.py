"""The reference tables as CSV: a row a line, a field a column."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.errors import InvalidRecord, KbError
from kb.formats import BadFile, Fault, decode, read_bytes
from kb.formats.cells import guard, read_cell
from kb.formats.tables import read_rows, wrong_width
from kb.validation import bare_type, validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kb.formats import LoadOptions
    from kb.reference.texts import RowText, Table

FILE_BYTES = 20_000_000
_SHOWN = 50


class BadTable(KbError):
    """The table was not loaded; the message names each fault with its line."""

    def __init__(self, name: str, faults: list[Fault]) -> None:
        lines = [
            ": ".join(part for part in (f"{name}:{fault.line or 1}", fault.field, fault.message) if part)
            for fault in faults[:_SHOWN]
        ]
        if len(faults) > _SHOWN:
            lines.append(f"... and {len(faults) - _SHOWN:,} further faults")
        super().__init__("\n".join(["nothing was loaded:", *lines]))
        self.faults = faults


@dataclass(frozen=True)
class Line:
    """A row, and the line of the file that it starts on."""

    line: int
    text: RowText


def read_file(path: Path, table: Table, options: LoadOptions) -> list[Line]:
    """All rows of a file. Raises BadTable naming every fault."""
    try:
        text = decode(read_bytes(path, FILE_BYTES, "split it"), options.encoding)
    except BadFile as error:
        raise BadTable(str(path), [error.fault]) from None
    return read_text(text, table, options.delimiter, str(path))


def read_text(text: str, table: Table, delimiter: str = ",", name: str = "") -> list[Line]:
    """All rows of a table as text. Raises BadTable naming every fault."""
    lines, faults = [], []
    seen: dict[str, int] = {}
    try:
        for found in _rows(text, table, delimiter):
            if isinstance(found, Fault):
                faults.append(found)
                continue
            first = seen.setdefault(found.text.key, found.line)
            if first != found.line:
                said = f"is about the same as line {first}: {found.text.name}"
                faults.append(Fault(found.line, "", said))
            lines.append(found)
    except BadFile as error:
        faults.append(error.fault)
    if faults:
        raise BadTable(name or f"{table.name}.csv", faults)
    return lines


def _rows(text: str, table: Table, delimiter: str) -> Iterator[Line | Fault]:
    rows = read_rows(text, delimiter)
    line, header = next(rows, (1, []))
    columns = [name.strip() for name in header]
    needed = [name for name, field in table.model.model_fields.items() if field.is_required()]
    unknown = [name for name in columns if name not in table.columns]
    if unknown or len(set(columns)) < len(columns) or not set(needed) <= set(columns):
        expected, found = delimiter.join(table.columns), delimiter.join(columns)[:80]
        raise BadFile(line, f"the first line must name the columns {expected}, not {found!r}")
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(columns):
            yield wrong_width(line, len(row), len(columns), delimiter)
            continue
        try:
            cells = dict(zip(columns, row, strict=True))
            yield Line(line, read_fields(table, cells))
        except InvalidRecord as error:
            yield from (Fault(line, problem.field, problem.message) for problem in error.problems)


def read_fields(table: Table, cells: dict[str, str]) -> RowText:
    """What a row says whose fields are text, as in a file or a form. Empty ones are not given.

    Raises InvalidRecord naming each field that is wrong.
    """
    data = {}
    for name, cell in cells.items():
        if cell.strip():
            kind = bare_type(table.model.model_fields[name].annotation)
            shape = "number" if kind is float else "whole" if kind is int else "text"
            data[name] = read_cell(cell.strip(), shape)  # type: ignore[arg-type]
    return validate(table.model, data)


def write(texts: Iterable[RowText], table: Table) -> str:
    """The table as a file."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.columns)
    for text in texts:
        writer.writerow([_cell(getattr(text, name)) for name in table.columns])
    return file.getvalue()


def fields_of(text: RowText, table: Table) -> dict[str, str]:
    """The fields as a form shows them."""
    return {name: _plain(getattr(text, name)) for name in table.columns}


def _cell(value: object) -> str:
    return guard(value) if isinstance(value, str) and value else _plain(value)


def _plain(value: object) -> str:
    return "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
