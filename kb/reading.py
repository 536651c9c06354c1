"""Read queries, every one of them through the reader's permissions."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import exists, func, literal, or_, select, true
from sqlalchemy.orm import contains_eager

from kb.config import MASK_BELOW
from kb.content import Content, make_content
from kb.errors import NotFound
from kb.masking import SHOWN, redacted, withheld
from kb.model import PUBLISHED, VISIBILITIES, Audience, Entry, Revision
from kb.visibility import RESTRICTED, readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session


Verification = Literal["verified", "overdue", "unverified"]
A_CONTRIBUTOR = "A contributor"
"""What stands for the author of an anonymous revision."""


@dataclass(frozen=True)
class Reader:
    """Who is reading, as far as reading needs to know. Two that are equal are shown the same."""

    signed_in: bool = False
    principals: frozenset[str] = frozenset()
    """By what names restricted entries may admit the reader: `role:estimator`, `person:17`."""
    sees_all: bool = False
    """Whether restricted entries are shown without naming the reader."""
    sees_authors: bool = False
    """Whether the reader is told who wrote what is anonymous, and masked sources."""
    mask_below: int = MASK_BELOW
    """How many similar projects must be published before a masked source is shown."""

    @property
    def levels(self) -> tuple[str, ...]:
        """The visibilities that the reader sees whoever they are."""
        if self.sees_all:
            return VISIBILITIES
        return ("public", "signed-in") if self.signed_in else ("public",)

    def may_see(self, visibility: str, readers: Iterable[str] = ()) -> bool:
        """Whether an entry of this visibility, for these readers if restricted, is shown."""
        return visibility in self.levels or not self.principals.isdisjoint(readers)

    @property
    def visible(self) -> ColumnElement[bool]:
        """The same rule as a condition on Entry."""
        if self.sees_all:
            return true()
        if not self.principals:
            return Entry.visibility.in_(self.levels)
        return seen_by(self.levels, self.principals)

    def among(self, named: frozenset[str]) -> Reader:
        """The reader without names that no entry mentions, so that many people are one reader to a cache.

        `named` are the principals of all restricted entries.
        """
        kept = frozenset() if self.sees_all else self.principals & named
        return self if kept == self.principals else replace(self, principals=kept)


def seen_by(levels: Any, principals: Any) -> ColumnElement[bool]:
    """Whether an Entry is shown to a reader with these levels and principals, whatever IN takes."""
    named = exists().where(Audience.entry_id == Entry.id, Audience.principal.in_(principals))
    return or_(Entry.visibility.in_(levels), (Entry.visibility == RESTRICTED) & named)


ANONYMOUS = Reader()
OPERATOR = Reader(signed_in=True, sees_all=True, sees_authors=True)
"""Whoever runs the command line on the server's own machine."""


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
    anonymous: bool = False
    """Whether only some readers are told the author; the others find A_CONTRIBUTOR as `author`."""
    mask_source: bool = False
    readers: tuple[str, ...] = ()
    """Who may see a restricted entry, as stored; empty for readers who are not told."""
    withheld: frozenset[str] = field(default=frozenset(), repr=False)
    """Ids that it must not be seen to be linked with; `stored` is without them."""

    @property
    def source_withheld(self) -> bool:
        """Whether the project that the lesson comes from is not told."""
        return self.kind == "lesson" and bool(self.withheld)

    @property
    def is_confidential(self) -> bool:
        """Whether the reader is told an author who is not told to everybody."""
        return self.anonymous and self.author != A_CONTRIBUTOR

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


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` later; the last day where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def hidden_revisions(session: Session, reader: Reader) -> list[int]:
    """The published revisions that the reader may not see."""
    if reader.sees_all:
        return []
    # Written out too: restricted entries have an index of their own.
    levels = (literal(level, literal_execute=True) for level in VISIBILITIES if level not in reader.levels)
    of_them = or_(*(Entry.visibility == level for level in levels))
    return list(session.scalars(select(Revision.id).join(Entry).where(PUBLISHED, of_them, ~reader.visible)))


def get_entry(session: Session, ref: str, reader: Reader, number: int | None = None) -> EntryView:
    """The published revision of an entry, or the one asked for. Raises NotFound."""
    query = revisions_seen(reader).where(Entry.ref == ref)
    which = PUBLISHED if number is None else Revision.number == number
    views = _views(session, query.where(which, Revision.state.in_(SHOWN)), reader)
    if not views:
        raise NotFound(
            f"There is no published entry {ref}" + (f" with revision {number}." if number else ".")
        )
    return views[0]


def history(session: Session, ref: str, reader: Reader) -> list[EntryView]:
    """The revisions that are or were published, newest first. Raises NotFound when there is none."""
    query = revisions_seen(reader).where(Entry.ref == ref, Revision.state.in_(SHOWN))
    views = _views(session, query.order_by(Revision.number.desc()), reader)
    if not views:
        raise NotFound(f"There is no published entry {ref}.")
    return views


def counts(session: Session, reader: Reader) -> dict[str, int]:
    """How many published entries of each kind the reader may see."""
    query = (
        select(Entry.kind, func.count()).join(Revision).where(PUBLISHED, reader.visible).group_by(Entry.kind)
    )
    return dict(session.execute(query).all())


def newest(session: Session, reader: Reader, limit: int = 8, of_a_kind: int = 3) -> list[EntryView]:
    """The entries published last, at most `of_a_kind` of each kind: a load of projects hides no lesson."""
    latest = (Revision.decided_at.desc(), Revision.id.desc())
    place = func.row_number().over(partition_by=Entry.kind, order_by=latest)
    ranked = select(Revision.id, place.label("place")).join(Entry).where(PUBLISHED, reader.visible).subquery()
    query = revisions_seen(reader).join(ranked, ranked.c.id == Revision.id).where(ranked.c.place <= of_a_kind)
    order = (Revision.decided_at.desc(), ranked.c.place, Revision.id.desc())
    return _views(session, query.order_by(*order).limit(limit), reader)


def list_entries(
    session: Session, reader: Reader, kind: str | None, offset: int, limit: int
) -> list[EntryView]:
    """Published entries in the order of their ids, a page at a time."""
    query = revisions_seen(reader).where(PUBLISHED)
    if kind:
        query = query.where(Entry.kind == kind)
    page = query.order_by(Entry.kind, func.length(Entry.ref), Entry.ref).offset(offset).limit(limit)
    return _views(session, page, reader)


def as_shown(session: Session, views: list[EntryView], reader: Reader) -> list[EntryView]:
    """The views as this reader is told them: some without author, key or source, some with their readers."""
    secret = withheld(session, (view.ref for view in views), reader)
    restricted = [view.ref for view in views if view.visibility == RESTRICTED] if reader.sees_all else []
    named = readers_of(session, restricted)
    changes = [_changes(view, reader, named.get(view.ref, ()), secret.get(view.ref)) for view in views]
    return [replace(view, **change) if change else view for view, change in zip(views, changes, strict=True)]


def _changes(
    view: EntryView, reader: Reader, readers: tuple[str, ...], secret: frozenset[str] | None
) -> dict[str, Any]:
    """What the reader is told differently of a view."""
    changes: dict[str, Any] = {"readers": readers} if readers else {}
    if not reader.sees_authors and (view.anonymous or view.mask_source):
        changes["key"] = None  # where a file stood may tell whose it was
    if not reader.sees_authors and view.anonymous:
        changes["author"] = A_CONTRIBUTOR
    if secret:
        changes |= {"withheld": secret, "stored": redacted(view.stored, secret)}
    return changes


def _views(session: Session, query: Select[Any], reader: Reader) -> list[EntryView]:
    """What the reader is told of the revisions that a query over `revisions_seen` finds."""
    return as_shown(session, [view_of(revision) for revision in session.scalars(query)], reader)


def revisions_seen(reader: Reader) -> Select[Revision]:
    """All revisions, drafts too, of the entries that the reader may see."""
    return select(Revision).join(Revision.entry).options(contains_eager(Revision.entry)).where(reader.visible)


def view_of(revision: Revision) -> EntryView:
    """The whole revision, before `as_shown`."""
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
        anonymous=revision.anonymous,
        mask_source=entry.mask_source,
    )
