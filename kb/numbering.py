"""Free ids for many new entries of one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.editing import MAX_NUMBER, next_ref
from kb.kinds import KIND_OF_PREFIX, PREFIXES

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class NewRefs:
    """Free ids within one transaction, without asking the database for each."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._highest: dict[str, int] = {}

    def __call__(self, kind: str) -> str:
        """The next free id of a kind."""
        if self._highest.get(kind, MAX_NUMBER) == MAX_NUMBER:
            self._highest[kind] = int(next_ref(self._session, kind)[2:]) - 1
        return f"{PREFIXES[kind]}-{self._highest[kind] + 1:04d}"

    def taken(self, ref: str) -> None:
        """Says that the id exists now."""
        kind = KIND_OF_PREFIX[ref[0]]
        if kind in self._highest:
            self._highest[kind] = max(self._highest[kind], int(ref[2:]))
