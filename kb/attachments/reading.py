"""Reading attachments, through the permissions of whoever asks: those of the entry decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - part of a dataclass that API models read
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, false, or_, select

from kb.attachments.model import Attachment, BroughtPicture, StoredFile
from kb.desk.access import own_id, seen
from kb.desk.model import Handling
from kb.errors import NotFound
from kb.masking import SHOWN
from kb.model import Entry, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from kb.people.roles import Person
    from kb.reading import EntryView, Reader

SHOWN_AS_PICTURES = {"image/png", "image/jpeg", "image/webp"}


@dataclass(frozen=True)
class AttachmentView:
    """A file of an entry, without its bytes."""

    digest: str
    name: str
    media: str
    size: int
    role: str
    place: str
    added_at: datetime

    @property
    def is_picture(self) -> bool:
        """Whether it is one that was encoded anew, which browsers may show."""
        return self.role == "picture" and self.media in SHOWN_AS_PICTURES


@dataclass(frozen=True)
class File:
    """A file with its bytes."""

    view: AttachmentView
    data: bytes


def attachments_of(session: Session, view: EntryView, reader: Reader) -> list[AttachmentView]:
    """The originals of an entry that the reader sees, oldest first. Its pictures stand in its text.

    A document tells who wrote it, and about which project: where the reader is not told, it is not there.
    """
    if not reader.sees_authors and (view.anonymous or view.mask_source):
        return []
    query = (
        select(Attachment, StoredFile.size)
        .join(Entry, Attachment.entry_id == Entry.id)
        .join(StoredFile, Attachment.digest == StoredFile.digest)
        .where(Entry.ref == view.ref, Attachment.role == "original", reader.visible)
        .order_by(Attachment.id)
    )
    return [view_of(row, size) for row, size in session.execute(query)]


def find_file(session: Session, digest: str, reader: Reader, person: Person) -> File:
    """A file of an entry that the reader may see, or that the person brought. Raises NotFound."""
    query = (
        select(Attachment, StoredFile.size)
        .join(Entry, Attachment.entry_id == Entry.id)
        .join(StoredFile, Attachment.digest == StoredFile.digest)
        .where(Attachment.digest == digest, _seen(reader, person))
        # A picture that is an original elsewhere is shown only as what we made of it.
        .order_by(Attachment.role.desc(), Attachment.id)
        .limit(1)
    )
    found = session.execute(query).first()
    if found is None:
        return _brought(session, digest, person)
    data = session.scalar(select(StoredFile.data).where(StoredFile.digest == digest)) or b""
    return File(view_of(*found), data)


def _brought(session: Session, digest: str, person: Person) -> File:
    """A picture that the person put into a text which is not saved yet."""
    row = None
    if person.id is not None and not person.view_as:
        row = session.get(BroughtPicture, (person.id, digest))
    file = session.get(StoredFile, digest) if row else None
    if row is None or file is None:
        raise NotFound("There is no such file.")
    name = f"picture-{digest[:8]}.{row.type}"
    view = AttachmentView(digest, name, f"image/{row.type}", file.size, "picture", "", row.brought_at)
    return File(view, file.data)


def _seen(reader: Reader, person: Person) -> ColumnElement[bool]:
    """Whether the attachment's entry is shown to the reader, and with it its source. Of a text that is still
    worked on, who writes, reviews or curates it is shown its files too.
    """
    shown = exists().where(Revision.entry_id == Entry.id, Revision.state.in_(SHOWN))
    named = or_(Attachment.role == "picture", is_open()) if not reader.sees_authors else Entry.id.is_not(None)
    me = own_id(person)
    mine = Attachment.added_by == me if me is not None else false()
    return or_(and_(reader.visible, or_(shown, _at_desk(person)), named), mine)


def _at_desk(person: Person) -> ColumnElement[bool]:
    """Whether the person sees some revision of the attachment's entry, published or not."""
    if not person.is_known:
        return false()
    theirs = select(Revision.id).outerjoin(Handling, Handling.revision_id == Revision.id)
    return theirs.where(Revision.entry_id == Entry.id, seen(person)).correlate(Entry).exists()


def is_open() -> ColumnElement[bool]:
    """Whether neither the author nor the source of the entry is kept from anybody."""
    veiled = exists().where(Revision.entry_id == Entry.id, Revision.anonymous)
    return and_(~Entry.mask_source, ~veiled)


def view_of(row: Attachment, size: int) -> AttachmentView:
    """The file without its bytes."""
    return AttachmentView(row.digest, row.name, row.media, size, row.role, row.place, row.added_at)


def files_named(session: Session) -> dict[int, tuple[str, ...]]:
    """Digest and name of each file in which a search finds something, by the entry's number."""
    query = (
        select(Attachment.entry_id, Attachment.digest, Attachment.name)
        .join(Entry, Attachment.entry_id == Entry.id)
        .where(Attachment.role == "original", is_open())
        .order_by(Attachment.id)
    )
    found: dict[int, tuple[str, ...]] = {}
    for entry_id, digest, name in session.execute(query):
        found[entry_id] = (*found.get(entry_id, ()), digest, name)
    return found


def texts_of(session: Session, refs: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """What a search finds in the files of these entries: (place, text), in order. For the index, which holds
    everything; of entries that keep author or source to themselves it holds no file.
    """
    wanted = list(refs)
    query = (
        select(Entry.ref, Attachment.name, Attachment.parts)
        .join(Entry, Attachment.entry_id == Entry.id)
        .where(Entry.ref.in_(wanted), Attachment.role == "original", is_open())
        .order_by(Attachment.id)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for ref, name, parts in session.execute(query):
        places = ((f"{name}, {place}" if place else name, text) for place, text in parts)
        found.setdefault(ref, []).extend(places)
    return found
