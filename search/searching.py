"""One search as it was understood, ready to rank whatever rows are allowed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from search import filters, ranking
from search.keywords import KeywordScores, keyword_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from indexer.snapshot import Snapshot
    from search.query import Query
    from search.results import Mode
    from search.trust import Trust
    from search.vocabulary import Expansion


@dataclass(frozen=True)
class Search:
    """A query over one snapshot. An empty query lists everything, newest first."""

    snapshot: Snapshot
    query: Query
    mode: Mode
    vector: NDArray[np.float32] | None = None
    """The query's; None where the ranking is by words alone."""
    expansions: tuple[Expansion, ...] = ()
    trust: Trust | None = None
    """None where trust is not to count."""
    degraded: tuple[str, ...] = ()
    """Names of the rankings that failed."""

    @cached_property
    def keyword(self) -> KeywordScores:
        """The query's words against every row."""
        return keyword_scores(self.snapshot, self.query, self.expansions)

    def rank(self, allowed: NDArray[np.bool_]) -> ranking.Ranking:
        """All hits among the allowed rows, best first; an id that was typed exactly before all others."""
        if self.query.is_empty:
            return self._newest(allowed)
        prior = self.trust.prior if self.trust else None
        found = ranking.rank(self.snapshot, self._found(allowed), self.keyword, self.vector, self.mode, prior)
        pinned = [row for row in self._identified if allowed[row]]
        return ranking.pin(found, pinned) if pinned else found

    def hits(self, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(rows): which of the allowed rows are hits, without their order."""
        if self.query.is_empty:
            return allowed
        mask = ranking.hits_mask(self._found(allowed))
        mask[[row for row in self._identified if allowed[row]]] = True
        return mask

    def _found(self, allowed: NDArray[np.bool_]) -> ranking.Candidates:
        return ranking.candidates(self.snapshot, allowed, self.keyword, self.vector, self.mode)

    @cached_property
    def _identified(self) -> list[int]:
        is_identifier = filters.is_identifier_like(self.query)
        named = [*self.query.refs, *(self.query.words if is_identifier else ())]
        rows = (row for name in named for row in filters.identified(self.snapshot, name).tolist())
        return list(dict.fromkeys(rows))

    def _newest(self, allowed: NDArray[np.bool_]) -> ranking.Ranking:
        rows = np.flatnonzero(allowed)
        newest = rows[np.lexsort((-rows, -self.snapshot.catalogue.days[rows]))]
        zeros = np.zeros(len(self.snapshot.catalogue), np.float32)
        return ranking.Ranking(newest, zeros[: len(newest)], zeros)
