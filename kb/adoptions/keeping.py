"""Saying that one acts on a lesson, and taking that back; who did; and telling them when it changes.

To adopt a lesson is to act on it in a project. That it is built into a template, a course or a procedure
is another thing (`kb.actions`), and so is that it happened again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import and_, func, select

from kb.adoptions.model import Adoption
from kb.editing import published_revision
from kb.errors import NotAllowed, NotFound, Taken
from kb.model import PUBLISHED, Entry, Revision
from kb.neighbours import titles_of
from kb.people.audit import note
from kb.people.clock import now
from kb.people.model import User
from kb.people.reader import reader_of
from kb.people.roles import can, require
from kb.strict import Strict
from kb.taxonomy.listing import TEND
from kb.text import SOMETHING, Day, Described, Line
from kb.validation import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin
    from kb.reading import Reader


class AdoptionText(Strict):
    """For which project a lesson is adopted, since when, and what there is to say about it."""

    project: Annotated[Line, StringConstraints(min_length=1), Described("pattern", SOMETHING)]
    adopted_on: Day | None = None
    note: Annotated[Line, Field(max_length=300)] = ""


@dataclass(frozen=True)
class AdoptionView:
    """An adoption as a reader sees it."""

    id: int
    ref: str
    title: str
    """Of the lesson; empty when it is published no more."""
    project: str
    project_title: str
    """Of the entry that `project` names; empty where it is a name, or not open to the reader."""
    adopted_on: date
    note: str
    person: str
    person_id: int


def adopt(database: Database, origin: Origin, ref: str, said: AdoptionText) -> int:
    """Says that whoever acts goes by the lesson; returns the number. Raises NotAllowed, NotFound, Taken."""
    require(origin.person, "contribute")
    if origin.person.id is None:
        raise NotAllowed("Whoever adopts a lesson needs an account here.")
    with database.write_aside() as session:
        entry = session.scalar(select(Entry).where(Entry.ref == ref, reader_of(origin.person).visible))
        standing = None if entry is None else published_revision(session, entry)
        if entry is None or standing is None:
            raise NotFound(f"There is no published entry {ref}.")
        if entry.kind != "lesson":
            raise NotAllowed(f"{ref} is a {entry.kind}; lessons are adopted.")
        mine = (Adoption.entry_id == entry.id, Adoption.user_id == origin.person.id)
        if session.scalar(select(Adoption.id).where(*mine, Adoption.project == said.project)) is not None:
            raise Taken([Problem("project", f"is one for which you adopted {ref} already")])
        row = Adoption(
            entry_id=entry.id, user_id=origin.person.id, number=standing.number, project=said.project,
            adopted_on=said.adopted_on or datetime.now(UTC).date(), note=said.note, created_at=now(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        note(session, origin, "adopt lesson", ref, project=said.project, number=row.id)
        return row.id


def abandon(database: Database, origin: Origin, number: int) -> str:
    """Takes an adoption back, one's own or, for curators, anybody's; returns the lesson's id.

    Raises NotAllowed, NotFound.
    """
    require(origin.person, "contribute")
    with database.write_aside() as session:
        seen = reader_of(origin.person).visible
        found = session.execute(
            select(Adoption, Entry.ref).join(Entry).where(Adoption.id == number, seen)
        ).one_or_none()
        if found is None:
            raise NotFound("There is no such adoption.")
        row, ref = found
        if row.user_id != origin.person.id and not can(origin.person, TEND):
            raise NotAllowed("Somebody else adopted it.")
        note(session, origin, "abandon lesson", ref, project=row.project, number=row.id)
        session.delete(row)
        return str(ref)


def list_adoptions(
    session: Session, reader: Reader, *, ref: str = "", user_id: int | None = None, limit: int = 200
) -> list[AdoptionView]:
    """Who adopted a lesson, or what a person adopted, newest first, as far as the reader sees the lessons.

    Visitors are told how many there are, and no names.
    """
    query = select(Adoption, Entry.ref, func.coalesce(Revision.title, ""), User.name).join(
        Entry, Entry.id == Adoption.entry_id
    )
    query = query.outerjoin(Revision, and_(Revision.entry_id == Entry.id, PUBLISHED))
    query = query.join(User, User.id == Adoption.user_id).where(reader.visible)
    if ref:
        query = query.where(Entry.ref == ref)
    if user_id is not None:
        query = query.where(Adoption.user_id == user_id)
    rows = session.execute(query.order_by(Adoption.adopted_on.desc(), Adoption.id.desc()).limit(limit)).all()
    if not reader.signed_in:
        return []
    titles = titles_of(session, {row.project for row, *_ in rows}, reader)
    return [
        AdoptionView(
            row.id, ref, title, row.project, titles.get(row.project, ("", ""))[1], row.adopted_on, row.note,
            name, row.user_id,
        )
        for row, ref, title, name in rows
    ]  # fmt: skip


def count_adoptions(session: Session, ref: str) -> int:
    """How often an entry was adopted."""
    query = select(func.count(Adoption.id)).join(Entry, Entry.id == Adoption.entry_id)
    return session.scalar(query.where(Entry.ref == ref)) or 0
