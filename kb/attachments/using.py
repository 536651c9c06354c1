"""What uses the bytes of a file: entries that have it, and texts that show it.

Bytes are kept once, whatever they are attached to, so that one entry's leaving them says little. A file is
used while it is attached to an entry as a document; while it was taken away and can be brought back; while
any revision of an entry that it belongs to shows it, drafts and history included; and while any other text
names it, one that somebody has typed and not saved too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import Text, cast, delete, exists, or_, select

from kb.attachments.model import Attachment, BroughtPicture, RemovedFile, StoredFile
from kb.attachments.pictures import named_in
from kb.desk.model import WorkingCopy
from kb.model import Revision

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session


def entry_has() -> ColumnElement[bool]:
    """Whether an entry has the file, as a condition on StoredFile."""
    belongs = Attachment.digest == StoredFile.digest
    is_shown = cast(Revision.content, Text).contains(StoredFile.digest)
    return or_(
        exists().where(belongs, Attachment.role == "original"),
        exists().where(RemovedFile.digest == StoredFile.digest),
        exists().where(belongs, Revision.entry_id == Attachment.entry_id, is_shown),
    )


def typed(session: Session) -> set[str]:
    """The digests of pictures that are named in what people have typed and not saved."""
    copies = session.scalars(select(WorkingCopy.data))
    return {digest for data in copies for digest in named_in(json.dumps(data))}


def is_used(session: Session, digest: str) -> bool:
    """Whether anything uses the file. Reads every text of the repository where no entry has it."""
    if session.scalar(select(StoredFile.digest).where(StoredFile.digest == digest, entry_has())):
        return True
    naming = select(Revision.id).where(cast(Revision.content, Text).contains(digest)).limit(1)
    return session.scalar(naming) is not None or digest in typed(session)


def throw_away(session: Session, digest: str) -> None:
    """Deletes the bytes, with the rows that say whose picture it was."""
    for table in (Attachment, BroughtPicture, StoredFile):
        session.execute(delete(table).where(table.digest == digest))
