"""Paths as files: taken away as Markdown or as a cmi5 package, and brought back as a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb.errors import EditConflict, InvalidRecord
from kb.learning import packaging, path_files
from kb.people.audit import audited
from kb.people.roles import require
from kb.validation import Problem
from web.context import current
from web.documents import count_file
from web.entries import checked_ref
from web.forms import Form, refilled, typed
from web.identity import origin, signed_in
from web.parameters import NoParameters, parse_page
from web.services import services
from web.taking import file_name

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse


blueprint = Blueprint("paths", __name__)


@blueprint.get("/paths/<ref>.md")
def text(ref: str) -> Response:
    """Sends a path as Markdown."""
    parse_page(NoParameters, request.args)
    return text_file(checked_ref(ref))


@blueprint.get("/paths/<ref>.zip")
def package(ref: str) -> Response:
    """Sends a path as a cmi5 package."""
    parse_page(NoParameters, request.args)
    return package_file(checked_ref(ref))


@blueprint.get("/paths/import")
def bring() -> str:
    """Renders the form that takes a path as Markdown."""
    require(signed_in(), "contribute")
    parse_page(NoParameters, request.args)
    return _page(Form())


@blueprint.post("/paths/import")
def bring_now() -> str | BaseResponse:
    """Makes a draft of a path. What is refused stands in the form, to be put right there."""
    require(signed_in(), "contribute")
    data = _brought()
    try:
        saved = path_files.bring_path(
            services().database, origin(), data, revises=request.form.get("revises") == "yes"
        )
    except InvalidRecord as error:
        return Response(_page(_again(refilled(error), data)), status=400)
    except EditConflict as error:
        words = f"{error} Take the path away anew, or bring this file as a new path."
        return Response(_page(_again(Form(typed(), [Problem("", words)]), data)), status=409)
    return redirect(url_for("writing.edit", ref=saved.ref, done="saved"), 303)


def text_file(ref: str) -> Response:
    """The path as Markdown, to be saved. Raises NotFound."""
    with services().database.read() as session:
        data = path_files.path_as_text(session, ref, current().reader)
        title = path_files.published_path(session, ref, current().reader).title
    return _sent(data.encode(), f"{path_files.MEDIA}; charset=utf-8", file_name(f"{ref} {title}", "md"))


def package_file(ref: str) -> Response:
    """The path as a cmi5 package, to be saved; that somebody took it stands in the audit log."""
    here = services()
    count_file()
    with audited(here.database, origin(), "take path as package", ref) as act:
        view, made = packaging.make_package(
            here.database, here.renderer, ref, current().reader, here.settings.base_url
        )
        act.detail |= {"units": made.units, "left_out": made.left_out}
    return _sent(made.data, packaging.MEDIA, file_name(f"{ref} {view.title}", "zip"))


def _sent(data: bytes, media: str, name: str) -> Response:
    response = Response(data, content_type=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _brought() -> bytes:
    """The file that was chosen, else what was pasted."""
    file = request.files.get("file")
    if file is not None and file.filename:
        data: bytes = file.read()
        file.close()  # a large one lies on the disk
        return data
    return request.form.get("text", "").encode("utf-8", "surrogatepass")


def _again(form: Form, data: bytes) -> Form:
    """The form with the text of the file in it, so that it can be put right on the page."""
    return Form({**form.values, "text": data.decode("utf-8", "replace")}, form.problems, form.several)


def _page(form: Form) -> str:
    faults = [each.message for each in form.problems if each.field == "file"]
    return render_template("learning/bring.html", form=form, faults=faults)
