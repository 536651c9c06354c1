"""The indexes as they stood at one generation, held by readers and refreshed when it changes."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from indexer.catalogue import Catalogue, DocumentRow
from indexer.keyword import KeywordReader
from indexer.store import Manifest, VectorStore
from indexer.vectors import VectorIndex
from kb.errors import KbError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.config import Settings


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
            catalogue = Catalogue(_documents(manifest))
            vectors, passage_rows = self._vectors(manifest, catalogue, old)
        finally:
            manifest.connection.execute("ROLLBACK")
        keyword = KeywordReader.open(self.settings.index_folder / "keyword")
        return Snapshot(generation, complete, manifest, catalogue, keyword, vectors, passage_rows)

    def _vectors(
        self, manifest: Manifest, catalogue: Catalogue, old: Snapshot | None
    ) -> tuple[VectorIndex, NDArray[np.int32]]:
        """The vectors in catalogue order: those the old snapshot holds are copied, not read again."""
        if self.encoder is None:
            return VectorIndex(np.zeros((0, 1), np.float32)), np.zeros(0, np.int32)
        digests: list[bytes] = []
        passage_revisions: list[int] = []
        for revision, digest in manifest.connection.execute(
            "SELECT revision_id, digest FROM passages WHERE revision_id IN"
            " (SELECT revision_id FROM documents WHERE generation > ?) ORDER BY revision_id, ordinal",
            (old.generation if old else -1,),
        ):
            passage_revisions.append(revision)
            digests.append(digest)
        store = VectorStore(self.settings.vectors_file, self.encoder, read_only=True)
        try:
            matrix = store.get(digests, self.dimension)
        finally:
            store.close()
        revisions = np.array(passage_revisions, np.int64)
        if old is not None:
            kept, kept_revisions = _kept(old, catalogue, set(passage_revisions))
            order = np.argsort(np.concatenate([kept_revisions, revisions]), kind="stable")
            revisions = np.concatenate([kept_revisions, revisions])[order]
            matrix = np.concatenate([old.vectors.matrix[kept], matrix])[order]
        return VectorIndex(matrix), catalogue.rows_of(revisions).astype(np.int32)


def _kept(
    old: Snapshot, catalogue: Catalogue, fresh: set[int]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which of the old passages still stand, and their revision ids."""
    revisions = old.catalogue.revisions[old.passage_rows]
    kept = (catalogue.rows_of(revisions) < len(catalogue)) & ~np.isin(revisions, list(fresh))
    return kept, revisions[kept]


def _documents(manifest: Manifest) -> list[DocumentRow]:
    query = (
        "SELECT revision_id, generation, ref, key, facets, year, day, due, visibility"
        " FROM documents ORDER BY revision_id"
    )
    return [DocumentRow(*row) for row in manifest.connection.execute(query)]
