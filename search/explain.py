"""Hits with the reason for each: which words, which passage, which of the two rankings."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from indexer.analysis import terms
from kb.markup import plain_text
from kb.sections import sections
from search.keywords import codes_of
from search.occurrences import by_passage, occurrences
from search.results import Hit, Meaning, Why
from search.snippets import Extractor, occurrences_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from kb.reading import EntryView
    from search.query import Query
    from search.ranking import Ranking
    from search.results import Fragment
    from search.searching import Words
    from search.sight import Sight
    from search.snippets import Occurrence
    from search.trust import Trust
    from search.vocabulary import Expansion


class Wanted:
    """What of a query is looked for in the texts of its hits."""

    def __init__(self, search: Words) -> None:
        self.snapshot, self.expansions = search.snapshot, search.expansions
        self.words = query_terms(search.query)
        self.terms = _distinct([*self.words.values(), *_alternatives(search)])
        weights = {term: search.sight.idf(term) for term in self.terms}
        names = [name for expansion in search.expansions for name in expansion.names]
        loose = set(self.terms).difference(_distinct(self.words.values()))
        several = {term for parts in _alternatives(search) if len(parts) > 1 for term in parts}
        phrases = (*search.query.phrases, *codes_of(search.query.words), *names)
        self.extractor = Extractor(phrases, weights, only_in_phrases=loose & several)


class Explainer:
    """Explains the hits of one search."""

    def __init__(self, wanted: Wanted, ranking: Ranking, trust: Trust | None = None) -> None:
        self.wanted, self.ranking, self.trust = wanted, ranking, trust
        self.snapshot, self.extractor = wanted.snapshot, wanted.extractor

    def hits(self, places: NDArray[np.int64], views: Mapping[int, EntryView]) -> list[Hit]:
        """The hits at these places of the ranking, as far as there are views of their revisions."""
        rows = self.ranking.rows[places]
        shown = np.array([rev in views for rev in self._revisions(rows)], bool)
        rows, scores = rows[shown], self.ranking.scores[places][shown].tolist()
        found = occurrences(self.snapshot, rows, self.wanted.terms)
        hits = []
        for view, score, held, (heading, fragments), (row, keyword_rank) in zip(
            [views[revision] for revision in self._revisions(rows)], scores, found,
            self._extracts(rows, found), self._keyword_ranks(rows), strict=True,
        ):  # fmt: skip
            why = self._why(view, held, heading, keyword_rank, *self._semantic(row))
            hits.append(Hit(view, round(score, 6), fragments, why))
        return hits

    def _why(
        self, view: EntryView, found: Sequence[Occurrence], heading: str, keyword_rank: int | None,
        semantic_rank: int | None, similarity: float | None,
    ) -> Why:  # fmt: skip
        words = _matched(self.wanted.words, (term for _, term in found))
        expansions = self.wanted.expansions
        meanings = _meanings(expansions, self.extractor.held(found)) if expansions else ()
        higher, lower = self.trust.reasons(view.ref, view.due_on) if self.trust else ((), ())
        return Why(words, heading, keyword_rank, semantic_rank, similarity, meanings, higher, lower)

    def _revisions(self, rows: NDArray[np.int64]) -> list[int]:
        revisions: list[int] = self.snapshot.catalogue.revisions[rows].tolist()
        return revisions

    def _extracts(
        self, rows: NDArray[np.int64], found: list[list[Occurrence]]
    ) -> list[tuple[str, tuple[Fragment, ...]]]:
        """(heading, fragments) of each row's best passage. Only the passages shown are read."""
        revisions, first_words = self._revisions(rows), self.snapshot.first_words_of(rows)
        best = {}
        for row, revision, starts, held in zip(rows.tolist(), revisions, first_words, found, strict=True):
            if passages := by_passage(held, starts):
                number = self.extractor.best(passages, self.ranking.passages.get(row))
                best[revision, number] = passages[number]
        read = self.snapshot.manifest.passages_at(list(best))
        fragments = self.extractor.extracts(
            [text for _, text in read.values()], [best[place] for place in read]
        )
        extracts = {
            revision: (heading, cut)
            for ((revision, _), (heading, _)), cut in zip(read.items(), fragments, strict=True)
        }
        return [extracts.get(revision, ("", ())) for revision in revisions]

    def _keyword_ranks(self, rows: NDArray[np.int64]) -> list[tuple[int, int | None]]:
        """(row, its place in the ranking by words): how many match better, ties by row."""
        scores = self.ranking.keyword[rows]
        lowest = scores[scores > 0].min(initial=np.inf)
        rivals = np.flatnonzero(self.ranking.keyword >= lowest)
        rival_scores = self.ranking.keyword[rivals]
        ranks: list[tuple[int, int | None]] = []
        for row, score in zip(rows.tolist(), scores, strict=True):
            earlier = rival_scores[: np.searchsorted(rivals, row)]
            better = np.count_nonzero(rival_scores > score) + np.count_nonzero(earlier == score)
            ranks.append((row, int(better) + 1 if score else None))
        return ranks

    def _semantic(self, row: int) -> tuple[int | None, float | None]:
        cosine = self.ranking.cosines.get(row)
        if cosine is None:
            return None, None
        return self._semantic_ranks[row], round(cosine, 4)

    @cached_property
    def _semantic_ranks(self) -> dict[int, int]:
        return {row: rank for rank, row in enumerate(self.ranking.cosines, 1)}


def plain_hit(view: EntryView, query: Query) -> Hit:
    """A hit found without an index: every passage is read."""
    words = query_terms(query)
    wanted = set(_distinct(words.values()))
    passages = [(heading, plain_text(text)) for heading, text in sections(view.content)] or [("", "")]
    found = [occurrences_in(text, wanted) for _, text in passages]
    extractor = Extractor(query.phrases)
    best = extractor.best(found)
    heading, text = passages[best]
    held = {term for places in found for _, term in places} | {term for _, term in terms(view.title)}
    why = Why(_matched(words, held), heading)
    return Hit(view, 0.0, extractor.extract(text, found[best]), why)


def query_terms(query: Query) -> dict[str, tuple[str, ...]]:
    """Each word and phrase that ranks, as typed, with its terms: `cut-over` has two."""
    found = {}
    for text in (*query.words, *query.phrases):
        wanted = tuple(term for _, term in terms(text))
        if wanted:
            found[text] = wanted
    return found


def _alternatives(search: Words) -> Iterator[tuple[str, ...]]:
    return (terms for expansion in search.expansions for terms in expansion.alternatives)


def _meanings(expansions: Iterable[Expansion], held: set[str]) -> tuple[Meaning, ...]:
    """The spans that the entry holds under another name only."""
    found = []
    for expansion in expansions:
        if held.issuperset(term for _, term in terms(expansion.typed)):
            continue
        names = zip(expansion.names, expansion.alternatives, strict=True)
        found += [Meaning(name, expansion.typed) for name, parts in names if " ".join(parts) in held][:1]
    return tuple(found)


def _distinct(words: Iterable[tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(term for parts in words for term in parts))


def _matched(words: Mapping[str, tuple[str, ...]], held: Iterable[str]) -> tuple[str, ...]:
    """The words and phrases of which every term is held."""
    distinct = set(held)
    return tuple(text for text, parts in words.items() if distinct.issuperset(parts))


def is_known(sight: Sight, word: str) -> bool:
    """Whether every part of a word occurs somewhere, or is too common or short to judge."""
    return all(
        sight.document_frequency("text", term) or sight.document_frequency("ids", term)
        for _, term in terms(word)
        if not term.isdigit()
    )
