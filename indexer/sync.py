"""Make the indexes equal the database: a set difference, applied by one writer at a time."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.documents import embedded_text, make_document
from indexer.keyword import KeywordWriter
from indexer.store import Manifest, VectorStore
from kb.reading import OPERATOR, get_revisions, published_heads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexer.documents import Document
    from indexer.embedder import Embedder
    from kb.config import Settings
    from kb.database import Database

Progress = Callable[[int, int], None]
"""Told how far a pass has come: (entries done, entries in all)."""

logger = logging.getLogger(__name__)
BATCH = 200
"""Entries per commit: a crash repeats at most so many."""
POLL_SECONDS = 0.25


@dataclass
class SyncReport:
    """What a pass did."""

    added: int = 0
    removed: int = 0
    unchanged: int = 0
    embedded: int = 0
    """Passages whose vector was not there yet."""
    seconds: float = 0.0
    rebuilt: bool = False

    @property
    def changed(self) -> bool:
        """Whether the pass wrote anything."""
        return bool(self.added or self.removed or self.rebuilt)


class IndexWriter:
    """The only writer of the index folder and the vectors."""

    def __init__(self, settings: Settings, database: Database, embedder: Embedder) -> None:
        self.settings, self.database, self.embedder = settings, database, embedder

    def sync(self, progress: Progress | None = None) -> SyncReport:
        """One pass. Waits for another writer to finish. Safe to kill at any moment."""
        from filelock import FileLock

        started = time.perf_counter()
        self.settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self.settings.home / "index.lock"):
            report = self._pass(progress or (lambda done, total: None))
        report.seconds = time.perf_counter() - started
        return report

    def rebuild(self, progress: Progress | None = None) -> SyncReport:
        """Throws the index away, makes it anew, and removes vectors that nothing needs any more."""
        from filelock import FileLock

        with FileLock(self.settings.home / "index.lock"):
            self._wipe()
        report = self.sync(progress)
        with FileLock(self.settings.home / "index.lock"):
            self._prune()
        return report

    def is_missing(self) -> bool:
        """Whether the index is gone or unusable."""
        if not (self.settings.index_folder / "manifest.sqlite").is_file():
            return True
        try:
            manifest = Manifest(self.settings.index_folder, read_only=True)
        except sqlite3.Error:
            return True
        try:
            return not manifest.fits(self.embedder.fingerprint)
        finally:
            manifest.close()

    def watch(self, stop: Callable[[], bool], report: Callable[[SyncReport], None]) -> None:
        """Passes whenever the database has changed or the index is gone, until `stop()`."""
        seen: int | None = None
        pause = POLL_SECONDS
        while not stop():
            try:
                stamp = self.database.change_stamp()
                if stamp != seen or self.is_missing():
                    done = self.sync()
                    seen = stamp
                    if done.changed:
                        report(done)
                pause = POLL_SECONDS
            except Exception:
                # A full disk or a database restart must not end the writer: it tries again, ever slower.
                logger.exception(
                    "the index could not be brought up to date; trying again in %.0f s", pause * 2
                )
                pause = min(pause * 2, 60.0)
            time.sleep(pause)

    def _pass(self, progress: Progress) -> SyncReport:
        report = SyncReport()
        manifest, keyword = self._open(report)
        vectors = VectorStore(self.settings.vectors_file, self.embedder.fingerprint)
        try:
            with self.database.read() as session:
                heads = {head.revision_id: head.stamp for head in published_heads(session)}
            stamps, indexed = manifest.stamps(), keyword.revisions()
            stale = [
                revision
                for revision, stamp in heads.items()
                if stamps.get(revision) != stamp or revision not in indexed
            ]
            gone = (set(stamps) | indexed) - set(heads)
            report.unchanged = len(heads) - len(stale)
            report.added, report.removed = len(stale), len(gone)
            if gone:
                keyword.write([], gone)
                manifest.write([], gone)
            progress(0, len(stale))
            if len(stale) > BATCH and manifest.complete:
                manifest.set_complete(False)
            done = 0
            for documents in self._embedded(stale, heads, vectors, report):
                keyword.write(documents, set())
                manifest.write(documents, set())
                done += len(documents)
                progress(done, len(stale))
            if not manifest.complete:
                manifest.set_complete(True)
        finally:
            manifest.close()
            vectors.close()
        return report

    def _open(self, report: SyncReport) -> tuple[Manifest, KeywordWriter]:
        """Manifest and keyword index; made anew when they are missing, broken or of another version."""
        if self.is_missing():
            report.rebuilt = True
            self._wipe()
        folder = self.settings.index_folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            keyword = KeywordWriter(folder / "keyword")
            keyword.revisions()
        except Exception as error:  # noqa: BLE001  Whoosh raises whatever its broken files lead to
            logger.warning("the keyword index cannot be read (%s) and is made anew", error)
            shutil.rmtree(folder / "keyword", ignore_errors=True)
            keyword = KeywordWriter(folder / "keyword")
        manifest = Manifest(folder)
        if manifest.generation_or_none() is None:
            manifest.create(self.embedder.fingerprint)
        return manifest, keyword

    def _prune(self) -> None:
        """Removes vectors of texts that no entry holds any more."""
        manifest = Manifest(self.settings.index_folder, read_only=True)
        vectors = VectorStore(self.settings.vectors_file, self.embedder.fingerprint)
        try:
            vectors.prune(manifest.digests())
        finally:
            manifest.close()
            vectors.close()

    def _wipe(self) -> None:
        shutil.rmtree(self.settings.index_folder, ignore_errors=True)

    def _embedded(
        self, stale: Sequence[int], heads: dict[int, str], vectors: VectorStore, report: SyncReport
    ) -> Iterator[list[Document]]:
        """Batches of documents whose vectors are stored; the next batch is embedded meanwhile."""
        batches = [stale[start : start + BATCH] for start in range(0, len(stale), BATCH)]
        with ThreadPoolExecutor(1) as pool:
            pending = None
            for batch in batches:
                following = pool.submit(self._embed, batch, heads, vectors, report)
                if pending is not None:
                    yield pending.result()
                pending = following
            if pending is not None:
                yield pending.result()

    def _embed(
        self, batch: Sequence[int], heads: dict[int, str], vectors: VectorStore, report: SyncReport
    ) -> list[Document]:
        with self.database.read() as session:
            views = get_revisions(session, batch, OPERATOR)
        documents = [
            make_document(views[revision], heads[revision]) for revision in batch if revision in views
        ]
        texts = {p.digest: embedded_text(d.title, p.text) for d in documents for p in d.passages}
        missing = sorted(vectors.missing(texts))
        if missing:
            vectors.put(missing, self.embedder.embed_passages([texts[digest] for digest in missing]))
            report.embedded += len(missing)
        return documents
