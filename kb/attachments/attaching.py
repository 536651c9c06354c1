"""Files that people attach to an entry: its authors, and whoever sees all drafts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, or_, select, true

from kb.attachments.model import Attachment, StoredFile
from kb.attachments.pictures import checked
from kb.attachments.reading import is_open, view_of
from kb.attachments.storing import attach_original, digest_of, keep
from kb.desk.access import ONCE_PUBLISHED, cases, find_cases, own_id, seen
from kb.desk.model import Handling
from kb.errors import InvalidRecord, NotAllowed, NotFound, Taken
from kb.importing.document import Unreadable
from kb.importing.recognition import MEDIA, TAKEN, clean_name, form_of_name
from kb.importing.sandbox import MAX_UPLOAD, read_document
from kb.model import Entry, Revision
from kb.people.audit import note
from kb.people.limits import IMPORT_OF_PERSON, take
from kb.people.roles import can, require
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from kb.attachments.reading import AttachmentView
    from kb.database import Database
    from kb.importing.document import Part
    from kb.people.audit import Origin
    from kb.people.roles import Person

MOST = 50
"""Files of an entry."""
SECONDS = 25
"""So long a file may take to be read: whoever attaches it waits."""
KINDS = f"{TAKEN}, and pictures: .png, .jpg, .webp, .gif, .bmp and .tiff"


def attach(database: Database, origin: Origin, ref: str, name: str, data: bytes) -> AttachmentView:
    """Attaches a file to an entry; a search finds what stands in a document, a picture is encoded anew.

    Raises NotFound, NotAllowed, InvalidRecord, Taken, TooMany.
    """
    with database.write_aside() as session:
        check_is_new(session, entry_for_files(session, origin.person, ref), digest_of(data))
        if origin.person.id is not None:
            take(session, IMPORT_OF_PERSON, f"#{origin.person.id}")
    shown = clean_name(name)
    media, kept, parts = _read(shown, data)
    with database.write() as session:
        entry = entry_for_files(session, origin.person, ref)
        digest = keep(session, kept)
        check_is_new(session, entry, digest)
        attach_original(session, entry, shown, media, digest, place="", parts=parts, by=origin.person.id)
        note(session, origin, "attach file", ref, file=shown, digest=digest[:12])
        row = session.scalars(original_of(entry, digest)).one()
        return view_of(row, len(kept))


def files_of(session: Session, person: Person, ref: str) -> list[AttachmentView]:
    """Every file of an entry that the person may attach files to; where it keeps author or source to itself,
    those that they added. Raises NotFound, NotAllowed.
    """
    entry = entry_for_files(session, person, ref)
    query = (
        select(Attachment, StoredFile.size)
        .join(Entry, Attachment.entry_id == Entry.id)
        .join(StoredFile, Attachment.digest == StoredFile.digest)
        .where(Attachment.entry_id == entry.id, Attachment.role == "original")
        .where(shown_to(person, Attachment.added_by))
        .order_by(Attachment.id)
    )
    return [view_of(row, size) for row, size in session.execute(query)]


def check_is_new(session: Session, entry: Entry, digest: str) -> None:
    """Raises Taken, and InvalidRecord where there is no room."""
    there = session.scalars(select(Attachment.digest).where(Attachment.entry_id == entry.id)).all()
    if digest in there:
        raise Taken([Problem("file", f"is attached to {entry.ref} already")])
    if len(there) >= MOST:
        raise InvalidRecord([Problem("file", f"is one too many: an entry has at most {MOST}")])


def original_of(entry: Entry, digest: str) -> Select[Attachment]:
    """The file of the entry."""
    return select(Attachment).where(
        Attachment.entry_id == entry.id, Attachment.digest == digest, Attachment.role == "original"
    )


def entry_for_files(session: Session, person: Person, ref: str) -> Entry:
    """The entry, if the person may attach files to it. Readers see them at once: of what is published, who
    only proposes a change is no author yet. Raises NotFound, NotAllowed.
    """
    require(person, "contribute")
    found = find_cases(session, cases().where(Entry.ref == ref, seen(person)).limit(1))
    if not found:
        raise NotFound(f"There is no entry {ref}.")
    entry = found[0].revision.entry
    if can(person, "see drafts"):
        return entry
    me = own_id(person)
    stands = exists().where(Revision.entry_id == entry.id, Revision.state.in_(ONCE_PUBLISHED))
    mine = select(Revision.id).join(Handling, Handling.revision_id == Revision.id)
    mine = mine.where(Revision.entry_id == entry.id, Handling.author_id == me)
    if session.scalar(select(stands)):
        mine = mine.where(Revision.state.in_(ONCE_PUBLISHED))
    if me is None or session.scalar(mine.limit(1)) is None:
        raise NotAllowed("Only its authors and curators attach files to an entry, and take them away.")
    return entry


def shown_to(person: Person, added_by: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Whether a file is named to the person, as a condition over Entry: one tells who wrote it, and where."""
    if can(person, "see authors"):
        return true()
    me = own_id(person)
    return is_open() if me is None else or_(is_open(), added_by == me)


def _read(name: str, data: bytes) -> tuple[str, bytes, Sequence[Part]]:
    """Media type, bytes to keep, and what a search finds in them. Raises InvalidRecord."""
    if not data:
        raise InvalidRecord([Problem("file", "is missing or empty: choose one")])
    if len(data) > MAX_UPLOAD:
        raise InvalidRecord([Problem("file", f"is larger than {MAX_UPLOAD / 1e6:.0f} MB")])
    if form_of_name(name) is None:
        try:
            picture = checked(data)
        except InvalidRecord:
            raise InvalidRecord(
                [Problem("file", f"is of a kind that is not kept; taken are {KINDS}")]
            ) from None
        return f"image/{picture.type}", picture.data, ()
    try:
        document = read_document(name, data, seconds=SECONDS)
    except Unreadable as error:
        raise InvalidRecord([Problem("file", f"cannot be taken. {error}")]) from None
    return MEDIA[document.form], data, document.parts
