"""The links between entries, both ways, as far as a reader may know of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.model import PUBLISHED, Entry, Reference, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from kb.reading import EntryView, Reader


@dataclass(frozen=True)
class LinkView:
    """A link to or from an entry; `title` is None when the other end is not (yet) there."""

    ref: str
    relation: str
    kind: str = ""
    title: str | None = None
    superseded_by: tuple[str, ...] = ()
    """Ids of those that stand in the place of the other end."""


@dataclass
class Neighbours:
    """What an entry links to, and what links to it."""

    outgoing: list[LinkView] = field(default_factory=list)
    incoming: list[LinkView] = field(default_factory=list)


def neighbours(session: Session, view: EntryView, reader: Reader) -> Neighbours:
    """The links of a published entry, both ways, with the titles the reader may see."""
    links = select(Reference.target, Reference.relation).where(Reference.revision_id == view.revision_id)
    outgoing = [(ref, relation) for ref, relation in session.execute(links) if ref not in view.withheld]
    titles = titles_of(session, (ref for ref, _ in outgoing), reader)
    incoming = session.execute(
        select(Entry.ref, Reference.relation, Entry.kind, Revision.title)
        .join(Revision, Revision.entry_id == Entry.id)
        .join(Reference, Reference.revision_id == Revision.id)
        .where(Reference.target == view.ref, PUBLISHED, reader.visible)
        .order_by(Entry.kind, Entry.ref)
    ).all()
    instead = superseding(session, {ref for ref, _ in outgoing} | {row.ref for row in incoming}, reader)
    return Neighbours(
        outgoing=[
            replace(LinkView(ref, relation, *titles.get(ref, ("", None))), superseded_by=instead.get(ref, ()))
            for ref, relation in sorted(outgoing)
        ],
        incoming=[
            LinkView(row.ref, row.relation, row.kind, row.title, instead.get(row.ref, ()))
            for row in incoming
            if row.ref not in view.withheld
        ],
    )


def superseding(session: Session, refs: set[str], reader: Reader) -> dict[str, tuple[str, ...]]:
    """Those of the entries in whose place others stand, with those, as far as the reader may see them."""
    query = (
        select(Reference.target, Entry.ref)
        .join(Revision, Reference.revision_id == Revision.id)
        .join(Entry, Revision.entry_id == Entry.id)
        .where(Reference.target.in_(refs), Reference.relation == "supersedes", PUBLISHED, reader.visible)
    )
    found: dict[str, tuple[str, ...]] = {}
    for target, ref in session.execute(query.order_by(Entry.ref)):
        if target[:1] == ref[:1]:  # of one kind: no other link of a masked source is told this way
            found[target] = (*found.get(target, ()), ref)
    return found


def titles_of(session: Session, refs: Iterable[str], reader: Reader) -> dict[str, tuple[str, str]]:
    """(kind, title) of the published entries among `refs`."""
    query = (
        select(Entry.ref, Entry.kind, Revision.title)
        .join(Revision)
        .where(Entry.ref.in_(set(refs)), PUBLISHED, reader.visible)
    )
    return {ref: (kind, title) for ref, kind, title in session.execute(query)}
