"""Superseding in the browser: which entry stands in the place of another, said and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb.desk import superseding
from kb.desk.superseding import concerned
from kb.editing import find_entry
from kb.errors import EditConflict, InvalidRecord, NotAllowed, NotFound
from kb.neighbours import neighbours
from kb.people.roles import require
from kb.reading import get_entry
from kb.taxonomy.listing import TEND
from kb.validation import Problem
from web.context import current
from web.entries import checked_ref
from web.forms import Form, typed
from web.identity import origin, signed_in
from web.parameters import NoParameters, parse_page
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.desk.superseding import Superseded

blueprint = Blueprint("superseding", __name__)
MAX_REASON = 300
ALIKE_ASKED, ALIKE_SHOWN = 30, 6


@blueprint.get("/entries/<ref>/supersede")
def look(ref: str) -> str:
    """Renders the form, with what would follow."""
    require(signed_in(), TEND)
    parse_page(NoParameters, request.args)
    return _page(checked_ref(ref), Form())


@blueprint.post("/entries/<ref>/supersede")
def decide(ref: str) -> str | BaseResponse:
    """Says that another entry stands in its place."""
    require(signed_in(), TEND)
    ref, reason = checked_ref(ref), request.form.get("reason", "").strip()[:MAX_REASON]
    try:
        done = superseding.supersede(services().database, origin(), ref, _by(), reason=reason)
    except InvalidRecord as error:
        return Response(_page(ref, Form(typed(), error.problems)), status=400)
    except (NotAllowed, NotFound) as error:
        return Response(_page(ref, Form(typed(), [Problem("by", _sentence(error))])), status=400)
    except EditConflict as error:
        return Response(_page(ref, Form(typed(), [Problem("", str(error))])), status=409)
    return _page(ref, Form(), done)


@blueprint.post("/entries/<ref>/reinstate")
def reinstate(ref: str) -> BaseResponse:
    """Takes that back."""
    require(signed_in(), TEND)
    ref = checked_ref(ref)
    superseding.reinstate(services().database, origin(), ref, checked_ref(request.form.get("by", "")))
    return redirect(url_for("entries.entry", ref=ref), 303)


def _by() -> str:
    """The id that was typed. Raises InvalidRecord."""
    stated = request.form.get("by", "").strip()
    if not stated:
        raise InvalidRecord([Problem("by", "is missing: say which entry stands in its place")])
    try:
        return checked_ref(stated)
    except NotFound as error:
        raise InvalidRecord([Problem("by", _sentence(error))]) from None


def _sentence(error: Exception) -> str:
    """The message behind the name of a field."""
    words = str(error).rstrip(".")
    return f"does not do: {words[:1].lower() if words[1:2].islower() else words[:1]}{words[1:]}"


def _page(ref: str, form: Form, done: Superseded | None = None) -> str:
    reader = current().reader
    with services().database.read() as session:
        view = get_entry(session, ref, reader)
        around = neighbours(session, view, reader)
        told = len(concerned(session, find_entry(session, ref)) - {current().person.id})
    standing = [link for link in around.incoming if link.relation == "supersedes"]
    return render_template(
        "desk/supersede.html", view=view, links=[each for each in around.incoming if each not in standing],
        standing=standing, told=told, alike=() if done else _alike(ref, view.kind), form=form, done=done,
    )  # fmt: skip


def _alike(ref: str, kind: str) -> list[tuple[str, str]]:
    """(id, title) of entries of the kind that are near in meaning: one of them may be the one."""
    try:
        hits = services().engine.similar(ref, current().reader, ALIKE_ASKED)
    except Exception:  # noqa: BLE001 - the form works without, whatever breaks in the index
        return []
    return [(hit.entry.ref, hit.entry.title) for hit in hits if hit.entry.kind == kind][:ALIKE_SHOWN]
