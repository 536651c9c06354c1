"""Load projects: a curator sends a table, says what its columns are, and has it loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb import uploads
from kb.errors import InvalidRecord, NotFound
from kb.people.roles import require
from kb.validation import Problem
from search.estimates.tables import BadTable
from search.importing import bringing
from search.importing.loading import Undecided, as_json
from search.importing.mapping import TARGETS
from web.forms import Form, refilled
from web.identity import origin, signed_in
from web.project_loading_views import mapping_of_form, mapping_page, mapping_so_far
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from search.estimates.tables import Table
    from search.importing.bringing import Brought

blueprint = Blueprint("project_loading", __name__)
BETWEEN = {"": "Found out", ",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}


@blueprint.get("/projects/load")
def load() -> str:
    """Renders the form that takes a table, and the mappings that are kept."""
    require_curator()
    return _start(Form())


@blueprint.post("/projects/load")
def send() -> str | BaseResponse:
    """Takes a table, and leads to what its columns seem to be."""
    require_curator()
    database = services().database
    try:
        table = _sent()
        mapping = bringing.first_mapping(database, table, request.form.get("mapping", ""))
    except NotFound as error:  # removed since the form was opened
        gone = InvalidRecord([Problem("mapping", str(error))])
        return Response(_start(refilled(gone)), status=400)
    except InvalidRecord as error:
        return Response(_start(refilled(error)), status=400)
    except BadTable as error:
        return Response(_start(refilled(InvalidRecord([])), error), status=400)
    number = bringing.bring(database, origin(), table, mapping)
    return redirect(url_for("project_loading.mapping", number=number), 303)


@blueprint.get("/projects/load/<int:number>")
def mapping(number: int) -> str:
    """Renders what the columns are, what is open, and the first projects as they would be stored."""
    require_curator()
    return _mapping_page(bringing.find(services().database, origin(), number))


@blueprint.post("/projects/load/<int:number>")
def decide(number: int) -> str | BaseResponse:
    """Keeps what was said of the columns; shows what comes of it, or loads the projects."""
    require_curator()
    database = services().database
    found = bringing.find(database, origin(), number)
    try:
        said = mapping_of_form(request.form, found.table.columns)
        bringing.say(database, origin(), number, said)
        if name := request.form.get("save_as", "").strip():
            uploads.save_mapping(database, origin(), name, as_json(said))
    except InvalidRecord as error:
        so_far = replace(found, mapping=mapping_so_far(request.form, found))
        page = _mapping_page(so_far, wrong=error.problems, typed=request.form)
        return Response(page, status=400)
    if "load" not in request.form:
        return redirect(url_for("project_loading.mapping", number=number), 303)
    found = bringing.find(database, origin(), number)
    try:
        start_loading(found, is_whole="whole" in request.form)
    except Undecided:
        return Response(_mapping_page(found, is_refused=True), status=409)
    return redirect(url_for("project_loading.progress", number=number), 303)


@blueprint.get("/projects/load/<int:number>/progress")
def progress(number: int) -> Response:
    """Renders how far loading is, or what came of it."""
    require_curator()
    running = services().jobs.progress(number)
    found = bringing.find(services().database, origin(), number)
    report = None if running else bringing.outcome(found)
    page = render_template("project_loading/progress.html", found=found, running=running, report=report)
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


def start_loading(found: Brought, *, is_whole: bool) -> None:
    """Starts to load a table in the background, unless that goes on already. Raises Undecided."""
    if services().jobs.progress(found.number) is None:
        work = bringing.begin(services().database, origin(), found, is_whole=is_whole)
        services().jobs.start(found.number, work)


def _sent() -> Table:
    """The table of the file that was sent. Raises InvalidRecord, BadTable."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidRecord([Problem("file", "is missing: choose one")])
    data = file.read()
    file.close()
    between, encoding = request.form.get("delimiter", ""), request.form.get("encoding", "utf-8")
    return bringing.read_sent(data, file.filename, delimiter=between, encoding=encoding)


def _start(form: Form, error: BadTable | None = None) -> str:
    with services().database.read() as session:
        mappings = uploads.list_mappings(session)
        session.expunge_all()  # the page shows them after the transaction
    return render_template(
        "project_loading/start.html",
        form=form,
        error=error,
        encodings=bringing.ENCODINGS,
        between=BETWEEN,
        mappings=mappings,
    )


def _mapping_page(found: Brought, **shown: Any) -> str:
    shown = {"wrong": (), "is_refused": False, "typed": {}} | shown
    page = mapping_page(found.number, found.table, found.mapping)
    return render_template("project_loading/mapping.html", page=page, targets=TARGETS, **shown)
