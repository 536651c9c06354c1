"""A table of projects on its way in: sent, its columns said, loaded. The verbs behind page and API."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb import uploads
from kb.errors import InvalidRecord, KbError, NotFound
from kb.validation import Problem
from search.estimates.tables import DELIMITERS
from search.importing.loading import Undecided, as_json, fitted, load_projects, read_mapping
from search.importing.proposing import propose
from search.importing.questions import questions
from search.importing.sandbox import as_data, read_safely, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.database import Database
    from kb.load_report import LoadReport
    from kb.people.audit import Origin
    from search.estimates.tables import Table
    from search.importing.mapping import ColumnMapping

ENCODINGS = {"utf-8": "UTF-8", "cp1252": "Windows (cp1252)"}
SHOWN = 200
"""Problems and notices that are kept of a load."""
MOST_COLUMNS = 200
"""Of a table that is sent: page and API show every one."""
INTERRUPTED = "Loading was interrupted. Load again: nothing is stored twice."
FAULT = "Loading failed, and the fault is ours; it has been logged."


@dataclass(frozen=True)
class Brought:
    """A table that somebody sent, what its columns are so far, and what came of loading it."""

    number: int
    name: str
    table: Table
    mapping: ColumnMapping
    is_loading: bool
    """Whether loading began and nothing is known of its end."""
    report: dict[str, Any] | None


def read_sent(data: bytes, name: str, *, delimiter: str = "", encoding: str = "utf-8") -> Table:
    """The table in the bytes of a file. Raises InvalidRecord for options that are none, BadTable."""
    if encoding not in ENCODINGS:
        raise InvalidRecord([Problem("encoding", f"must be one of {', '.join(ENCODINGS)}")])
    if delimiter and delimiter not in DELIMITERS:
        raise InvalidRecord([Problem("delimiter", f"must be one of {' '.join(map(repr, DELIMITERS))}")])
    name = Path(name.replace("\\", "/")).name[:200] or "table"
    # The content says what it is: an Excel file is an archive.
    suffix = ".xlsx" if data.startswith(b"PK") else ".csv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sent{suffix}"
        path.write_bytes(data)
        table = read_safely(path, name, delimiter=delimiter or None, encoding=encoding)
    if len(table.columns) > MOST_COLUMNS:
        most = f"has {len(table.columns)} columns; {MOST_COLUMNS} are taken here. Use `precedent load --map`"
        raise InvalidRecord([Problem("file", most)])
    return table


def first_mapping(database: Database, table: Table, chosen: str = "") -> ColumnMapping:
    """The mapping that is kept under this name, fitted to the table, or what the columns seem to be.

    Raises NotFound.
    """
    if not chosen:
        name = " ".join(Path(table.file).stem.split())
        return propose(table, "".join(char for char in name if char.isprintable())[:100] or "table")
    with database.read() as session:
        return fitted(read_mapping(uploads.get_mapping(session, chosen)), table)


def bring(database: Database, origin: Origin, table: Table, mapping: ColumnMapping) -> int:
    """Keeps a table for a day, with its first mapping; its number. Raises NotAllowed."""
    return uploads.keep(database, origin, table.file, as_data(table), {"mapping": as_json(mapping)})


def find(database: Database, origin: Origin, number: int) -> Brought:
    """A table that this person sent. Raises NotAllowed, NotFound."""
    kept = uploads.kept(database, origin, number)
    return Brought(
        kept.id, kept.name, table_of(kept.table), read_mapping(kept.state["mapping"]),
        bool(kept.state.get("loading")), kept.state.get("report"),
    )  # fmt: skip


def say(database: Database, origin: Origin, number: int, mapping: ColumnMapping) -> None:
    """The columns are this from now on. Raises NotAllowed, NotFound."""
    uploads.remember(database, origin, number, {"mapping": as_json(mapping)})


def check_ready(brought: Brought) -> None:
    """Raises Undecided with every question that is open."""
    asked = questions(brought.table, brought.mapping)
    if asked:
        raise Undecided(asked)


def begin(
    database: Database, origin: Origin, brought: Brought, *, is_whole: bool
) -> Callable[[Callable[[int, int], None]], None]:
    """What is to be done to load the table, with what comes of it kept beside it. Raises Undecided."""
    check_ready(brought)
    uploads.remember(database, origin, brought.number, {"loading": True, "report": None})

    def work(told: Callable[[int, int], None]) -> None:
        report: dict[str, Any] = {"error": FAULT}
        try:
            done = load_projects(
                database, origin, brought.table, brought.mapping, is_whole=is_whole, progress=told
            )
            report = report_as_json(done)
        except KbError as error:
            report = {"error": str(error)}
        finally:
            uploads.remember(database, origin, brought.number, {"report": report})

    return work


def report_as_json(report: LoadReport) -> dict[str, Any]:
    """What came of loading, as it is kept."""
    counts = {name: getattr(report, name) for name in ("created", "updated", "unchanged", "failed")}
    return counts | {
        "taken_back": report.is_taken_back,
        "problems": [[each.line, each.field, each.message] for each in report.problems[:SHOWN]],
        "more": max(0, len(report.problems) - SHOWN),
        "notices": [each.message for each in report.notices[:SHOWN]],
    }


def outcome(brought: Brought) -> dict[str, Any]:
    """What came of loading a table that is not being loaded now. Raises NotFound where it never was."""
    if brought.report is not None:
        return brought.report
    if not brought.is_loading:
        raise NotFound("This table is not being loaded. Say what its columns are first.")
    return {"error": INTERRUPTED}
