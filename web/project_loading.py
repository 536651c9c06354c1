"""Load projects: a curator sends a table, says what its columns are, and has it loaded."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb import uploads
from kb.errors import InvalidRecord, KbError, NotFound
from kb.people.roles import require
from kb.validation import Problem
from search.estimates.tables import DELIMITERS, BadTable
from search.importing.loading import as_json, fitted, load_projects, read_mapping
from search.importing.mapping import TARGETS
from search.importing.proposing import propose
from search.importing.questions import questions
from search.importing.sandbox import as_data, read_safely, table_of
from web.forms import Form, refilled
from web.identity import origin, signed_in
from web.project_loading_views import MAPPED, mapping_of_form, mapping_page
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.loading import LoadReport
    from search.estimates.tables import Table
    from search.importing.mapping import ColumnMapping
    from web.jobs import Progress

blueprint = Blueprint("project_loading", __name__)
ENCODINGS = {"utf-8": "UTF-8", "cp1252": "Windows (cp1252)"}
BETWEEN = {"": "Found out", ",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}
SHOWN = 200
"""Problems and notices that are kept of a load."""


@blueprint.get("/projects/load")
def load() -> str:
    """Renders the form that takes a table, and the mappings that are kept."""
    require_curator()
    return _start(Form())


@blueprint.post("/projects/load")
def send() -> str | BaseResponse:
    """Takes a table, and leads to what its columns seem to be."""
    require_curator()
    try:
        table = _sent()
        mapping = _first_mapping(table)
    except InvalidRecord as error:
        return Response(_start(refilled(error)), status=400)
    except BadTable as error:
        return Response(_start(refilled(InvalidRecord([])), error), status=400)
    number = uploads.keep(services().database, origin(), table.file, as_data(table))
    uploads.remember(services().database, origin(), number, {"mapping": as_json(mapping)})
    return redirect(url_for("project_loading.mapping", number=number), 303)


@blueprint.get("/projects/load/<int:number>")
def mapping(number: int) -> str:
    """Renders what the columns are, what is open, and the first projects as they would be stored."""
    require_curator()
    kept = uploads.kept(services().database, origin(), number)
    return _mapping_page(number, table_of(kept.table), read_mapping(kept.state["mapping"]))


@blueprint.post("/projects/load/<int:number>")
def decide(number: int) -> str | BaseResponse:
    """Keeps what was said of the columns; shows what comes of it, or loads the projects."""
    require_curator()
    database = services().database
    kept = uploads.kept(database, origin(), number)
    table = table_of(kept.table)
    try:
        said = mapping_of_form(request.form, table.columns)
    except InvalidRecord as error:
        standing = read_mapping(kept.state["mapping"])
        return Response(_mapping_page(number, table, standing, wrong=error.problems), status=400)
    uploads.remember(database, origin(), number, {"mapping": as_json(said)})
    name = request.form.get("save_as", "").strip()[:100]
    if name:
        uploads.save_mapping(database, origin(), name, as_json(said))
    if "load" not in request.form:
        return redirect(url_for("project_loading.mapping", number=number), 303)
    if questions(table, said):
        return Response(_mapping_page(number, table, said, is_refused=True), status=409)
    _begin(number, table, said)
    return redirect(url_for("project_loading.progress", number=number), 303)


@blueprint.get("/projects/load/<int:number>/progress")
def progress(number: int) -> Response:
    """Renders how far loading is, or what came of it."""
    require_curator()
    running = services().jobs.progress(number)
    kept = uploads.kept(services().database, origin(), number)
    if running is None and "report" not in kept.state:
        if "loading" not in kept.state:
            raise NotFound("This table is not being loaded. Say what its columns are first.")
        kept.state["report"] = {"error": "Loading was interrupted. Load again: nothing is stored twice."}
    page = render_template("project_loading/progress.html", kept=kept, running=running)
    response = Response(page)
    if running is not None:
        response.headers["Refresh"] = "2"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/projects/load/mappings/remove")
def remove_mapping() -> BaseResponse:
    """Removes a mapping that was kept; what was loaded by it stays."""
    require_curator()
    uploads.remove_mapping(services().database, origin(), request.form.get("name", ""))
    return redirect(url_for("project_loading.load"), 303)


def require_curator() -> None:
    """Raises SignInNeeded or NotAllowed unless the person who asks may load projects."""
    require(signed_in(), uploads.LOAD)


def _begin(number: int, table: Table, said: ColumnMapping) -> None:
    """Starts to load, unless that goes on already."""
    database, by = services().database, origin()
    uploads.remember(database, by, number, {"loading": True, "report": None})

    def work(told: Progress) -> None:
        report: dict[str, Any] = {"error": "Loading failed, and the fault is ours; it has been logged."}
        try:
            report = _as_json(load_projects(database, by, table, said, progress=told))
        except KbError as error:
            report = {"error": str(error)}
        finally:
            uploads.remember(database, by, number, {"report": report})

    services().jobs.start(number, work)


def _as_json(report: LoadReport) -> dict[str, Any]:
    counts = {name: getattr(report, name) for name in ("created", "updated", "unchanged", "failed")}
    return counts | {
        "problems": [[each.line, each.field, each.message] for each in report.problems[:SHOWN]],
        "more": max(0, len(report.problems) - SHOWN),
        "notices": [each.message for each in report.notices[:SHOWN]],
    }


def _sent() -> Table:
    """The table of the file that was sent. Raises InvalidRecord, BadTable."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidRecord([Problem("file", "is missing: choose one")])
    encoding, between = request.form.get("encoding", "utf-8"), request.form.get("delimiter", "")
    if encoding not in ENCODINGS or (between and between not in DELIMITERS):
        raise InvalidRecord([Problem("encoding", "must be one of those offered")])
    name = Path(file.filename.replace("\\", "/")).name[:200] or "table"
    data = file.read()
    file.close()
    # The content says what it is: an Excel file is an archive.
    suffix = ".xlsx" if data.startswith(b"PK") else ".csv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sent{suffix}"
        path.write_bytes(data)
        table = read_safely(path, name, delimiter=between or None, encoding=encoding)
    if len(table.columns) > MAPPED:
        most = f"has {len(table.columns)} columns; this page takes {MAPPED}. Use `precedent load --map`"
        raise InvalidRecord([Problem("file", most)])
    return table


def _first_mapping(table: Table) -> ColumnMapping:
    """The mapping that was chosen, fitted to the table, or what the columns seem to be."""
    chosen = request.form.get("mapping", "")
    if not chosen:
        name = " ".join(Path(table.file).stem.split())
        return propose(table, "".join(char for char in name if char.isprintable())[:100] or "table")
    with services().database.read() as session:
        return fitted(read_mapping(uploads.get_mapping(session, chosen)), table)


def _start(form: Form, error: BadTable | None = None) -> str:
    with services().database.read() as session:
        mappings = uploads.list_mappings(session)
        session.expunge_all()  # the page shows them after the transaction
    return render_template(
        "project_loading/start.html",
        form=form,
        error=error,
        encodings=ENCODINGS,
        between=BETWEEN,
        mappings=mappings,
    )


def _mapping_page(number: int, table: Table, said: ColumnMapping, **shown: Any) -> str:
    shown = {"wrong": (), "is_refused": False} | shown
    page = mapping_page(number, table, said)
    return render_template("project_loading/mapping.html", page=page, targets=TARGETS, **shown)
