"""Hits with the reason for each: which words, which passage, which of the two rankings."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from indexer.analysis import terms
from kb.markup import plain_text
from kb.sections import sections
from search.results import Hit, Why
from search.snippets import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.snapshot import Snapshot
    from kb.reading import EntryView
    from search.query import Query
    from search.ranking import Ranking


class Explainer:
    """Explains the hits of one search."""

    def __init__(self, snapshot: Snapshot, query: Query, ranking: Ranking) -> None:
        self.snapshot, self.query, self.ranking = snapshot, query, ranking

    def hit(self, row: int, view: EntryView) -> Hit:
        """The hit of a catalogue row."""
        passages = self.snapshot.manifest.passages(view.revision_id)
        return _hit(
            view, self.query, passages, self._score(row), self._why(row), self.ranking.passages.get(row)
        )

    def _why(self, row: int) -> Why:
        cosine = self.ranking.cosines.get(row)
        return Why(
            keyword_rank=self._keyword_ranks.get(row),
            semantic_rank=self._semantic_ranks.get(row),
            similarity=None if cosine is None else round(cosine, 4),
        )

    def _score(self, row: int) -> float:
        found = np.flatnonzero(self.ranking.rows == row)
        return round(float(self.ranking.scores[found[0]]), 6) if len(found) else 0.0

    @cached_property
    def _keyword_ranks(self) -> dict[int, int]:
        scores = self.ranking.keyword
        matched = np.flatnonzero(scores)
        order = np.lexsort((matched, -scores[matched]))
        return {row: rank for rank, row in enumerate(matched[order].tolist(), 1)}

    @cached_property
    def _semantic_ranks(self) -> dict[int, int]:
        return {row: rank for rank, row in enumerate(self.ranking.cosines, 1)}


def plain_hit(view: EntryView, query: Query) -> Hit:
    """A hit found without an index."""
    passages = [(heading, plain_text(text)) for heading, text in sections(view.content)]
    return _hit(view, query, passages or [("", "")], 0.0, Why(), None)


def _hit(
    view: EntryView,
    query: Query,
    passages: Sequence[tuple[str, str]],
    score: float,
    why: Why,
    preferred: int | None,
) -> Hit:
    wanted = query_terms(query)
    snippet = choose(
        passages, {term for parts in wanted.values() for term in parts}, query.phrases, preferred
    )
    held = snippet.terms | {term for _, term in terms(view.title)}
    words = tuple(text for text, parts in wanted.items() if held.issuperset(parts))
    why = Why(words, snippet.heading, why.keyword_rank, why.semantic_rank, why.similarity)
    return Hit(entry=view, score=score, snippet=snippet.fragments, why=why)


def query_terms(query: Query) -> dict[str, tuple[str, ...]]:
    """Each word and phrase that ranks, as typed, with its terms: `cut-over` has two."""
    found = {}
    for text in (*query.words, *query.phrases):
        wanted = tuple(term for _, term in terms(text))
        if wanted:
            found[text] = wanted
    return found


def is_known(snapshot: Snapshot, word: str) -> bool:
    """Whether every part of a word occurs somewhere, or is too common or short to judge."""
    return all(
        snapshot.keyword.document_frequency("text", term) or snapshot.keyword.document_frequency("ids", term)
        for _, term in terms(word)
        if not term.isdigit()
    )
