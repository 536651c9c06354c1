"""SQLite files of the index: opened alike, written in transactions that are through when they end."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def connect(file: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection without transactions of its own, which several threads may share. Raises sqlite3.Error."""
    mode = "ro" if read_only else "rwc"
    if not read_only and not file.exists():
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would let everybody read it
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=15,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA synchronous=FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class Transaction:
    """BEGIN IMMEDIATE at the start, COMMIT or ROLLBACK at the end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __enter__(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, failure: object, *_: object) -> None:
        if failure and not self.connection.in_transaction:
            return  # a full disk has rolled it back already
        self.connection.execute("ROLLBACK" if failure else "COMMIT")
