"""A CRC-32 of each document of the manifest with its passages: SQLite itself keeps no sums of its pages."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

TABLE = "CREATE TABLE sums (revision_id INTEGER PRIMARY KEY, crc INTEGER NOT NULL);"
_PASSAGES = "SELECT * FROM passages {} ORDER BY revision_id, ordinal"
_DOCUMENTS = "SELECT * FROM documents {} ORDER BY revision_id"


def seal(connection: sqlite3.Connection, revisions: Iterable[int]) -> None:
    """Notes the sums of documents that have just been written."""
    for revision in revisions:
        where = f"WHERE revision_id = {int(revision)}"
        connection.executemany("INSERT OR REPLACE INTO sums VALUES (?, ?)", _sums(connection, where).items())


def unseal(connection: sqlite3.Connection, revisions: Iterable[tuple[int]]) -> None:
    """Forgets the sums of documents that are gone."""
    connection.executemany("DELETE FROM sums WHERE revision_id = ?", revisions)


def broken(connection: sqlite3.Connection) -> list[int]:
    """Documents that are not as they were written, that have no sum, and sums that have no document.

    Reads the whole manifest: a second for 100,000 documents. Raises sqlite3.Error where it cannot.
    """
    known = dict(connection.execute("SELECT revision_id, crc FROM sums"))
    found = _sums(connection)
    return sorted(each for each in {*known, *found} if known.get(each) != found.get(each))


def _sums(connection: sqlite3.Connection, where: str = "") -> dict[int, int]:
    sums: dict[int, int] = {}
    for query in (_PASSAGES, _DOCUMENTS):
        for row in connection.execute(query.format(where)):
            sums[row[0]] = zlib.crc32(repr(row).encode("utf-8", "surrogatepass"), sums.get(row[0], 0))
    return sums
