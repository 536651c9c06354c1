"""What the index writer's process does beside: telling what is due, sending mail, forgetting what is old."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from indexer.snapshot import IndexMissing, SnapshotSource
from indexer.store import generation_of
from kb.actions.reminding import remind
from kb.adoptions.telling import tell_adopters
from kb.assigning.telling import remind as remind_of_paths
from kb.attachments.removing import forget_removed
from kb.attachments.unused import forget_unused
from kb.duplicates.listing import replace_pairs
from kb.notices.due import tell_due
from kb.notices.reading import forget_old
from kb.people.limits import forget_used
from kb.statements.outbox import forget_statements
from kb.taxonomy.changing import reapply
from kb.usage.counting import forget_counts
from search.demand import gather_demand
from search.duplicates import find_duplicates
from web.commands import open_embedder_if_any
from web.mailing.sending import send_due
from web.memory import SECONDS, Spare
from web.record_store import tell_due as tell_store_due

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.config import Settings
    from kb.database import Database

logger = logging.getLogger(__name__)
HOUR = 3600.0
POST_SECONDS = 20.0
"""How often it is looked whether a mail, or a statement for the record store, is due."""
LOOK_SECONDS = 30.0
"""How often it is asked whether entries have changed that may look alike."""
SHARE = 20
"""Times as long as a look took, nothing is looked at again."""


def start_chores(settings: Settings, database: Database, stopped: threading.Event) -> threading.Thread:
    """Does the hourly chores now and every hour until `stopped`, beside whoever calls; mail goes at once."""
    look = DuplicateLook(settings, database)

    def chores() -> None:
        hourly(database, settings.search_days)
        gather(settings, database)

    if settings.sends_mail:
        post = partial(send_due, settings, database)
        threading.Thread(target=every, args=(POST_SECONDS, stopped, post), daemon=True).start()
    if settings.records_learning:
        tell = partial(tell_store_due, settings, database)
        threading.Thread(target=every, args=(POST_SECONDS, stopped, tell), daemon=True).start()
    threading.Thread(target=every, args=(LOOK_SECONDS, stopped, look.again), daemon=True).start()
    threading.Thread(target=every, args=(SECONDS, stopped, Spare().give_back), daemon=True).start()
    thread = threading.Thread(target=every, args=(HOUR, stopped, chores), daemon=True)
    thread.start()
    return thread


@dataclass
class DuplicateLook:
    """Looks for duplicates again when entries have changed or the index has come after, for a twentieth of
    the time at most.
    """

    settings: Settings
    database: Database
    seen: tuple[int, int | None] | None = None
    """Change stamp of the records and generation of the index when it was last looked."""
    next_at: float = 0.0

    def again(self) -> int | None:
        """How many pairs there are now; None when there was no need to look, or no index yet."""
        stands = self.database.change_stamp(), generation_of(self.settings.index_folder)
        started = time.monotonic()
        if stands == self.seen or started < self.next_at:
            return None
        try:
            found = look_for_duplicates(self.settings, self.database)
        except IndexMissing:
            return None
        self.seen, self.next_at = stands, started + SHARE * (time.monotonic() - started)
        return found


def look_for_duplicates(settings: Settings, database: Database) -> int:
    """Looks through the whole repository and keeps what was found. Raises IndexMissing."""
    embedder = open_embedder_if_any(settings)
    fingerprint, dimension = (embedder.fingerprint, embedder.dimension) if embedder else (None, 1)
    with SnapshotSource(settings, fingerprint, dimension).reading() as snapshot:
        found = find_duplicates(snapshot, database)
    with database.write_aside() as session:
        return replace_pairs(session, found)


def every(seconds: float, stopped: threading.Event, chore: Callable[[], object]) -> None:
    """Does the chore again and again. What goes wrong is logged, and tried again the next time."""
    while not stopped.is_set():
        try:
            chore()
        except Exception:
            # A full disk or a database restart must end neither this thread nor the process.
            logger.exception("what is done every %.0f s could not be done; it is tried again then", seconds)
        stopped.wait(seconds)


def gather(settings: Settings, database: Database) -> int:
    """Puts searches without result together. Returns how many demands are open."""
    return gather_demand(database, open_embedder_if_any(settings))


def hourly(database: Database, search_days: int) -> int:
    """Tells what has become due, and forgets what is old. Returns how many people were told something."""
    reapply(database)
    with database.write_aside() as session:
        today = datetime.now().astimezone().date()
        told = tell_due(session, today) + remind(session, today) + tell_adopters(session)
        told += remind_of_paths(session, today)
        forget_old(session)
        forget_statements(session)
        forget_used(session)
        forget_removed(session)
        forget_counts(session, today, search_days)
    forget_unused(database)
    return told
