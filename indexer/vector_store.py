"""The vectors of passages, kept by the hash of the text they stand for.

They lie outside the index folder: deleting the index, or editing one section of a long entry, embeds
nothing twice.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np

from indexer.connections import Transaction, connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray

# With row ids: SQLite keeps at most a quarter of a page of a row without them where it belongs, and
# gives the rest of each vector a page of its own.
_TABLE = "CREATE TABLE IF NOT EXISTS vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL)"


UNIT = 1e-3
"""How far a vector's length may be from one."""


def vectors_file(file: Path, encoder: str) -> Path:
    """Where the vectors of one encoder are."""
    return file.with_name(f"{file.stem}-{encoder[:12]}.sqlite")


def are_unit(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(rows): which are unit vectors. A flipped bit that turns a vector by more than the byte a number in
    which it is compared changes its length, too.
    """
    with np.errstate(all="ignore"):
        found: NDArray[np.bool_] = np.abs(np.linalg.norm(vectors, axis=1) - 1) < UNIT
    return found


class VectorStore:
    """Vectors of passages by digest, float32, for one encoder."""

    def __init__(self, file: Path, encoder: str, *, read_only: bool = False) -> None:
        self.connection = connect(vectors_file(file, encoder), read_only=read_only)
        if not read_only:
            self.connection.execute(_TABLE)

    @classmethod
    def empty(cls) -> Self:
        """A store without a file."""
        store = cls.__new__(cls)
        store.connection = sqlite3.connect(":memory:")
        store.connection.execute(_TABLE)
        return store

    def missing(self, digests: Iterable[bytes]) -> set[bytes]:
        """Those of the digests that have no vector yet."""
        wanted = set(digests)
        return wanted - {digest for digest, _ in self._select(wanted)}

    def get(self, digests: list[bytes], dimension: int) -> NDArray[np.float32]:
        """(digests, dimension): their vectors in order; zeros where one is missing."""
        found = dict(self._select(set(digests)))
        empty = bytes(4 * dimension)
        flat = b"".join(found.get(digest, empty) for digest in digests)
        return np.frombuffer(flat, np.float32).reshape(len(digests), dimension)

    def put(self, digests: list[bytes], vectors: NDArray[np.float32]) -> None:
        """Keeps the vectors; one transaction."""
        with Transaction(self.connection):
            self.connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                ((digest, vector.tobytes()) for digest, vector in zip(digests, vectors, strict=True)),
            )

    def prune(self, keep: Iterable[bytes]) -> int:
        """Deletes the vectors of all other digests; gives how many. Their room is used again.

        A reader of an older manifest may find zeros for a passage that has just gone, until it
        looks at the manifest again.
        """
        with Transaction(self.connection):
            self.connection.execute("CREATE TEMP TABLE kept (digest BLOB PRIMARY KEY) WITHOUT ROWID")
            self.connection.executemany("INSERT OR IGNORE INTO kept VALUES (?)", ((d,) for d in keep))
            deleted = self.connection.execute(
                "DELETE FROM vectors WHERE digest NOT IN (SELECT digest FROM kept)"
            ).rowcount
            self.connection.execute("DROP TABLE kept")
        return deleted

    def _select(self, digests: set[bytes]) -> Iterator[tuple[bytes, bytes]]:
        ordered = sorted(digests)
        for start in range(0, len(ordered), 500):
            part = ordered[start : start + 500]
            marks = ",".join("?" * len(part))
            yield from self.connection.execute(
                f"SELECT digest, vector FROM vectors WHERE digest IN ({marks})",  # noqa: S608  marks only
                part,
            )

    def close(self) -> None:
        """Closes the file."""
        self.connection.close()
