"""Did you mean: unknown words of a query replaced by near ones of the repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from indexer.analysis import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from search.query import Query

SHORTEST = 4
"""Shorter words are as near to each other as to what was meant."""


class Speller:
    """Knows every word of the repository and in how many documents it stands."""

    def __init__(self, words: Sequence[str], counts: Sequence[int]) -> None:
        self._by_length: dict[int, list[str]] = {}
        self._counts = {word: count for word, count in zip(words, counts, strict=True) if word.isalpha()}
        for word in self._counts:
            self._by_length.setdefault(len(word), []).append(word)

    def correct(self, word: str) -> str | None:
        """The nearest known word, one edit away (two in words of eight letters and more), or None.

        Edits are optimal string alignment: insert, drop, change, or swap two neighbours. Among
        equally near words those with the same first letter come first, then frequent ones.
        """
        from rapidfuzz.distance import OSA

        word = fold(word)
        if len(word) < SHORTEST or not word.isalpha() or word in self._counts:
            return None
        limit = 2 if len(word) >= 8 else 1
        near: list[tuple[int, bool, int, str]] = []
        for length in range(len(word) - limit, len(word) + limit + 1):
            for candidate in self._by_length.get(length, ()):
                distance = OSA.distance(word, candidate, score_cutoff=limit)
                if distance <= limit:
                    near.append((distance, candidate[0] != word[0], -self._counts[candidate], candidate))
        return min(near)[3] if near else None


def suggest(query: Query, known: Callable[[str], bool], speller: Speller) -> str | None:
    """The query's text with unknown words corrected and all else kept; None when nothing changes."""
    text = query.source
    for word in query.words:
        better = None if known(word) else speller.correct(word)
        if better:
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", better, text)
    return text if text != query.source else None
