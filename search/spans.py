"""Where each word of several texts stands, by arrays instead of a match object for each word."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from indexer.analysis import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BETWEEN = "\n"
"""Stands between the texts: no word holds it."""
_KNOWN = 1 << 16
"""Characters below this number are looked up in a table."""
_WITHIN = [ord(char) for char in ".'’"]
"""These are part of a word where a letter or digit stands on both sides."""


class WordSpans:
    """The words of `indexer.analysis.words_of` in each of several texts, numbered through all of them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._starts, self._ends = _spans(_BETWEEN.join(texts))
        lengths = np.array([len(text) + len(_BETWEEN) for text in texts], np.intp)
        self._origins = np.cumsum(lengths) - lengths
        self._first = self._starts.searchsorted(self._origins)

    def stretches(
        self, texts: Sequence[int], first: Sequence[int], last: Sequence[int]
    ) -> tuple[list[int], list[int]]:
        """Where stretches of words start and end in their texts: from word `first[i]` to word `last[i]` of
        the text numbered `texts[i]`.
        """
        chosen = np.array(texts, np.intp)
        numbers, origins = self._first[chosen], self._origins[chosen]
        starts = self._starts[numbers + np.array(first, np.intp)] - origins
        ends = self._ends[numbers + np.array(last, np.intp)] - origins
        return starts.tolist(), ends.tolist()


def _spans(text: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Start and end of each word."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    if codes.max(initial=0) >= _KNOWN:
        spans = np.array([word.span() for word in words_of(text)], np.intp).reshape(-1, 2)
        return spans[:, 0], spans[:, 1]
    # One more on either side, so that every character has two neighbours.
    inside = np.zeros(len(codes) + 2, bool)
    inside[1:-1] = _is_word_character()[codes]
    between = _is_within_words()[codes]
    inside[1:-1] |= between & inside[:-2] & inside[2:]
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    return edges[::2], edges[1::2]


@cache
def _is_word_character() -> NDArray[np.bool_]:
    """(characters): letters and digits."""
    return np.array([chr(code).isalnum() for code in range(_KNOWN)], bool)


@cache
def _is_within_words() -> NDArray[np.bool_]:
    """(characters): what may join letters and digits to one word."""
    table = np.zeros(_KNOWN, bool)
    table[_WITHIN] = True
    return table
