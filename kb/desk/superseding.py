"""Superseding: another entry takes the place of one that is published, which stays readable and says so.

The entry that takes the place states it, as a link; searches put the other one further down, and whoever
comes to it is led on. Those who built on it are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.adoptions.telling import adopters_of, told_once
from kb.content import Link
from kb.desk.model import Handling
from kb.editing import published_revision
from kb.errors import NotAllowed, NotFound
from kb.learning.model import Enrolment
from kb.linking import state_link, unstate_link
from kb.model import PUBLISHED, Entry, Reference, Revision
from kb.neighbours import superseding
from kb.notices.telling import notify, people_meant
from kb.people.audit import note
from kb.people.reader import reader_of
from kb.people.roles import require
from kb.reading import OPERATOR
from kb.taxonomy.listing import TEND

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin


@dataclass(frozen=True)
class Superseded:
    """What now stands."""

    ref: str
    by: str
    told: int
    """How many people were told."""
    is_new: bool = True
    """False where it was said before, so that nothing was written."""


def supersede(database: Database, origin: Origin, ref: str, by: str, *, reason: str = "") -> Superseded:
    """From now on the entry `by` stands in the place of `ref`.

    Raises NotAllowed, NotFound, and EditConflict where somebody is at work on `by`, which has to say it.
    """
    require(origin.person, TEND)
    with database.write() as session:
        old, new = (published_entry(session, origin, each) for each in (ref, by))
        _check(session, old, new)
        said = state_link(session, new, Link(to=old.ref, relation="supersedes"), by=origin.person.name)
        if not said:
            session.rollback()
            return Superseded(old.ref, new.ref, 0, is_new=False)
        told = tell_superseded(session, origin, old, new, reason)
        note(session, origin, "supersede entry", old.ref, by=new.ref, reason=reason, told=told)
        return Superseded(old.ref, new.ref, told)


def reinstate(database: Database, origin: Origin, ref: str, by: str) -> None:
    """Takes that back: `by` no longer says that it stands in the place of `ref`.

    Raises NotAllowed, NotFound, and EditConflict where somebody is at work on `by`.
    """
    require(origin.person, TEND)
    with database.write() as session:
        old, new = (published_entry(session, origin, each) for each in (ref, by))
        if not unstate_link(session, new, Link(to=old.ref, relation="supersedes"), by=origin.person.name):
            raise NotFound(f"{old.ref} is not superseded by {new.ref}.")
        note(session, origin, "reinstate entry", old.ref, by=new.ref)


def published_entry(session: Session, origin: Origin, ref: str) -> Entry:
    """A published entry that whoever acts may see. Raises NotFound."""
    entry = session.scalar(select(Entry).where(Entry.ref == ref, reader_of(origin.person).visible))
    if entry is None or published_revision(session, entry) is None:
        raise NotFound(f"There is no published entry {ref}.")
    return entry


def tell_superseded(session: Session, origin: Origin, old: Entry, new: Entry, reason: str = "") -> int:
    """Tells those who built on the old entry or adopted it; returns how many. The new one is named to them
    only where whoever may see the old one may see it too.
    """
    is_open = new.visibility == "public" or new.visibility == old.visibility == "signed-in"
    words = " ".join(filter(None, (f"{new.ref} stands in its place." if is_open else "", reason)))
    adopters = adopters_of(session, old)
    once = told_once(old.ref, superseding(session, {old.ref}, OPERATOR).get(old.ref, ()))
    told = 0
    for people, one_time in ((adopters, once), (concerned(session, old) - adopters, "")):
        told += notify(
            session, "lesson superseded", people, by=origin.person, ref=old.ref, words=words, once=one_time
        )
    return told


def concerned(session: Session, entry: Entry) -> set[int]:
    """The accounts of those who wrote it, answer for it, adopted it, built on it in an entry, or learn it on
    a path.
    """
    linking = (
        select(Revision.id, Entry.id, Entry.owner)
        .join(Entry, Revision.entry_id == Entry.id)
        .join(Reference, Reference.revision_id == Revision.id)
        .where(Reference.target == entry.ref, PUBLISHED)
    )
    rows = session.execute(linking).all()
    revisions, entries = {row[0] for row in rows}, {row[1] for row in rows}
    own = select(Revision.id).where(Revision.entry_id == entry.id, PUBLISHED)
    wrote = select(Handling.author_id).where(
        Handling.author_id.is_not(None), Handling.revision_id.in_({*revisions, *session.scalars(own)})
    )
    learns = select(Enrolment.user_id).where(Enrolment.path_id.in_(entries), Enrolment.state == "active")
    named = {name for name in (entry.owner, *(row[2] for row in rows)) if name}
    meant = (person for name in named for person in people_meant(session, name))
    writers = {each for each in session.scalars(wrote) if each}
    return {*writers, *session.scalars(learns), *meant, *adopters_of(session, entry)}


def _check(session: Session, old: Entry, new: Entry) -> None:
    """Raises NotAllowed where one cannot stand in the place of the other."""
    if old.id == new.id:
        raise NotAllowed("An entry cannot supersede itself: name the one that stands in its place.")
    if old.kind != new.kind:
        raise NotAllowed(f"A {new.kind} cannot supersede a {old.kind}: name one of the same kind.")
    behind, waiting = set[str](), {new.ref}
    while waiting:  # whoever follows the links must come to an end
        ref = waiting.pop()
        if ref == old.ref:
            raise NotAllowed(f"{old.ref} stands in the place of {new.ref} already: take that back first.")
        behind.add(ref)
        for others in superseding(session, {ref}, OPERATOR).values():
            waiting |= set(others) - behind
