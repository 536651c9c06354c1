"""A disk that is full or read-only, under a running server and from its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb import disks
from tests.fixtures.disks import small_disk
from tests.torture.asking import UNSTORED, Asked, enrol
from tests.torture.breaking import Ordeal, Trouble
from tests.torture.places import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.disks import Disk
    from tests.torture.places import Place, Torture

MEBIBYTES = 96


def run(torture: Torture) -> Iterator[Verdict]:
    """A full disk, a read-only one, and one that was read-only when the server started."""
    folder = torture.folder / "disk"
    folder.mkdir()
    with small_disk(folder, MEBIBYTES) as disk:
        place = torture.place("home", filled=True, within=folder)
        with place.database() as database:
            visitor = enrol(database)
        stored = set[str]()
        full, locked, started = (
            Ordeal(place, visitor, seed, Asked(stored=stored)) for seed in (1_000, 2_000, 3_000)
        )
        filling, locking = _filling(disk, place, torture.sizes.broken), _locking(disk, torture.sizes.broken)
        with place.serve() as server, torture.progress("Breaking disks", torture.sizes.breaks) as done:
            for number in range(torture.sizes.breaks):
                full.suffer(server, filling)
                if disk.binds:
                    locked.suffer(server, locking)
                done(number + 1)
                torture.say(f"{number + 1} times full and read-only")
        yield full.verdict(f"disk full: {disk.words}")
        if disk.binds:
            yield locked.verdict("disk read-only")
            _start(place, disk, started, locking)
            yield started.verdict("disk read-only as the server starts")
        else:
            yield Verdict("disk read-only", "nothing here keeps this account from writing", good=None)


def _filling(disk: Disk, place: Place, seconds: float) -> Trouble:
    file = disk.folder / "whole.backup"

    def back_up() -> list[str]:
        done = place.run("backup", file)
        left = [each.name for each in disk.folder.glob("*backup*")] if disk.is_real else []
        if disk.is_real and (done.returncode == 0 or left):
            return [f"`precedent backup` ended with {done.returncode} and left {left}: {done.stderr}"]
        return []

    why = UNSTORED + disks.FULL if disk.is_real else UNSTORED
    ready = (200, "storage") if disk.is_real else None
    return Trouble("disk full", disk.fill, disk.free, why, seconds, ready, disk.fill, back_up)


def _locking(disk: Disk, seconds: float) -> Trouble:
    why = UNSTORED + disks.READ_ONLY
    return Trouble("disk read-only", lambda _: disk.lock(), lambda _: disk.unlock(), why, seconds)


def _start(place: Place, disk: Disk, ordeal: Ordeal, locking: Trouble) -> None:
    """Connections that were opened while nothing could be written have to be opened anew."""
    disk.lock()
    try:
        with place.serve() as server:
            ordeal.meanwhile(server, locking)
            disk.unlock()
            ordeal.afterwards(server)
            ordeal.look()
    finally:
        disk.unlock()
