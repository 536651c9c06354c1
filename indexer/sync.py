"""Make the indexes equal the database: a set difference, applied by one writer at a time."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.documents import embedded_text
from indexer.gathering import gather
from indexer.guard import Guard, faults
from indexer.keyword import KeywordReader, KeywordWriter
from indexer.store import Manifest
from indexer.vector_repair import repair
from indexer.vector_store import VectorStore
from kb.errors import KbError
from kb.heads import published_heads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from indexer.documents import Document
    from indexer.embedder import Embedder
    from kb.config import Settings
    from kb.database import Database

    Report = Callable[["SyncReport"], None]

Progress = Callable[[int, int], None]
"""Told how far a pass has come: (entries done, entries in all)."""

logger = logging.getLogger(__name__)
BATCH = 200
"""Entries per commit: a crash repeats at most so many."""
POLL_SECONDS = 0.25
LONGEST_REST = 2.0
"""After a pass the writer rests as long as that took, up to this: others search on the same machine."""
RETRY_SECONDS, LONGEST_SECONDS = 10.0, 60.0
"""Between tries at most; the longer one while the encoder fails, as each try then reads everything."""
LOCK = "index.lock"


class EncoderFailed(KbError):
    """Passages were indexed without their vectors."""

    def __init__(self, passages: int) -> None:
        super().__init__(f"The encoder failed; {passages:,} passages are found by their words only.")


@dataclass
class SyncReport:
    """What a pass did."""

    added: int = 0
    removed: int = 0
    unchanged: int = 0
    embedded: int = 0
    """Passages whose vector was not there yet."""
    unembedded: int = 0
    """Passages without a vector, as the encoder failed: words find them, and a later pass tries again."""
    seconds: float = 0.0
    rebuilt: bool = False

    @property
    def changed(self) -> bool:
        """Whether the pass wrote anything."""
        return bool(self.added or self.removed or self.rebuilt)


@contextmanager
def _writing(settings: Settings) -> Iterator[None]:
    """Waits until nobody else writes the index, and keeps others from it. What is made in the block is its
    owner's alone: Whoosh keeps pickles, which must not be anybody else's to write.
    """
    from filelock import FileLock

    with FileLock(settings.home / LOCK, mode=0o600):
        before = os.umask(0o077)  # of the whole process; a writer has its own
        try:
            yield
        finally:
            os.umask(before)


@contextmanager
def without_index(settings: Settings) -> Iterator[None]:
    """Removes the index, and keeps others from making it anew before the end of the block."""
    with _writing(settings):
        shutil.rmtree(settings.index_folder, ignore_errors=True)
        yield


class IndexWriter:
    """The only writer of the index folder and the vectors.

    Without an embedder it indexes words alone; the first pass with one makes the vectors.
    """

    def __init__(self, settings: Settings, database: Database, embedder: Embedder | None) -> None:
        self.settings, self.database, self.embedder = settings, database, embedder
        self._encoder = embedder.fingerprint if embedder else None
        self._guard = Guard(settings)

    def sync(self, progress: Progress | None = None) -> SyncReport:
        """One pass. Waits for another writer to finish. Safe to kill at any moment."""
        started = time.perf_counter()
        self.settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _writing(self.settings):
            report = self._pass(progress or (lambda done, total: None))
        report.seconds = time.perf_counter() - started
        return report

    def rebuild(self, progress: Progress | None = None) -> SyncReport:
        """Throws the index away, makes it anew, and removes vectors that nothing needs any more."""
        with _writing(self.settings):
            self._wipe()
        report = self.sync(progress)
        with _writing(self.settings):
            self._prune()
        return report

    def is_missing(self) -> bool:
        """Whether the index is gone or unusable."""
        if not (self.settings.index_folder / "manifest.sqlite").is_file():
            return True
        try:
            with closing(Manifest(self.settings.index_folder, read_only=True)) as manifest:
                return not manifest.fits(self._encoder)
        except sqlite3.Error:
            return True

    def watch(self, stop: Callable[[], bool], report: Report, progress: Progress | None = None) -> None:
        """Passes whenever the database has changed or the index is gone, until `stop()`."""
        seen: int | None = None
        failed = 0.0
        while not stop():
            try:
                seen, pause = self._pass_if_due(seen, report, progress)
                failed = 0.0
            except Exception as error:
                # A full disk or a database restart must not end the writer: it tries again, ever slower.
                if not failed:
                    logger.exception("the index could not be brought up to date; trying again")
                longest = LONGEST_SECONDS if isinstance(error, EncoderFailed) else RETRY_SECONDS
                failed = pause = min(2 * max(failed, POLL_SECONDS), longest)
                logger.warning("the index is not up to date (%s); trying again in %.1f s", error, pause)
            time.sleep(pause)

    def _pass_if_due(self, seen: int | None, report: Report, progress: Progress | None) -> tuple[int, float]:
        """The change stamp that the index holds now, and the seconds to rest."""
        stamp = self.database.change_stamp()
        if stamp == seen and not self.is_missing() and not self._guard.is_due():
            return stamp, POLL_SECONDS
        done = self.sync(progress)
        if done.changed:
            report(done)
        if done.unembedded:
            raise EncoderFailed(done.unembedded)
        return stamp, min(max(POLL_SECONDS, done.seconds), LONGEST_REST)

    def _pass(self, progress: Progress) -> SyncReport:
        report = SyncReport()
        looked = self._guard.is_due()
        if looked:
            self._look(report)
        manifest, keyword = self._open(report)
        vectors = self._vectors()
        try:
            lacking = self._lacking(manifest, vectors) if looked else set()
            heads = published_heads(self.database)
            stamps, indexed = manifest.stamps(), keyword.revisions()
            same = {revision for revision in indexed - lacking if stamps.get(revision) == heads.get(revision)}
            stale = [revision for revision in heads if revision not in same]
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
        self._guard.wrote()
        if report.unembedded:
            self._guard.doubt()
        return report

    def _lacking(self, manifest: Manifest, vectors: VectorStore) -> set[int]:
        """The revisions of which a vector is gone."""
        return manifest.holding(vectors.missing(manifest.digests())) if self.embedder else set()

    def _vectors(self) -> VectorStore:
        encoder = self._encoder
        return VectorStore(self.settings.vectors_file, encoder) if encoder else VectorStore.empty()

    def _look(self, report: SyncReport) -> None:
        """Reads index and vectors whole; what is damaged goes, and the pass makes it anew."""
        folder = self.settings.index_folder
        found = faults(folder, self._encoder) if folder.exists() else []
        if found:
            logger.warning("the index is made anew: %s", "; ".join(found))
            report.rebuilt = True
            self._wipe()
        if self.embedder:
            repair(self.settings, self.embedder)
        self._guard.looked()

    def _open(self, report: SyncReport) -> tuple[Manifest, KeywordWriter]:
        """Manifest and keyword index; made anew when they are missing, broken or of another version."""
        folder = self.settings.index_folder
        if self.is_missing() or not self._is_readable(folder / "keyword"):
            report.rebuilt = True
            self._wipe()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        keyword = KeywordWriter(folder / "keyword")
        manifest = Manifest(folder)
        if manifest.generation_or_none() is None:
            manifest.create(self._encoder or "none")
        return manifest, keyword

    @staticmethod
    def _is_readable(folder: Path) -> bool:
        try:
            KeywordReader.open(folder)
        except Exception as error:  # noqa: BLE001  Whoosh raises whatever its broken files lead to
            logger.warning("the keyword index cannot be read: %s", error)
            return False
        return True

    def _prune(self) -> None:
        """Removes vectors of texts that no entry holds any more."""
        folder = self.settings.index_folder
        with closing(Manifest(folder, read_only=True)) as manifest, closing(self._vectors()) as vectors:
            vectors.prune(manifest.digests())

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
            documents = gather(session, batch, heads)
        if self.embedder:
            texts = {p.digest: embedded_text(d.title, p.text) for d in documents for p in d.passages}
            missing = sorted(vectors.missing(texts))
            made = self._encode(self.embedder, [texts[digest] for digest in missing])
            if made is None:
                report.unembedded += len(missing)
            elif missing:
                vectors.put(missing, made)
                report.embedded += len(missing)
        return documents

    @staticmethod
    def _encode(embedder: Embedder, texts: list[str]) -> NDArray[np.float32] | None:
        """The vectors; None when the encoder fails, so that at least words are indexed."""
        try:
            return embedder.embed_passages(texts)
        except Exception:
            logger.exception("the encoder failed: indexing %d passages by words only", len(texts))
            return None
