"""The engine: one search from words to a page that explains itself."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from indexer.embedder import EncoderMissing, default_encoder_folder, load_embedder
from indexer.snapshot import IndexMissing, SnapshotSource
from kb.reading import counts, published_heads, scan
from kb.standing import standings
from search import explain, filters, ranking
from search.caching import Cache
from search.facets import FacetCounter
from search.hydration import Views
from search.query import Query, parse
from search.results import MAX_DEPTH, MAX_LIMIT, Hit, SearchPage, SearchRequest
from search.searching import Search
from search.trust import Trust
from search.vocabulary import VocabularySource

if TYPE_CHECKING:
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
CACHED_PAGES = 128
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
        self._views = Views(database)
        self._vectors: Cache[str, NDArray[np.float32]] = Cache(CACHED_QUERIES)
        self._pages: Cache[tuple[SearchRequest, Reader], SearchPage] = Cache(CACHED_PAGES)
        self._status: Cache[str, IndexStatus] = Cache(1)
        self._counter: Cache[str, FacetCounter] = Cache(1)
        self._speller: Cache[str, Speller] = Cache(1)
        self._vocabulary = VocabularySource(database)
        self._trust: Cache[str, Trust] = Cache(1)

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
            page = self._remembered(snapshot, request, query, reader)
        return replace(page, seconds=time.perf_counter() - started)

    def ranked_keys(self, request: SearchRequest, reader: Reader, depth: int) -> list[str]:
        """Source keys of the first `depth` hits: the ranking alone, for evaluation. Raises IndexMissing."""
        snapshot = self._source.current()
        search = self._understood(snapshot, request, _merged(request))
        allowed = filters.text_mask(snapshot, search.query)
        allowed &= filters.filter_mask(snapshot, search.query, reader)
        rows = search.rank(allowed).rows[:depth]
        keys: list[str] = snapshot.catalogue.keys[rows].tolist()
        return keys

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
        allowed = filters.filter_mask(snapshot, Query(), reader)
        allowed[row] = False
        rows, cosines, passages = ranking.nearest(snapshot, centre / np.linalg.norm(centre), allowed, limit)
        found = ranking.Ranking(rows, cosines, np.zeros(len(snapshot.catalogue), np.float32))
        found.cosines = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
        found.passages = dict(zip(rows.tolist(), passages.tolist(), strict=True))
        stamp = self.database.change_stamp()
        search = Search(snapshot, Query(), "semantic")
        return self._hits(search, found, np.arange(len(rows)), reader, stamp)

    def status(self) -> IndexStatus:
        """How the index stands against the database. Raises IndexMissing."""
        snapshot = self._source.current()
        state = (snapshot.catalogue, snapshot.generation, self.database.change_stamp())

        def count() -> IndexStatus:
            with self.database.read() as session:
                heads = {head.revision_id: head.stamp for head in published_heads(session)}
            behind = len(set(heads.items()) ^ set(snapshot.manifest.stamps().items()))
            return IndexStatus(len(snapshot.catalogue), len(snapshot.vectors), snapshot.generation, behind)

        return self._status.recall("", count, state)

    def _remembered(
        self, snapshot: Snapshot, request: SearchRequest, query: Query, reader: Reader
    ) -> SearchPage:
        """The page from the cache while index, records and date (verification runs out) are the same."""
        stamp = self.database.change_stamp()
        state = (snapshot.catalogue, snapshot.generation, stamp, datetime.now(UTC).date())
        page = self._pages.get((request, reader), state)
        if page is None:
            page = self._search(snapshot, request, query, reader, stamp)
            if not page.degraded:  # what failed may work the next time
                self._pages.put((request, reader), page, state)
        return page

    def _search(
        self, snapshot: Snapshot, request: SearchRequest, query: Query, reader: Reader, stamp: int
    ) -> SearchPage:
        text_mask = filters.text_mask(snapshot, query)
        search = self._understood(snapshot, request, query, stamp)
        found = search.rank(text_mask & filters.filter_mask(snapshot, query, reader))

        def without(field: str) -> NDArray[np.bool_]:
            return search.hits(text_mask & filters.filter_mask(snapshot, query, reader, leave_out=field))

        counter = self._counter.recall("", lambda: FacetCounter(snapshot.catalogue), snapshot.catalogue)
        places = _sorted(snapshot, request, query, found.rows)
        page_places = places[request.offset : request.offset + request.limit]
        return SearchPage(
            query=query,
            request=request,
            total=len(found.rows),
            hits=tuple(self._hits(search, found, page_places, reader, stamp)),
            facets=counter.count(query, _mask(snapshot, found.rows), without),
            degraded=search.degraded if snapshot.complete else (*search.degraded, "incomplete"),
            suggestion=self._suggestion(snapshot, query),
            searched=int(filters.filter_mask(snapshot, Query(), reader).sum()),
        )

    def _understood(
        self, snapshot: Snapshot, request: SearchRequest, query: Query, stamp: int | None = None
    ) -> Search:
        """The search with all that it needs: the query is read and embedded once for all masks."""
        if query.is_empty:
            return Search(snapshot, query, "keyword")
        stamp = self.database.change_stamp() if stamp is None else stamp
        vocabulary = self._vocabulary.current(stamp)
        vector = None
        if request.mode != "keyword":
            meant = vocabulary.text_with_meanings(" ".join(query.words))
            vector = self._vector(" ".join((meant, *query.phrases)).strip())
        # Without an encoder a search by meaning still answers, by words, and says so.
        mode = request.mode if vector is not None else "keyword"
        return Search(
            snapshot,
            query,
            mode,
            vector,
            tuple(vocabulary.expand(query.words)),
            # The single rankings are there to be seen as they are.
            self._trusted(snapshot, stamp) if mode == "hybrid" and request.sort != "match" else None,
            degraded=() if mode == request.mode else ("semantic",),
        )

    def _trusted(self, snapshot: Snapshot, stamp: int) -> Trust:
        today = datetime.now(UTC).date()

        def read() -> Trust:
            with self.database.read() as session:
                return Trust(snapshot.catalogue, standings(session), today)

        return self._trust.recall("", read, (snapshot.catalogue, stamp, today))

    def _vector(self, text: str) -> NDArray[np.float32] | None:
        """The query's vector, remembered; None when the encoder fails."""
        if self.embedder is None:
            return None
        embed = partial(self.embedder.embed_query, text)
        try:
            return self._vectors.recall(text, embed)
        except Exception:
            logger.exception("the encoder failed")
            return None

    def _hits(
        self, search: Search, found: Ranking, places: NDArray[np.int64], reader: Reader, stamp: int
    ) -> list[Hit]:
        """The hits at these places of the ranking. What the database does not show is left out."""
        revisions = search.snapshot.catalogue.revisions[found.rows[places]].tolist()
        views = self._views.get(revisions, reader, stamp)
        return explain.Explainer(search, found).hits(places, views)

    def _suggestion(self, snapshot: Snapshot, query: Query) -> str | None:
        if query.is_empty:
            return None
        from search.spelling import Speller, suggest

        def known(word: str) -> bool:
            return explain.is_known(snapshot, word)

        if all(known(word) for word in query.words):
            return None
        speller = self._speller.recall("", lambda: Speller(*snapshot.words()), snapshot.catalogue)
        return suggest(query, known, speller)

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
    """Places in `rows` in the order that was asked for."""
    if request.sort in {"relevance", "match"}:
        return np.arange(len(rows))
    dated = rows if query.is_empty else rows[:DATED]
    days = snapshot.catalogue.days[dated]
    return np.lexsort((dated, -days if request.sort == "newest" else days))
