"""What the repository itself says for or against an entry: where it is built in, whether it recurred."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from kb.model import PUBLISHED, Entry, Reference, Revision

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.reading import Reader


@dataclass
class Standing:
    """How other published entries stand to one."""

    embedded: int = 0
    """Templates and training that say they hold a part because of it, or that it says it is built into."""
    recurrences: int = 0
    """Entries that tell of the same thing happening again."""
    superseded_by: list[str] = field(default_factory=list)
    """Ids of the entries that stand in its place."""

    @property
    def superseded(self) -> int:
        """How many entries stand in its place."""
        return len(self.superseded_by)


def standings(session: Session, reader: Reader) -> dict[str, Standing]:
    """The standing of every entry of which anything can be said, by id.

    Only what the reader may see counts: "built into 2 templates" would tell that a hidden one exists.
    """
    found: dict[str, Standing] = {}
    incoming = Reference.relation.in_(("recurrence of", "supersedes")) | (
        (Reference.relation == "evidence") & Entry.kind.in_(("template", "training"))
    )
    outgoing = Reference.relation == "embedded in"
    about = case((outgoing, Entry.ref), else_=Reference.target)
    query = (
        select(about, Reference.relation, func.count(), func.min(Entry.ref))
        .select_from(Reference)
        .join(Revision, Reference.revision_id == Revision.id)
        .join(Entry, Revision.entry_id == Entry.id)
        .where(PUBLISHED, incoming | outgoing, reader.visible)
        # Those that stand in another's place are named, all others only counted.
        .group_by(about, Reference.relation, case((Reference.relation == "supersedes", Entry.ref), else_=""))
    )
    for ref, relation, count, stater in session.execute(query):
        standing = found.setdefault(ref, Standing())
        if relation == "recurrence of":
            standing.recurrences += count
        elif relation == "supersedes":
            standing.superseded_by.append(stater)
        else:
            standing.embedded += count
    return found
