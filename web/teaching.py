"""Teaching: who takes which path, answers that somebody has to read, and how questions went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb.errors import InvalidRecord
from kb.learning import keeping, marking, overview
from kb.learning.assessing import HandedIn
from kb.people.roles import require
from web.context import current
from web.entries import checked_ref
from web.forms import Form, refilled, whole
from web.identity import origin, signed_in
from web.services import services
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.people.roles import Person

blueprint = Blueprint("teaching", __name__)


@blueprint.get("/teaching")
def home() -> str:
    """Renders the paths with how many take them, and what waits."""
    person, reader = trainer(), current().reader
    with services().database.read() as session:
        paths = overview.paths(session, person, reader)
        waiting = marking.queue(session, person, reader)
        banks = overview.banks(session, person, reader)
        worn = keeping.worn_steps(session, person, reader)
    return render_template("teaching/home.html", paths=paths, waiting=waiting, banks=banks, worn=worn)


@blueprint.get("/teaching/marking/<int:number>")
def attempt(number: int) -> str:
    """Renders an attempt with its answers, and fields for what waits for a mark."""
    trainer()
    return _attempt_page(number, Form())


@blueprint.post("/teaching/marking/<int:number>")
def mark(number: int) -> str | BaseResponse:
    """Gives points to the answers that wait for them."""
    trainer()
    given = {}
    for name in request.form:
        place = name.removeprefix("points-")
        if name.startswith("points-") and place.isascii() and place.isdecimal():
            points = whole(request.form[name])
            remark = request.form.get(f"remark-{place}", "")
            given[int(place)] = (points if isinstance(points, int) else -1, remark)
    try:
        marking.mark(services().database, origin(), number, given, current().reader)
    except InvalidRecord as error:
        return Response(_attempt_page(number, refilled(error)), status=400)
    except HandedIn as error:
        return Response(_attempt_page(number, Form(), refusal=str(error)), status=409)
    return redirect(url_for("teaching.attempt", number=number), 303)


@blueprint.get("/teaching/questions/<ref>")
def results(ref: str) -> str:
    """Renders how each question of a training entry went."""
    person, reader = trainer(), current().reader
    with services().database.read() as session:
        found = marking.results(session, person, checked_ref(ref), reader)
    return render_template("teaching/results.html", results=found)


def trainer() -> Person:
    """Whoever asks. Raises SignInNeeded or NotAllowed."""
    person = signed_in()
    require(person, marking.TRAIN)
    return person


def _attempt_page(number: int, form: Form, refusal: str = "") -> str:
    person, reader = signed_in(), current().reader
    with services().database.read() as session:
        found = marking.to_mark(session, person, number, reader)
    texts = [each.model_answer for each in found.sitting.training.assessment if each.model_answer]
    prepare_markdown(texts)
    return render_template("teaching/attempt.html", found=found, form=form, refusal=refusal)
