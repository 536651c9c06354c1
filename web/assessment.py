"""Questions of a step: beginning, answering, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb.errors import InvalidRecord, NotFound
from kb.learning import assessing, courses
from kb.learning.assessing import HandedIn, Sitting
from web.context import current
from web.entries import checked_ref
from web.forms import Form, refilled
from web.identity import origin, signed_in
from web.services import services
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.learning.questions import Asked

blueprint = Blueprint("assessment", __name__)


@blueprint.get("/learning/<path>/<step>/questions")
def questions(path: str, step: str) -> str:
    """Renders the questions that were begun, or what came of those that were answered."""
    signed_in()
    return _page(checked_ref(path), checked_ref(step), Form())


@blueprint.post("/learning/<path>/<step>/questions")
def begin(path: str, step: str) -> BaseResponse:
    """Begins an attempt."""
    signed_in()
    ref, at = checked_ref(path), checked_ref(step)
    assessing.begin(services().database, origin(), ref, at, current().reader)
    return redirect(url_for("assessment.questions", path=ref, step=at), 303)


@blueprint.post("/learning/<path>/<step>/questions/<int:number>")
def hand_in(path: str, step: str, number: int) -> str | BaseResponse:
    """Hands the answers in. What is not answered is named, and what is typed stays."""
    person, ref, at, reader = signed_in(), checked_ref(path), checked_ref(step), current().reader
    courses.learner(origin())
    with services().database.read() as session:
        sittings = assessing.sittings(session, person.id or 0, ref, at, reader)
    sitting = next((each for each in sittings if each.id == number), None)
    if sitting is None:
        raise NotFound("There is no such attempt.")
    given = {asked.place: _given(asked) for asked in sitting.questions}
    try:
        _, is_complete = assessing.hand_in(services().database, origin(), ref, number, given, reader)
    except InvalidRecord as error:
        return Response(_page(ref, at, refilled(error)), status=400)
    except HandedIn as error:
        return Response(_page(ref, at, Form(), refusal=str(error)), status=409)
    if is_complete:
        return redirect(url_for("learning.course", path=ref, done="complete"), 303)
    return redirect(url_for("assessment.questions", path=ref, step=at, _anchor="result"), 303)


def _given(asked: Asked) -> list[int] | str:
    """What the form says, as far as it makes sense: the verb says what is wrong."""
    name = f"q{asked.place}"
    if asked.is_written:
        return request.form.get(name, "")
    if asked.question.type != "order":
        return [int(value) for value in request.form.getlist(name) if value.isascii() and value.isdecimal()]
    places = {option: request.form.get(f"{name}-{option}", "") for option in asked.options}
    taken = {value: option for option, value in places.items() if value.isascii() and value.isdecimal()}
    return [taken[value] for value in sorted(taken, key=int)]


def _page(ref: str, at: str, form: Form, refusal: str = "") -> str:
    person, reader = signed_in(), current().reader
    with services().database.read() as session:
        course = courses.load_course(session, person.id or 0, ref, reader)
        sittings = assessing.sittings(session, person.id or 0, ref, at, reader)
    place = course.walk.find(at)
    if place is None or place.material is None or not place.material.questions:
        raise NotFound(f"{at} asks no questions in {ref}.")
    is_open = bool(sittings) and sittings[0].state == "open"
    past = sittings[1:] if is_open else sittings
    prepare_markdown(_texts(past[0]) if past and not is_open else [])
    return render_template(
        "learning/questions.html", course=course, place=place, form=form, refusal=refusal,
        sitting=sittings[0] if is_open else None, past=past,
    )  # fmt: skip


def _texts(sitting: Sitting) -> list[str]:
    return [question.model_answer for question in sitting.training.assessment if question.model_answer]
