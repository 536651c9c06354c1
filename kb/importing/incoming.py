"""Documents on their way in: received, read, decided about by whoever brought them, then saved or dropped."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from kb.attachments.model import Incoming
from kb.editing import now
from kb.errors import InvalidRecord, KbError, NotFound
from kb.importing.document import Document, Unreadable
from kb.importing.guessing import guess, split_labels
from kb.importing.recognition import clean_name
from kb.importing.sandbox import MAX_UPLOAD, SECONDS, read_document
from kb.importing.saving import save_drafts
from kb.importing.stating import stated
from kb.people.audit import note
from kb.people.limits import IMPORT_OF_PERSON, take
from kb.people.roles import require
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.importing.plans import Plan
    from kb.people.audit import Origin
    from kb.people.roles import Person

logger = logging.getLogger(__name__)
KEPT = timedelta(hours=24)
"""So long a document waits for its person to agree."""
MOST = 20
"""Documents of a person that wait at a time; the oldest goes when another comes."""
GIVEN_UP = timedelta(seconds=3 * SECONDS)
"""What is still being read after so long was interrupted."""


@dataclass(frozen=True)
class Pending:
    """A document on its way in, as its person sees it."""

    number: int
    name: str
    size: int
    state: str
    said: str
    refs: tuple[str, ...]
    is_interrupted: bool = False
    document: Document | None = None
    plan: Plan | None = None


class NotReady(KbError):
    """Nothing can be decided of the document: it is being read, could not be, or is saved already."""

    def __init__(self, pending: Pending) -> None:
        words = {
            "waiting": "is still being read: ask again in a moment",
            "ready": "is read already",
            "refused": f"could not be read: {pending.said}",
            "done": f"is saved already, as {', '.join(pending.refs[:5])}",
        }
        super().__init__(f"{pending.name} {words[pending.state]}.")


def receive(database: Database, origin: Origin, name: str, data: bytes) -> int:
    """Keeps a document until it is read; returns its number. Raises InvalidRecord, TooMany, NotAllowed."""
    person = _account(origin.person)
    shown = clean_name(name)
    if not data:
        raise InvalidRecord([Problem("file", "is missing or empty: choose one")])
    if len(data) > MAX_UPLOAD:
        raise InvalidRecord(
            [Problem("file", f"is {len(data) / 1e6:,.1f} MB; at most {MAX_UPLOAD / 1e6:.0f} MB")]
        )
    with database.write_aside() as session:
        take(session, IMPORT_OF_PERSON, f"#{person}")
        _tidy(session, person)
        moment = now()
        row = Incoming(
            user_id=person, name=shown, size=len(data), state="waiting", said="", data=data, plan={}, refs=[],
            created_at=moment, started_at=moment,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def _account(person: Person) -> int:
    require(person, "contribute")
    if person.id is None:
        raise NotFound("Only people with an account import documents here.")
    return person.id


def _tidy(session: Session, person: int) -> None:
    session.execute(delete(Incoming).where(Incoming.created_at < now() - KEPT))
    mine = select(Incoming.id).where(Incoming.user_id == person).order_by(Incoming.id.desc()).offset(MOST - 1)
    session.execute(delete(Incoming).where(Incoming.id.in_(session.scalars(mine).all())))


def read(database: Database, number: int) -> None:
    """Reads a document that waits, and says what came of it. Raises nothing: whoever looks is told."""
    try:
        with database.read() as session:
            waiting = (Incoming.id == number) & (Incoming.state == "waiting")
            row = session.execute(select(Incoming.name, Incoming.data).where(waiting)).first()
        if row is not None:
            found = _outcome(row[0], row[1] or b"")
            with database.write_aside() as session:
                session.execute(update(Incoming).where(waiting).values(**found))
    except KbError as error:
        logger.warning("a document could not be read: %s", error)


def _outcome(name: str, data: bytes) -> dict[str, Any]:
    """What is stored of a document that was read, or was refused."""
    try:
        document = split_labels(read_document(name, data))
        return {"state": "ready", "document": document.to_bytes()}
    except Unreadable as error:
        said = str(error)
    except Exception:
        logger.exception("a document could not be read")
        said = "The fault is ours and has been logged. Try again, or save the file as another kind."
    return {"state": "refused", "said": said, "data": None}


def again(database: Database, origin: Origin, number: int) -> None:
    """Says that a document whose reading was interrupted is read again. Raises NotFound, NotReady."""
    with database.write_aside() as session:
        row = _mine(session, origin.person, number)
        if row.state != "waiting":
            raise NotReady(find(session, origin.person, number))
        row.started_at = now()


def find(session: Session, person: Person, number: int) -> Pending:
    """A document of the person's own, with what it became. Raises NotFound."""
    row = _mine(session, person, number)
    document = Document.from_bytes(row.document) if row.state == "ready" and row.document else None
    plan = guess(document, row.name).changed(row.plan, document) if document else None
    late = row.state == "waiting" and row.started_at < now() - GIVEN_UP
    return Pending(row.id, row.name, row.size, row.state, row.said, tuple(row.refs), late, document, plan)


