"""Clauses of templates that exist because of a lesson: which an edit deletes, and which have lost it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import func, select

from kb.kinds import Provenance, Template
from kb.model import PUBLISHED, Entry, Reference, Revision
from kb.neighbours import titles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from kb.content import Content
    from kb.reading import Reader

Loss = Literal["superseded", "archived"]


@dataclass(frozen=True)
class Clause:
    """A clause, and the lesson because of which it exists."""

    clause: str
    because: str
    title: str
    """Of the lesson."""


@dataclass(frozen=True)
class StaleClause:
    """A clause of a published template whose lesson no longer stands."""

    ref: str
    title: str
    clause: str
    because: str
    why: Loss


def losses(session: Session, refs: Iterable[str], reader: Reader) -> dict[str, Loss]:
    """Which of these entries no longer stand, as far as the reader may see them.

    Superseded: a published entry says that it takes the place. Archived: it was published, and is no more.
    """
    wanted = sorted(set(refs))
    replaced = select(Reference.target).join(Revision, Reference.revision_id == Revision.id)
    replaced = replaced.join(Entry, Entry.id == Revision.entry_id).where(
        PUBLISHED, Reference.relation == "supersedes", Reference.target.in_(wanted), reader.visible
    )
    stands = select(Revision.id).where(Revision.entry_id == Entry.id, PUBLISHED).exists()
    was = select(Revision.id).where(Revision.entry_id == Entry.id, Revision.state == "archived").exists()
    gone = select(Entry.ref).where(Entry.ref.in_(wanted), reader.visible, was, ~stands)
    found: dict[str, Loss] = dict.fromkeys(session.scalars(replaced), "superseded")
    return found | dict.fromkeys(session.scalars(gone), "archived")


def deleted_clauses(session: Session, ref: str, content: Content, reader: Reader) -> list[Clause]:
    """The clauses of the published template that a new text of it leaves out, while their lesson stands.

    A clause in other words, because of the same lesson, is not left out.
    """
    if not isinstance(content, Template):
        return []
    standing = _published(session, ref, reader)
    kept = {(each.clause, each.because) for each in content.provenance}
    room = Counter(each.because for each in content.provenance)
    room.subtract(each.because for each in standing if (each.clause, each.because) in kept)
    left_out = []
    for each in standing:
        if (each.clause, each.because) in kept:
            continue
        if room[each.because] > 0:
            room[each.because] -= 1
            continue
        left_out.append(each)
    titles = titles_of(session, (each.because for each in left_out), reader)
    lost = losses(session, titles, reader)
    return [
        Clause(each.clause, each.because, titles[each.because][1])
        for each in left_out
        if each.because in titles and each.because not in lost
    ]


def stale_clauses(session: Session, reader: Reader) -> list[StaleClause]:
    """The clauses of all published templates whose lesson no longer stands."""
    query = select(Entry.ref, Revision.content).join(Revision, Revision.entry_id == Entry.id)
    query = query.where(Entry.kind == "template", PUBLISHED, reader.visible)
    rows = session.execute(query.order_by(func.length(Entry.ref), Entry.ref)).all()
    named = {clause["because"] for _, stored in rows for clause in stored.get("provenance", [])}
    lost = losses(session, named, reader)
    return [
        StaleClause(ref, stored["title"], each["clause"], each["because"], lost[each["because"]])
        for ref, stored in rows
        for each in stored.get("provenance", [])
        if each["because"] in lost
    ]


def lost_because(session: Session, content: Template, reader: Reader) -> Mapping[str, Loss]:
    """Which of the lessons that a template names no longer stand."""
    return losses(session, (each.because for each in content.provenance), reader)


def _published(session: Session, ref: str, reader: Reader) -> list[Provenance]:
    query = select(Revision.content).join(Entry).where(Entry.ref == ref, Entry.kind == "template")
    stored = session.scalars(query.where(PUBLISHED, reader.visible)).first() or {}
    return [Provenance(**each) for each in stored.get("provenance", [])]
