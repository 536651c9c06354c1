"""What a reader may see of a snapshot: the mask that stands before every ranking, count and suggestion."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from indexer.documents import admits
from kb.reading import hidden_revisions
from kb.visibility import principals_named
from search.caching import Cache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from indexer.snapshot import Snapshot
    from kb.database import Database
    from kb.reading import Reader

CACHED_READERS = 8
"""Readers of different rights whose counts over the whole repository are remembered."""
CACHED_SIGHTS = 64
"""Readers of different rights: a mask of 100,000 rows takes 100 kB."""


@dataclass(frozen=True)
class Sight:
    """A snapshot through the eyes of one reader. What is counted here is what the reader may see."""

    snapshot: Snapshot
    reader: Reader
    hidden: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Revisions that the database hides from the reader: it may know so before the index does."""

    @cached_property
    def rows(self) -> NDArray[np.bool_]:
        """(catalogue rows): what the reader may see."""
        catalogue = self.snapshot.catalogue
        rows = np.append(self._indexed, np.False_)
        rows[catalogue.rows_of(self.hidden)] = False
        return rows[:-1]

    @cached_property
    def revisions(self) -> list[int]:
        """The revisions that the reader may see."""
        revisions: list[int] = self.snapshot.catalogue.revisions[self.rows].tolist()
        return revisions

    @cached_property
    def _indexed(self) -> NDArray[np.bool_]:
        """(catalogue rows): what the reader may see, as the index has it."""
        return self.snapshot.catalogue.seen_by(self.reader)

    @cached_property
    def _is_behind(self) -> bool:
        """Whether the index shows what the database hides: its words are not yet counted without it."""
        return self.documents < int(np.count_nonzero(self._indexed))

    @cached_property
    def is_whole(self) -> bool:
        """Whether the reader may see everything: then nothing needs to be masked."""
        return bool(self.rows.all())

    @cached_property
    def documents(self) -> int:
        """How many entries the reader may see."""
        return int(np.count_nonzero(self.rows))

    @cached_property
    def passages(self) -> int:
        """How many passages they have."""
        return int(np.count_nonzero(self.rows[self.snapshot.passage_rows]))

    @cached_property
    def keyword_rows(self) -> NDArray[np.bool_] | None:
        """(keyword rows): those of `rows`; None for all, deleted ones included."""
        if self.is_whole:
            return None
        return np.append(self.rows, np.False_)[self.snapshot.keyword_rows]

    @cached_property
    def keyword_count(self) -> int:
        """How many keyword rows there are to be found."""
        return len(self.snapshot.keyword.live) if self.keyword_rows is None else self.documents

    def document_frequency(self, field: str, term: str) -> int:
        """In how many documents the term occurs."""
        return self.snapshot.keyword.document_frequency(field, term, self.keyword_rows)

    def among(self, keyword_rows: NDArray[np.int64]) -> int:
        """How many of these keyword rows there are to be found."""
        seen = self.keyword_rows
        return len(keyword_rows) if seen is None else int(np.count_nonzero(seen[keyword_rows]))

    def idf(self, term: str) -> float:
        """How rare a term of the text is: ln(N / (n + 1)) + 1, as Whoosh has it."""
        count, held = self.keyword_count, self.document_frequency("text", term)
        return float(np.log(count / (held + 1)) + 1) if count else 0.0

    def word_counts(self, words: Sequence[str]) -> dict[str, int]:
        """In how many documents each of the words stands; without those that stand in none.

        None at all while the index still counts what the reader may no longer see.
        """
        counts: dict[str, int] = {}
        if self._is_behind:
            return counts
        for word, audience, documents in self.snapshot.manifest.audiences_of(words):
            if admits(audience, self.reader):
                counts[word] = counts.get(word, 0) + documents
        return counts


class Sights:
    """The sights of the readers who search, remembered until index or records change. Thread safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._named: Cache[str, frozenset[str]] = Cache(1)
        self._sights: Cache[Reader, Sight] = Cache(CACHED_SIGHTS)

    def of(self, snapshot: Snapshot, reader: Reader, stamp: int) -> Sight:
        """What this reader sees. People of whom no restricted entry speaks share one sight.

        `stamp` is the change stamp as this search has read it.
        """
        reader = reader.among(self._named.recall("", self._read_names, stamp))
        state = (snapshot.catalogue, snapshot.generation, stamp)
        return self._sights.recall(reader, lambda: self._look(snapshot, reader), state)

    def _look(self, snapshot: Snapshot, reader: Reader) -> Sight:
        if reader.sees_all:
            return Sight(snapshot, reader)
        with self._database.read() as session:
            return Sight(snapshot, reader, np.array(hidden_revisions(session, reader), np.int64))

    def _read_names(self) -> frozenset[str]:
        with self._database.read() as session:
            return principals_named(session)
