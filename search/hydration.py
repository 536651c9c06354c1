"""From revision ids to what readers see of them, with the database as the last gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.published import fetch_revisions
from search.caching import Cache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.database import Database
    from kb.reading import EntryView, Reader

CACHED_VIEWS = 2048
"""About 10 MB of entries of ordinary length."""


class Views:
    """Published revisions, remembered until the database's change stamp moves. Thread safe."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._views: Cache[tuple[int, Reader], EntryView] = Cache(CACHED_VIEWS)

    def get(self, revisions: Sequence[int], reader: Reader, stamp: int) -> dict[int, EntryView]:
        """Those of the revisions that are published and that the reader may see, by id, as the reader is
        told them.

        `stamp` is the change stamp as this search has read it. A revision's state, owner, visibility and
        verification change with an edit only, and every edit moves the stamp.
        """
        known = {revision: self._views.get((revision, reader), stamp) for revision in revisions}
        missing = [revision for revision, view in known.items() if view is None]
        views = {revision: view for revision, view in known.items() if view}
        if missing:
            fresh = fetch_revisions(self.database, missing, reader)
            for revision, view in fresh.items():
                self._views.put((revision, reader), view, stamp)
            views |= fresh
        return views
