"""Cohorts in the browser: lists of people that trainers keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.assigning import cohorts as keeping
from kb.assigning.cohorts import CohortChanged, CohortInUse, CohortNameTaken
from kb.assigning.texts import CohortChange, CohortText
from kb.errors import InvalidRecord
from kb.validation import validate
from web.assignments import LARGEST, emails
from web.forms import Form, refilled, whole
from web.identity import origin
from web.parameters import Parameters, parse_page
from web.services import services
from web.teaching import trainer

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

blueprint = Blueprint("cohorts", __name__)
DONE = {
    "added": "The cohort is made.",
    "changed": "The cohort is changed.",
    "removed": "The list is removed.",
}


class CohortsParameters(Parameters):
    """What was just done."""

    done: Annotated[str, Field(max_length=20)] = ""


@blueprint.get("/teaching/cohorts")
def cohorts() -> str:
    """Renders the cohorts, and a form for another."""
    trainer()
    return _list_page(Form(), parse_page(CohortsParameters, request.args).done)


@blueprint.post("/teaching/cohorts")
def add() -> BaseResponse:
    """Makes a cohort."""
    trainer()
    try:
        number = keeping.add_cohort(services().database, origin(), validate(CohortText, _sent()))
    except InvalidRecord as error:
        return Response(_list_page(refilled(error)), status=400)
    except CohortNameTaken as error:
        return Response(_list_page(_as_typed(), refusal=str(error)), status=409)
    return redirect(url_for("cohorts.cohort", number=number, done="added"), 303)


@blueprint.get("/teaching/cohorts/<int:number>")
def cohort(number: int) -> str:
    """Renders a cohort as a form."""
    trainer()
    return _page(number, Form(), parse_page(CohortsParameters, request.args).done)


@blueprint.post("/teaching/cohorts/<int:number>")
def change(number: int) -> BaseResponse:
    """Gives a cohort another name, or other people."""
    trainer()
    try:
        said = validate(CohortChange, {"version": whole(request.form.get("version", ""))} | _sent())
        keeping.change_cohort(services().database, origin(), min(number, LARGEST), said)
    except InvalidRecord as error:
        return Response(_page(number, refilled(error)), status=400)
    except (CohortChanged, CohortNameTaken) as error:
        return Response(_page(number, _as_typed(), refusal=str(error)), status=409)
    return redirect(url_for("cohorts.cohort", number=number, done="changed"), 303)


@blueprint.post("/teaching/cohorts/<int:number>/remove")
def remove(number: int) -> BaseResponse:
    """Removes a cohort that no assignment is for."""
    trainer()
    try:
        keeping.remove_cohort(services().database, origin(), min(number, LARGEST))
    except CohortInUse as error:
        return Response(_page(number, Form(), refusal=str(error)), status=409)
    return redirect(url_for("cohorts.cohorts", done="removed"), 303)


def _sent() -> dict[str, Any]:
    form = request.form
    return {
        "name": form.get("name", ""), "note": form.get("note", ""), "people": emails(form.get("people", ""))
    }  # fmt: skip


def _as_typed() -> Form:
    return refilled(InvalidRecord([]))


def _list_page(form: Form, done: str = "", refusal: str = "") -> str:
    with services().database.read() as session:
        found = keeping.list_cohorts(session, trainer())
    return render_template(
        "teaching/cohorts.html", cohorts=found, form=form, done=DONE.get(done, ""), refusal=refusal
    )


def _page(number: int, form: Form, done: str = "", refusal: str = "") -> str:
    with services().database.read() as session:
        found = keeping.get_cohort(session, trainer(), min(number, LARGEST))
    return render_template(
        "teaching/cohort.html", cohort=found, form=form, done=DONE.get(done, ""), refusal=refusal
    )
