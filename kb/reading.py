"""Read queries, every one of them through the reader's permissions."""

from __future__ import annotations

import calendar
import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import bindparam, func, or_, select, true
from sqlalchemy.orm import contains_eager

from kb.content import Content, make_content
from kb.errors import NotFound
from kb.model import Entry, Reference, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session


Verification = Literal["verified", "overdue", "unverified"]


@dataclass(frozen=True)
class Reader:
    """Who is reading, as far as reading needs to know."""

    signed_in: bool = False

    def may_see(self, visibility: str) -> bool:
        """Whether an entry of this visibility is shown to the reader."""
        return visibility == "public" or self.signed_in

    @property
    def visible(self) -> ColumnElement[bool]:
        """The same rule as a condition on Entry."""
        return true() if self.signed_in else Entry.visibility == "public"


ANONYMOUS = Reader()
OPERATOR = Reader(signed_in=True)
"""Whoever runs the command line on the server's own machine."""


@dataclass(frozen=True)
class Head:
    """A published revision and what an index must know to tell whether it is up to date."""

    revision_id: int
    stamp: str
    """Changes whenever anything changes that the index holds."""


@dataclass(frozen=True)
class EntryView:
    """A revision of an entry as readers see it."""

    revision_id: int
    ref: str
    kind: str
    number: int
    state: str
    title: str
    stored: dict[str, Any] = field(repr=False)
    """The content as it is stored; `content` is the same, typed."""
    key: str | None
    owner: str
    visibility: str
    verified_on: date | None
    verifier: str
    verify_months: int
    author: str
    created_at: datetime
    decided_at: datetime | None
    note: str = ""

    @cached_property
    def content(self) -> Content:
        """What the revision says. Typed when first asked for: a list of hits needs the titles only."""
        return make_content(self.kind, self.stored)

    @property
    def due_on(self) -> date | None:
        """The day on which verification runs out; None when never verified."""
        return add_months(self.verified_on, self.verify_months) if self.verified_on else None

    def verification(self, today: date) -> Verification:
        """Whether somebody vouches for the text as of today."""
        if self.due_on is None:
            return "unverified"
        return "verified" if today <= self.due_on else "overdue"


@dataclass(frozen=True)
class LinkView:
    """A link to or from an entry; `title` is None when the other end is not (yet) there."""

    ref: str
    relation: str
    kind: str = ""
    title: str | None = None


