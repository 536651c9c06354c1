"""Adopting lessons in the browser: said on the lesson's page, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, request, url_for

from kb.adoptions.keeping import AdoptionText, abandon, adopt
from kb.errors import InvalidRecord, Taken
from kb.people.roles import require
from kb.validation import validate
from web.entries import readable_ref, refused_page
from web.forms import refilled
from web.identity import origin, signed_in
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

blueprint = Blueprint("adoptions", __name__)
LARGEST = 2**31 - 1
FIELDS = ("project", "adopted_on", "note")


@blueprint.post("/entries/<ref>/adoptions")
def add(ref: str) -> BaseResponse:
    """Says that whoever asks goes by the lesson."""
    require(signed_in(), "contribute")
    ref = readable_ref(ref)
    given = {name: value for name in FIELDS if (value := request.form.get(name, "").strip())}
    try:
        adopt(services().database, origin(), ref, validate(AdoptionText, given))
    except InvalidRecord as error:
        status = 409 if isinstance(error, Taken) else 400
        return refused_page(ref, "adoptions", refilled(error), status)
    return redirect(url_for("entries.entry", ref=ref, _anchor="adoptions"), 303)


@blueprint.post("/adoptions/<int:number>/undo")
def undo(number: int) -> BaseResponse:
    """Takes an adoption back."""
    require(signed_in(), "contribute")
    ref = abandon(services().database, origin(), min(number, LARGEST))
    if request.form.get("from") == "mine":
        return redirect(url_for("actions.actions"), 303)
    return redirect(url_for("entries.entry", ref=ref, _anchor="adoptions"), 303)
