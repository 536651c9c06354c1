"""Keeping it true: comparing revisions, verifying, taking out of sight, bringing back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, redirect, render_template, request, url_for
from pydantic import Field

from kb.desk import reviewing
from kb.desk.comparing import compared
from kb.errors import NotFound
from kb.people.roles import require
from web.context import current
from web.entries import checked_ref, missing
from web.forms import whole
from web.identity import origin, signed_in
from web.parameters import Parameters, Whole, parse_page
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse


blueprint = Blueprint("tending", __name__)
Number = Annotated[Whole | None, Field(ge=1, le=1_000_000)]


class CompareParameters(Parameters):
    """Which two revisions, and how they are shown; the two newest unless given."""

    old: Number = None
    new: Number = None
    look: Literal["inline", "beside"] = "inline"


@blueprint.get("/entries/<ref>/compare")
def compare(ref: str) -> str:
    """Renders what two revisions say differently."""
    asked = parse_page(CompareParameters, request.args)
    with services().database.read() as session:
        try:
            comparison = compared(
                session, current().person, checked_ref(ref), asked.old, asked.new, current().reader
            )
            failure = None
        except NotFound as error:
            failure = error
    if failure is not None:
        raise missing(ref, failure)
    return render_template("desk/compare.html", view=comparison, look=asked.look)


@blueprint.post("/entries/<ref>/verify")
def verify(ref: str) -> BaseResponse:
    """Vouches that what is published still holds."""
    require(signed_in(), "verify")
    reviewing.verify(services().database, origin(), checked_ref(ref))
    if request.form.get("from") == "due":
        return redirect(url_for("reviewing.due_list", done=checked_ref(ref)), 303)
    return redirect(url_for("entries.entry", ref=checked_ref(ref)), 303)


@blueprint.post("/entries/<ref>/archive")
def archive(ref: str) -> str:
    """Takes an entry out of the readers' sight, and offers to bring it back."""
    require(signed_in(), "archive")
    ref = checked_ref(ref)
    saved = reviewing.archive(services().database, origin(), ref, reason=request.form.get("reason", ""))
    return render_template("desk/archived.html", saved=saved)


@blueprint.post("/entries/<ref>/restore")
def restore(ref: str) -> BaseResponse:
    """Publishes the text of an earlier revision again."""
    require(signed_in(), "archive")
    number = whole(request.form.get("number", ""))
    if not isinstance(number, int):
        raise NotFound(f"There is no such revision of {checked_ref(ref)}.")
    reviewing.restore(services().database, origin(), checked_ref(ref), number)
    return redirect(url_for("entries.entry", ref=checked_ref(ref)), 303)
