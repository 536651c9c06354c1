"""The indexes as they stood at one generation, held by readers and refreshed when it changes."""

from __future__ import annotations

import sqlite3
import threading
from array import array
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from indexer.catalogue import Catalogue, DocumentRow, sorting
from indexer.keyword import KeywordReader
from indexer.quantised import QuantisedMatrix
from indexer.store import Manifest, VectorStore
from indexer.vectors import VectorIndex
from kb.errors import KbError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kb.config import Settings

READ_AT_ONCE = 2_048
"""Vectors held as float32 while the index is read."""
_FRESH = (
    "SELECT revision_id, ref, key, facets, year, day, due, visibility"
    " FROM documents WHERE generation > ? ORDER BY revision_id"
)
# One string: to make an object of each id takes three times as long.
_STANDING = "SELECT group_concat(revision_id) FROM documents WHERE generation <= ?"


class IndexMissing(KbError):
    """There is no index that fits this version and encoder: it has to be (re)built."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} `precedent sync` builds it; `precedent serve` does so by itself.")


@dataclass(frozen=True)
class Snapshot:
    """All that a search reads. Rows are the catalogue's."""

    generation: int
    complete: bool
    """False while the first or another large pass is still under way."""
    manifest: Manifest
    catalogue: Catalogue
    keyword: KeywordReader
    vectors: VectorIndex
    passage_rows: NDArray[np.int32]
    """(vectors): the catalogue row of each passage; passages of a row are neighbours, in order."""

    @cached_property
    def keyword_rows(self) -> NDArray[np.int64]:
        """(keyword rows): the catalogue row of each; len(catalogue) for deleted ones."""
        rows = self.catalogue.rows_of(self.keyword.revisions)
        return np.where(self.keyword.live, rows, len(self.catalogue))

    @cached_property
    def first_passage(self) -> NDArray[np.int64]:
        """(rows + 1): passages of row i are first_passage[i]:first_passage[i + 1]."""
        return np.searchsorted(self.passage_rows, np.arange(len(self.catalogue) + 1))

    def words(self) -> tuple[list[str], list[int]]:
        """Every word of the repository and in how many documents it stands."""
        rows = self.manifest.connection.execute("SELECT word, documents FROM words ORDER BY word").fetchall()
        return [word for word, _ in rows], [count for _, count in rows]


