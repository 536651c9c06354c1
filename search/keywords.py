"""The ranking by words: BM25 over title and text, and what else the vocabulary calls them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from indexer.analysis import terms
from indexer.keyword import BM25

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from search.query import Query
    from search.sight import Sight
    from search.vocabulary import Expansion

TITLE_WEIGHT = 0.2
"""The text holds the title too, so that a word of it counts 1.2 times."""
RARE = 0.05
"""A code that stands in a larger share of all entries names nothing in particular."""
MOST_WORDS = 25
"""A longer query is a description."""
MOST_PARTS = 8
"""A longer run of letters and digits is no code, and would take its time to look for."""
OTHER_NAME = 0.8
"""What another name of the vocabulary counts, next to the words that were typed."""


@dataclass(frozen=True)
class KeywordScores:
    """How well each row matches the query's words."""

    scores: NDArray[np.float32]
    """(rows): 0 where no word of the query occurs."""
    best: float
    """What a text would reach that says all of the query's words over and over."""
    codes: NDArray[np.float32]
    """(rows): how many of the query's codes it holds to the letter."""


def keyword_scores(sight: Sight, query: Query, expansions: Sequence[Expansion] = ()) -> KeywordScores:
    """BM25 with the idf of Robertson and Spärck Jones, ln(1 + (N - n + 0.5) / (n + 0.5)).

    N and n count what the reader may see, and nothing else scores: that a word stands in an entry
    that is hidden from the reader changes no score.

    A span that the vocabulary knows scores as what matches better in the row, the words as typed or,
    at OTHER_NAME of its score, another name of the same thing: never as their sum.
    """
    scorer = _Scorer(sight)
    spans = [range(expansion.start, expansion.end) for expansion in expansions]
    spanned = {place for span in spans for place in span}
    plain = [word for place, word in enumerate(query.words) if place not in spanned]
    wanted = Counter(_terms([*plain, *query.phrases]))
    total, best = scorer.score(wanted), scorer.best(wanted)
    for span, expansion in zip(spans, expansions, strict=True):
        typed = Counter(_terms([query.words[place] for place in span]))
        scores = scorer.score(typed)
        for name in expansion.names:
            np.maximum(scores, np.float32(OTHER_NAME) * scorer.score_name(name), out=scores)
        total += scores
        best += scorer.best(typed)
    codes = np.zeros(len(total), np.float32)
    for code in codes_of(query.words):
        found = scorer.score_code(code)
        total += found
        codes += found > 0
    return KeywordScores(scorer.by_row(total), best, scorer.by_row(codes))


# A digit beside a letter, maybe with a mark between them, or a number too long for a year or an amount.
_CODE = re.compile(r"[^\W\d_][ ./-]?\d|\d[ ./-]?[^\W\d_]|\d{5}")


def codes_of(words: Sequence[str]) -> list[str]:
    """Part numbers, standards, names with a number: `MIL-STD-975G`, `STS-113`, `TM 105924`, `p53`.

    Runs of words that hold a digit or are in capitals. A description of many words names many things in
    passing, so that none of them is what it asks for.
    """
    if len(words) > MOST_WORDS:
        return []
    in_capitals = [word.isupper() and len(word) > 1 for word in words]
    # Where everything is in capitals they say nothing.
    shouted = all(in_capitals)
    like_codes = [
        any(map(str.isdigit, word)) or (capitals and not shouted)
        for word, capitals in zip(words, in_capitals, strict=True)
    ]
    runs = groupby(zip(words, like_codes, strict=True), key=itemgetter(1))
    codes = [" ".join(word for word, _ in run) for is_code, run in runs if is_code]
    distinct = dict.fromkeys(code for code in codes if _CODE.search(code))
    return [code for code in distinct if len(terms(code)) <= MOST_PARTS]


def _terms(texts: Sequence[str]) -> list[str]:
    return [term for text in texts for _, term in terms(text)]


class _Scorer:
    """Scores over the keyword index's rows, of all fields together."""

    def __init__(self, sight: Sight) -> None:
        self.sight, self.keyword = sight, sight.snapshot.keyword
        self.size, self.count = len(self.keyword.live), sight.keyword_count

    def score(self, wanted: Mapping[str, int]) -> NDArray[np.float32]:
        """(keyword rows): the score of the text, and TITLE_WEIGHT of the title's."""
        if not wanted:
            return np.zeros(self.size, np.float32)
        total = self.keyword.score("text", self._weights("text", wanted))
        of_title = self.keyword.score("title", self._weights("title", wanted))
        of_title *= np.float32(TITLE_WEIGHT)
        total += of_title
        return total

    def score_name(self, name: str) -> NDArray[np.float32]:
        """(keyword rows): a word, or several that stand beside each other and count as one word."""
        found = terms(name)
        if len(found) < 2:
            return self.score(Counter(term for _, term in found))
        rows, counts = self.keyword.phrase_counts("text", found)
        total = np.zeros(self.size, np.float32)
        total[rows] = self._idf(self.sight.among(rows)) * self.keyword.saturated("text", rows, counts)
        return total

    def score_code(self, code: str) -> NDArray[np.float32]:
        """(keyword rows): the code as one rare word of its own; all 0 where it is not rare."""
        rows, counts = self.keyword.phrase_counts("text", terms(code))
        total = np.zeros(self.size, np.float32)
        held = self.sight.among(rows)
        if held <= max(1, RARE * self.count):
            total[rows] = self._idf(held) * self.keyword.saturated("text", rows, counts)
        return total

    def best(self, wanted: Mapping[str, int]) -> float:
        """The limit of the score as every word that occurs at all is repeated."""
        found = ((self.sight.document_frequency("text", term), times) for term, times in wanted.items())
        return (BM25["text"].k1 + 1) * sum(times * self._idf(count) for count, times in found if count)

    def by_row(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """The scores in the catalogue's order, 0 for what the reader may not see."""
        snapshot = self.sight.snapshot
        if not snapshot.is_aligned:
            scores = np.append(scores, np.float32(0)).take(snapshot.keyword_row_of)
        return scores if self.sight.is_whole else scores * self.sight.rows

    def _weights(self, field: str, wanted: Mapping[str, int]) -> dict[str, float]:
        """What makes of Whoosh's idf the one that ranks better (SciFact +.005, Cranfield +.004 nDCG@10)."""
        counts = {term: self.sight.document_frequency(field, term) for term in wanted}
        return {
            term: wanted[term] * self._idf(count) / self.keyword.idf_of(self._indexed(field, term))
            for term, count in counts.items()
            if count
        }

    def _indexed(self, field: str, term: str) -> int:
        """In how many documents the term occurs for Whoosh, which knows no readers."""
        return self.keyword.document_frequency(field, term)

    def _idf(self, documents: int) -> float:
        return float(np.log1p((self.count - documents + 0.5) / (documents + 0.5)))
