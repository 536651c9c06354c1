"""Tables that are sent as files for spreadsheets."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

from flask import Response

from kb.people.audit import audited
from kb.people.clock import now
from kb.people.limits import EXPORT_OF_PERSON, take
from kb.spreadsheets import write_csv, write_xlsx
from web.identity import origin, signed_in
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.spreadsheets import Cell

SheetForm = Literal["csv", "xlsx"]
SHEETS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def allow_export() -> None:
    """Counts a file that somebody takes. Raises TooMany."""
    with services().database.write_aside() as session:
        take(session, EXPORT_OF_PERSON, f"#{signed_in().id}")


def sheet(
    what: str, name: str, header: Sequence[str], rows: Sequence[Sequence[Cell]], form: SheetForm
) -> Response:
    """The table as a file whose name begins like this; the audit log says that `what` was taken."""
    with audited(services().database, origin(), what, name) as act:
        act.detail["rows"] = len(rows)
    file_name = f"{name}-{now():%Y-%m-%d}.{form}"
    sent = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    if form == "csv":
        text = io.StringIO()
        write_csv(text, header, rows)
        return Response(text.getvalue(), content_type=f"{SHEETS[form]}; charset=utf-8", headers=sent)
    file = io.BytesIO()
    write_xlsx(file, name.capitalize()[:31], header, rows)
    return Response(file.getvalue(), content_type=SHEETS[form], headers=sent)
