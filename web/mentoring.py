"""Mentoring: who can help with something, asking them, and what both sides see of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.errors import InvalidRecord, NotFound
from kb.mentoring import asking
from kb.mentoring.asking import AlreadyAsked, AnswerText, RequestText
from kb.mentoring.finding import find_mentors
from kb.people.roles import require
from kb.reading import get_entry
from kb.text import NO_NUL, Described, Ref
from kb.validation import Problem, validate
from search.mentors import topic_of_entry, topic_of_search
from web.context import current
from web.forms import Form, read_form, refilled, typed
from web.identity import origin, signed_in
from web.parameters import Parameters, parse_page
from web.searches import count_one
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.mentoring.finding import Mentor, Topic

blueprint = Blueprint("mentoring", __name__)
DONE = {
    "asked": "Your request is sent. The answer comes here, and as a notification.",
    "accepted": "You have accepted. Each of you sees the other's e-mail address now.",
    "declined": "You have declined, and the other is told.",
    "withdrawn": "Your request is withdrawn.",
}
"""What was just done, as the address names it."""


class TopicParameters(Parameters):
    """What help is wanted with: an entry, or what somebody searched for."""

    about: Annotated[Ref | Literal[""], Field(description="Id of an entry.")] = ""
    q: Annotated[
        str, Field(max_length=300, description="What was searched for."), Described("pattern", NO_NUL)
    ] = ""


class MentoringParameters(Parameters):
    """What was just done."""

    done: Annotated[str, Field(max_length=20)] = ""


@dataclass(frozen=True)
class Found:
    """A topic, and who can help with it."""

    topic: Topic
    title: str
    """Of the entry; else what was searched for."""
    mentors: Sequence[Mentor]


@blueprint.get("/mentoring")
def requests() -> str:
    """Renders what one asked and was asked."""
    signed_in()
    return _requests(parse_page(MentoringParameters, request.args).done)


@blueprint.get("/mentoring/ask")
def look() -> str:
    """Renders who can help, with the reasons, and a form to ask one of them."""
    signed_in()
    asked = parse_page(TopicParameters, request.args)
    return _ask_page(asked, Form())


@blueprint.post("/mentoring/ask")
def ask() -> str | BaseResponse:
    """Asks the one who was chosen."""
    require(signed_in(), "contribute")
    try:
        asked = validate(TopicParameters, {name: request.form.get(name, "") for name in ("about", "q")})
    except InvalidRecord as error:
        raise NotFound(f"There is no such topic: {error}") from None
    found = find(asked)
    problems = [] if chosen(found) else [Problem("person", "is not chosen yet; choose one of the people")]
    try:
        said = read_form(RequestText)
    except InvalidRecord as error:
        problems += error.problems
    mentor = chosen(found)
    if problems or mentor is None:
        return Response(_ask_page(asked, refilled(InvalidRecord(problems)), found), status=400)
    try:
        asking.ask(services().database, origin(), mentor, found.topic, topic_words(asked), said)
    except AlreadyAsked as error:
        form = Form(typed(), [Problem("", str(error))])
        return Response(_ask_page(asked, form, found), status=409)
    return redirect(url_for("mentoring.requests", done="asked"), 303)


@blueprint.post("/mentoring/<int:number>/answer")
def answer(number: int) -> str | BaseResponse:
    """Accepts or declines a request."""
    require(signed_in(), "contribute")
    try:
        said = read_form(AnswerText)
        asking.answer(services().database, origin(), number, said)
    except InvalidRecord as error:
        with services().database.read() as session:
            asking.find_request(session, current().person, number)
        return Response(_requests(form=refilled(error), number=number), status=400)
    except AlreadyAsked as error:
        return Response(_requests(form=Form(problems=[Problem("", str(error))])), status=409)
    return redirect(url_for("mentoring.requests", done=said.state), 303)


@blueprint.post("/mentoring/<int:number>/withdraw")
def withdraw(number: int) -> str | BaseResponse:
    """Takes one's own request back."""
    require(signed_in(), "contribute")
    try:
        asking.withdraw(services().database, origin(), number)
    except AlreadyAsked as error:
        return Response(_requests(form=Form(problems=[Problem("", str(error))])), status=409)
    return redirect(url_for("mentoring.requests", done="withdrawn"), 303)


def find(asked: TopicParameters) -> Found:
    """Who can help with it, for whoever asks. Raises NotFound for an entry that they may not see, TooMany."""
    here, reader = services(), current().reader
    count_one()
    if asked.about:
        with here.database.read() as session:
            topic = topic_of_entry(session, here.engine, asked.about, reader)
            title = get_entry(session, asked.about, reader).title
    else:
        topic, title = topic_of_search(here.engine, asked.q, reader), asked.q.strip()
    with here.database.read() as session:
        return Found(topic, title, find_mentors(session, signed_in(), reader, topic))


def chosen(found: Found) -> Mentor | None:
    """The one of them whom the form names."""
    return next((each for each in found.mentors if str(each.id) == request.form.get("person")), None)


def topic_words(asked: TopicParameters) -> str:
    """What was searched for, as it is kept; empty where it is about an entry."""
    return "" if asked.about else " ".join(asked.q.split())


def _ask_page(asked: TopicParameters, form: Form, found: Found | None = None) -> str:
    is_empty = not asked.about and not asked.q.strip()
    if found is None and not is_empty:
        found = find(asked)
    return render_template("mentoring/ask.html", asked=asked, found=found, form=form)


def _requests(done: str = "", form: Form | None = None, number: int = 0) -> str:
    with services().database.read() as session:
        found = asking.requests_of(session, current().person)
    return render_template(
        "mentoring/requests.html", requests=found, form=form or Form(), empty=Form(), number=number,
        done=DONE.get(done, ""),
    )  # fmt: skip
