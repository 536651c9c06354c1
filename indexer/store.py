"""The manifest: an SQLite file beside the keyword index that says what is indexed, with its texts."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from indexer import analysis, documents, row_sums
from indexer.connections import Transaction, connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from indexer.documents import Document

FORMAT = f"2.{analysis.VERSION}.{documents.VERSION}"
"""An index of another format is rebuilt."""

_MANIFEST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    revision_id INTEGER PRIMARY KEY, stamp TEXT NOT NULL, generation INTEGER NOT NULL, ref TEXT NOT NULL,
    key TEXT NOT NULL, title TEXT NOT NULL, facets TEXT NOT NULL, year INTEGER NOT NULL,
    day INTEGER NOT NULL, due INTEGER NOT NULL, audience TEXT NOT NULL);
CREATE TABLE passages (
    revision_id INTEGER NOT NULL, ordinal INTEGER NOT NULL, first_word INTEGER NOT NULL,
    digest BLOB NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (revision_id, ordinal)) WITHOUT ROWID;
CREATE INDEX documents_generation ON documents (generation);
CREATE TABLE words (
    word TEXT NOT NULL, audience TEXT NOT NULL, documents INTEGER NOT NULL,
    PRIMARY KEY (word, audience)) WITHOUT ROWID;
"""


class Manifest:
    """What the index holds, with the passages' texts. The last thing written of every commit."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.file = folder / "manifest.sqlite"
        self.connection = connect(self.file, read_only=read_only)

    def create(self, encoder: str) -> None:
        """Makes the tables of an empty manifest for vectors of this encoder."""
        self.connection.executescript(f"BEGIN; {_MANIFEST} {row_sums.TABLE} COMMIT;")
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
                (document_row(d, generation) for d in add),
            )
            self.connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", passage_rows(add))
            self._count_words([(document.revision_id,) for document in add], 1)
            row_sums.unseal(self.connection, gone)
            row_sums.seal(self.connection, (document.revision_id for document in add))
            self.connection.execute("UPDATE meta SET value = ? WHERE name = 'generation'", (str(generation),))

    def _count_words(self, revisions: list[tuple[int]], sign: int) -> None:
        counts: dict[tuple[str, str], int] = {}
        for (revision,) in revisions:
            document = self.connection.execute(
                "SELECT title, audience FROM documents WHERE revision_id = ?", (revision,)
            ).fetchone()
            if document is None:
                continue
            title, audience = document
            texts = [title, *(text for _, text in self.passages(revision))]
            for word in {analysis.fold(word) for text in texts for word in analysis.distinct_words(text)}:
                counts[word, audience] = counts.get((word, audience), 0) + sign
        self.connection.executemany(
            "INSERT INTO words VALUES (?, ?, ?)"
            " ON CONFLICT (word, audience) DO UPDATE SET documents = documents + excluded.documents",
            ((word, audience, count) for (word, audience), count in counts.items()),
        )
        if sign < 0:
            self.connection.execute("DELETE FROM words WHERE documents <= 0")

    def words(self) -> list[str]:
        """Every word of the documents, in order."""
        return [word for (word,) in self.connection.execute("SELECT DISTINCT word FROM words ORDER BY word")]

    def audiences_of(self, words: Sequence[str]) -> list[tuple[str, str, int]]:
        """(word, audience, documents): in how many documents of each audience each word stands."""
        query = f"SELECT word, audience, documents FROM words WHERE word IN ({_marks(words)})"  # noqa: S608  marks only
        return self.connection.execute(query, words).fetchall()

    def passages(self, revision: int) -> list[tuple[str, str]]:
        """(heading, text) of a document's passages, in order."""
        query = "SELECT heading, text FROM passages WHERE revision_id = ? ORDER BY ordinal"
        return self.connection.execute(query, (revision,)).fetchall()

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

    def holding(self, digests: set[bytes]) -> set[int]:
        """The documents that hold a passage with one of these digests."""
        rows = self.connection.execute("SELECT revision_id, digest FROM passages")
        return {revision for revision, digest in rows if digest in digests}

    def close(self) -> None:
        """Closes the file."""
        self.connection.close()


def _marks(values: Sequence[object], mark: str = "?") -> str:
    return ", ".join([mark] * len(values))


def generation_of(folder: Path) -> int | None:
    """The generation of the index in a folder; None where there is none that can be read."""
    try:
        with closing(Manifest(folder, read_only=True)) as manifest:
            return manifest.generation_or_none()
    except sqlite3.Error:
        return None


def document_row(document: Document, generation: int) -> tuple[object, ...]:
    """What the table documents holds of a document."""
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
    return (*head, document.year, document.day, document.due, document.audience)


def passage_rows(added: list[Document]) -> Iterator[tuple[object, ...]]:
    """What the table passages holds of documents."""
    for document in added:
        for ordinal, passage in enumerate(document.passages):
            place = document.revision_id, ordinal, passage.first_word
            yield *place, passage.digest, passage.heading, passage.text
