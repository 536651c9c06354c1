"""What a writer has acknowledged, and whether it is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.model import Entry, Revision
from tests.torture.writing import Written, author_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kb.database import Database

ORDER = {"published": 0, "superseded": 1, "archived": 1}
"""A later write, whose acknowledgement was cut off, may have moved a revision on."""


class Acknowledged:
    """Every write that was acknowledged so far."""

    def __init__(self) -> None:
        self.writes: dict[tuple[str, int], Written] = {}
        self.count = 0

    def add(self, lines: Iterable[str]) -> None:
        """Takes the lines of a writer; one that was cut off by its death does not count."""
        for line in lines:
            if line.endswith("\n"):
                written = Written(**json.loads(line))
                self.writes[written.ref, written.number] = written
                self.count += 1

    def lost(self, database: Database) -> list[Written]:
        """Those that are not there with their text and at least as far in the workflow."""
        query = select(Entry.ref, Revision.number, Revision.state, Revision.digest).join(Revision.entry)
        with database.read() as session:
            found = {(ref, number): (state, digest) for ref, number, state, digest in session.execute(query)}
        return [each for key, each in self.writes.items() if not _holds(each, found.get(key))]

    def strays(self, database: Database, seed: int) -> list[str]:
        """What a writer has left beside: after a write that failed there must be nothing of it."""
        mine = Revision.author == author_of(seed)
        query = select(Entry.ref, Revision.number).join(Revision.entry).where(mine)
        with database.read() as session:
            rows = {(ref, number) for ref, number in session.execute(query)}
        return [f"{ref} revision {number}" for ref, number in sorted(rows - set(self.writes))]


def _holds(written: Written, row: tuple[str, str] | None) -> bool:
    if row is None or row[1] != written.digest:
        return False
    return ORDER.get(row[0], -1) >= ORDER[written.state]
