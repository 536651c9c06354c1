"""Teaching: who takes which path, answers that somebody has to read, and how questions went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.errors import EditConflict, InvalidRecord, KbError, NotAllowed
from kb.learning import keeping, marking, overview
from kb.learning.assessing import HandedIn
from kb.learning.deciding import Decision, StepChanged, as_target, decide
from kb.learning.uncovered import uncovered
from kb.people.roles import can, require
from kb.validation import validate
from web.context import current
from web.entries import checked_ref, checked_step
from web.forms import Form, refilled, whole
from web.identity import origin, signed_in
from web.parameters import Parameters, parse_page
from web.services import services
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.people.roles import Person

blueprint = Blueprint("teaching", __name__)
DONE = {
    "adopt": "The newer revision is adopted, in a draft of the path that is yours to submit.",
    "keep": "The step stays as it is. You are asked again when its entry changes or its link fails again.",
    "replace": "The step is replaced, in a draft of the path that is yours to submit.",
}
"""What was decided about a step."""


class TeachingParameters(Parameters):
    """What was just decided."""

    done: Annotated[str, Field(max_length=20)] = ""


@dataclass(frozen=True)
class Refused:
    """A decision that could not be done, with what was typed."""

    path: str
    step: str
    words: str
    by: str = ""


@blueprint.get("/teaching")
def home() -> str:
    """Renders the paths with how many take them, and what waits."""
    trainer()
    asked = parse_page(TeachingParameters, request.args)
    return _home(done=DONE.get(asked.done, ""))


@blueprint.post("/teaching/paths/<path>/steps/<step>")
def decide_step(path: str, step: str) -> BaseResponse:
    """Does what a trainer decides about a step that waits for it."""
    trainer()
    ref, at, by = checked_ref(path), checked_step(step), as_target(request.form.get("by", ""))
    said = {"decision": request.form.get("do", ""), "current": whole(request.form.get("current", "")) or None}
    validate(Decision, said)  # what no button of the page sends is refused without the page
    try:
        decision = validate(Decision, said | ({"by": by} if by and said["decision"] == "replace" else {}))
        decide(services().database, origin(), ref, at, decision)
    except (InvalidRecord, StepChanged, EditConflict, NotAllowed) as error:
        if isinstance(error, NotAllowed) and not can(signed_in(), marking.TRAIN):
            raise
        return Response(_home(Refused(ref, at, _why(error), by)), status=STATUS_OF.get(type(error), 400))
    return redirect(url_for("teaching.home", done=decision.decision, _anchor="worn"), 303)


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


STATUS_OF: dict[type[KbError], int] = {StepChanged: 409, EditConflict: 409, NotAllowed: 409}


def _why(error: KbError) -> str:
    """What was refused, as a sentence."""
    if isinstance(error, InvalidRecord):
        about = {"by": "What takes its place", "decision": "The decision"}
        return (
            "; ".join(f"{about.get(each.field, 'What was sent')} {each.message}" for each in error.problems)
            + "."
        )
    if isinstance(error, EditConflict):
        return f"{error} Open your draft of the path: both texts are shown there."
    return str(error)


def _home(refused: Refused | None = None, done: str = "") -> str:
    person, reader = signed_in(), current().reader
    with services().database.read() as session:
        shown = {
            "paths": overview.paths(session, person, reader),
            "waiting": marking.queue(session, person, reader),
            "banks": overview.banks(session, person, reader),
            "worn": keeping.worn_steps(session, person, reader),
            "recurring": uncovered(session, reader),
        }
    return render_template("teaching/home.html", **shown, refused=refused, done=done)


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