def pending(session: Session, person: Person) -> list[Pending]:
    """The documents of the person that wait or were refused, newest first, without what they became."""
    query = select(Incoming).where(Incoming.user_id == person.id, Incoming.state != "done")
    rows = session.scalars(query.where(Incoming.created_at >= now() - KEPT).order_by(Incoming.id.desc()))
    return [Pending(row.id, row.name, row.size, row.state, row.said, ()) for row in rows]


def choose(database: Database, origin: Origin, number: int, said: dict[str, Any]) -> Pending:
    """Keeps what the person chose for a document; returns it as it stands then. Raises NotFound, NotReady."""
    with database.write_aside() as session:
        row = _mine(session, origin.person, number)
        found = find(session, origin.person, number)
        if found.plan is None or found.document is None:
            raise NotReady(found)
        row.plan = found.plan.changed(said, found.document).to_json()
        return find(session, origin.person, number)


def choose_by_name(
    database: Database, origin: Origin, number: int, mapping: Mapping[str, str], *, shape: str | None = None,
    title: str | None = None,
) -> Pending:  # fmt: skip
    """As `choose`, by the names of headings and columns, as `kb.importing.stating` takes them.

    Raises NotFound, NotReady, InvalidRecord.
    """
    with database.read() as session:
        found = find(session, origin.person, number)
    if found.plan is None or found.document is None:
        raise NotReady(found)
    said = stated(found.plan, found.document, mapping, shape=shape, title=title)
    return choose(database, origin, number, said)


def save(database: Database, origin: Origin, number: int) -> list[str]:
    """Makes drafts of a document as it was chosen; returns their ids.

    Raises NotFound, NotReady, InvalidRecord.
    """
    with database.write() as session:
        row = _mine(session, origin.person, number)
        found = find(session, origin.person, number)
        if found.document is None or found.plan is None or row.data is None:
            raise NotReady(found)
        row.refs = save_drafts(session, origin, row.name, row.data, found.document, found.plan)
        row.state, row.data, row.document = "done", None, None
        return list(row.refs)


def drop(database: Database, origin: Origin, number: int) -> str:
    """Forgets a document; returns its name. Raises NotFound."""
    with database.write_aside() as session:
        row = _mine(session, origin.person, number)
        session.delete(row)
        note(session, origin, "drop document", row.name)
        return row.name


def _mine(session: Session, person: Person, number: int) -> Incoming:
    mine = (Incoming.id == number) & (Incoming.user_id == person.id) & (Incoming.created_at >= now() - KEPT)
    row = session.scalar(select(Incoming).where(mine))
    if row is None:
        raise NotFound("There is no such document: it was saved, given up, or is older than a day.")
    return row
