"""The audit log as a file: the verb behind the page, the API and the command line."""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any, Literal

from flask import send_file

from kb.desk.veiling import unnamed_lines
from kb.people import audit
from kb.people.audit import audited
from kb.people.clock import now
from kb.people.limits import EXPORT_OF_PERSON, take
from kb.people.roles import require
from kb.spreadsheets import write_csv, write_xlsx
from kb.validation import Problem
from web.audit_views import detail_line
from web.identity import origin
from web.parameters import BadParameters
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flask import Response

    from kb.people.audit import AuditFilter
    from kb.people.model import AuditLine
    from kb.spreadsheets import Cell

COLUMNS = ("number", "time (UTC)", "person", "person's number", "action", "object", "outcome", "details",
           "address", "request")  # fmt: skip
"""Of the exported table."""
NAMES = ("id", "at", "person", "person_id", "action", "object", "outcome", "detail", "address", "request_id")
"""Of what a line of JSON holds."""
IN_MEMORY = 1 << 20
"""Bytes of a file that is sent from memory; a longer one is sent from the disk."""
Form = Literal["csv", "jsonl", "xlsx"]
TYPES: Mapping[Form, str] = {
    "csv": "text/csv",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST_IN_WORKBOOK = 100_000
"""Lines of the log in one XLSX file: it takes half a minute to write, and who waits keeps a thread busy."""


def send_log(wanted: AuditFilter, form: Form) -> Response:
    """Sends the lines as a file. That somebody took them stands in the log from then on.

    Raises NotAllowed, TooMany, and BadParameters where a workbook does not take so many.
    """
    by, database = origin(), services().database
    require(by.person, "see audit")
    unnamed = unnamed_lines(by.person)
    with database.write_aside() as session:
        take(session, EXPORT_OF_PERSON, f"#{by.person.id}")
        total, _ = audit.find(session, wanted, 0, 0, unnamed)
    if form == "xlsx" and total > MOST_IN_WORKBOOK:
        words = f"is xlsx, and a workbook takes {MOST_IN_WORKBOOK:,} lines: narrow the days, or take CSV"
        raise BadParameters([Problem("format", words)])
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        count = write_lines(file, form, audit.every(database, wanted, unnamed))
        with audited(database, by, "export audit log", form) as act:
            act.detail |= {"lines": count, "filter": wanted.given}
        size, _ = file.tell(), file.seek(0)
        sent = io.BytesIO(file.read()) if size <= IN_MEMORY else file
        if sent is file:
            stack.pop_all()  # from here on the answer closes it, when it has been sent
    name = f"audit-{now():%Y-%m-%d-%H%M%S}.{form}"
    return send_file(sent, TYPES[form], as_attachment=True, download_name=name)


def write_lines(file: IO[bytes], form: Form, lines: Iterable[AuditLine]) -> int:
    """The lines as a table, or as an object of JSON each, into an open file. Returns how many there were."""
    counted = _Counted(lines)
    if form == "xlsx":
        write_xlsx(file, "Audit log", COLUMNS, (_row(line) for line in counted))
        return counted.count
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    if form == "csv":
        write_csv(text, COLUMNS, (_row(line) for line in counted))
    else:
        # In ASCII, in which no character can look like the end of a line.
        text.writelines(f"{json.dumps(as_object(line))}\n" for line in counted)
    text.detach()
    return counted.count


def as_object(line: AuditLine) -> dict[str, Any]:
    """The line as programs read it; its time as ISO 8601."""
    return {name: getattr(line, name) for name in NAMES} | {"at": line.at.isoformat()}


class _Counted:
    """An iterable that knows how far it has come."""

    def __init__(self, lines: Iterable[AuditLine]) -> None:
        self._lines = lines
        self.count = 0

    def __iter__(self) -> Iterator[AuditLine]:
        for line in self._lines:
            self.count += 1
            yield line


def _row(line: AuditLine) -> Sequence[Cell]:
    return (
        line.id, line.at, line.person, line.person_id, line.action, line.object, line.outcome,
        detail_line(line.detail), line.address, line.request_id,
    )  # fmt: skip
