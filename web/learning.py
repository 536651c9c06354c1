"""Learning: what one takes, how far one is, and the steps themselves."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.assigning.listing import due
from kb.errors import InvalidRecord, KbError, NotAllowed, NotFound
from kb.learning import courses, enrolling, rating, stepping
from kb.learning.courses import Course, Offer
from kb.learning.home import learning_home
from kb.learning.rating import RatingText
from kb.neighbours import titles_of
from kb.steps import LinkStep
from kb.validation import validate
from web.badges import name_of
from web.context import current
from web.entries import checked_ref, checked_step
from web.entry_views import EntryPage, load_page
from web.forms import Form, refilled, whole
from web.identity import origin, signed_in
from web.parameters import Parameters, parse_page
from web.services import services
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.learning.walking import Place

blueprint = Blueprint("learning", __name__)
DONE = {
    "begun": "You take this path now. Stop and come back whenever you like: what you did is kept.",
    "left": "You have left this path. What you did and noted is kept: come back when it suits you.",
    "moved": "You follow the newest revision now. What you did of its steps counts.",
    "complete": "You have completed this path.",
    "undone": "The step stands as not done yet.",
    "rated": "What you said is kept. It helps to make the path better.",
}
"""What was just done, as the address names it."""


class LearningParameters(Parameters):
    """What was just done."""

    done: Annotated[str, Field(max_length=20)] = ""


@blueprint.get("/learning")
def home() -> str:
    """Renders what one takes, and what there is to take."""
    person = signed_in()
    parse_page(LearningParameters, request.args)
    here = current()
    with services().database.read() as session:
        found = learning_home(session, person.id or 0, here.reader, here.today)
    return render_template("learning/home.html", home=found)


@blueprint.get("/learning/<path>")
def course(path: str) -> str:
    """Renders a path and where one is on it; to who does not take it, what it holds."""
    person, ref = signed_in(), checked_ref(path)
    return _course_page(person.id or 0, ref, parse_page(LearningParameters, request.args).done)


@blueprint.post("/learning/<path>/enrol")
def enrol(path: str) -> BaseResponse:
    """Takes the path, and goes to it."""
    person, ref = signed_in(), checked_ref(path)
    courses.learner(origin())
    try:
        enrolling.enrol(services().database, origin(), ref, current().reader)
    except NotAllowed as error:
        return Response(_course_page(person.id or 0, ref, refusal=str(error)), status=409)
    return _to(ref, "begun")


@blueprint.post("/learning/<path>/leave")
def leave(path: str) -> BaseResponse:
    """Leaves the path; what was done is kept."""
    signed_in()
    ref = checked_ref(path)
    enrolling.leave(services().database, origin(), ref)
    return _to(ref, "left")


@blueprint.post("/learning/<path>/move")
def move(path: str) -> BaseResponse:
    """Follows the path's newest revision."""
    signed_in()
    ref = checked_ref(path)
    enrolling.move(services().database, origin(), ref, current().reader)
    return _to(ref, "moved")


@blueprint.post("/learning/<path>/rating")
def rate(path: str) -> BaseResponse:
    """Keeps what the person says of a path that they completed."""
    person, ref = signed_in(), checked_ref(path)
    courses.learner(origin())
    try:
        stars = whole(request.form.get("stars", "")) or None
        said = validate(RatingText, {"stars": stars, "words": request.form.get("words", "")})
        rating.rate(services().database, origin(), ref, said, current().reader)
    except InvalidRecord as error:
        return Response(_course_page(person.id or 0, ref, form=refilled(error)), status=400)
    return _to(ref, "rated")


@blueprint.get("/learning/<path>/<step>")
def step(path: str, step: str) -> str | BaseResponse:
    """Renders one step for reading, with nothing beside it."""
    signed_in()
    return _step_page(checked_ref(path), checked_step(step), Form())


