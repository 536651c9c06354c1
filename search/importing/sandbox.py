"""Reads a table that somebody sent in a process of its own, as documents are: bounded, and without network.

`python -m search.importing.sandbox FILE NAME DELIMITER ENCODING` prints the table as JSON, or what is wrong
with it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from kb.errors import KbError
from kb.importing.document import Unreadable
from kb.importing.sandbox import SECONDS, run_apart
from search.estimates.tables import BadTable, Problem, Table, read

MAX_ROWS = 50_000
MAX_COLUMNS = 500


def read_safely(path: Path, name: str, *, delimiter: str | None = None, encoding: str = "utf-8") -> Table:
    """The table of a file that was sent as `name`. Raises BadTable, also when it takes too much."""
    try:
        ended = run_apart(__name__, [str(path.absolute()), name, delimiter or "", encoding], b"")
    except Unreadable:
        raise _bad(name, "cannot be read here at the moment; try again later") from None
    if ended.status is None:
        raise _bad(name, f"took more than {SECONDS} seconds to read; split it, or save it as CSV")
    try:
        said = json.loads(ended.made if ended.status == 0 else b"")
    except ValueError:
        raise _bad(name, "takes too much to read; split it, or save it as CSV") from None
    if "problems" in said:
        raise BadTable(name, [Problem(*each) for each in said["problems"]])
    return table_of(said)


def table_of(data: dict[str, Any]) -> Table:
    """A table as `as_data` wrote it."""
    rows = tuple(tuple(row) for row in data["rows"])
    return Table(data["file"], tuple(data["columns"]), rows, tuple(data["lines"]))


def as_data(table: Table) -> dict[str, Any]:
    """The table as JSON can say it."""
    return {"file": table.file, "columns": table.columns, "rows": table.rows, "lines": table.lines}


def _bad(name: str, message: str) -> BadTable:
    return BadTable(name, [Problem(message)])


def _main(path: str, name: str, delimiter: str, encoding: str) -> dict[str, Any]:
    try:
        table = read(Path(path), delimiter=delimiter or None, encoding=encoding)
    except BadTable as error:
        return {"problems": [(each.message, each.line, each.column) for each in error.problems[:200]]}
    except KbError as error:
        return {"problems": [(str(error), None, "")]}
    if len(table.rows) > MAX_ROWS or len(table.columns) > MAX_COLUMNS:
        size = f"{len(table.rows):,} rows and {len(table.columns):,} columns"
        return {"problems": [(f"has {size}; at most {MAX_ROWS:,} and {MAX_COLUMNS:,} are taken", None, "")]}
    return as_data(Table(name, table.columns, table.rows, table.lines))


if __name__ == "__main__":
    # Written as short as it can be: the output has its limit, too.
    said = json.dumps(_main(*sys.argv[1:5]), ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(said.encode("utf-8", "replace"))
