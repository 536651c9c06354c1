"""Assignments in the browser: whom trainers ask to complete which path by when, and how far people are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.assigning import keeping
from kb.assigning.cohorts import list_cohorts
from kb.assigning.keeping import AssignmentChanged
from kb.assigning.listing import AssignmentFilter, get_assignment, list_assignments
from kb.assigning.texts import AssignmentChange, AssignmentText
from kb.errors import InvalidRecord
from kb.learning.overview import path_titles
from kb.people.roles import ROLES
from kb.validation import validate
from web.context import current
from web.forms import Form, refilled, whole
from web.identity import origin
from web.parameters import Parameters, parse_page
from web.services import services
from web.teaching import trainer

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

blueprint = Blueprint("assignments", __name__)
LARGEST = 2**31 - 1
DONE = {
    "assigned": "It is assigned, and those whom it asks are told.",
    "changed": "It is changed, and those whom that concerns are told.",
    "withdrawn": "It is taken back, and those who were asked are told. What they did stays.",
}
STATE_WORDS = {
    "done": "Done", "late": "Done late", "active": "On it", "left": "Left it",
    "renew": "To be renewed", "new": "Not begun",
}  # fmt: skip


class AssignmentsParameters(Parameters):
    """Which assignments, and what was just done."""

    which: Literal["standing", "withdrawn"] = "standing"
    done: Annotated[str, Field(max_length=20)] = ""


class NewParameters(Parameters):
    """Which path the form begins with."""

    path: Annotated[str, Field(max_length=12)] = ""


@blueprint.get("/teaching/assignments")
def assignments() -> str:
    """Renders what is assigned, what is due first first."""
    person, asked = trainer(), parse_page(AssignmentsParameters, request.args)
    with services().database.read() as session:
        found = list_assignments(session, person, current().reader, AssignmentFilter(asked.which))
    return render_template(
        "teaching/assignments.html", assignments=found, which=asked.which, done=DONE.get(asked.done, "")
    )


@blueprint.get("/teaching/assignments/new")
def new() -> str:
    """Renders the form with which a path is assigned."""
    trainer()
    return _new_page(Form(), parse_page(NewParameters, request.args).path.upper())


@blueprint.post("/teaching/assignments/new")
def assign() -> BaseResponse:
    """Assigns a path, and tells those whom it asks."""
    trainer()
    try:
        said = validate(AssignmentText, {"path": request.form.get("path", "").strip().upper()} | _sent())
        number = keeping.assign(services().database, origin(), said, current().today)
    except InvalidRecord as error:
        return Response(_new_page(refilled(error)), status=400)
    return redirect(url_for("assignments.assignment", number=number, done="assigned"), 303)


@blueprint.get("/teaching/assignments/<int:number>")
def assignment(number: int) -> str:
    """Renders an assignment: how far each person is, and the form that changes it."""
    trainer()
    return _page(number, Form(), parse_page(AssignmentsParameters, request.args).done)


@blueprint.post("/teaching/assignments/<int:number>")
def change(number: int) -> BaseResponse:
    """Asks others, or until another day."""
    trainer()
    try:
        said = validate(AssignmentChange, {"version": whole(request.form.get("version", ""))} | _sent())
        keeping.change_assignment(services().database, origin(), min(number, LARGEST), said, current().today)
    except InvalidRecord as error:
        return Response(_page(number, refilled(error)), status=400)
    except AssignmentChanged as error:
        form = refilled(InvalidRecord([]))
        return Response(_page(number, form, refusal=str(error)), status=409)
    return redirect(url_for("assignments.assignment", number=number, done="changed"), 303)


@blueprint.post("/teaching/assignments/<int:number>/withdraw")
def withdraw(number: int) -> BaseResponse:
    """Takes an assignment back."""
    trainer()
    keeping.withdraw(services().database, origin(), min(number, LARGEST))
    return redirect(url_for("assignments.assignments", done="withdrawn"), 303)


def emails(text: str) -> list[str]:
    """The e-mails of a field in which one stands on each line, or between commas."""
    return list(dict.fromkeys(each for each in re.split(r"[\s,;]+", text) if each))


def _sent() -> dict[str, Any]:
    """What the form says of whom it asks, and until when."""
    return {
        "due_on": request.form.get("due_on", "").strip(), "note": request.form.get("note", ""),
        "people": emails(request.form.get("people", "")), "roles": request.form.getlist("roles"),
        "cohorts": [whole(each) for each in request.form.getlist("cohorts")],
    }  # fmt: skip


def _new_page(form: Form, path: str = "") -> str:
    person, reader = trainer(), current().reader
    with services().database.read() as session:
        titles = path_titles(session, reader)
        cohorts = list_cohorts(session, person)
    paths = [(ref, f"{title} ({ref})") for ref, (title, is_published) in titles.items() if is_published]
    return render_template(
        "teaching/new_assignment.html", form=form, paths=paths, path=path, roles=ROLES, cohorts=cohorts
    )


def _page(number: int, form: Form, done: str = "", refusal: str = "") -> str:
    person, reader = trainer(), current().reader
    with services().database.read() as session:
        found = get_assignment(session, person, reader, min(number, LARGEST))
        cohorts = list_cohorts(session, person)
    return render_template(
        "teaching/assignment.html", found=found, form=form, done=DONE.get(done, ""), refusal=refusal,
        roles=ROLES, cohorts=cohorts, state_words=STATE_WORDS,
    )  # fmt: skip