@blueprint.post("/learning/<path>/<step>")
def do_step(path: str, step: str) -> str | BaseResponse:
    """Keeps what was noted; marks the step as done, or not, if that was asked, and goes on."""
    signed_in()
    courses.learner(origin())
    ref, at, reader = checked_ref(path), checked_step(step), current().reader
    _course(ref)
    asked, database = request.form.get("do", ""), services().database
    try:
        if "note" in request.form:
            stepping.note_step(database, origin(), ref, at, reader, request.form["note"])
    except InvalidRecord as error:
        return Response(_step_page(ref, at, refilled(error)), status=400)
    if asked == "undone":
        stepping.do_step(database, origin(), ref, at, reader, done=False)
        return _to(ref, "undone")
    if asked == "done":
        if stepping.do_step(database, origin(), ref, at, reader):
            return _to(ref, "complete")
        return _onward(ref, at)
    return redirect(url_for("learning.step", path=ref, step=at, _anchor="note"), 303)


def _onward(ref: str, after: str) -> BaseResponse:
    """To the next step; to the path where that asks for something else first."""
    found = _course(ref)
    place = found.walk.find(after)
    if place is not None and place.state == "open" and place.asks:
        return redirect(url_for("assessment.questions", path=ref, step=after), 303)
    following = found.walk.next
    if following is None:
        return _to(ref)
    return redirect(url_for("learning.step", path=ref, step=following.step.id), 303)


def _course(ref: str) -> Course:
    """The path as whoever asks takes it. Raises NotFound."""
    with services().database.read() as session:
        return courses.load_course(session, signed_in().id or 0, ref, current().reader)


def _course_page(user_id: int, ref: str, done: str = "", refusal: str = "", form: Form | None = None) -> str:
    reader = current().reader
    found: Course | Offer
    shown: dict[str, Any]
    with services().database.read() as session:
        try:
            found = courses.load_course(session, user_id, ref, reader)
        except NotFound:
            found = courses.offer(session, ref, reader)
        missing = enrolling.missing_first(session, user_id, found.path) if isinstance(found, Offer) else []
        shown = {
            "missing": missing, "titles": titles_of(session, missing, reader),
            "average": rating.average(session, ref),
            "asked": next((each for each in due(session, user_id, reader) if each.path == ref), None),
            "said": rating.rating_of(session, found.id) if isinstance(found, Course) else None,
        }  # fmt: skip
    badge = name_of(found) if isinstance(found, Course) and found.state == "completed" else ""
    shown |= {"badge": badge, "course": found, "is_taken": isinstance(found, Course)}
    prepare_markdown([text for text in (found.view.content.summary, found.path.goal) if text])
    return render_template(
        "learning/course.html", **shown, refusal=refusal, done=DONE.get(done, ""), form=form or Form()
    )


def _step_page(ref: str, at: str, form: Form) -> str:
    found = _course(ref)
    place = found.walk.find(at)
    if place is None:
        raise NotFound(f"{ref} has no step {at}.")
    page = _material(place)
    _note_opening(found, place)
    return render_template(
        "learning/step.html", course=found, place=place, page=page, form=form, **_around(found, place)
    )


def _note_opening(found: Course, place: Place) -> None:
    """Keeps when a step was first opened; where that cannot be stored, the step is read all the same."""
    if found.state != "active" or place.mark.opened_at is not None or place.state in {"locked", "withheld"}:
        return
    with suppress(KbError):
        stepping.open_step(services().database, origin(), found.ref, place.step.id, current().reader)


def _material(place: Place) -> EntryPage | None:
    """The entry that is to be read; None while it is locked or withheld, and where the step is a link."""
    if place.material is None or place.state == "locked" or isinstance(place.step, LinkStep):
        return None
    with services().database.read() as session:
        page = load_page(session, place.step.entry, current().reader, place.material.number)
    prepare_markdown(page.texts)
    return page


def _around(found: Course, place: Place) -> dict[str, Any]:
    """The steps before and after, in the order of the path."""
    places = list(found.walk.places)
    at = next(number for number, each in enumerate(places) if each is place)
    before = next((each for each in reversed(places[:at]) if each.material), None)
    after = next((each for each in places[at + 1 :] if each.material and each.state != "locked"), None)
    return {"before": before, "after": after, "number": at + 1, "total": len(places)}


def _to(ref: str, done: str = "") -> BaseResponse:
    return redirect(url_for("learning.course", path=ref, done=done or None), 303)
