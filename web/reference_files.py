"""The reference tables as files: downloaded, and loaded after a look at what that would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request

from kb.errors import InvalidRecord
from kb.formats import BadFile, decode
from kb.people.audit import audited
from kb.reference import curating
from kb.reference.files import BadTable, fields_of, read_text, write
from kb.reference.rows import RowChanged, list_rows, table_of
from kb.validation import Problem
from web.documents import count_file
from web.forms import Form, refilled
from web.identity import origin
from web.reference_editing import page_of, require_curator
from web.services import services
from web.vocabulary_tables import DELIMITERS, ENCODINGS

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.reference.rows import Changes
    from kb.reference.texts import RowText, Table

blueprint = Blueprint("reference_files", __name__)


@dataclass(frozen=True)
class Sent:
    """A table that somebody sent, as text; forms carry it on."""

    text: str
    delimiter: str
    """A name of DELIMITERS."""
    replacing: bool

    def rows(self, table: Table) -> list[RowText]:
        """What it says. Raises BadTable."""
        return [line.text for line in read_text(self.text, table, DELIMITERS[self.delimiter])]


@blueprint.get("/tables/<sheet>.csv")
def download(sheet: str) -> Response:
    """A whole table as CSV, to be edited and loaded again."""
    table = table_of(sheet)
    count_file()
    with audited(services().database, origin(), "take table", f"{table.name}.csv") as act:
        rows = [row.text for row in list_rows(act.session, table)]
        act.detail["rows"] = len(rows)
    text = write(rows, table)
    response = Response(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{table.name}.csv"'
    return response


@blueprint.get("/tables/<sheet>/load")
def load(sheet: str) -> str:
    """Renders the form that takes a file."""
    require_curator()
    return _page(table_of(sheet), Form())


@blueprint.post("/tables/<sheet>/load")
def load_now(sheet: str) -> str | BaseResponse:
    """Shows what a file would change; does it when that was agreed to."""
    require_curator()
    table = table_of(sheet)
    try:
        if "agreed" not in request.form:
            return _preview(table, _uploaded())
        return _load(table, _sent(request.form.get("table", "")))
    except InvalidRecord as error:
        return Response(_page(table, refilled(error)), status=400)
    except BadTable as error:
        return Response(_page(table, refilled(InvalidRecord([])), error), status=400)


def _load(table: Table, sent: Sent) -> str | BaseResponse:
    database = services().database
    with database.read() as session:
        before = write([row.text for row in list_rows(session, table)], table)
    agreed = request.form.get("lost", "").splitlines()
    try:
        changes = curating.load(
            database, origin(), table, sent.rows(table), replacing=sent.replacing, agreed=agreed
        )
    except RowChanged:
        return Response(_preview(table, sent, is_overtaken=True), status=409)
    undo = Sent(before, "comma", replacing=True)
    undone = curating.preview(database, origin(), table, undo.rows(table), replacing=True)
    return render_template(
        "reference/loaded.html", table=table, changes=changes, sent=undo, undone=undone, page=page_of(table),
        shown=_shown(table, changes),
    )  # fmt: skip


def _preview(table: Table, sent: Sent, *, is_overtaken: bool = False) -> str:
    changes = curating.preview(
        services().database, origin(), table, sent.rows(table), replacing=sent.replacing
    )
    return render_template(
        "reference/preview.html", table=table, changes=changes, sent=sent, is_overtaken=is_overtaken,
        page=page_of(table), shown=_shown(table, changes),
    )  # fmt: skip


def _shown(table: Table, changes: Changes) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """(words, [(what, how it is, how it will be)]) for what changes."""
    parts = (("Removed", changes.removed), ("Changed", changes.updated), ("Added", changes.created))
    return [
        (words, [
            (each.name, _line(each.before.text, table) if each.before else "",
             _line(each.after, table) if each.after else "")
            for each in found
        ])
        for words, found in parts
        if found
    ]  # fmt: skip


def _line(text: RowText, table: Table) -> str:
    skipped = {"currency", "year", "region", "project_type", "measure", "reference"}
    return "; ".join(value for name, value in fields_of(text, table).items() if value and name not in skipped)


def _uploaded() -> Sent:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidRecord([Problem("file", "is missing: choose one")])
    encoding = request.form.get("encoding", "utf-8")
    if encoding not in ENCODINGS:
        raise InvalidRecord([Problem("encoding", "must be one of those offered")])
    try:
        return _sent(decode(file.read(), encoding))
    except BadFile as error:
        said = f"cannot be read as {ENCODINGS[encoding]}: choose another encoding, or save it as CSV UTF-8"
        raise InvalidRecord([Problem("file", f"{said} (line {error.fault.line or 1})")]) from None


def _sent(text: str) -> Sent:
    delimiter = request.form.get("delimiter", "comma")
    if delimiter not in DELIMITERS:
        raise InvalidRecord([Problem("delimiter", "must be one of those offered")])
    return Sent(text, delimiter, replacing=request.form.get("replacing") == "yes")


def _page(table: Table, form: Form, error: BadTable | None = None) -> str:
    return render_template(
        "reference/load.html", table=table, form=form, error=error, encodings=ENCODINGS, page=page_of(table)
    )
