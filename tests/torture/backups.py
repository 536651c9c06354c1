"""Online backups while somebody writes, each restored into an empty home and looked at."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.consistency import differences
from kb.backups.sqlite_copy import faults
from tests.fixtures.postgres import cluster, find_binaries
from tests.torture.places import Verdict
from tests.torture.writers import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.torture.acknowledged import Acknowledged
    from tests.torture.places import Place, Torture

ROW = "online backup under write load"


def run(torture: Torture) -> Iterator[Verdict]:
    """One row for each kind of database."""
    place = torture.place("backups")
    yield _torment(torture, place, "SQLite", lambda number: torture.place(f"restored-{number}"))
    if find_binaries() is None:
        yield Verdict(f"{ROW}, PostgreSQL", "it is not installed", good=None)
        return
    with cluster() as made, made.running() as server, server.database() as url:
        place = torture.place("backups-postgresql").on(url)

        def empty(number: int) -> Place:
            server.run("CREATE DATABASE {} TEMPLATE template0", f"restored_{number}")
            return torture.place(f"restored-postgresql-{number}").on(server.url(f"restored_{number}"))

        yield _torment(torture, place, "PostgreSQL", empty)


def _torment(torture: Torture, place: Place, kind: str, empty: Callable[[int], Place]) -> Verdict:
    writer, wrong, rows = Writer(place, 1), list[str](), 0
    try:
        for number in range(torture.sizes.backups):
            before = writer.acknowledged()
            file = torture.folder / f"{kind}-{number}.backup"
            target = empty(number)
            found = _there_and_back(place, target, file, before, writer)
            wrong += [f"backup {number}: {fault}" for fault in found]
            rows = writer.acknowledged().count
            if rows == before.count:
                wrong.append(f"backup {number}: nothing was written meanwhile")
            shutil.rmtree(target.home)
            torture.say(f"{kind}: backup {number + 1}, {rows:,} writes so far, {len(wrong)} faults")
    finally:
        writer.stop()
    figure = f"{torture.sizes.backups} backups among {rows:,} writes: " + (
        "each restores clean, with every write that was acknowledged before it"
        if not wrong
        else "; ".join(wrong[:3])
    )
    return Verdict(f"{ROW}, {kind}", figure, not wrong)


def _there_and_back(
    place: Place, target: Place, file: Path, before: Acknowledged, writer: Writer
) -> list[str]:
    for done in (place.run("backup", file), target.run("restore", file)):
        if done.returncode != 0:
            return [done.stderr.strip()]
    for vectors in place.home.glob("vectors-*.sqlite"):
        shutil.copy(vectors, target.home)
    with target.database() as database:
        lost = [f"{each.ref} revision {each.number} is lost" for each in before.lost(database)]
        broken = faults(Path(database.url.database or "")) if database.is_sqlite else []
        # Texts are written faster than they are embedded: each round would take twice that before it.
        with writer.resting():
            target.index(database)
        different = differences(target.settings, database, target.embedder)
    for vectors in target.home.glob("vectors-*.sqlite"):
        shutil.copy(vectors, place.home)  # the next one embeds only what is new
    return [*lost, *broken, *different]
