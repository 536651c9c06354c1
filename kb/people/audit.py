"""The audit log: who did or tried what, when, from where. Lines are added and never changed."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, false, func, or_, select

from kb.errors import KbError
from kb.networks import counted_as
from kb.people.clock import now
from kb.people.errors import TooMany
from kb.people.limits import LAST_LINE, REFUSALS, take
from kb.people.model import AuditLine
from kb.people.roles import NOBODY, Person
from kb.reading import A_CONTRIBUTOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from kb.database import Database

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
BATCH = 1_000
EACH_NAMED = false()


@dataclass(frozen=True)
class Origin:
    """Who acts and from where."""

    person: Person = NOBODY
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class AuditFilter:
    """Which lines; what is empty does not narrow."""

    person: str = ""
    """A part of the name, or `#17` for an id."""
    action: str = ""
    object: str = ""
    outcome: str = ""
    since: date | None = None
    until: date | None = None
    """Inclusive."""

    @property
    def given(self) -> dict[str, str]:
        """What narrows, by name."""
        return {name: str(value) for name, value in vars(self).items() if value}


@dataclass
class Act:
    """A change under way, and what the log will say of it."""

    session: Session
    thing: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@contextmanager
def audited(database: Database, origin: Origin, action: str, thing: str = "") -> Iterator[Act]:
    """A transaction with its line in the log: with the change when it is done, alone when it is refused."""
    act = None
    try:
        with database.write_aside() as session:
            act = Act(session, thing)
            yield act
            note(session, origin, action, act.thing, **act.detail)
    except KbError as error:
        if act is not None:  # else the database is what failed
            note_refusal(database, origin, action, act.thing, error, **act.detail)
        raise


def note_refusal(
    database: Database, origin: Origin, action: str, thing: str, error: KbError, **detail: Any
) -> None:
    """Adds a line of its own about what was not done.

    Raises TooMany when whoever acts has been refused so often of late that their lines would bury all
    others; one line says that more were tried.
    """
    whom = f"#{origin.person.id}" if origin.person.is_known else counted_as(origin.address)
    error.is_noted = True
    with database.write_aside() as session:
        try:
            if not origin.person.is_operator:
                take(session, REFUSALS, whom)
            note(session, origin, action, thing, refused=True, **{**detail, "why": str(error)})
            return
        except TooMany as reached:
            too_many = reached
        with suppress(TooMany):
            take(session, LAST_LINE, whom)
            note(session, origin, action, thing, refused=True, why=f"{error} What follows is not noted.")
    raise too_many


def note(
    session: Session, origin: Origin, action: str, thing: str = "", *, refused: bool = False, **detail: Any
) -> None:
    """Adds a line. Control characters become spaces, so that no text can look like a second line."""
    line = AuditLine(
        at=now(),
        person_id=origin.person.id,
        person=_plain(origin.person.name or "nobody"),
        action=action,
        object=_plain(thing),
        outcome="refused" if refused else "done",
        detail={name: _plain(value) if isinstance(value, str) else value for name, value in detail.items()},
        address=_plain(origin.address)[:60],
        request_id=origin.request_id[:40],
    )
    session.add(line)
    session.flush()


def find(
    session: Session, wanted: AuditFilter, offset: int, limit: int, unnamed: ColumnElement[bool] = EACH_NAMED
) -> tuple[int, list[AuditLine]]:
    """How many lines there are, and a stretch of them, newest first.

    `unnamed` are those of which it is not told who acted: they neither say it nor are found by it.
    """
    narrowing = tuple(_narrowing(wanted, unnamed))
    total = session.scalar(select(func.count(AuditLine.id)).where(*narrowing)) or 0
    lines = select(AuditLine, unnamed).where(*narrowing).order_by(AuditLine.id.desc())
    return total, [_told(*row) for row in session.execute(lines.offset(offset).limit(limit))]


def every(
    database: Database, wanted: AuditFilter, unnamed: ColumnElement[bool] = EACH_NAMED
) -> Iterator[AuditLine]:
    """All lines that fit, oldest first, for an export; those that are added meanwhile are left out.
    `unnamed` as in `find`.

    Each stretch is read in a transaction of its own, so that an export of years keeps no writer waiting.
    As lines never change, together they are the log as it stood.
    """
    with database.read() as session:
        newest = session.scalar(select(func.max(AuditLine.id))) or 0
    last = 0
    while last < newest:
        stretch = (AuditLine.id > last) & (AuditLine.id <= newest)
        query = select(AuditLine, unnamed).where(stretch, *_narrowing(wanted, unnamed))
        with database.read() as session:
            rows = session.execute(query.order_by(AuditLine.id).limit(BATCH)).all()
            session.expunge_all()
        lines = [_told(*row) for row in rows]
        yield from lines
        last = lines[-1].id if len(lines) == BATCH else newest


def count(session: Session) -> int:
    """How many lines there are."""
    return session.scalar(select(func.count(AuditLine.id))) or 0


def actions(session: Session) -> list[str]:
    """The actions that the log knows, by name."""
    return list(session.scalars(select(AuditLine.action).distinct().order_by(AuditLine.action)))


def _told(line: AuditLine, is_unnamed: bool) -> AuditLine:
    """The line, without whoever acted and from where if that is not told."""
    if not is_unnamed:
        return line
    return AuditLine(
        id=line.id, at=line.at, person_id=None, person=A_CONTRIBUTOR, action=line.action, object=line.object,
        outcome=line.outcome, detail=line.detail, address="", request_id="",
    )  # fmt: skip


def _acted(person: str, unnamed: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether it was this person who acted, as far as that is told."""
    if re.fullmatch("#[0-9]{1,9}", person):
        return and_(AuditLine.person_id == int(person[1:]), ~unnamed)
    named = func.lower(AuditLine.person).contains(person.lower(), autoescape=True)
    return or_(and_(named, ~unnamed), unnamed if person.lower() in A_CONTRIBUTOR.lower() else false())


def _narrowing(wanted: AuditFilter, unnamed: ColumnElement[bool]) -> Iterator[ColumnElement[bool]]:
    """What lines must fulfil to be those that are wanted."""
    if wanted.person:
        yield _acted(wanted.person, unnamed)
    if wanted.action:
        yield AuditLine.action == wanted.action
    if wanted.object:
        yield func.lower(AuditLine.object).contains(wanted.object.lower(), autoescape=True)
    if wanted.outcome:
        yield AuditLine.outcome == wanted.outcome
    if wanted.since:
        yield AuditLine.at >= datetime(*wanted.since.timetuple()[:3], tzinfo=UTC)
    if wanted.until:
        yield AuditLine.at <= datetime(*wanted.until.timetuple()[:3], 23, 59, 59, tzinfo=UTC)


def _plain(text: str) -> str:
    return _CONTROLS.sub(" ", text)[:300]
