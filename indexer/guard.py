"""Looking whether the index is as it was written: what is damaged is made anew, not believed."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from indexer import commits, row_sums
from indexer.store import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kb.config import Settings

SUSPECTED = "suspected"
"""A file in the index's folder that readers leave when what they read makes no sense."""
GLANCE_SECONDS = 2.0
"""How often files are asked when they were changed."""
LOOK_SECONDS = 3600.0
"""How often all is read without a reason."""
SUSPICION_SECONDS = 30.0
"""How long a suspicion waits at least after the last look: a reader may be wrong again and again."""


def suspect(index_folder: Path) -> None:
    """A reader could make no sense of the index: the writer looks at it when it next wakes."""
    with suppress(OSError):  # gone, or on a read-only disk
        (index_folder / SUSPECTED).touch()


def faults(index_folder: Path, encoder: str | None) -> list[str]:
    """What is damaged in the index, read whole; nothing when all is as it was written."""
    try:
        with closing(Manifest(index_folder, read_only=True)) as manifest:
            if not manifest.fits(encoder):
                return ["the manifest is of another version or encoder"]
            answer = manifest.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if answer != "ok":
                return [f"the manifest is damaged: {answer}"]
            damaged = row_sums.broken(manifest.connection)
    except (sqlite3.Error, OSError, ValueError) as error:
        return [f"the manifest cannot be read: {error}"]
    found = [f"{len(damaged):,} documents of the manifest are damaged"] if damaged else []
    try:
        commits.check(index_folder / "keyword")
    except Exception as error:  # noqa: BLE001  Whoosh raises whatever its broken files lead to
        found.append(f"the keyword index is damaged: {error}")
    return found


class Guard:
    """Knows when the index is to be looked at: at first, when a file has changed that its writer did not
    change, when a reader suspects it, and once in a while.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._looked = self._glanced = -float("inf")
        self._due = True
        self._files: dict[Path, tuple[int, int, int]] = {}

    def is_due(self) -> bool:
        """Whether somebody should look now. Cheap: asks the files a few times a minute."""
        now = time.monotonic()
        if not self._due and now - self._glanced >= GLANCE_SECONDS:
            self._glanced = now
            suspected = (self._settings.index_folder / SUSPECTED).exists()
            self._due = (
                now - self._looked > LOOK_SECONDS
                or (suspected and now - self._looked > SUSPICION_SECONDS)
                or self._states() != self._files
            )
        return self._due

    def doubt(self) -> None:
        """Something is known to be missing: the next pass looks again."""
        self._due = True

    def looked(self) -> None:
        """All has been looked at just now."""
        self._looked, self._due = time.monotonic(), False
        with suppress(OSError):
            (self._settings.index_folder / SUSPECTED).unlink(missing_ok=True)
        self.wrote()

    def wrote(self) -> None:
        """The files are as their writer has just left them."""
        self._files = self._states()

    def _states(self) -> dict[Path, tuple[int, int, int]]:
        found = {}
        for file in self._watched():
            with suppress(OSError):
                stat = file.stat()
                found[file] = stat.st_mtime_ns, stat.st_size, stat.st_ino
        return found

    def _watched(self) -> Iterator[Path]:
        folder = self._settings.index_folder
        yield folder / "manifest.sqlite"
        yield from self._settings.home.glob(f"{self._settings.vectors_file.stem}-*.sqlite")
        with suppress(OSError):
            yield from (file for file in (folder / "keyword").rglob("*") if file.is_file())
