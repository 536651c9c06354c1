"""Vectors kept between runs: embedding 100,000 passages takes half an hour, and gives the same each time."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import numpy as np

from indexer.vector_store import VectorStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from indexer.embedder import Embedder


class CachedEmbedder:
    """An embedder whose passages are looked up first, by the hash of their text. Queries never are."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self.embedder = embedder
        self.fingerprint, self.dimension, self.note = embedder.fingerprint, embedder.dimension, embedder.note
        folder.mkdir(parents=True, exist_ok=True)
        self.store = VectorStore(folder / "vectors.sqlite", embedder.fingerprint)
        self.encoded, self.seconds = 0, 0.0
        """How many texts had no vector yet, and what the encoder took for them."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of a query, by the encoder."""
        return self.embedder.embed_query(text)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimension): kept vectors, and new ones for the rest."""
        digests = [hashlib.sha256(text.encode("utf-8", "replace")).digest()[:16] for text in texts]
        text_of = dict(zip(digests, texts, strict=True))
        missing = sorted(self.store.missing(digests))
        if missing:
            started = time.perf_counter()
            vectors = self.embedder.embed_passages([text_of[digest] for digest in missing])
            self.seconds += time.perf_counter() - started
            self.encoded += len(missing)
            self.store.put(missing, vectors)
        return self.store.get(digests, self.dimension)

    def kept(self, count: int) -> NDArray[np.float32]:
        """(at most count, dimension): some of the kept vectors, the same at each call."""
        rows = self.store.connection.execute(
            "SELECT vector FROM vectors ORDER BY digest LIMIT ?", (count,)
        ).fetchall()
        return np.frombuffer(b"".join(row[0] for row in rows), np.float32).reshape(-1, self.dimension)
