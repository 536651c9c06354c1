"""The vocabulary at work: which words of a query have other names, and what those are.

Expansion happens when a query comes, so that a change of the vocabulary needs no new index. It gives
alternatives to a span of the query, never further words beside it: a ranking that counts an
alternative no more than the span itself cannot be pulled away from what was typed (the query drift
that plain expansion by synonyms causes; E. M. Voorhees, "Query expansion using lexical-semantic
relations", SIGIR 1994).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.analysis import fold, is_stop_word, term_of, terms, words_of
from kb.vocabulary import list_groups
from search.pasted import LEAST_WORDS as MOST_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kb.database import Database
    from kb.vocabulary import Group

CLEAR_LENGTH = 6
"""An acronym of so many letters is no ordinary word, however it is typed."""
LOOSE_WORDS = 6
"""A query of more words is prose: there `sit` and `raid` are the ordinary words."""
MEANING_WORDS = 12
"""A longer text tells the encoder enough: long forms would outweigh it."""


@dataclass(frozen=True)
class Expansion:
    """A span of a query that the vocabulary knows, and its other names."""

    start: int
    end: int
    """Words `start` to before `end` of the sequence that was given."""
    typed: str
    alternatives: tuple[tuple[str, ...], ...]
    """Index terms of each other name, in the order of the group."""
    names: tuple[str, ...]
    """The other names as the vocabulary writes them, in the same order."""


@dataclass(frozen=True)
class Rewriting:
    """A query in which one span has another name: the words before it, the name, the words after it."""

    before: str
    name: str
    after: str


@dataclass(frozen=True)
class _Name:
    """One term of a group, found in a query."""

    group: Group
    position: int

    @property
    def is_short_form(self) -> bool:
        return self.position == 0 and self.group.kind == "acronym"


class Vocabulary:
    """The groups, ready to be found in queries. Immutable, so threads may share it."""

    def __init__(self, groups: Iterable[Group] = ()) -> None:
        self.groups = tuple(groups)
        self._names: dict[tuple[str, ...], _Name] = {}
        for group in self.groups:
            for position, term in enumerate(group.terms):
                # Two groups may have forms of one word: the first in the list has it.
                self._names.setdefault(_word_terms(term), _Name(group, position))
        self._most_words = max(map(len, self._names), default=0)

    def expand(self, words: Sequence[str]) -> list[Expansion]:
        """The spans of `words` that are terms of the vocabulary: disjoint, in order, the longest first.

        `words` are those that rank, as typed, without phrases, excluded words and filters. A word may
        hold several as the index counts them (`go-live`); a term matches whole words only. Nothing is
        found in a description of more than MOST_WORDS words. Linear time: a term has six words at most.

        An acronym in lower case is ambiguous (`raid`, `sit`, `it`). It is taken as the acronym where
        case says nothing, which is in a short query that is typed in one case: most queries are, and
        an alternative of less weight costs little if it was not meant. It is taken as the ordinary
        word if it is a stop word, if another word of the query is in capitals (who writes `sit with
        the UAT team` knows how to write SIT), or in prose.
        """
        if len(words) > MOST_WORDS:
            return []
        return [self._expansion(words, *found) for found in self._find(words)]

    def rewritings(self, words: Sequence[str]) -> list[Rewriting]:
        """What else is searched for, so that a person can read it: `expand`, a name at a time."""
        return [
            Rewriting(" ".join(words[: each.start]), name, " ".join(words[each.end :]))
            for each in self.expand(words)
            for name in each.names
        ]

    def text_with_meanings(self, text: str) -> str:
        """The text with the long form behind each acronym, for the encoder: `RAID (risks, ...) log`.

        The text itself where it holds no acronym, says the long form already, or has more than
        MEANING_WORDS words.
        """
        words = text.split()
        if len(words) > MEANING_WORDS:
            return text
        said = {term for _, term in terms(text)}
        found = [each for each in self._find(words) if each[2].is_short_form]
        for _, end, name in reversed(found):
            long_form = name.group.terms[1]
            if not said.issuperset(term for _, term in terms(long_form)):
                words[end - 1] += f" ({long_form})"
        return " ".join(words) if found else text

    def _find(self, words: Sequence[str]) -> Iterator[tuple[int, int, _Name]]:
        """(start, end, name) of each span."""
        keys = [_word_terms(word) for word in words]
        case = _Case.of(words)
        start = 0
        while start < len(words):
            end, name = start + 1, None
            key: tuple[str, ...] = ()
            for last in range(start, len(words) if keys[start] else start):
                key += keys[last]
                if len(key) > self._most_words:
                    break
                found = self._names.get(key)
                if found and keys[last] and _is_meant(found, " ".join(words[start : last + 1]), case):
                    end, name = last + 1, found
            if name is not None:
                yield start, end, name
            start = end

    @staticmethod
    def _expansion(words: Sequence[str], start: int, end: int, name: _Name) -> Expansion:
        typed = " ".join(words[start:end])
        own = tuple(term for _, term in terms(typed))
        others: dict[tuple[str, ...], str] = {}
        for position, term in enumerate(name.group.terms):
            alternative = tuple(found for _, found in terms(term))
            if position != name.position and alternative and alternative != own:
                others.setdefault(alternative, term)
        return Expansion(start, end, typed, tuple(others), tuple(others.values()))


class VocabularySource:
    """The vocabulary of a repository as it stands now. Thread safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._stamp = -1
        self._vocabulary = Vocabulary()

    def current(self, stamp: int | None = None) -> Vocabulary:
        """The same object until a group changes, so that it may be part of a cache's key.

        `stamp` is the change stamp, where it has just been read. Raises DatabaseUnavailable.
        """
        stamp = self._database.change_stamp() if stamp is None else stamp
        with self._lock:
            if stamp != self._stamp:
                with self._database.read() as session:
                    groups = tuple(list_groups(session))
                if groups != self._vocabulary.groups:
                    self._vocabulary = Vocabulary(groups)
                self._stamp = stamp
            return self._vocabulary


