"""What curators changed in the reference tables, as files of an export, and back from them.

The figures that are shipped are in every repository. An export holds what differs from them: rows that
were added or changed, with their history, and rows that were removed, marked as such. So an export that
is loaded into an empty repository gives the tables as they were, and one that is loaded into a later
version of Precedent leaves what that ships as it is.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kb.errors import InvalidRecord
from kb.formats import BadFile, Fault, LoadOptions, decode, read_bytes
from kb.formats.cells import guard, read_cell
from kb.formats.tables import read_rows, wrong_width
from kb.meta import MAX_REVISION, Moment
from kb.reference.files import FILE_BYTES, read_fields, read_file
from kb.reference.rows import Row, find_row, list_rows, remove_row, restore_row
from kb.reference.texts import TABLES, RowText, Table
from kb.strict import Strict
from kb.text import Line
from kb.validation import validate
from kb.vocabulary_loading import Merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

FOLDER = "reference"
"""Of an export: `reference/rates.csv` and so on."""
SHIPPER = "Precedent"
"""Author of the rows that are shipped."""
HISTORY = ("version", "author", "changed_at")
REMOVED = "removed"
_SHIPPED = Path(__file__).parent / "shipped"


class RowHistory(Strict):
    """How often a row was changed, and who did it last when."""

    version: Annotated[int, Field(gt=0, le=MAX_REVISION)]
    author: Line = ""
    changed_at: Moment


@dataclass(frozen=True)
class _Moved:
    """A row of a file: what it says, and its history; None where it was removed."""

    line: int
    text: RowText
    history: RowHistory | None


def table_at(relative: str) -> Table | None:
    """The table that a file of a load holds, by its path below the folder that was named."""
    folder, _, name = relative.rpartition("/")
    is_ours = folder.rpartition("/")[2] == FOLDER and name.endswith(".csv")
    return TABLES.get(name.removesuffix(".csv")) if is_ours else None


def write_changes(session: Session, table: Table) -> str:
    """What differs from the shipped figures as a file; empty where nothing does."""
    shipped = shipped_rows(table)
    rows = {row.text.key: row for row in list_rows(session, table)}
    changed = [row for row in rows.values() if not is_untouched(row)]
    removed = [text for key, text in shipped.items() if key not in rows]
    if not changed and not removed:
        return ""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*table.columns, *HISTORY, REMOVED])
    for row in changed:
        history = (str(row.version), row.author, row.changed_at.isoformat())
        writer.writerow([*_cells(row.text, table), *map(_guarded, history), ""])
    for text in removed:
        writer.writerow([*_cells(text, table), *("" for _ in HISTORY), "yes"])
    return file.getvalue()


def merge(session: Session, path: Path, table: Table, options: LoadOptions) -> Iterator[Merged]:
    """Brings the table to what a file of an export says, row by row.

    What somebody changed here since stands, and is `kept`; a row that is wrong fails alone.
    """
    try:
        for found in _read(path, table, options):
            if isinstance(found, Fault):
                yield Merged(found.line, "failed", (found,))
            else:
                yield Merged(found.line, _put(session, table, found))
    except BadFile as error:
        yield Merged(error.fault.line, "failed", (error.fault,))


@cache
def _shipped(name: str) -> dict[str, RowText]:
    table = TABLES[name]
    lines = read_file(_SHIPPED / f"{name}.csv", table, LoadOptions())
    return {line.text.key: line.text for line in lines}


def shipped_rows(table: Table) -> dict[str, RowText]:
    """The rows that come with Precedent, by what they are about."""
    return _shipped(table.name)


def is_untouched(row: Row) -> bool:
    """Whether the row is as it was shipped."""
    is_first = row.version == 1 and row.author == SHIPPER
    return is_first and shipped_rows(row.table).get(row.text.key) == row.text


def _put(session: Session, table: Table, moved: _Moved) -> str:
    standing, history = find_row(session, table, moved.text), moved.history
    if history is None:
        if standing is None:
            return "unchanged"
        if not is_untouched(standing):
            return "kept"
        remove_row(session, table, standing.id, version=standing.version)
        return "updated"
    if standing is not None:
        has_same = standing.text == moved.text and standing.version >= history.version
        if has_same or (standing.version >= history.version and not is_untouched(standing)):
            return "unchanged" if standing.text == moved.text else "kept"
    restore_row(session, table, moved.text, history.version, history.author, history.changed_at)
    return "created" if standing is None else "updated"


def _read(path: Path, table: Table, options: LoadOptions) -> Iterator[_Moved | Fault]:
    text = decode(read_bytes(path, FILE_BYTES, f"it is no table of {table.title.lower()}"), options.encoding)
    rows = read_rows(text, options.delimiter)
    line, header = next(rows, (1, []))
    expected = [*table.columns, *HISTORY, REMOVED]
    if [name.strip() for name in header] != expected:
        wanted = options.delimiter.join(expected)
        raise BadFile(line, f"the first line must name the columns {wanted}, as an export writes them")
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(expected):
            yield wrong_width(line, len(row), len(expected), options.delimiter)
            continue
        try:
            yield _moved(line, table, dict(zip(expected, row, strict=True)))
        except InvalidRecord as error:
            yield from (Fault(line, problem.field, problem.message) for problem in error.problems)


def _moved(line: int, table: Table, cells: dict[str, str]) -> _Moved:
    text = read_fields(table, {name: cells[name] for name in table.columns})
    if cells[REMOVED].strip():
        return _Moved(line, text, None)
    shapes = {"version": "whole", "author": "text", "changed_at": "text"}
    told = {
        name: read_cell(cells[name].strip(), shape)  # type: ignore[arg-type]
        for name, shape in shapes.items()
        if cells[name].strip()
    }
    return _Moved(line, text, validate(RowHistory, told))


def _cells(text: RowText, table: Table) -> list[str]:
    """The fields, numbers with every digit."""
    return [_cell(getattr(text, name)) for name in table.columns]


def _cell(value: object) -> str:
    return _guarded(value) if isinstance(value, str) else "" if value is None else repr(value)


def _guarded(cell: str) -> str:
    return guard(cell) if cell else ""
