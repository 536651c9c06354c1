"""`kill -9` at random moments under writes: nothing acknowledged is lost, nothing is broken."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.consistency import differences
from kb.backups.sqlite_copy import faults
from tests.torture.acknowledged import Acknowledged
from tests.torture.places import Verdict

if TYPE_CHECKING:
    from tests.torture.places import Place, Torture

MOMENTS = (0.05, 2.5)
"""Seconds after the first write at which both are killed. The indexer starts within the first second."""


def run(torture: Torture) -> list[Verdict]:
    """Kills writer and indexer, and looks at what they leave, again and again on the same home."""
    place, chance = torture.place("killing"), random.Random(1)
    acknowledged, wrong = Acknowledged(), list[str]()
    for number in range(torture.sizes.rounds):
        lines, died = _round(place, chance, number)
        acknowledged.add(lines)
        wrong += [f"round {number}: {fault}" for fault in died]
        wrong += [f"round {number}: {fault}" for fault in _look(place, acknowledged)]
        if number % 20 == 19:
            torture.say(f"{number + 1} rounds, {acknowledged.count:,} writes, {len(wrong)} faults")
    figure = f"{torture.sizes.rounds} rounds, {acknowledged.count:,} acknowledged writes: " + (
        "none lost, integrity_check ok and index consistent after each" if not wrong else "; ".join(wrong[:3])
    )
    return [Verdict("kill -9 at random moments under writes", figure, not wrong)]


def _round(place: Place, chance: random.Random, number: int) -> tuple[list[str], list[str]]:
    """The lines that the writer got out before it was killed, and what had ended before that."""
    writer = place.start("tests.torture.writing", str(number))
    indexer = place.start("web", "sync", "--watch")
    processes = [writer, indexer]
    died: list[str] = []
    try:
        first = writer.stdout.readline()
        time.sleep(chance.uniform(*MOMENTS))
        names = {writer.pid: "writer", indexer.pid: "indexer"}
        died = [f"the {names[each.pid]} ended by itself" for each in processes if each.poll() is not None]
        chance.shuffle(processes)
    finally:
        for process in processes:
            process.kill()
    lines = [first, *writer.stdout.readlines()]
    for process in processes:
        process.communicate()
    return lines, died


def _look(place: Place, acknowledged: Acknowledged) -> list[str]:
    with place.database() as database:
        lost = [f"{each.ref} revision {each.number} is lost" for each in acknowledged.lost(database)]
        broken = faults(Path(database.url.database or ""))
        place.index(database)
        return [*lost, *broken, *differences(place.settings, database, place.embedder)]
