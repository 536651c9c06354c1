"""What the repository itself says for or against an entry: where it is built in, whether it recurred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from kb.model import Entry, Reference, Revision

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass
class Standing:
    """How other published entries stand to one."""

    embedded: int = 0
    """Templates and training that say they hold a part because of it, or that it says it is built into."""
    recurrences: int = 0
    """Entries that tell of the same thing happening again."""
    superseded: int = 0
    """Entries that take its place."""


def standings(session: Session) -> dict[str, Standing]:
    """The standing of every entry of which anything can be said, by id.

    Not filtered by reader: a count names nobody, and what ranks must not depend on who asks.
    """
    found: dict[str, Standing] = {}
    incoming = Reference.relation.in_(("recurrence of", "supersedes")) | (
        (Reference.relation == "evidence") & Entry.kind.in_(("template", "training"))
    )
    outgoing = Reference.relation == "embedded in"
    about = case((outgoing, Entry.ref), else_=Reference.target)
    query = (
        select(about, Reference.relation, func.count())
        .select_from(Reference)
        .join(Revision, Reference.revision_id == Revision.id)
        .join(Entry, Revision.entry_id == Entry.id)
        .where(Revision.state == "published", incoming | outgoing)
        .group_by(about, Reference.relation)
    )
    for ref, relation, count in session.execute(query):
        standing = found.setdefault(ref, Standing())
        if relation == "recurrence of":
            standing.recurrences += count
        elif relation == "supersedes":
            standing.superseded += count
        else:
            standing.embedded += count
    return found
