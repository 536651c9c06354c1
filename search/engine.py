"""The engine: one search from words to a page that explains itself."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from indexer.embedder import EncoderMissing, default_encoder_folder, load_embedder
from indexer.snapshot import IndexMissing, SnapshotSource
from kb.reading import counts, get_revisions, published_heads, scan
from search import explain, ranking
from search.facets import count_facets
from search.query import Query, parse
from search.results import MAX_DEPTH, MAX_LIMIT, Hit, SearchPage, SearchRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from indexer.embedder import Embedder
    from indexer.snapshot import Snapshot
    from kb.config import Settings
    from kb.database import Database
    from kb.reading import Reader
    from search.ranking import Ranking
    from search.spelling import Speller

logger = logging.getLogger(__name__)
CACHED_QUERIES = 512
DATED = 100
"""Sorting by date reorders this many of the most relevant hits: further down they share one common word."""


@dataclass(frozen=True)
class IndexStatus:
    """How the index stands."""

    documents: int
    passages: int
    generation: int
    behind: int
    """Published entries that are not searchable yet, or no longer as they stand."""


class Engine:
    """Searches one repository. Thread safe."""

    def __init__(self, settings: Settings, database: Database, embedder: Embedder | None) -> None:
        self.database, self.embedder = database, embedder
        fingerprint, dimension = (embedder.fingerprint, embedder.dimension) if embedder else (None, 1)
        self._source = SnapshotSource(settings, fingerprint, dimension)
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._speller: tuple[int, Speller] | None = None
        self._lock = threading.Lock()

    def search(self, request: SearchRequest, reader: Reader) -> SearchPage:
        """A page of hits. Never raises for what a person typed; a failing ranking is named."""
        started = time.perf_counter()
        query = _merged(request)
        request = _within_bounds(request)
        try:
            snapshot = self._source.current()
        except IndexMissing as error:
            logger.warning("searching without an index: %s", error)
            page = self._scan(request, query, reader)
        else:
            page = self._search(snapshot, request, query, reader)
        return replace(page, seconds=time.perf_counter() - started)

    def ranked_keys(self, request: SearchRequest, reader: Reader, depth: int) -> list[str]:
        """Source keys of the first `depth` hits: the ranking alone, for evaluation. Raises IndexMissing."""
        snapshot = self._source.current()
        query = _merged(request)
        allowed = ranking.text_mask(snapshot, query) & ranking.filter_mask(snapshot, query, reader)
        rows = self._rank(snapshot, request, query, allowed)[0].rows[:depth]
        return [snapshot.catalogue.documents[row].key for row in rows.tolist()]

    def similar(self, ref: str, reader: Reader, limit: int = 6) -> list[Hit]:
        """The entries nearest in meaning to a published one; none while there is no index."""
        try:
            snapshot = self._source.current()
        except IndexMissing:
            return []
        row = snapshot.catalogue.row_of_ref.get(ref)
        if row is None or not len(snapshot.vectors):
            return []
        start, end = snapshot.first_passage[row : row + 2]
        centre = snapshot.vectors.matrix[start:end].mean(axis=0)
        allowed = ranking.filter_mask(snapshot, Query(), reader)
        allowed[row] = False
        rows, cosines, passages = ranking.nearest(snapshot, centre / np.linalg.norm(centre), allowed, limit)
        found = ranking.Ranking(rows, cosines, np.zeros(len(snapshot.catalogue), np.float32))
        found.cosines = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
        found.passages = dict(zip(rows.tolist(), passages.tolist(), strict=True))
        return self._hits(snapshot, Query(), found, rows, reader)

    def status(self) -> IndexStatus:
        """How the index stands against the database. Raises IndexMissing."""
        snapshot = self._source.current()
        stamps = snapshot.manifest.stamps()
        with self.database.read() as session:
            heads = {head.revision_id: head.stamp for head in published_heads(session)}
        behind = len(set(heads.items()) ^ set(stamps.items()))
        return IndexStatus(len(snapshot.catalogue), len(snapshot.vectors), snapshot.generation, behind)

    def _search(self, snapshot: Snapshot, request: SearchRequest, query: Query, reader: Reader) -> SearchPage:
        text_mask = ranking.text_mask(snapshot, query)
        allowed = text_mask & ranking.filter_mask(snapshot, query, reader)
        found, vector = self._rank(snapshot, request, query, allowed)
        hits = _mask(snapshot, found.rows)

        def without(field: str) -> NDArray[np.bool_]:
            wider = text_mask & ranking.filter_mask(snapshot, query, reader, leave_out=field)
            if query.is_empty:
                return wider
            return _mask(snapshot, self._ranked(snapshot, request, query, wider, vector).rows)

        rows = _sorted(snapshot, request, query, found.rows)
        page_rows = rows[request.offset : request.offset + request.limit]
        degraded = found.degraded if snapshot.complete else (*found.degraded, "incomplete")
        return SearchPage(
            query=query,
            request=request,
            total=len(found.rows),
            hits=tuple(self._hits(snapshot, query, found, page_rows, reader)),
            facets=count_facets(snapshot, query, hits, without),
            degraded=degraded,
            suggestion=self._suggestion(snapshot, query),
            searched=int(ranking.filter_mask(snapshot, Query(), reader).sum()),
        )

    def _rank(
        self, snapshot: Snapshot, request: SearchRequest, query: Query, allowed: NDArray[np.bool_]
    ) -> tuple[Ranking, NDArray[np.float32] | None]:
        if query.is_empty:
            rows = np.flatnonzero(allowed)
            newest = rows[np.lexsort((-rows, -snapshot.catalogue.days[rows]))]
            zeros = np.zeros(len(snapshot.catalogue), np.float32)
            return ranking.Ranking(newest, zeros[: len(newest)], zeros), None
        vector = None if request.mode == "keyword" else self._vector(query.text)
        found = self._ranked(snapshot, request, query, allowed, vector)
        if request.mode != "keyword" and vector is None:
            found.degraded = ("semantic",)
        return found, vector

    def _ranked(
        self, snapshot: Snapshot, request: SearchRequest, query: Query, allowed: NDArray[np.bool_],
        vector: NDArray[np.float32] | None,
    ) -> Ranking:  # fmt: skip
        # Without an encoder a search by meaning still answers, by words, and says so.
        mode = request.mode if vector is not None else "keyword"
        scores = ranking.keyword_scores(snapshot, query)
        found = ranking.rank(snapshot, allowed, scores, vector, mode)
        named = list(query.refs) + ([query.words[0]] if ranking.is_identifier_like(query) else [])
        pinned = [
            row for name in named for row in ranking.identified(snapshot, name).tolist() if allowed[row]
        ]
        return ranking.pin(found, list(dict.fromkeys(pinned))) if pinned else found

    def _vector(self, text: str) -> NDArray[np.float32] | None:
        """The query's vector, remembered; None when the encoder fails."""
        if self.embedder is None:
            return None
        with self._lock:
            if text in self._vectors:
                self._vectors.move_to_end(text)
                return self._vectors[text]
        try:
            vector = self.embedder.embed_query(text)
        except Exception:
            logger.exception("the encoder failed")
            return None
        with self._lock:
            self._vectors[text] = vector
            if len(self._vectors) > CACHED_QUERIES:
                self._vectors.popitem(last=False)
        return vector

    def _hits(
        self, snapshot: Snapshot, query: Query, found: Ranking, rows: NDArray[np.int64], reader: Reader
    ) -> list[Hit]:
        """The rows as hits. The database is the last gate: what it does not show is left out."""
        revisions = snapshot.catalogue.revisions[rows].tolist()
        with self.database.read() as session:
            views = get_revisions(session, revisions, reader)
        explainer = explain.Explainer(snapshot, query, found)
        shown = [(row, views[rev]) for row, rev in zip(rows.tolist(), revisions, strict=True) if rev in views]
        return [explainer.hit(row, view) for row, view in shown]

    def _suggestion(self, snapshot: Snapshot, query: Query) -> str | None:
        if query.is_empty:
            return None
        from search.spelling import Speller, suggest

        def known(word: str) -> bool:
            return explain.is_known(snapshot, word)

        if all(known(word) for word in query.words):
            return None
        if self._speller is None or self._speller[0] != snapshot.generation:
            self._speller = (snapshot.generation, Speller(*snapshot.words()))
        return suggest(query, known, self._speller[1])

    def _scan(self, request: SearchRequest, query: Query, reader: Reader) -> SearchPage:
        """Without an index: entries that contain every word, newest first."""
        words = [*query.words, *query.phrases]
        with self.database.read() as session:
            views = scan(session, words, reader, MAX_LIMIT)
            searched = sum(counts(session, reader).values())
        kinds = {f.value for f in query.filters if f.field == "kind" and not f.negated}
        views = [view for view in views if not kinds or view.kind in kinds]
        page = views[request.offset : request.offset + request.limit]
        hits = tuple(explain.plain_hit(view, query) for view in page)
        return SearchPage(
            query, request, len(views), hits, degraded=("keyword", "semantic"), searched=searched
        )


