"""The indexes as they stood at one generation, held by readers and refreshed when it changes."""

from __future__ import annotations

import logging
import threading
from array import array
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from indexer.catalogue import Catalogue, DocumentRow, sorting
from indexer.guard import suspect
from indexer.keyword import KeywordReader
from indexer.quantised import QuantisedMatrix
from indexer.store import Manifest
from indexer.vector_store import VectorStore, are_unit, vectors_file
from indexer.vectors import VectorIndex
from kb.errors import KbError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kb.config import Settings

logger = logging.getLogger(__name__)
READ_AT_ONCE = 2_048
"""Vectors held as float32 while the index is read."""
_FRESH = (
    "SELECT revision_id, ref, key, facets, year, day, due, audience"
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
    """False while the first or another large pass is still under way, or vectors are missing."""
    manifest: Manifest
    catalogue: Catalogue
    keyword: KeywordReader
    vectors: VectorIndex
    passage_rows: NDArray[np.int32]
    """(passages): the catalogue row of each; passages of a row are neighbours, in order. Their vectors stand
    in the same order."""
    first_words: NDArray[np.int32]
    """(passages): the number of its first word within the document's text."""
    missing: int = 0
    """How many of the vectors are zeros, because they are lost."""

    @cached_property
    def keyword_rows(self) -> NDArray[np.int64]:
        """(keyword rows): the catalogue row of each; len(catalogue) for deleted ones."""
        rows = self.catalogue.rows_of(self.keyword.revisions)
        return np.where(self.keyword.live, rows, len(self.catalogue))

    @cached_property
    def keyword_row_of(self) -> NDArray[np.int64]:
        """(catalogue rows): the keyword row of each; -1 for one that the keyword index does not hold."""
        rows = np.full(len(self.catalogue) + 1, -1, np.int64)
        rows[self.keyword_rows] = np.arange(len(self.keyword_rows))
        return rows[:-1]

    @cached_property
    def is_aligned(self) -> bool:
        """Whether the keyword rows are the catalogue's, as they are until the first edit or removal."""
        return np.array_equal(self.keyword_rows, np.arange(len(self.catalogue)))

    def first_words_of(self, rows: NDArray[np.int64]) -> list[list[int]]:
        """Of each row, the first word of each of its passages."""
        ends = self.first_passage[rows + 1].tolist()
        spans = zip(self.first_passage[rows].tolist(), ends, strict=True)
        return [self.first_words[start:end].tolist() for start, end in spans]

    @cached_property
    def first_passage(self) -> NDArray[np.int64]:
        """(rows + 1): passages of row i are first_passage[i]:first_passage[i + 1]."""
        return np.searchsorted(self.passage_rows, np.arange(len(self.catalogue) + 1))


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

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """The current snapshot, for the block.

        What fails in it without a reason that a person could act on cannot fail over an index as it was
        written: it is logged, the writer is told to look for damage, and IndexMissing is raised.
        """
        with self._believed():
            yield self.current()

    @contextmanager
    def _believed(self) -> Iterator[None]:
        try:
            yield
        except KbError:
            raise
        except Exception as error:
            logger.exception("the index makes no sense")
            self._snapshot = None
            suspect(self.settings.index_folder)
            raise IndexMissing(f"The search index is damaged ({error}).") from error

    def _generation(self, snapshot: Snapshot) -> int:
        with self._believed():
            return snapshot.manifest.generation

    def _load(self, old: Snapshot | None) -> Snapshot:
        with self._believed():
            manifest = old.manifest if old else Manifest(self.settings.index_folder, read_only=True)
            try:
                if not manifest.fits(self.encoder):
                    raise IndexMissing("The search index was made by another version.")
                return self._read(manifest, old if old and not old.missing else None)
            except BaseException:
                if old is None:
                    manifest.close()  # what it has begun to read would keep the writer waiting
                raise

    def _read(self, manifest: Manifest, old: Snapshot | None) -> Snapshot:
        manifest.connection.execute("BEGIN")
        try:
            generation, complete = manifest.generation, manifest.complete
            change = _Change.since(old, manifest)
            if old and change.is_empty:
                # The same objects, so that what others derived from them stays valid.
                catalogue, passages = old.catalogue, (old.vectors, old.passage_rows, old.first_words, 0)
            else:
                with closing(change.rows):
                    catalogue = change.catalogue()
                passages = self._passages(manifest, change, catalogue)
        finally:
            manifest.connection.execute("ROLLBACK")
        keyword = KeywordReader.open(self.settings.index_folder / "keyword", old.keyword if old else None)
        *_, missing = passages
        if missing:
            suspect(self.settings.index_folder)
        # What the keyword index does not hold (the writer is between its two commits) words cannot find.
        whole = complete and not missing and keyword.holds(catalogue.revisions)
        return Snapshot(generation, whole, manifest, catalogue, keyword, *passages)

    def _passages(
        self, manifest: Manifest, change: _Change, catalogue: Catalogue
    ) -> tuple[VectorIndex, NDArray[np.int32], NDArray[np.int32], int]:
        """Vector, row and first word of each passage in catalogue order, and how many vectors are missing:
        only the passages of new documents are read. Without an encoder there are no vectors.
        """
        matrix, revisions, first_words = change.kept_passages(self.dimension)
        found = array("q", revisions.tobytes()), array("i", first_words.tobytes())
        cursor = manifest.connection.execute(
            "SELECT revision_id, first_word, digest FROM passages WHERE revision_id IN"
            " (SELECT revision_id FROM documents WHERE generation > ?) ORDER BY revision_id, ordinal",
            (change.since_generation,),
        )
        missing = 0
        with closing(cursor), closing(self._store()) as store:
            while passages := cursor.fetchmany(READ_AT_ONCE):
                for column, read in zip(found, zip(*passages, strict=True), strict=False):
                    column.extend(read)
                if self.encoder is not None:
                    vectors, lost = self._read_vectors(store, [digest for *_, digest in passages])
                    matrix, missing = matrix.extended(vectors), missing + lost
        revisions, first_words = np.array(found[0], np.int64), np.array(found[1], np.int32)
        order = sorting(revisions)
        if order is not None:
            revisions, first_words = revisions[order], first_words[order]
            matrix = matrix.taken(order) if len(matrix) else matrix
        return VectorIndex(matrix), catalogue.rows_of(revisions).astype(np.int32), first_words, missing

    def _read_vectors(self, store: VectorStore, digests: list[bytes]) -> tuple[NDArray[np.float32], int]:
        """The vectors of these passages, and how many are missing and therefore zeros."""
        read = store.get(digests, self.dimension)
        good = are_unit(read)
        lost = int(np.count_nonzero(~good))
        return (np.where(good[:, None], read, np.float32(0)) if lost else read), lost

    def _store(self) -> VectorStore:
        """The vectors; an empty store in memory where their file is gone: words still find entries."""
        if self.encoder and vectors_file(self.settings.vectors_file, self.encoder).exists():
            return VectorStore(self.settings.vectors_file, self.encoder, read_only=True)
        return VectorStore.empty()


@dataclass(frozen=True)
class _Change:
    """What became of the documents since the old snapshot (since nothing, if there is none)."""

    old: Snapshot | None
    kept: NDArray[np.bool_]
    """(old rows): which ones still stand as they were."""
    fresh: list[DocumentRow] | Iterator[DocumentRow]
    """The documents of newer generations, by revision id."""
    rows: sqlite3.Cursor
    """What they come from. It is closed when they have been read: until then it may hold the writer up."""

    @classmethod
    def since(cls, old: Snapshot | None, manifest: Manifest) -> _Change:
        """Reads the new documents, and the ids of all."""
        connection = manifest.connection
        rows = connection.execute(_FRESH, (old.generation if old else -1,))
        if old is None:
            return cls(None, np.zeros(0, bool), map(DocumentRow._make, rows), rows)
        fresh = list(map(DocumentRow._make, rows))
        (ids,) = connection.execute(_STANDING, (old.generation,)).fetchone()
        standing = np.fromstring(ids, np.int64, sep=",") if ids else np.zeros(0, np.int64)
        return cls(old, np.isin(old.catalogue.revisions, standing), fresh, rows)

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

    def kept_passages(self, dimension: int) -> tuple[QuantisedMatrix, NDArray[np.int64], NDArray[np.int32]]:
        """The vectors of the old passages that still stand, and revision and first word of each."""
        old = self.old
        if old is None:
            return QuantisedMatrix.empty(dimension), np.zeros(0, np.int64), np.zeros(0, np.int32)
        places = np.flatnonzero(self.kept[old.passage_rows])
        matrix = old.vectors.matrix.taken(places) if len(old.vectors) else old.vectors.matrix
        return matrix, old.catalogue.revisions[old.passage_rows[places]], old.first_words[places]