class SnapshotSource:
    """Gives the current snapshot: reloads what changed when the writer has committed."""

    def __init__(self, settings: Settings, encoder: str | None, dimension: int) -> None:
        self.settings, self.encoder, self.dimension = settings, encoder, dimension
        self._lock = threading.Lock()
        self._identity: tuple[int, int] | None = None
        self._snapshot: Snapshot | None = None

    def current(self) -> Snapshot:
        """The snapshot of the last commit. Raises IndexMissing when there is none that fits."""
        identity = self._file_identity()
        snapshot = self._snapshot
        if snapshot and identity == self._identity and self._generation(snapshot) == snapshot.generation:
            return snapshot
        with self._lock:
            snapshot = self._snapshot if identity == self._identity else None
            if snapshot is None or self._generation(snapshot) != snapshot.generation:
                snapshot = self._load(snapshot)
                self._snapshot, self._identity = snapshot, identity
            return snapshot

    def _file_identity(self) -> tuple[int, int]:
        """Tells a rebuilt manifest from the one that is open."""
        try:
            stat = (self.settings.index_folder / "manifest.sqlite").stat()
        except OSError:
            raise IndexMissing("The search index is missing.") from None
        return stat.st_dev, stat.st_ino

    @staticmethod
    def _generation(snapshot: Snapshot) -> int:
        return snapshot.manifest.generation

    def _load(self, old: Snapshot | None) -> Snapshot:
        try:
            manifest = old.manifest if old else Manifest(self.settings.index_folder, read_only=True)
            if not manifest.fits(self.encoder):
                raise IndexMissing("The search index was made by another version.")
            return self._read(manifest, old)
        except (sqlite3.Error, OSError, ValueError, EOFError) as error:
            raise IndexMissing(f"The search index cannot be read ({error}).") from error

    def _read(self, manifest: Manifest, old: Snapshot | None) -> Snapshot:
        manifest.connection.execute("BEGIN")
        try:
            generation, complete = manifest.generation, manifest.complete
            change = _Change.since(old, manifest)
            if old and change.is_empty:
                # The same objects, so that what others derived from them stays valid.
                catalogue, vectors, passage_rows = old.catalogue, old.vectors, old.passage_rows
            else:
                catalogue = change.catalogue()
                vectors, passage_rows = self._vectors(manifest, change, catalogue)
        finally:
            manifest.connection.execute("ROLLBACK")
        keyword = KeywordReader.open(self.settings.index_folder / "keyword", old.keyword if old else None)
        return Snapshot(generation, complete, manifest, catalogue, keyword, vectors, passage_rows)

    def _vectors(
        self, manifest: Manifest, change: _Change, catalogue: Catalogue
    ) -> tuple[VectorIndex, NDArray[np.int32]]:
        """The vectors in catalogue order, and the row of each: only those of new documents are read."""
        if self.encoder is None:
            return VectorIndex(QuantisedMatrix.empty(1)), np.zeros(0, np.int32)
        matrix, revisions = change.kept_passages(self.dimension)
        passage_revisions = array("q", revisions.tobytes())
        cursor = manifest.connection.execute(
            "SELECT revision_id, digest FROM passages WHERE revision_id IN"
            " (SELECT revision_id FROM documents WHERE generation > ?) ORDER BY revision_id, ordinal",
            (change.since_generation,),
        )
        store = VectorStore(self.settings.vectors_file, self.encoder, read_only=True)
        try:
            while passages := cursor.fetchmany(READ_AT_ONCE):
                matrix = matrix.extended(store.get([digest for _, digest in passages], self.dimension))
                passage_revisions.extend(revision for revision, _ in passages)
        finally:
            store.close()
        revisions = np.array(passage_revisions, np.int64)
        order = sorting(revisions)
        if order is not None:
            matrix, revisions = matrix.taken(order), revisions[order]
        return VectorIndex(matrix), catalogue.rows_of(revisions).astype(np.int32)


@dataclass(frozen=True)
class _Change:
    """What became of the documents since the old snapshot (since nothing, if there is none)."""

    old: Snapshot | None
    kept: NDArray[np.bool_]
    """(old rows): which ones still stand as they were."""
    fresh: list[DocumentRow] | Iterator[DocumentRow]
    """The documents of newer generations, by revision id."""

    @classmethod
    def since(cls, old: Snapshot | None, manifest: Manifest) -> _Change:
        """Reads the new documents, and the ids of all."""
        connection = manifest.connection
        rows = map(DocumentRow._make, connection.execute(_FRESH, (old.generation if old else -1,)))
        if old is None:
            return cls(None, np.zeros(0, bool), rows)
        fresh = list(rows)
        (ids,) = connection.execute(_STANDING, (old.generation,)).fetchone()
        standing = np.fromstring(ids, np.int64, sep=",") if ids else np.zeros(0, np.int64)
        return cls(old, np.isin(old.catalogue.revisions, standing), fresh)

    @property
    def is_empty(self) -> bool:
        """Whether no document came or went."""
        return not self.fresh and bool(self.kept.all())

    @property
    def since_generation(self) -> int:
        """Documents of greater generations are new."""
        return self.old.generation if self.old else -1

    def catalogue(self) -> Catalogue:
        """The catalogue as it stands now."""
        return self.old.catalogue.revised(self.kept, self.fresh) if self.old else Catalogue(self.fresh)

    def kept_passages(self, dimension: int) -> tuple[QuantisedMatrix, NDArray[np.int64]]:
        """The vectors of the old passages that still stand, and the revision of each."""
        if self.old is None:
            return QuantisedMatrix.empty(dimension), np.zeros(0, np.int64)
        rows = self.old.passage_rows
        places = np.flatnonzero(self.kept[rows])
        return self.old.vectors.matrix.taken(places), self.old.catalogue.revisions[rows[places]]