def open_engine(settings: Settings, database: Database) -> Engine:
    """The engine of a repository. Loads nothing large before the first search."""
    embedder: Embedder | None
    try:
        embedder = load_embedder(settings.encoder or default_encoder_folder())
    except EncoderMissing as error:
        logger.warning("%s Searching by words only.", error)
        embedder = None
    return Engine(settings, database, embedder)


def _merged(request: SearchRequest) -> Query:
    query = parse(request.text)
    filters = dict.fromkeys((*query.filters, *request.filters))
    return replace(query, filters=tuple(filters))


def _within_bounds(request: SearchRequest) -> SearchRequest:
    limit = min(max(request.limit, 1), MAX_LIMIT)
    return replace(request, limit=limit, offset=min(max(request.offset, 0), MAX_DEPTH))


def _mask(snapshot: Snapshot, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(len(snapshot.catalogue), bool)
    mask[rows] = True
    return mask


def _sorted(
    snapshot: Snapshot, request: SearchRequest, query: Query, rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    if request.sort == "relevance":
        return rows
    dated = rows if query.is_empty else rows[:DATED]
    days = snapshot.catalogue.days[dated]
    order: Callable[[NDArray[np.int32]], NDArray[np.int32]] = (
        (lambda d: -d) if request.sort == "newest" else (lambda d: d)
    )
    return dated[np.lexsort((dated, order(days)))]
