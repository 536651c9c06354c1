"""Files that nothing uses any more: of drafts that were discarded, and of texts that were never saved.

It is noted when a file's last use ends (`using`). KEPT_DAYS later its bytes go for good, as do those of what
was taken away, unless something uses them again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from kb.attachments.model import StoredFile
from kb.attachments.removing import KEPT_DAYS
from kb.attachments.using import entry_has, is_used, throw_away, typed
from kb.people.clock import now

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.database import Database


def forget_unused(database: Database) -> int:
    """Notes which files nothing uses, and deletes what nothing has used for KEPT_DAYS; returns how many went.

    Looking holds no writer up: what became used meanwhile is found so before it is deleted.
    """
    at = now()
    ended = at - timedelta(days=KEPT_DAYS)
    with database.read() as session:
        used = {*session.scalars(select(StoredFile.digest).where(entry_has())), *typed(session)}
        known = session.execute(select(StoredFile.digest, StoredFile.unused_since)).all()
    noted = [digest for digest, since in known if since is None and digest not in used]
    cleared = [digest for digest, since in known if since is not None and digest in used]
    old = [digest for digest, since in known if since is not None and since < ended and digest not in used]
    if not (noted or cleared or old):
        return 0
    with database.write_aside() as session:
        for digest in noted:
            _note(session, digest, at)
        for digest in cleared:
            _note(session, digest, None)
        return sum(_forget(session, digest, ended) for digest in old)


def _forget(session: Session, digest: str, ended: datetime) -> bool:
    """Deletes the file unless something uses it after all."""
    wanted = select(StoredFile).where(StoredFile.digest == digest, StoredFile.unused_since < ended)
    # Held until the end, so that nobody attaches it meanwhile.
    if session.scalar(wanted.with_for_update()) is None:
        return False
    if is_used(session, digest):
        _note(session, digest, now())  # a while passes before all texts are read for it again
        return False
    throw_away(session, digest)
    return True


def _note(session: Session, digest: str, since: datetime | None) -> None:
    session.execute(update(StoredFile).where(StoredFile.digest == digest).values(unused_since=since))
