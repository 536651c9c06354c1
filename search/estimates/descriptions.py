"""Vectors of descriptions: those that the search index has, and new ones of what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from indexer.snapshot import IndexMissing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from indexer.embedder import Embedder
    from indexer.snapshot import Snapshot, SnapshotSource

MOST_NEW = 200
"""Descriptions that are embedded because the index lacks them; more would keep somebody waiting."""


class Descriptions:
    """Reads descriptions with the encoder that searches use."""

    def __init__(self, embedder: Embedder | None, source: SnapshotSource | None = None) -> None:
        self._embedder, self._source = embedder, source
        self._new: dict[str, NDArray[np.float32]] = {}

    @property
    def are_read(self) -> bool:
        """Whether there is an encoder."""
        return self._embedder is not None

    def vector(self, text: str) -> NDArray[np.float32] | None:
        """The unit vector of a text; None without an encoder."""
        return self._embedder.embed_passages([text])[0] if self._embedder and text.strip() else None

    def vectors_of(self, texts: Mapping[int, str]) -> NDArray[np.float32] | None:
        """(n, dimension) unit vectors of published revisions, by revision id; zeros where not known.

        None when no description can be read.
        """
        if self._embedder is None:
            return None
        found = np.zeros((len(texts), self._embedder.dimension), np.float32)
        self._fill_from_index(found, list(texts))
        lacking = [
            (row, text)
            for row, (text, vector) in enumerate(zip(texts.values(), found, strict=True))
            if text and not vector.any()
        ]
        if len(lacking) <= MOST_NEW:
            self._embed([text for _, text in lacking])
            for row, text in lacking:
                found[row] = self._new[text]
        return found if found.any() else None

    def _embed(self, texts: list[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._new]
        if new and self._embedder is not None:
            self._new.update(zip(new, self._embedder.embed_passages(new), strict=True))

    def _fill_from_index(self, found: NDArray[np.float32], revisions: list[int]) -> None:
        if self._source is None or not revisions:
            return
        try:
            with self._source.reading() as snapshot:
                _fill(found, np.array(revisions, np.int64), snapshot)
        except IndexMissing:
            return


def _fill(found: NDArray[np.float32], revisions: NDArray[np.int64], snapshot: Snapshot) -> None:
    """The mean of each revision's passages, as `Engine.similar` compares entries."""
    if not len(snapshot.vectors) or not len(snapshot.catalogue):
        return
    rows, first = snapshot.catalogue.rows_of(revisions), snapshot.first_passage
    for place, row in enumerate(rows.tolist()):
        if row < len(snapshot.catalogue) and first[row] < first[row + 1]:
            centre = snapshot.vectors.matrix[first[row] : first[row + 1]].mean(axis=0)
            length = float(np.linalg.norm(centre))
            if length > 0:
                found[place] = centre / length
