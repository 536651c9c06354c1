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
from kb.masking import withheld
from search import explain, filters, plain, ranking
from search.caching import Cache
from search.curated import SpellingSource, noted
from search.estimates.descriptions import Descriptions
from search.explain import Explainer, Wanted
from search.facets import FacetCounter
from search.hydration import Views
from search.query import Query, parse
from search.results import MAX_DEPTH, MAX_LIMIT, Hit, SearchPage, SearchRequest
from search.searching import Words
from search.sight import CACHED_READERS, Sights
from search.status import IndexStatus, index_status
from search.understanding import Understanding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from indexer.embedder import Embedder
    from indexer.snapshot import Snapshot
    from kb.config import Settings
    from kb.database import Database
    from kb.reading import Reader
    from search.ranking import Matches
    from search.sight import Sight
    from search.spelling import Speller

logger = logging.getLogger(__name__)
CACHED_PAGES = 128
RELEVANT = ("relevance", "match")
"""The orders by relevance."""
FORESEEN = 2
"""Times a page's length: so many of the best by words hold nine of ten hits of a first page."""
DATED = 100
"""Sorting by date reorders this many of the most relevant hits: further down they share one common word."""


@dataclass(frozen=True)
class _Prepared:
    """What of a page needs no vector."""

    matches: Matches
    tally: NDArray[np.int64]
    """Of the rows that hold a word, or of all if nothing was asked for."""
    wanted: Wanted
    suggestion: str | None


