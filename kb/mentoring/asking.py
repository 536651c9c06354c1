"""Asking somebody for help: the request, its answer, and what both see of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from kb.errors import KbError, NotAllowed, NotFound
from kb.mentoring.model import MentorRequest
from kb.model import PUBLISHED, Entry, Revision
from kb.notices.telling import notify
from kb.people.audit import note
from kb.people.clock import now
from kb.people.limits import Limit, take
from kb.people.model import User
from kb.people.reader import reader_of
from kb.people.roles import require
from kb.strict import Strict
from kb.text import Described, Words

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.mentoring.finding import Mentor, Topic
    from kb.people.audit import Origin
    from kb.people.roles import Person

REQUESTS_OF_PERSON = Limit("mentor requests", 10, 86_400, "You have asked ten people today.")
LONGEST = 2_000
Said = Annotated[Words, StringConstraints(min_length=1, max_length=LONGEST), Described("pattern", r"\S")]
MOST = 200
"""Requests that somebody sees."""


class AlreadyAsked(KbError):
    """The same person was asked about the same thing and has not answered yet, or the answer was given."""


class RequestText(Strict):
    """What somebody asks."""

    words: Said


class AnswerText(Strict):
    """What is answered."""

    state: Literal["accepted", "declined"]
    words: Annotated[Words, Field(max_length=LONGEST)] = ""


@dataclass(frozen=True)
class RequestView:
    """A request as either side sees it."""

    id: int
    is_mine: bool
    """Whether the person asked; else they were asked."""
    other: str
    """Name of the other side."""
    email: str
    """E-mail of the other side; empty until the request is accepted."""
    ref: str
    title: str
    """Of what it is about; empty where the person may not see it."""
    topic: str
    words: str
    state: str
    answer: str
    asked_at: datetime
    answered_at: datetime | None


def ask(
    database: Database, origin: Origin, mentor: Mentor, topic: Topic, searched: str, said: RequestText
) -> int:
    """Asks a mentor who was found for the topic; returns the request's number.

    Raises NotAllowed, TooMany, AlreadyAsked, and NotFound for who no longer wants to be asked.
    """
    require(origin.person, "contribute")
    asker = origin.person.id
    if asker is None:
        raise NotAllowed("Only people with an account can ask others.")
    with database.write_aside() as session:
        # One at a time for each person, so that two clicks make one request.
        session.execute(select(User.id).where(User.id == asker).with_for_update())
        open_to_it = select(User.id).where(User.id == mentor.id, User.status == "active", User.mentors)
        if session.scalar(open_to_it) is None or mentor.id == asker:
            raise NotFound("This person cannot be asked. Choose somebody else.")
        entry = session.scalar(select(Entry).where(Entry.ref == topic.about)) if topic.about else None
        same = select(MentorRequest.id).where(
            MentorRequest.asker_id == asker, MentorRequest.mentor_id == mentor.id,
            MentorRequest.state == "open", MentorRequest.topic == searched,
            MentorRequest.entry_id == entry.id if entry else MentorRequest.entry_id.is_(None),
        )  # fmt: skip
        if session.scalar(same) is not None:
            raise AlreadyAsked(f"You have asked {mentor.name} about this, and wait for an answer.")
        take(session, REQUESTS_OF_PERSON, f"#{asker}")
        row = MentorRequest(
            asker_id=asker, mentor_id=mentor.id, entry_id=entry.id if entry else None, topic=searched,
            words=said.words, state="open", answer="", asked_at=now(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        notify(
            session, "help asked", [mentor.id], by=origin.person, ref=topic.about, words=said.words,
            place="/mentoring",
        )  # fmt: skip
        note(session, origin, "ask mentor", f"request {row.id}", about=topic.about, person=mentor.id)
        return row.id


def answer(database: Database, origin: Origin, number: int, said: AnswerText) -> None:
    """The one who was asked accepts or declines. Raises NotFound, AlreadyAsked where that was done before."""
    require(origin.person, "contribute")
    with database.write_aside() as session:
        row = _open_row(session, number, MentorRequest.mentor_id == (origin.person.id or 0))
        row.state, row.answer, row.answered_at = said.state, said.words, now()
        ref = session.scalar(select(Entry.ref).where(Entry.id == row.entry_id)) or ""
        words = f"{said.state.capitalize()}. {said.words}".strip()
        notify(
            session, "help answered", [row.asker_id], by=origin.person, ref=ref, words=words,
            place="/mentoring",
        )  # fmt: skip
        note(session, origin, f"mentor request {said.state}", f"request {number}")


def withdraw(database: Database, origin: Origin, number: int) -> None:
    """Whoever asked takes it back. Raises NotFound, AlreadyAsked where it was answered before."""
    require(origin.person, "contribute")
    with database.write_aside() as session:
        row = _open_row(session, number, MentorRequest.asker_id == (origin.person.id or 0))
        row.state, row.answered_at = "withdrawn", now()
        note(session, origin, "withdraw mentor request", f"request {number}")


def requests_of(session: Session, person: Person) -> list[RequestView]:
    """What the person asked and was asked, what waits first, then the newest first."""
    rows = [_view(row, person) for row in session.execute(_query(person)).all()]
    return sorted(rows, key=lambda each: each.state != "open")[:MOST]


def find_request(session: Session, person: Person, number: int) -> RequestView:
    """One of them. Raises NotFound, also for what is between others."""
    row = session.execute(_query(person).where(MentorRequest.id == number)).one_or_none()
    if row is None:
        raise NotFound("There is no such request.")
    return _view(row, person)


def _open_row(session: Session, number: int, mine: object) -> MentorRequest:
    query = select(MentorRequest).where(MentorRequest.id == number, mine)  # type: ignore[arg-type]
    row = session.scalar(query.with_for_update())
    if row is None:
        raise NotFound("There is no such request.")
    if row.state != "open":
        raise AlreadyAsked(f"This request is {row.state} already.")
    return row


def _query(person: Person) -> Select:  # type: ignore[type-arg]
    asker, mentor = aliased(User), aliased(User)
    me = person.id or 0
    about = and_(Entry.id == MentorRequest.entry_id, reader_of(person).visible)
    return (
        select(MentorRequest, asker.name, asker.email, mentor.name, mentor.email, Entry.ref, Revision.title)
        .join(asker, asker.id == MentorRequest.asker_id)
        .join(mentor, mentor.id == MentorRequest.mentor_id)
        .outerjoin(Entry, about)
        .outerjoin(Revision, and_(Revision.entry_id == Entry.id, PUBLISHED))
        .where(or_(MentorRequest.asker_id == me, MentorRequest.mentor_id == me))
        .order_by(MentorRequest.id.desc())
    )


def _view(row: tuple, person: Person) -> RequestView:  # type: ignore[type-arg]
    found, asker, asker_email, mentor, mentor_email, ref, title = row
    is_mine = found.asker_id == person.id
    other, email = (mentor, mentor_email) if is_mine else (asker, asker_email)
    shown = email if found.state == "accepted" else ""
    return RequestView(
        found.id, is_mine, other, shown, ref or "", title or "", found.topic, found.words, found.state,
        found.answer, found.asked_at, found.answered_at,
    )  # fmt: skip
