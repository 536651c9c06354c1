"""Files of an entry: attached, listed and taken away by its authors and curators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb.attachments.attaching import KINDS, attach, files_of
from kb.attachments.removing import KEPT_DAYS, bring_back, detach, erase, removed_files
from kb.errors import InvalidRecord, Taken
from kb.importing.recognition import FORMS
from kb.importing.sandbox import MAX_UPLOAD
from web.context import current
from web.desk.writing import contributor
from web.entries import checked_ref
from web.forms import Form, refilled
from web.identity import origin
from web.parameters import FilesParameters, parse_page
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

blueprint = Blueprint("files", __name__)
ENDINGS = ",".join((*FORMS, ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"))


@blueprint.get("/entries/<ref>/files")
def files(ref: str) -> str:
    """Renders the files of an entry, with a form for another."""
    contributor()
    asked = parse_page(FilesParameters, request.args)
    return _page(checked_ref(ref), Form(), asked.done)


@blueprint.post("/entries/<ref>/files")
def add(ref: str) -> str | BaseResponse:
    """Attaches a file."""
    contributor()
    ref, file = checked_ref(ref), request.files.get("file")
    name, data = "", b""
    if file is not None:
        name, data = file.filename or "", file.read()
        file.close()
    try:
        attach(services().database, origin(), ref, name, data)
    except InvalidRecord as error:
        status = 409 if isinstance(error, Taken) else 400
        return Response(_page(ref, refilled(error)), status=status)
    return redirect(url_for("files.files", ref=ref, done="attached"), 303)


@blueprint.post("/entries/<ref>/files/<digest>/remove")
def remove(ref: str, digest: str) -> BaseResponse:
    """Takes a file away, after that was agreed to."""
    contributor()
    ref = checked_ref(ref)
    detach(services().database, origin(), ref, digest)
    return redirect(url_for("files.files", ref=ref, done="removed"), 303)


@blueprint.post("/entries/<ref>/files/<digest>/restore")
def restore(ref: str, digest: str) -> BaseResponse:
    """Attaches again what was taken away."""
    contributor()
    ref = checked_ref(ref)
    try:
        bring_back(services().database, origin(), ref, digest)
    except InvalidRecord as error:
        return Response(_page(ref, Form({}, error.problems)), status=400)
    return redirect(url_for("files.files", ref=ref, done="restored"), 303)


@blueprint.post("/entries/<ref>/files/<digest>/delete")
def delete(ref: str, digest: str) -> BaseResponse:
    """Deletes for good what was taken away, after that was agreed to."""
    contributor()
    ref = checked_ref(ref)
    erase(services().database, origin(), ref, digest)
    return redirect(url_for("files.files", ref=ref, done="deleted"), 303)


def _page(ref: str, form: Form, done: str = "") -> str:
    with services().database.read() as session:
        found = files_of(session, current().person, ref)
        removed = removed_files(session, current().person, ref)
    return render_template(
        "desk/files.html", ref=ref, files=found, removed=removed, form=form, done=done, taken=KINDS,
        endings=ENDINGS, most=MAX_UPLOAD, kept_days=KEPT_DAYS,
    )  # fmt: skip
