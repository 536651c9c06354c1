"""Two SQLite files beside the keyword index: the manifest (what is indexed) and the vectors.

The vectors are kept by the hash of the text they stand for, outside the index folder: deleting
the index, or editing one section of a long entry, embeds nothing twice.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import numpy as np

from indexer import analysis, documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from indexer.documents import Document

FORMAT = f"1.{analysis.VERSION}.{documents.VERSION}"
"""An index of another format is rebuilt."""

_MANIFEST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    revision_id INTEGER PRIMARY KEY, stamp TEXT NOT NULL, generation INTEGER NOT NULL, ref TEXT NOT NULL,
    key TEXT NOT NULL, title TEXT NOT NULL, facets TEXT NOT NULL, year INTEGER NOT NULL,
    day INTEGER NOT NULL, due INTEGER NOT NULL, visibility TEXT NOT NULL);
CREATE TABLE passages (
    revision_id INTEGER NOT NULL, ordinal INTEGER NOT NULL, first_word INTEGER NOT NULL,
    digest BLOB NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (revision_id, ordinal)) WITHOUT ROWID;
CREATE INDEX documents_generation ON documents (generation);
CREATE TABLE words (word TEXT PRIMARY KEY, documents INTEGER NOT NULL) WITHOUT ROWID;
"""
# With row ids: SQLite keeps at most a quarter of a page of a row without them where it belongs, and
# gives the rest of each vector a page of its own.
_VECTORS = "CREATE TABLE IF NOT EXISTS vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL)"


def _connect(file: Path, *, read_only: bool = False) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=15,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA synchronous=FULL")
    return connection


