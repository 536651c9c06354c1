"""What hybrid has to beat: the best simple blend of the two rankings, with one weight for every query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from indexer.analysis import terms
from indexer.snapshot import SnapshotSource
from search import filters, fusion, ranking
from search.query import parse
from search.sight import Sight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from indexer.embedder import Embedder
    from indexer.snapshot import Snapshot
    from kb.config import Settings
    from kb.reading import Reader
    from search.query import Query

WEIGHT = 0.5


class FixedBlend:
    """Ranks by the convex combination of min-max normalised scores, half and half (see `fusion.convex`).

    A reference that stays as it is while the product's own ranking changes.
    """

    def __init__(self, settings: Settings, embedder: Embedder) -> None:
        self._embedder = embedder
        self._snapshot = SnapshotSource(settings, embedder.fingerprint, embedder.dimension).current()

    def ranked_keys(self, text: str, reader: Reader, depth: int) -> list[str]:
        """Source keys of the first `depth` entries for the query."""
        snapshot, query = self._snapshot, parse(text)
        allowed = filters.text_mask(snapshot, query) & filters.filter_mask(Sight(snapshot, reader), query)
        keyword = np.where(allowed, bm25(snapshot, query), np.float32(0))
        vector = self._embedder.embed_query(query.text)
        matched = np.flatnonzero(keyword)
        best = matched[fusion.order(keyword[matched], matched)][: ranking.DEPTH]
        near = ranking.nearest(snapshot, vector, allowed)[0]
        rows = np.union1d(best, near)
        scores = fusion.convex(keyword[rows], ranking.cosines_of(snapshot, vector, rows)[0], WEIGHT)
        ranked = rows[fusion.order(scores, rows)][:depth]
        keys: list[str] = snapshot.catalogue.keys[ranked].tolist()
        return keys


def bm25(snapshot: Snapshot, query: Query) -> NDArray[np.float32]:
    """(catalogue rows): Whoosh's BM25 of the text, and half of the title's."""
    wanted = [term for text in (*query.words, *query.phrases) for _, term in terms(text)]
    total = np.zeros(len(snapshot.catalogue) + 1, np.float32)
    for field, weight in (("text", 1.0), ("title", 0.5)):
        total[snapshot.keyword_rows] += np.float32(weight) * snapshot.keyword.score(field, wanted)
    return total[:-1]
