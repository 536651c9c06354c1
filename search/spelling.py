"""Did you mean: unknown words of a query replaced by near ones of the repository."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from indexer.analysis import fold, words_of
from search.query import parse, render_query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from search.query import Query

SHORTEST = 4
"""Shorter words are as near to each other as to what was meant."""
TWO_EDITS_FROM = 8
"""Words of so many letters may be two edits away, shorter ones one."""
LONGEST = 40


class Counts(Protocol):
    """Says in how many documents words stand."""

    def __call__(self, words: Sequence[str], /) -> Mapping[str, int]:
        """Word -> documents that the reader may see; without words that stand in none of them."""


class Speller:
    """Knows every word of the repository. Which of them a reader may be told, their counts say."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if word.isalpha() and len(word) <= LONGEST]
        self._lengths = np.array([len(word) for word in self._words], np.int32)
        self._letters = _letters(self._words)

    def correct(self, word: str, counts: Counts) -> str | None:
        """The nearest word that counts, in lower case; None when the word itself does or nothing is near.

        Nearness is the number of edits (optimal string alignment: insert, drop, change, or swap two
        neighbours). Among equally near words those with the same first letter come first, then the
        frequent ones.
        """
        from rapidfuzz.distance import OSA

        word = fold(word)
        if not SHORTEST <= len(word) <= LONGEST or not word.isalpha():
            return None
        limit = 2 if len(word) >= TWO_EDITS_FROM else 1
        distances = {
            candidate: distance
            for candidate in self._candidates(word, limit)
            if (distance := OSA.distance(word, candidate, score_cutoff=limit)) <= limit
        }
        known = counts(list(distances)) if distances else {}
        if word in known:
            return None
        near = [
            (distances[candidate], candidate[0] != word[0], -count, candidate)
            for candidate, count in known.items()
        ]
        return min(near)[3] if near else None

    def _candidates(self, word: str, limit: int) -> list[str]:
        """All words that may be within `limit` edits, and few others.

        An edit changes the length by one letter at most, and the set of letters by two.
        """
        differing = np.bitwise_count(self._letters ^ _letters([word])[0])
        near = (np.abs(self._lengths - len(word)) <= limit) & (differing <= 2 * limit)
        return [self._words[place] for place in np.flatnonzero(near).tolist()]


def _letters(words: Sequence[str]) -> NDArray[np.uint32]:
    """(words): the set of each word's letters, one bit for every 32nd character of the alphabets."""
    if not words:
        return np.zeros(0, np.uint32)
    table = np.array(words, np.str_)
    codes = table.view(np.uint32).reshape(len(words), -1)
    bits = np.where(codes > 0, np.uint32(1) << (codes & np.uint32(31)), np.uint32(0))
    letters: NDArray[np.uint32] = np.bitwise_or.reduce(bits, axis=1)
    return letters


def suggest(query: Query, known: Callable[[str], bool], correct: Callable[[str], str | None]) -> str | None:
    """The query's own text with unknown words corrected and all else kept; None when nothing changes."""

    def corrected(text: str) -> str:
        place, parts = 0, []
        for match in words_of(text):
            better = None if known(match.group()) else correct(match.group())
            parts += [text[place : match.start()], _in_case_of(match.group(), better or match.group())]
            place = match.end()
        return "".join([*parts, text[place:]])

    typed = parse(query.source)  # without the filters that were chosen beside it
    words, phrases = tuple(map(corrected, typed.words)), tuple(map(corrected, typed.phrases))
    if (words, phrases) == (typed.words, typed.phrases):
        return None
    return render_query(replace(typed, words=words, phrases=phrases))


def _in_case_of(typed: str, word: str) -> str:
    return word.capitalize() if typed[0].isupper() and word.islower() else word