class Engine:
    """Searches one repository. Thread safe."""

    def __init__(self, settings: Settings, database: Database, embedder: Embedder | None) -> None:
        self.database, self.embedder = database, embedder
        fingerprint, dimension = (embedder.fingerprint, embedder.dimension) if embedder else (None, 1)
        self._source = SnapshotSource(settings, fingerprint, dimension)
        self.descriptions = Descriptions(embedder, self._source)
        self._views = Views(database)
        self._understanding = Understanding(database, embedder)
        self._pages: Cache[tuple[SearchRequest, Reader], SearchPage] = Cache(CACHED_PAGES)
        self._status: Cache[Reader, IndexStatus] = Cache(CACHED_READERS)
        self._counter: Cache[str, FacetCounter] = Cache(1)
        self._speller: Cache[str, Speller] = Cache(1)
        self._sights = Sights(database)
        self._curated = SpellingSource(database)

    @property
    def knows_meaning(self) -> bool:
        """Whether there is an encoder, and it has not failed of late."""
        return self._understanding.knows_meaning

    def search(self, request: SearchRequest, reader: Reader) -> SearchPage:
        """A page of hits. Never raises for what a person typed; a failing ranking is named."""
        started = time.perf_counter()
        query = self._curated.applied(_merged(request))
        request = _within_bounds(request)
        try:
            with self._source.reading() as snapshot:
                page = self._remembered(snapshot, request, query, reader)
                if not snapshot.complete:
                    page = plain.completed(self.database, page, snapshot, reader)
        except IndexMissing as error:
            logger.warning("searching without an index: %s", error)
            page = plain.search(self.database, request, query, reader)
        return replace(noted(page), seconds=time.perf_counter() - started)

    def ranked_keys(self, request: SearchRequest, reader: Reader, depth: int) -> list[str]:
        """Source keys of the first `depth` hits: the ranking alone, for evaluation. Raises IndexMissing."""
        snapshot, stamp = self._source.current(), self.database.change_stamp()
        sight = self._sights.of(snapshot, reader, stamp)
        search, matches = self._understanding.search(
            sight, request, self._curated.applied(_merged(request)), stamp, _matches
        )
        rows = search.rank(matches, depth).rows[:depth]
        keys: list[str] = snapshot.catalogue.keys[rows].tolist()
        return keys

    def similar(self, ref: str, reader: Reader, limit: int = 6) -> list[Hit]:
        """The entries nearest in meaning to a published one; none while there is no index."""
        try:
            with self._source.reading() as snapshot:
                return self._nearest(snapshot, ref, reader, limit)
        except IndexMissing:
            return []

    def _nearest(self, snapshot: Snapshot, ref: str, reader: Reader, limit: int) -> list[Hit]:
        stamp = self.database.change_stamp()
        sight = self._sights.of(snapshot, reader, stamp)
        row = snapshot.catalogue.row_of_ref.get(ref)
        if row is None or not sight.rows[row] or not len(snapshot.vectors):
            return []
        start, end = snapshot.first_passage[row : row + 2]
        centre = snapshot.vectors.matrix[start:end].mean(axis=0)
        allowed = sight.rows.copy()
        allowed[[row, *self._withheld(sight, ref)]] = False
        rows, cosines, passages = ranking.nearest(snapshot, centre / np.linalg.norm(centre), allowed, limit)
        none = np.zeros(len(snapshot.catalogue), np.float32)
        found = ranking.Ranking(rows, cosines, none, len(rows), rows)
        found.cosines = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
        found.passages = dict(zip(rows.tolist(), passages.tolist(), strict=True))
        explainer = Explainer(Wanted(Words(sight, Query())), found)
        return self._hits(explainer, np.arange(len(rows)), sight.reader, stamp)

    def _withheld(self, sight: Sight, ref: str) -> list[int]:
        """Rows of what the reader must not see the entry linked with."""
        if sight.reader.sees_authors:
            return []
        with self.database.read() as session:
            secret = withheld(session, [ref], sight.reader).get(ref, frozenset())
        rows = sight.snapshot.catalogue.row_of_ref
        return [rows[other] for other in secret if other in rows]

    def status(self, reader: Reader) -> IndexStatus:
        """How the index stands against the database, for the entries of this reader. Raises IndexMissing."""
        with self._source.reading() as snapshot:
            stamp = self.database.change_stamp()
            sight = self._sights.of(snapshot, reader, stamp)
            state = (snapshot.catalogue, snapshot.generation, stamp)
            return self._status.recall(sight.reader, lambda: index_status(self.database, sight), state)

    def _remembered(
        self, snapshot: Snapshot, request: SearchRequest, query: Query, reader: Reader
    ) -> SearchPage:
        """The page from the cache while index, records and date (verification runs out) are the same."""
        stamp = self.database.change_stamp()
        sight = self._sights.of(snapshot, reader, stamp)
        state = (snapshot.catalogue, snapshot.generation, stamp, datetime.now(UTC).date())
        page = self._pages.get((request, sight.reader), state)
        if page is None:
            page = self._search(sight, request, query, stamp)
            if not page.degraded:  # what failed may work the next time
                self._pages.put((request, sight.reader), page, state)
        return page

    def _search(self, sight: Sight, request: SearchRequest, query: Query, stamp: int) -> SearchPage:
        snapshot, today = sight.snapshot, datetime.now(UTC).date()
        counter = self._counter.recall(
            "", lambda: FacetCounter(snapshot.catalogue, today), (snapshot.catalogue, today)
        )
        search, ready = self._understanding.search(
            sight, request, query, stamp, partial(self._prepare, counter=counter),
            partial(self._foresee, sight=sight, request=request, stamp=stamp),
        )  # fmt: skip
        wanted = request.offset + request.limit
        found = search.rank(ready.matches, wanted if request.sort in RELEVANT else max(wanted, DATED))

        def without(field: str) -> NDArray[np.int64]:
            return counter.tally(search.hits(_matches(search.words, leave_out=field)))

        tally = counter.tally_rows(found.wordless)
        if search.mode != "semantic":
            tally += ready.tally
        places = _sorted(snapshot, request, query, found.rows)
        page_places = places[request.offset : request.offset + request.limit]
        explainer = Explainer(ready.wanted, found, search.trust)
        return SearchPage(
            query=query,
            request=request,
            total=found.total,
            hits=tuple(self._hits(explainer, page_places, sight.reader, stamp)),
            facets=counter.facets(query, tally, without),
            degraded=search.degraded if snapshot.complete else (*search.degraded, "incomplete"),
            suggestion=ready.suggestion,
            searched=sight.documents,
        )

    def _prepare(self, words: Words, counter: FacetCounter) -> _Prepared:
        matches = _matches(words)
        counted = matches.allowed if words.query.is_empty else matches.scores > 0
        suggestion = self._suggestion(words.sight, words.query)
        return _Prepared(matches, counter.tally(counted), Wanted(words), suggestion)

    def _foresee(self, ready: _Prepared, sight: Sight, request: SearchRequest, stamp: int) -> None:
        """Reads the entries that will probably be on the page."""
        if request.offset or request.sort not in RELEVANT:
            return
        best, scores = ready.matches.best, ready.matches.scores
        rows = best[np.argsort(-scores[best])[: FORESEEN * request.limit]]
        self._views.get(sight.snapshot.catalogue.revisions[rows].tolist(), sight.reader, stamp)

    def _hits(self, explainer: Explainer, places: NDArray[np.int64], reader: Reader, stamp: int) -> list[Hit]:
        """The hits at these places of the ranking. What the database does not show is left out."""
        rows = explainer.ranking.rows[places]
        revisions = explainer.snapshot.catalogue.revisions[rows].tolist()
        return explainer.hits(places, self._views.get(revisions, reader, stamp))

    def _suggestion(self, sight: Sight, query: Query) -> str | None:
        if query.is_empty:
            return None
        from search.spelling import Speller, suggest

        def known(word: str) -> bool:
            return explain.is_known(sight, word)

        if all(known(word) for word in query.words):
            return None
        words, catalogue = sight.snapshot.manifest.words, sight.snapshot.catalogue
        speller = self._speller.recall("", lambda: Speller(words()), catalogue)
        return suggest(query, known, partial(speller.correct, counts=sight.word_counts))


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


def _matches(words: Words, leave_out: str = "") -> Matches:
    """What the words find among what the query's phrases and filters allow."""
    return words.matches(filters.filter_mask(words.sight, words.query, leave_out) & words.text_mask)


def _sorted(
    snapshot: Snapshot, request: SearchRequest, query: Query, rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Places in `rows` in the order that was asked for."""
    if request.sort in RELEVANT:
        return np.arange(len(rows))
    dated = rows if query.is_empty else rows[:DATED]
    days = snapshot.catalogue.days[dated]
    return np.lexsort((dated, -days if request.sort == "newest" else days))
