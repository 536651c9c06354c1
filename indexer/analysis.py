"""Text to terms, the same way for documents and for queries."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from whoosh.analysis import STOP_WORDS, Analyzer, Token
from whoosh.lang.porter import stem as porter_stem

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "2"
"""Counted up when terms come out or are kept differently: an index of another version is rebuilt."""

MAX_TERM = 64
# Letters and digits; a dot or apostrophe inside a word keeps `7120.5` and `don't` whole.
_WORD = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*")


@lru_cache(maxsize=200_000)
def term_of(word: str) -> str:
    """The index term of one word: folded to lower case without accents, stemmed (Porter)."""
    folded = fold(word).replace("’", "'").removesuffix("'s")
    return (porter_stem(folded) if folded.isalpha() else folded)[:MAX_TERM]


def fold(text: str) -> str:
    """Lower case without accents (compatibility decomposition, marks dropped)."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words_of(text: str) -> Iterator[re.Match[str]]:
    """The words of a text with their places."""
    return _WORD.finditer(text)


def word_list(text: str) -> list[str]:
    """The words of a text in their order."""
    return _WORD.findall(text)


def distinct_words(text: str) -> set[str]:
    """The different words of a text."""
    return set(word_list(text))


@lru_cache(maxsize=200_000)
def is_stop_word(word: str) -> bool:
    """Whether the word is too common to rank by."""
    return fold(word) in STOP_WORDS


@lru_cache(maxsize=200_000)
def index_term(word: str) -> str | None:
    """The index term of one word, None for a stop word."""
    return None if is_stop_word(word) else term_of(word)


def terms(text: str) -> list[tuple[int, str]]:
    """(position, term) of every word but stop words, which leave a gap in the positions."""
    return [
        (position, term_of(word)) for position, word in enumerate(word_list(text)) if not is_stop_word(word)
    ]


class StemmingAnalyzer(Analyzer):  # type: ignore[misc]
    """The above as a Whoosh analyzer."""

    def __call__(self, value: str, **options: Any) -> Iterator[Token]:
        """Yields one reused Token, as Whoosh's own analyzers do."""
        token = Token(positions=True, removestops=True)
        token.stopped, token.boost = False, 1.0
        for token.pos, token.text in terms(value):
            yield token
