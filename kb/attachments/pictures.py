"""Pictures that people put into texts: brought while they write, attached once the text is saved."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.attachments.model import Attachment, BroughtPicture
from kb.attachments.reading import find_file
from kb.attachments.storing import attach_picture, keep
from kb.content import to_json
from kb.desk.model import WorkingCopy
from kb.editing import now
from kb.errors import InvalidRecord, NotAllowed, NotFound
from kb.importing.document import Picture, Unreadable
from kb.importing.sandbox import read_picture
from kb.people.audit import note
from kb.people.limits import PICTURE_OF_PERSON, take
from kb.people.reader import reader_of
from kb.people.roles import require
from kb.validation import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.content import Content
    from kb.database import Database
    from kb.model import Entry
    from kb.people.audit import Origin
    from kb.people.roles import Person

MAX_PICTURE = 10_000_000
"""Bytes of a picture as it is sent."""
MOST = 300
"""Pictures of a person that no saved text holds yet."""
KEPT = timedelta(days=30)
_NAMED = re.compile(r"/attachments/([0-9a-f]{64})\.(?:png|jpeg|webp)")


def bring(database: Database, origin: Origin, data: bytes) -> Picture:
    """Keeps a picture, encoded anew, for a text that is being written; only whoever brought it sees it.

    Raises InvalidRecord, TooMany, NotAllowed.
    """
    person = _account(origin.person)
    with database.write_aside() as session:
        take(session, PICTURE_OF_PERSON, f"#{person}")
    picture = checked(data)
    with database.write_aside() as session:
        _tidy(session, person)
        held = select(func.count()).select_from(BroughtPicture).where(BroughtPicture.user_id == person)
        if (session.scalar(held) or 0) >= MOST:
            raise _refused(f"is one too many: {MOST} of yours are in no saved text yet; save some")
        digest = keep(session, picture.data)
        row = BroughtPicture(user_id=person, digest=digest, type=picture.type, brought_at=now())
        session.merge(row)
        note(session, origin, "bring picture", digest[:12], size=len(picture.data))
    return picture


def checked(data: bytes) -> Picture:
    """A picture as browsers may show it: told by its bytes, read in a process of its own.

    Raises InvalidRecord.
    """
    if not data:
        raise _refused("is missing or empty: choose a picture")
    if len(data) > MAX_PICTURE:
        raise _refused(f"is {len(data) / 1e6:,.1f} MB; at most {MAX_PICTURE / 1e6:.0f} MB")
    try:
        return read_picture(data)
    except Unreadable as error:
        raise _refused(f"cannot be taken. {error}") from None


def attach_named(session: Session, entry: Entry, content: Content, person: Person) -> None:
    """Attaches the pictures that a saved text shows, of those that whoever saves it may see."""
    found = named_in(json.dumps(to_json(content)))
    there = select(Attachment.digest).where(Attachment.entry_id == entry.id, Attachment.digest.in_(found))
    for digest in sorted(found - set(session.scalars(there))):
        try:
            file = find_file(session, digest, reader_of(person), person)
        except NotFound:
            continue
        if file.view.is_picture:
            kind = file.view.media.removeprefix("image/")
            attach_picture(session, entry, Picture(kind, file.data), person.id)  # type: ignore[arg-type]


def named_in(text: str) -> set[str]:
    """The digests of the pictures that a text names."""
    return set(_NAMED.findall(text))


def _tidy(session: Session, person: int) -> None:
    """Forgets that the person brought pictures which are in a saved text by now, or for a month in none, nor
    in what is being written. Their bytes go when nothing has used them for a while (`unused`).
    """
    rows = session.scalars(select(BroughtPicture).where(BroughtPicture.user_id == person)).all()
    copies = session.scalars(select(WorkingCopy.data).where(WorkingCopy.user_id == person)).all()
    written = "".join(map(repr, copies))
    for row in rows:
        mine = select(Attachment.id).where(Attachment.digest == row.digest, Attachment.added_by == person)
        is_saved = session.scalar(mine.limit(1)) is not None
        if is_saved or (row.brought_at < now() - KEPT and row.digest not in written):
            session.delete(row)
    session.flush()


def _account(person: Person) -> int:
    require(person, "contribute")
    if person.id is None:
        raise NotAllowed("Only people with an account bring pictures here.")
    return person.id


def _refused(words: str) -> InvalidRecord:
    return InvalidRecord([Problem("file", words)])
