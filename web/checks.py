"""Checks of a running repository: each has a name, a verdict and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from indexer.snapshot import IndexMissing
from kb import disks
from kb.errors import DatabaseUnavailable
from kb.migrations import HEAD
from kb.reading import ANONYMOUS

if TYPE_CHECKING:
    from kb.database import Database
    from web.services import Finder, Services

PROBE_SECONDS = 1.0
"""How long a check waits for a lock in SQLite: whoever asks gives up after a few seconds."""
Status = Literal["ready", "degraded", "unavailable"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Readiness:
    """Whether requests can be answered. The details name no place and no person: everybody may read them."""

    database: Check
    index: Check
    encoder: Check
    storage: Check

    @property
    def checks(self) -> tuple[Check, ...]:
        """All of them."""
        return self.database, self.index, self.encoder, self.storage

    @property
    def status(self) -> Status:
        """Without the database nothing can be answered; without the others less well."""
        if not self.database.ok:
            return "unavailable"
        return "ready" if all(check.ok for check in self.checks) else "degraded"


def readiness(services: Services) -> Readiness:
    """Looks at the database, the index, the encoder and the disk."""
    database = _database(services.database)
    index, encoder = _index(services.engine, database), _encoder(services.engine)
    return Readiness(database, index, encoder, _storage(services))


def _database(database: Database) -> Check:
    try:
        version = database.version(PROBE_SECONDS)
    except DatabaseUnavailable:
        return Check("database", ok=False, detail="does not answer")
    if version != HEAD:
        words = f"has schema version {version or 'none'}, and this Precedent needs {HEAD}"
        return Check("database", ok=False, detail=words)
    return Check("database", ok=True, detail=f"answers, schema version {version}")


def _index(engine: Finder, database: Check) -> Check:
    if not database.ok:
        return Check("index", ok=False, detail="not known while the database does not serve")
    try:
        status = engine.status(ANONYMOUS)
    except IndexMissing:
        words = "missing; until the index writer has made it, entries are found by plain comparison"
        return Check("index", ok=False, detail=words)
    except DatabaseUnavailable:
        return Check("index", ok=False, detail="not known: the database does not answer")
    words = f"{status.documents:,} entries, {status.behind:,} behind the repository"
    if not status.complete:
        return Check("index", ok=False, detail=f"being made: {words}")
    return Check("index", ok=True, detail=words)


def _encoder(engine: Finder) -> Check:
    if engine.knows_meaning:
        return Check("encoder", ok=True, detail="there")
    return Check("encoder", ok=False, detail="missing or broken; searching by words only")


def _storage(services: Services) -> Check:
    places = (services.settings.home, services.database.file)
    fault = next((found for place in places if place is not None and (found := disks.fault(place))), "")
    if fault:
        return Check("storage", ok=False, detail=f"nothing can be stored: {fault}")
    return Check("storage", ok=True, detail="takes what is written")
