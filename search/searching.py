"""One search as it was understood, ready to rank whatever rows are allowed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from search import filters, ranking
from search.keywords import KeywordScores, keyword_scores
from search.ranking import Matches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from indexer.snapshot import Snapshot
    from search.query import Query
    from search.results import Mode
    from search.sight import Sight
    from search.trust import Trust
    from search.vocabulary import Expansion


@dataclass(frozen=True)
class Words:
    """The words of a query over what one reader sees of a snapshot: all of a search that needs no vector."""

    sight: Sight
    query: Query
    expansions: tuple[Expansion, ...] = ()

    @property
    def snapshot(self) -> Snapshot:
        """The indexes that are searched."""
        return self.sight.snapshot

    @cached_property
    def keyword(self) -> KeywordScores:
        """The query's words against every row that the reader may see."""
        return keyword_scores(self.sight, self.query, self.expansions)

    @cached_property
    def text_mask(self) -> NDArray[np.bool_]:
        """(rows): those that hold every phrase and none of the excluded words."""
        return filters.text_mask(self.snapshot, self.query)

    @cached_property
    def identified(self) -> list[int]:
        """The rows of which the query names the id."""
        is_identifier = filters.is_identifier_like(self.query)
        named = [*self.query.refs, *(self.query.words if is_identifier else ())]
        rows = (row for name in named for row in filters.identified(self.snapshot, name).tolist())
        return list(dict.fromkeys(rows))

    def matches(self, allowed: NDArray[np.bool_]) -> Matches:
        """What the words find among the allowed rows."""
        return Matches.among(allowed, self.keyword)


@dataclass(frozen=True)
class Search:
    """A query over what one reader sees of a snapshot. An empty query lists everything, newest first."""

    words: Words
    mode: Mode
    vector: NDArray[np.float32] | None = None
    """The query's; None where the ranking is by words alone."""
    trust: Trust | None = None
    """None where trust is not to count."""
    degraded: tuple[str, ...] = ()
    """Names of the rankings that failed."""

    @property
    def snapshot(self) -> Snapshot:
        """The indexes that are searched."""
        return self.words.snapshot

    @property
    def query(self) -> Query:
        """What was asked for."""
        return self.words.query

    def rank(self, matches: Matches, shown: int) -> ranking.Ranking:
        """The first `shown` hits among the rows that the matches allow, best first; an id that was typed
        exactly before all others.
        """
        if self.query.is_empty:
            return self._newest(matches)
        prior = self.trust.prior if self.trust else None
        candidates = self._candidates(matches)
        found = ranking.rank(
            self.snapshot, candidates, matches.best, self.words.keyword, self.vector, self.mode, shown, prior
        )
        pinned = [row for row in self.words.identified if matches.allowed[row]]
        return ranking.pin(found, pinned, candidates) if pinned else found

    def hits(self, matches: Matches) -> NDArray[np.bool_]:
        """(rows): which of the allowed rows are hits, without their order."""
        if self.query.is_empty:
            return matches.allowed
        mask = ranking.hits_mask(self._candidates(matches))
        mask[[row for row in self.words.identified if matches.allowed[row]]] = True
        return mask

    def _candidates(self, matches: Matches) -> ranking.Candidates:
        return ranking.candidates(self.snapshot, matches, self.words.keyword, self.vector, self.mode)

    def _newest(self, matches: Matches) -> ranking.Ranking:
        rows = np.flatnonzero(matches.allowed)
        newest = rows[np.lexsort((-rows, -self.snapshot.catalogue.days[rows]))]
        zeros = np.zeros(len(self.snapshot.catalogue), np.float32)
        return ranking.Ranking(newest, zeros[: len(newest)], zeros, len(newest), newest[:0])
