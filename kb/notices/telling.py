"""`notify`: the one way in which anything tells people something.

A verb calls it in its own transaction, so that people hear of what was done and of nothing else:

    notify(session, "review requested", people_with(session, "curator"), by=origin.person, ref="L-0042",
           number=3, place="/desk/L-0042/3")

Whoever did it is not told. A person sees a notice about an entry only while they may see the entry.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from kb.desk.veiling import veiled_writers
from kb.editing import find_entry
from kb.model import Entry
from kb.notices.model import MAIL_KINDS, Mail, Notice
from kb.people.clock import now
from kb.people.model import User, UserRole
from kb.people.roles import NOBODY, ROLES
from kb.people.texts import EVENTS, WAYS
from kb.reading import A_CONTRIBUTOR
from kb.strict import Strict
from kb.text import Line, Words
from kb.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.model import Entry
    from kb.people.roles import Person

MOST_WORDS = 500
HOLD = timedelta(seconds=30)
"""A mail waits so long for more to say to the same person."""
DIGEST_HOUR = 6
"""When daily mails go, and weekly ones on a Monday, in UTC."""


class _Told(Strict):
    """What a notice says; longer words are cut before."""

    words: Annotated[Words, Field(max_length=MOST_WORDS)] = ""
    place: Annotated[Line, StringConstraints(pattern=r"^(/([^/\\\s][^\\\s]*)?)?$")] = ""
    once: Annotated[Line, Field(max_length=100)] = ""


def notify(
    session: Session,
    event: str,
    to: Iterable[int],
    *,
    by: Person = NOBODY,
    ref: str = "",
    number: int | None = None,
    words: str = "",
    place: str = "",
    once: str = "",
) -> int:
    """Tells people, by their numbers, that something has happened. Returns how many were told now.

    `ref` and `number` name the entry and its revision; `words` add what a person should know at once, such
    as a comment or a reason; `place` is the path of the page where something can be done about it (the
    entry's unless given); what was told a person under the same `once` is not told again. Whoever wrote an
    anonymous revision of the entry is "A contributor" to those who are told. Accounts that are not open are
    passed over. Raises NotFound, InvalidRecord, and ValueError for an event that `EVENTS` does not list.
    """
    if event not in EVENTS:
        raise ValueError(f"{event} is no event of which people are told")
    cut = words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 1].rstrip() + "…"
    told = validate(_Told, {"words": cut, "place": place, "once": once})
    entry = find_entry(session, ref) if ref else None
    said: dict[str, object] = {
        "event": event, "entry_id": entry.id if entry else None, "number": number, "words": told.words,
        "actor": _actor(session, by, entry), "place": told.place, "once": told.once or None,
        "created_at": now(),
    }  # fmt: skip
    open_accounts = select(User).where(User.id.in_(set(to) - {by.id}), User.status == "active")
    users = session.scalars(open_accounts.order_by(User.id)).all()
    return sum(_tell(session, user, said) for user in users)


def people_with(session: Session, role: str) -> list[int]:
    """The numbers of everybody active who holds the role."""
    query = select(User.id).join(UserRole).where(UserRole.role == role, User.status == "active")
    return list(session.scalars(query.order_by(User.id)))


def people_meant(session: Session, stated: str) -> list[int]:
    """Whom an owner, verifier or author names in words: a person by name or e-mail, or a role.

    Nobody where the words name neither; more than one where people share a name.
    """
    name = stated.strip()
    if name.lower() in ROLES:
        return people_with(session, name.lower())
    named = or_(func.lower(User.name) == name.lower(), User.email == name.lower())
    return list(session.scalars(select(User.id).where(named, User.status == "active").order_by(User.id)))


def _tell(session: Session, user: User, said: dict[str, object]) -> bool:
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(Notice)
    row = insert.values(user_id=user.id, **said).on_conflict_do_nothing(index_elements=["user_id", "once"])
    number = session.scalar(row.returning(Notice.id))
    if number is None:
        return False
    mail = _mail(session, user, str(said["event"]))
    if mail is not None:
        session.get_one(Notice, number).mail_id = mail.id
        session.flush()
    return True


def _actor(session: Session, by: Person, entry: Entry | None) -> str:
    """The name of who acts, unless it would tell who wrote something anonymously."""
    if entry is None or not by.name:
        return by.name
    veiled = veiled_writers(session, [entry.ref])[entry.ref]
    return A_CONTRIBUTOR if {by.id, by.name, by.email} & veiled else by.name


def _mail(session: Session, user: User, event: str) -> Mail | None:
    """The mail that carries it: one that has not been tried yet, or a new one; none if it is not wanted."""
    way = user.notices.get(event, WAYS[0])
    if way not in MAIL_KINDS:
        return None
    waiting = (Mail.user_id == user.id, Mail.kind == way, Mail.state == "waiting", Mail.attempts == 0)
    mail = session.scalar(select(Mail).where(*waiting).limit(1).with_for_update())
    if mail is None:
        at = now()
        due = at + HOLD if way == "at once" else next_digest(at, way)
        mail = Mail(user_id=user.id, kind=way, state="waiting", created_at=at, due_at=due, attempts=0)
        session.add(mail)
        session.flush()
    return mail


def next_digest(at: datetime, way: str) -> datetime:
    """When the next mail goes that gathers what happened: tomorrow at the latest, or on the next Monday."""
    today = at.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    first = today if at < today else today + timedelta(days=1)
    return first if way == "daily" else first + timedelta(days=-first.weekday() % 7)
