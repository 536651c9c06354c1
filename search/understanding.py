"""From what a person asked for to a search that is ready to rank: other names, meaning, trust."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from kb.standing import standings
from search.beside import Beside
from search.caching import Cache
from search.searching import Search, Words
from search.sight import CACHED_READERS
from search.trust import Trust
from search.vocabulary import VocabularySource

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from indexer.embedder import Embedder
    from kb.database import Database
    from kb.reading import Reader
    from search.query import Query
    from search.results import SearchRequest
    from search.sight import Sight

logger = logging.getLogger(__name__)
T = TypeVar("T")
CACHED_QUERIES = 512


class Understanding:
    """Reads queries with the vocabulary and the encoder of one repository. Thread safe."""

    def __init__(self, database: Database, embedder: Embedder | None) -> None:
        self.database, self.embedder = database, embedder
        self.knows_meaning = embedder is not None
        """Whether there is an encoder, and it has not failed of late."""
        self.vocabulary = VocabularySource(database)
        self._vectors: Cache[str, NDArray[np.float32]] = Cache(CACHED_QUERIES)
        self._trust: Cache[Reader, Trust] = Cache(CACHED_READERS)
        self._beside = Beside()

    def search(
        self, sight: Sight, request: SearchRequest, query: Query, stamp: int,
        prepare: Callable[[Words], T], foresee: Callable[[T], object] = lambda _: None,
    ) -> tuple[Search, T]:  # fmt: skip
        """The search with all that it needs, and what `prepare` makes of its words alone.

        The encoder leaves the interpreter alone while it reads the query, so that is when the words
        are looked up, and when `foresee`, told what was prepared, may fetch what will be asked for.
        """
        if query.is_empty:
            words = Words(sight, query)
            return Search(words, "keyword"), prepare(words)
        vocabulary = self.vocabulary.current(stamp)
        words = Words(sight, query, tuple(vocabulary.expand(query.words)))
        vector = None
        if request.mode == "keyword":
            prepared = prepare(words)
        else:
            meant = vocabulary.text_with_meanings(" ".join(query.words))
            text = " ".join((meant, *query.phrases)).strip()
            vector, prepared = self._beside.both(
                partial(self._vector, text), partial(prepare, words), foresee
            )
        # Without an encoder a search by meaning still answers, by words, and says so.
        mode = request.mode if vector is not None else "keyword"
        # The single rankings are there to be seen as they are.
        trust = self.trust(sight, stamp) if mode == "hybrid" and request.sort != "match" else None
        return Search(words, mode, vector, trust, () if mode == request.mode else ("semantic",)), prepared

    def trust(self, sight: Sight, stamp: int) -> Trust:
        """What speaks for and against each entry, as of today, as far as the reader may know."""
        today, catalogue = datetime.now(UTC).date(), sight.snapshot.catalogue

        def read() -> Trust:
            with self.database.read() as session:
                return Trust(catalogue, standings(session, sight.reader), today)

        return self._trust.recall(sight.reader, read, (catalogue, stamp, today))

    def _vector(self, text: str) -> NDArray[np.float32] | None:
        """The query's vector, remembered; None when the encoder fails."""
        if self.embedder is None:
            return None
        embed = partial(self.embedder.embed_query, text)
        try:
            vector = self._vectors.recall(text, embed)
        except Exception:
            logger.exception("the encoder failed")
            self.knows_meaning = False
            return None
        self.knows_meaning = True
        return vector