@dataclass(frozen=True)
class _Case:
    """What the case of a query's letters tells."""

    is_flat: bool
    """All words are alike, so that it tells nothing."""
    is_prose: bool

    @classmethod
    def of(cls, words: Sequence[str]) -> _Case:
        lettered = [word for word in words if any(map(str.isalpha, word))]
        capitals = sum(map(_in_capitals, lettered))
        is_flat = capitals == 0 or capitals == len(lettered) > 1
        return cls(is_flat, len(words) > LOOSE_WORDS)


def _word_terms(text: str) -> tuple[str, ...]:
    """The index terms of every word, stop words too: `statement of work` has three."""
    return tuple(term_of(match.group()) for match in words_of(text))


def _is_meant(name: _Name, typed: str, case: _Case) -> bool:
    """Whether what was typed is this term and no ordinary word that looks like it."""
    if not name.is_short_form:
        return True
    short = _bare(name.group.terms[0])
    # Stemming makes `raided` and `raids` one; of an acronym only the plural is another form.
    if _bare(typed) != short:
        return False
    if len(short) >= CLEAR_LENGTH:
        return True
    if case.is_flat:
        return not case.is_prose and not all(is_stop_word(match.group()) for match in words_of(typed))
    return _in_capitals(typed)


def _in_capitals(word: str) -> bool:
    """Whether two letters or more are capitals, as in UAT, UATs and BoQ."""
    return sum(char.isupper() for char in word) > 1


def _bare(word: str) -> str:
    """The letters and digits of a word, folded, without a plural's ending."""
    letters = "".join(match.group() for match in words_of(fold(word)))
    return letters.replace("’", "'").removesuffix("'s").removesuffix("s")