class Manifest:
    """What the index holds, with the passages' texts. The last thing written of every commit."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.file = folder / "manifest.sqlite"
        self.connection = _connect(self.file, read_only=read_only)

    def create(self, encoder: str) -> None:
        """Makes the tables of an empty manifest for vectors of this encoder."""
        self.connection.executescript(f"BEGIN; {_MANIFEST} COMMIT;")
        with self.transaction():
            rows = [("format", FORMAT), ("encoder", encoder), ("generation", "0"), ("complete", "no")]
            self.connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)

    def transaction(self) -> Transaction:
        """A context: commits at its end, rolls back on an error."""
        return Transaction(self.connection)

    def meta(self, name: str) -> str | None:
        """A value of the table meta."""
        row = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def generation_or_none(self) -> int | None:
        """The generation; None before `create`."""
        exists = self.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        return self.generation if exists else None

    @property
    def generation(self) -> int:
        """Counted up by every commit."""
        return int(self.meta("generation") or 0)

    def fits(self, encoder: str | None) -> bool:
        """Whether the index was made by this version of the code, for this encoder (any, if None)."""
        try:
            return self.meta("format") == FORMAT and encoder in {None, self.meta("encoder")}
        except sqlite3.DatabaseError:
            return False

    @property
    def complete(self) -> bool:
        """Whether the last large pass came to its end."""
        return self.meta("complete") == "yes"

    def set_complete(self, complete: bool) -> None:
        """Says that a large pass begins (no) or has ended (yes); counts as a commit."""
        with self.transaction():
            self.connection.execute(
                "UPDATE meta SET value = ? WHERE name = 'complete'", ("yes" if complete else "no",)
            )
            self.connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")

    def stamps(self) -> dict[int, str]:
        """Revision id -> stamp of every document."""
        return dict(self.connection.execute("SELECT revision_id, stamp FROM documents"))

    def write(self, add: Iterable[Document], remove: Iterable[int]) -> None:
        """One commit: the documents and passages, the word counts, the next generation."""
        add = list(add)
        with self.transaction():
            generation = self.generation + 1
            gone = [(revision,) for revision in {*remove, *(document.revision_id for document in add)}]
            self._count_words(gone, -1)
            self.connection.executemany("DELETE FROM documents WHERE revision_id = ?", gone)
            self.connection.executemany("DELETE FROM passages WHERE revision_id = ?", gone)
            self.connection.executemany(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (_row(d, generation) for d in add),
            )
            self.connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", _passage_rows(add))
            self._count_words([(document.revision_id,) for document in add], 1)
            self.connection.execute("UPDATE meta SET value = ? WHERE name = 'generation'", (str(generation),))

    def _count_words(self, revisions: list[tuple[int]], sign: int) -> None:
        counts: dict[str, int] = {}
        for (revision,) in revisions:
            title = self.connection.execute(
                "SELECT title FROM documents WHERE revision_id = ?", (revision,)
            ).fetchone()
            if title is None:
                continue
            texts = [title[0], *(text for _, text in self.passages(revision))]
            for word in {analysis.fold(word) for text in texts for word in analysis.distinct_words(text)}:
                counts[word] = counts.get(word, 0) + sign
        self.connection.executemany(
            "INSERT INTO words VALUES (?, ?)"
            " ON CONFLICT (word) DO UPDATE SET documents = documents + excluded.documents",
            counts.items(),
        )
        if sign < 0:
            self.connection.execute("DELETE FROM words WHERE documents <= 0")

    def passages(self, revision: int) -> list[tuple[str, str]]:
        """(heading, text) of a document's passages, in order."""
        query = "SELECT heading, text FROM passages WHERE revision_id = ? ORDER BY ordinal"
        return self.connection.execute(query, (revision,)).fetchall()

    def first_words(self, revisions: Sequence[int]) -> dict[int, list[int]]:
        """Revision id -> number of the first word of each passage within the document's text."""
        found: dict[int, list[int]] = {revision: [] for revision in revisions}
        marks = _marks(revisions)
        query = (
            f"SELECT revision_id, first_word FROM passages WHERE revision_id IN ({marks})"  # noqa: S608  marks only
            " ORDER BY revision_id, ordinal"
        )
        for revision, first_word in self.connection.execute(query, revisions).fetchall():
            found[revision].append(first_word)
        return found

    def passages_at(self, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], tuple[str, str]]:
        """(revision id, number of a passage within it) -> its (heading, text), in one query."""
        if not places:
            return {}
        query = (
            f"WITH wanted (revision, number) AS (VALUES {_marks(places, '(?, ?)')})"  # noqa: S608  marks only
            " SELECT revision_id, ordinal, heading, text FROM wanted CROSS JOIN passages"
            " ON revision_id = revision AND ordinal = number"
        )
        flat = [number for place in places for number in place]
        rows = self.connection.execute(query, flat).fetchall()
        return {(revision, ordinal): (heading, text) for revision, ordinal, heading, text in rows}

    def digests(self) -> Iterator[bytes]:
        """What every passage's vector is kept by."""
        return (digest for (digest,) in self.connection.execute("SELECT digest FROM passages"))

    def close(self) -> None:
        """Closes the file."""
        self.connection.close()


def _marks(values: Sequence[object], mark: str = "?") -> str:
    return ", ".join([mark] * len(values))


class Transaction:
    """BEGIN IMMEDIATE at the start, COMMIT or ROLLBACK at the end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __enter__(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, failure: object, *_: object) -> None:
        self.connection.execute("ROLLBACK" if failure else "COMMIT")


def _row(document: Document, generation: int) -> tuple[object, ...]:
    facets = json.dumps(document.facets, ensure_ascii=False)
    head = (
        document.revision_id,
        document.stamp,
        generation,
        document.ref,
        document.key,
        document.title,
        facets,
    )
    return (*head, document.year, document.day, document.due, document.visibility)


def _passage_rows(added: list[Document]) -> Iterator[tuple[object, ...]]:
    for document in added:
        for ordinal, passage in enumerate(document.passages):
            place = document.revision_id, ordinal, passage.first_word
            yield *place, passage.digest, passage.heading, passage.text


class VectorStore:
    """Vectors of passages by digest, float32, for one encoder."""

    def __init__(self, file: Path, encoder: str, *, read_only: bool = False) -> None:
        self.connection = _connect(file.with_name(f"{file.stem}-{encoder[:12]}.sqlite"), read_only=read_only)
        if not read_only:
            self.connection.execute(_VECTORS)

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
