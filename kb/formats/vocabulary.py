"""The vocabulary as a table: a group a row, its terms in one cell with `|` between them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.errors import InvalidRecord
from kb.formats import BadFile, Fault, LoadOptions, decode, read_bytes
from kb.formats.cells import guard, read_cell
from kb.formats.tables import read_rows, wrong_width
from kb.validation import validate
from kb.vocabulary_text import SEPARATOR, GroupRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kb.vocabulary import Group

NAME = "vocabulary.csv"
"""A file of this name among records is the vocabulary."""
COLUMNS = ("kind", "terms", "note")
HISTORY = ("version", "author", "changed_at")
FILE_BYTES = 20_000_000


@dataclass(frozen=True)
class RawGroup:
    """A group and the line of the file it starts on."""

    line: int
    record: GroupRecord


def read(path: Path, options: LoadOptions) -> Iterator[RawGroup | Fault]:
    """The group of each row of a file, as `read_table` has it. Raises BadFile."""
    data = read_bytes(path, FILE_BYTES, "it is no vocabulary")
    return read_table(decode(data, options.encoding), options.delimiter)


def read_table(text: str, delimiter: str) -> Iterator[RawGroup | Fault]:
    """The group of each row that is not empty, or what is wrong with it.

    Raises BadFile when the header is not `kind,terms,note`, followed by what an export adds or nothing.
    """
    rows = read_rows(text, delimiter)
    line, header = next(rows, (1, []))
    columns = tuple(name.strip() for name in header)
    if columns not in {COLUMNS, COLUMNS + HISTORY}:
        expected, found = delimiter.join(COLUMNS), delimiter.join(columns)[:60]
        raise BadFile(line, f"the first line must name the columns {expected}, not {found!r}")
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(columns):
            yield wrong_width(line, len(row), len(columns), delimiter)
        else:
            yield from _group(line, dict(zip(columns, row, strict=True)))


def _group(line: int, cells: dict[str, str]) -> Iterator[RawGroup | Fault]:
    data: dict[str, Any] = {
        name: read_cell(cell.strip(), "whole" if name == "version" else "text")
        for name, cell in cells.items()
        if cell.strip()
    }
    data["terms"] = [term.strip() for term in data.get("terms", "").split(SEPARATOR)]
    data |= {"author": ""} if "author" in cells and "author" not in data else {}
    try:
        yield RawGroup(line, validate(GroupRecord, data))
    except InvalidRecord as error:
        yield from (Fault(line, problem.field, problem.message) for problem in error.problems)


def write(groups: Iterable[Group], *, history: bool) -> str:
    """The table of the groups; with `history` also who changed each when, and how often."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS + HISTORY if history else COLUMNS)
    for group in groups:
        cells = [group.kind, str(group), group.note]
        if history:
            cells += [str(group.version), group.author, group.changed_at.isoformat()]
        writer.writerow([guard(cell) if cell else "" for cell in cells])
    return file.getvalue()
