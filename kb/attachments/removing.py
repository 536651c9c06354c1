"""Files that people take away from an entry, bring back, or delete for good.

What is taken away is kept for a while and shown to nobody: searches do not find it, and its address leads
nowhere. Who may attach files to the entry may bring it back, with what searches found in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.attachments.attaching import check_is_new, entry_for_files, original_of, shown_to
from kb.attachments.model import Attachment, BroughtPicture, RemovedFile, StoredFile
from kb.attachments.reading import view_of
from kb.attachments.using import is_used, throw_away
from kb.errors import NotFound
from kb.model import Entry
from kb.people.audit import note
from kb.people.clock import now
from kb.people.roles import OPERATOR

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.attachments.reading import AttachmentView
    from kb.database import Database
    from kb.people.audit import Origin
    from kb.people.roles import Person

KEPT_DAYS = 30
MOST_KEPT = 50
"""Of one entry; the file that was removed first goes when there is one more."""
_COPIED = ("entry_id", "digest", "name", "media", "place", "parts", "added_by", "added_at")


@dataclass(frozen=True)
class RemovedView:
    """A file that was taken away."""

    digest: str
    name: str
    media: str
    size: int
    removed_at: datetime

    @property
    def kept_until(self) -> datetime:
        """When it goes for good."""
        return self.removed_at + timedelta(days=KEPT_DAYS)


def detach(database: Database, origin: Origin, ref: str, digest: str) -> str:
    """Takes a file away from an entry; returns its name. It can be brought back for KEPT_DAYS.

    Raises NotFound, NotAllowed.
    """
    with database.write() as session:
        entry = entry_for_files(session, origin.person, ref)
        row = session.scalar(original_of(entry, digest))
        if row is None:
            raise NotFound(f"{ref} has no such file.")
        session.add(RemovedFile(removed_at=now(), **{name: getattr(row, name) for name in _COPIED}))
        session.delete(row)
        session.flush()
        for old in _kept(session, entry)[MOST_KEPT:]:
            _erase(session, old)
        note(session, origin, "remove file", ref, file=row.name, digest=digest[:12])
        return row.name


def removed_files(session: Session, person: Person, ref: str) -> list[RemovedView]:
    """What was taken away from the entry and can be brought back, latest first.

    Raises NotFound, NotAllowed.
    """
    found = _kept(session, entry_for_files(session, person, ref), person)
    sizes = select(StoredFile.digest, StoredFile.size).where(
        StoredFile.digest.in_([row.digest for row in found])
    )
    size = dict(session.execute(sizes).all())
    return [RemovedView(row.digest, row.name, row.media, size[row.digest], row.removed_at) for row in found]


def bring_back(database: Database, origin: Origin, ref: str, digest: str) -> AttachmentView:
    """Attaches again what was taken away.

    Raises NotFound, NotAllowed, InvalidRecord where there is no room.
    """
    with database.write() as session:
        entry = entry_for_files(session, origin.person, ref)
        row = _find(session, entry, digest)
        check_is_new(session, entry, digest)
        back = Attachment(role="original", **{name: getattr(row, name) for name in _COPIED})
        session.add(back)
        session.delete(row)
        session.flush()
        note(session, origin, "bring file back", ref, file=back.name, digest=digest[:12])
        size = session.scalar(select(StoredFile.size).where(StoredFile.digest == digest))
        return view_of(back, size or 0)


def erase(database: Database, origin: Origin, ref: str, digest: str) -> str:
    """Deletes for good what was taken away; returns its name. Its bytes go with the last entry that has it.

    Raises NotFound, NotAllowed.
    """
    with database.write_aside() as session:
        row = _find(session, entry_for_files(session, origin.person, ref), digest)
        _erase(session, row)
        note(session, origin, "delete file", ref, file=row.name, digest=digest[:12])
        return row.name


def forget_removed(session: Session) -> None:
    """Deletes for good what was taken away too long ago."""
    old = select(RemovedFile).where(RemovedFile.removed_at < now() - timedelta(days=KEPT_DAYS))
    for row in session.scalars(old).all():
        _erase(session, row)


def _kept(session: Session, entry: Entry, person: Person = OPERATOR) -> list[RemovedFile]:
    """What of the entry was removed and is named to the person."""
    query = select(RemovedFile).join(Entry, RemovedFile.entry_id == Entry.id)
    query = query.where(RemovedFile.entry_id == entry.id, shown_to(person, RemovedFile.added_by))
    latest_first = (RemovedFile.removed_at.desc(), RemovedFile.id.desc())
    return list(session.scalars(query.order_by(*latest_first)))


def _find(session: Session, entry: Entry, digest: str) -> RemovedFile:
    mine = (RemovedFile.entry_id == entry.id, RemovedFile.digest == digest)
    row = session.scalar(select(RemovedFile).where(*mine))
    if row is None:
        raise NotFound(f"No such file was removed from {entry.ref}.")
    return row


def _erase(session: Session, row: RemovedFile) -> None:
    session.delete(row)
    session.flush()
    brought = select(BroughtPicture.digest).where(BroughtPicture.digest == row.digest)
    if session.scalar(brought.limit(1)) is None and not is_used(session, row.digest):
        throw_away(session, row.digest)
