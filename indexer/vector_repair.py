"""Vectors that are none: found by their length, removed, and made again by the next pass."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from indexer.connections import Transaction
from indexer.vector_store import VectorStore, are_unit, vectors_file

if TYPE_CHECKING:
    from indexer.embedder import Embedder
    from kb.config import Settings

logger = logging.getLogger(__name__)
BATCH = 2_048


def repair(settings: Settings, embedder: Embedder) -> None:
    """Removes vectors that are none, all of them when the file cannot be read.

    Raises sqlite3.OperationalError where the file is locked or the disk fails.
    """
    file = vectors_file(settings.vectors_file, embedder.fingerprint)
    if not file.exists():
        return
    try:
        with closing(VectorStore(settings.vectors_file, embedder.fingerprint)) as store:
            answer = store.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if answer == "ok":
                _remove(store, bad_vectors(store, embedder.dimension))
                return
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        answer = str(error)
    logger.warning("the vectors cannot be read (%s) and are all made again", answer)
    for each in (file, file.with_name(f"{file.name}-journal")):
        each.unlink(missing_ok=True)


def bad_vectors(store: VectorStore, dimension: int) -> list[bytes]:
    """Digests whose vector has not this many numbers or not the length one. Raises sqlite3.Error."""
    bad: list[bytes] = []
    cursor = store.connection.execute("SELECT digest, vector FROM vectors")
    while rows := cursor.fetchmany(BATCH):
        none = bytes(4 * dimension)  # no unit vector either
        fits = [isinstance(vector, bytes) and len(vector) == len(none) for _, vector in rows]
        flat = b"".join(row[1] if fit else none for row, fit in zip(rows, fits, strict=True))
        wrong = ~are_unit(np.frombuffer(flat, np.float32).reshape(-1, dimension))
        bad += [rows[place][0] for place in np.flatnonzero(wrong).tolist()]
    return bad


def _remove(store: VectorStore, digests: list[bytes]) -> None:
    if digests:
        logger.warning("%d vectors are damaged and are made again", len(digests))
        with Transaction(store.connection):
            store.connection.executemany(
                "DELETE FROM vectors WHERE digest = ?", ((digest,) for digest in digests)
            )
