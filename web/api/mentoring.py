"""/api/v1/mentors and /mentoring: who can help, and asking them."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.errors import InvalidRecord, NotFound
from kb.mentoring import asking
from kb.mentoring.asking import AnswerText, RequestText, Said
from kb.strict import Strict
from kb.text import Line, Ref, Words
from kb.validation import Problem
from web.api.models import Answer
from web.api.operations import Operation, Reply, number_of
from web.context import current
from web.identity import origin
from web.mentoring import TopicParameters, find, topic_words
from web.services import services

if TYPE_CHECKING:
    from kb.mentoring.asking import RequestView
    from web.parameters import NoParameters

WRITE = "contribute"
ASKED = "This person was asked about this, and has not answered yet."
ANSWERED = "The request was answered or withdrawn before."


class MentorPart(Answer):
    """Somebody who can help."""

    person: Annotated[int, Field(description="Who is asked by this number.")]
    name: str
    reasons: list[str]


class MentorsAnswer(Answer):
    """The people who can help most."""

    mentors: list[MentorPart]


class MentorRequestPart(Answer):
    """A request, as one of its two sides sees it."""

    id: int
    asked_by_me: bool
    other: Annotated[str, Field(description="Name of the other side.")]
    email: Annotated[str, Field(description="Their e-mail address; empty until it is accepted.")]
    about: Annotated[str, Field(description="Id of an entry; empty where it is about none, or a hidden one.")]
    topic: Annotated[str, Field(description="What was searched for.")]
    words: str
    state: Literal["open", "accepted", "declined", "withdrawn"]
    answer: str
    asked_at: datetime
    answered_at: datetime | None

    @classmethod
    def of(cls, view: RequestView) -> MentorRequestPart:
        """The request as the API shows it."""
        said = vars(view) | {"asked_by_me": view.is_mine, "about": view.ref}
        return cls.model_validate({name: said[name] for name in cls.model_fields})


class MentorRequestsAnswer(Answer):
    """What one asked and was asked, what waits first."""

    requests: list[MentorRequestPart]


class MentorRequestBody(Strict):
    """Whom to ask, about what, and in which words."""

    person: Annotated[int, Field(ge=1, le=2**31 - 1)]
    about: Ref | None = None
    q: Annotated[Line, Field(description="What was searched for, where it is about no entry.")] = ""
    words: Said


class MentorAnswerBody(Strict):
    """What becomes of a request: who was asked accepts or declines it, who asked withdraws it."""

    state: Literal["accepted", "declined", "withdrawn"]
    words: Annotated[Words, Field(max_length=asking.LONGEST)] = ""


def mentors(parameters: TopicParameters) -> MentorsAnswer:
    """Who can help with an entry (`about`) or a topic (`q`), and why: lessons that they wrote, projects that
    they led, skills in their profiles. Who does not want to be named, and who wrote anonymously, is not.
    """
    _check(parameters)
    found = find(parameters).mentors
    return MentorsAnswer(
        mentors=[MentorPart(person=each.id, name=each.name, reasons=list(each.reasons)) for each in found]
    )


def mentor_requests(_: NoParameters) -> MentorRequestsAnswer:
    """What one asked others, and was asked by them."""
    with services().database.read() as session:
        found = asking.requests_of(session, current().person)
    return MentorRequestsAnswer(requests=[MentorRequestPart.of(each) for each in found])


def ask_mentor(_: NoParameters, body: MentorRequestBody) -> Reply:
    """Asks one of the people who were found for this, who is told. At most ten in a day."""
    asked = TopicParameters(about=body.about or "", q=body.q)
    _check(asked)
    found = find(asked)
    mentor = next((each for each in found.mentors if each.id == body.person), None)
    if mentor is None:
        raise NotFound("This person cannot be asked about this. Choose one of those who are found for it.")
    said, words = RequestText(words=body.words), topic_words(asked)
    number = asking.ask(services().database, origin(), mentor, found.topic, words, said)
    return Reply(_request(number), location="/mentoring")


def answer_mentor_request(_: NoParameters, body: MentorAnswerBody, request: str) -> MentorRequestPart:
    """Accepts or declines what one was asked, or withdraws what one asked."""
    number = number_of(request, "request")
    if body.state == "withdrawn":
        asking.withdraw(services().database, origin(), number)
    else:
        said = AnswerText(state=body.state, words=body.words)
        asking.answer(services().database, origin(), number, said)
    return _request(number)


def _check(asked: TopicParameters) -> None:
    if not asked.about and not asked.q.strip():
        raise InvalidRecord([Problem("q", "or `about` is needed: say what help is wanted with")])


def _request(number: int) -> MentorRequestPart:
    with services().database.read() as session:
        return MentorRequestPart.of(asking.find_request(session, current().person, number))


MENTORING = (
    Operation("GET", "/mentors", mentors, MentorsAnswer, "Find people who can help", TopicParameters,
              own=True, may_miss=True),
    Operation("GET", "/mentoring", mentor_requests, MentorRequestsAnswer, "List requests for help", own=True),
    Operation("POST", "/mentoring", ask_mentor, MentorRequestPart, "Ask somebody for help",
              body=MentorRequestBody, action=WRITE, may_miss=True, conflict=ASKED),
    Operation("PUT", "/mentoring/<request>", answer_mentor_request, MentorRequestPart,
              "Answer or withdraw a request for help", body=MentorAnswerBody, action=WRITE,
              conflict=ANSWERED),
)  # fmt: skip
"""The calls about mentoring."""