@dataclass
class Neighbours:
    """What an entry links to, and what links to it."""

    outgoing: list[LinkView] = field(default_factory=list)
    incoming: list[LinkView] = field(default_factory=list)


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` later; the last day where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def published_heads(session: Session) -> Iterator[Head]:
    """Every published revision, for the index: not filtered by reader, searching is."""
    columns = (Revision.id, Entry.visibility, Entry.verified_on, Entry.verify_months, Entry.key, Entry.owner)
    query = select(*columns).join(Entry).where(Revision.state == "published").order_by(Revision.id)
    for revision_id, *meta in session.execute(query):
        yield Head(revision_id, hashlib.sha256(repr(meta).encode()).hexdigest()[:16])


def get_revisions(session: Session, ids: Iterable[int], reader: Reader) -> dict[int, EntryView]:
    """The published revisions among `ids` that the reader may see, by id."""
    rows = session.execute(_published_views(reader), {"ids": list(ids)})
    return {row.id: EntryView(*row) for row in rows}


def get_entry(session: Session, ref: str, reader: Reader, number: int | None = None) -> EntryView:
    """The published revision of an entry, or the one asked for. Raises NotFound."""
    query = _revisions(reader).where(Entry.ref == ref)
    which = Revision.state == "published" if number is None else Revision.number == number
    # Drafts are not for readers; what once was published is history they may read.
    shown = Revision.state.in_(("published", "superseded"))
    revision = session.scalar(query.where(which, shown))
    if revision is None:
        raise NotFound(
            f"There is no published entry {ref}" + (f" with revision {number}." if number else ".")
        )
    return _view(revision)


def history(session: Session, ref: str, reader: Reader) -> list[EntryView]:
    """The revisions that are or were published, newest first. Raises NotFound when there is none."""
    query = _revisions(reader).where(Entry.ref == ref, Revision.state.in_(("published", "superseded")))
    views = [_view(revision) for revision in session.scalars(query.order_by(Revision.number.desc()))]
    if not views:
        raise NotFound(f"There is no published entry {ref}.")
    return views


def neighbours(session: Session, view: EntryView, reader: Reader) -> Neighbours:
    """The links of a published entry, both ways, with the titles the reader may see."""
    outgoing = session.execute(
        select(Reference.target, Reference.relation).where(Reference.revision_id == view.revision_id)
    ).all()
    titles = titles_of(session, (ref for ref, _ in outgoing), reader)
    incoming = session.execute(
        select(Entry.ref, Reference.relation, Entry.kind, Revision.title)
        .join(Revision, Revision.entry_id == Entry.id)
        .join(Reference, Reference.revision_id == Revision.id)
        .where(Reference.target == view.ref, Revision.state == "published", reader.visible)
        .order_by(Entry.kind, Entry.ref)
    ).all()
    return Neighbours(
        outgoing=[
            LinkView(ref, relation, *titles.get(ref, ("", None))) for ref, relation in sorted(outgoing)
        ],
        incoming=[LinkView(*row) for row in incoming],
    )


def titles_of(session: Session, refs: Iterable[str], reader: Reader) -> dict[str, tuple[str, str]]:
    """(kind, title) of the published entries among `refs`."""
    query = (
        select(Entry.ref, Entry.kind, Revision.title)
        .join(Revision)
        .where(Entry.ref.in_(set(refs)), Revision.state == "published", reader.visible)
    )
    return {ref: (kind, title) for ref, kind, title in session.execute(query)}


def counts(session: Session, reader: Reader) -> dict[str, int]:
    """How many published entries of each kind the reader may see."""
    query = (
        select(Entry.kind, func.count())
        .join(Revision)
        .where(Revision.state == "published", reader.visible)
        .group_by(Entry.kind)
    )
    return dict(session.execute(query).all())


def newest(session: Session, reader: Reader, limit: int = 8, of_a_kind: int = 3) -> list[EntryView]:
    """The entries published last, at most `of_a_kind` of each kind: a load of projects hides no lesson."""
    latest = (Revision.decided_at.desc(), Revision.id.desc())
    place = func.row_number().over(partition_by=Entry.kind, order_by=latest)
    ranked = (
        select(Revision.id, place.label("place"))
        .join(Entry)
        .where(Revision.state == "published", reader.visible)
        .subquery()
    )
    query = _revisions(reader).join(ranked, ranked.c.id == Revision.id).where(ranked.c.place <= of_a_kind)
    order = (Revision.decided_at.desc(), ranked.c.place, Revision.id.desc())
    return [_view(revision) for revision in session.scalars(query.order_by(*order).limit(limit))]


def list_entries(
    session: Session, reader: Reader, kind: str | None, offset: int, limit: int
) -> list[EntryView]:
    """Published entries in the order of their ids, a page at a time."""
    query = _revisions(reader).where(Revision.state == "published")
    if kind:
        query = query.where(Entry.kind == kind)
    page = query.order_by(Entry.kind, func.length(Entry.ref), Entry.ref).offset(offset).limit(limit)
    return [_view(revision) for revision in session.scalars(page)]


def scan(session: Session, words: Iterable[str], reader: Reader, limit: int) -> list[EntryView]:
    """Published entries that contain every word, by plain comparison: what is left without an index."""
    from sqlalchemy import Text, cast

    text = func.lower(cast(Revision.content, Text))
    query = _revisions(reader).where(Revision.state == "published")
    for word in words:
        query = query.where(
            or_(text.contains(word.lower(), autoescape=True), func.lower(Entry.ref) == word.lower())
        )
    return [_view(revision) for revision in session.scalars(query.order_by(Revision.id.desc()).limit(limit))]


@lru_cache(maxsize=2)
def _published_views(reader: Reader) -> Select[Any]:
    """The fields of EntryView, in their order, of the published revisions among the parameter `ids`.

    Columns, and built once: a page of hits needs no objects that can be edited, and writing the
    statement anew takes longer than running it.
    """
    columns = (
        Revision.id, Entry.ref, Entry.kind, Revision.number, Revision.state, Revision.title,
        Revision.content, Entry.key, Entry.owner, Entry.visibility, Entry.verified_on, Entry.verifier,
        Entry.verify_months, Revision.author, Revision.created_at, Revision.decided_at, Revision.note,
    )  # fmt: skip
    among = Revision.id.in_(bindparam("ids", expanding=True))
    return select(*columns).join(Entry).where(among, Revision.state == "published", reader.visible)


def _revisions(reader: Reader) -> Select[Revision]:
    return select(Revision).join(Revision.entry).options(contains_eager(Revision.entry)).where(reader.visible)


def _view(revision: Revision) -> EntryView:
    entry = revision.entry
    return EntryView(
        revision_id=revision.id,
        ref=entry.ref,
        kind=entry.kind,
        number=revision.number,
        state=revision.state,
        title=revision.title,
        stored=revision.content,
        key=entry.key,
        owner=entry.owner,
        visibility=entry.visibility,
        verified_on=entry.verified_on,
        verifier=entry.verifier,
        verify_months=entry.verify_months,
        author=revision.author,
        created_at=revision.created_at,
        decided_at=revision.decided_at,
        note=revision.note,
    )
