"""Attaching files to entries: each kept once, by the hash of its bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from kb.attachments.model import Attachment, RemovedFile, StoredFile
from kb.editing import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from kb.importing.document import Part, Picture
    from kb.model import Entry


def digest_of(data: bytes) -> str:
    """The name by which bytes are kept."""
    return hashlib.sha256(data).hexdigest()


def address_of(picture: Picture) -> str:
    """Where a page finds a picture."""
    return f"/attachments/{picture.digest}.{picture.type}"


def keep(session: Session, data: bytes) -> str:
    """Keeps the bytes unless they are here already; returns their digest."""
    digest = digest_of(data)
    # Held, so that it cannot go meanwhile as one that nothing uses.
    file = session.get(StoredFile, digest, with_for_update=True)
    if file is None:
        session.add(StoredFile(digest=digest, size=len(data), data=data))
    else:
        file.unused_since = None
    session.flush()
    return digest


def attach_original(
    session: Session, entry: Entry, name: str, media: str, digest: str, *, place: str, parts: Sequence[Part],
    by: int | None,
) -> None:  # fmt: skip
    """The document that an entry was made of; `parts` are what a search finds in it for this entry."""
    held = [[part.place, part.text] for part in parts]
    _attach(session, entry, Attachment(
        digest=digest, role="original", name=name, media=media, place=place[:300], parts=held, added_by=by,
    ))  # fmt: skip


def attach_picture(session: Session, entry: Entry, picture: Picture, by: int | None) -> None:
    """A picture of an entry's text."""
    digest = keep(session, picture.data)
    name, media = f"picture-{digest[:8]}.{picture.type}", f"image/{picture.type}"
    _attach(session, entry, Attachment(
        digest=digest, role="picture", name=name, media=media, place="", parts=[], added_by=by,
    ))  # fmt: skip


def _attach(session: Session, entry: Entry, attachment: Attachment) -> None:
    # What is there again is removed no more.
    session.execute(
        delete(RemovedFile).where(RemovedFile.entry_id == entry.id, RemovedFile.digest == attachment.digest)
    )
    there = select(Attachment.id).where(
        Attachment.entry_id == entry.id, Attachment.digest == attachment.digest
    )
    if session.scalar(there) is None:
        attachment.entry_id, attachment.added_at = entry.id, now()
        session.add(attachment)
        session.flush()
