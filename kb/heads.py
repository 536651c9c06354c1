"""What an index must know of every published revision, whoever may see it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.attachments.reading import files_named
from kb.model import PUBLISHED, Entry, Revision
from kb.reading import OPERATOR
from kb.visibility import audiences

if TYPE_CHECKING:
    from kb.database import Database
    from kb.reading import Reader


ROWS = 2_000


def published_heads(database: Database, reader: Reader = OPERATOR) -> dict[int, str]:
    """Revision -> stamp, of every published revision that the reader may see, in order.

    The stamp changes whenever anything changes that an index holds. Indexes hold all: searching is filtered.

    Read in short transactions: with SQLite each of them keeps whoever wants to commit waiting, and who waits
    keeps new readers out. What is committed in between moves the change stamp, so that another look follows.
    """
    # The digest too: after a restore another text may stand under the same number.
    columns = (
        Revision.id, Entry.id, Revision.digest, Entry.ref, Entry.visibility, Entry.verified_on,
        Entry.verify_months, Entry.key, Entry.owner, Entry.mask_source, Revision.anonymous,
    )  # fmt: skip
    query = select(*columns).join(Entry).where(PUBLISHED, reader.visible).order_by(Revision.id).limit(ROWS)
    with database.read() as session:
        readers, files = audiences(session), files_named(session)
    found: dict[int, str] = {}
    last = 0
    while True:
        with database.read() as session:
            rows = session.connection().execute(query.where(Revision.id > last)).all()
        for revision_id, entry_id, *meta in rows:
            held = (*meta, readers.get(entry_id, ()), *files.get(entry_id, ()))
            found[revision_id] = hashlib.sha256(repr(held).encode()).hexdigest()[:16]
        if len(rows) < ROWS:
            return found
        last = rows[-1][0]
