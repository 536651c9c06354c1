"""The keyword index: Whoosh's files, and a reader that ranks over arrays of their postings."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from indexer import commits
from indexer.postings import FIELDS, SegmentPostings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from indexer.documents import Document
    from indexer.sums import Sums

logger = logging.getLogger(__name__)
GROWTH = 3
"""A merge makes a segment at least so many times the size of any that went into it."""
LARGEST = 1 << 17
"""Documents in a segment beyond which it is merged no more: this bounds a merge's memory."""
_ATTEMPTS = 10
"""To open an index whose segments a commit may just have merged away."""


class Saturation(NamedTuple):
    """BM25's parameters: how fast repetitions stop to count, and how much long fields are held back."""

    k1: float
    b: float


BM25 = {field: Saturation(k1=1.2, b=0.75) for field in FIELDS}
"""Whoosh's own values. A reader takes them up when it first scores."""


class KeywordWriter:
    """Adds and removes documents. One at a time: the caller holds the writer's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reader: KeywordReader | None = None
        if not commits.is_made(folder):
            commits.create(folder)

    def write(self, add: Iterable[Document], remove: set[int]) -> None:
        """One commit. `remove` holds revision ids; a document added again replaces the old one.

        Files of segments come first and Whoosh's table of contents last, in one rename: what a killed
        writer leaves behind belongs to no segment, and the next commit removes it.
        """
        from indexer.inversion import invert, merge

        new = invert(list(add))
        toc, sums, reader = self._open()
        gone = np.union1d(list(remove), new.revisions)
        parts: list[tuple[SegmentPostings, NDArray[np.bool_]]] = []
        for segment, postings, live in zip(toc.segments, reader.segments, reader.masks(), strict=True):
            for number in np.flatnonzero(live & np.isin(postings.revisions, gone)).tolist():
                segment.delete_document(number)
                live[number] = False
            parts.append((postings, live))
        taken = _to_merge([int(live.sum()) for _, live in parts], new.count)
        merged = [parts[place] for place in sorted(taken) if parts[place][1].any()]
        made = merge([*merged, (new, np.ones(new.count, bool))]) if merged else new
        toc.segments = [segment for place, segment in enumerate(toc.segments) if place not in taken]
        if made.count:
            self._add(toc, made)
        commits.write(self.folder, toc, sums)

    def revisions(self) -> set[int]:
        """The revision ids of the live documents."""
        reader = self._open()[-1]
        return set(reader.revisions[reader.live].tolist())

    def _open(self) -> tuple[Any, Sums, KeywordReader]:
        toc, sums, self._reader = _read(self.folder, self._reader)
        return toc, sums, self._reader

    def _add(self, toc: Any, made: SegmentPostings) -> None:
        """Writes a new segment."""
        from whoosh.filedb.filestore import FileStorage

        from indexer import whoosh_files

        segment = whoosh_files.write_segment(FileStorage(self.folder), commits.NAME, made)
        made.save(self.folder / commits.ARRAYS / segment.segment_id())
        toc.segments.append(segment)


def _to_merge(sizes: Sequence[int], new: int) -> set[int]:
    """Which segments of these sizes join `new` documents in one: the longest run of smallest ones that
    makes a segment GROWTH times as large as any of them, and no larger than LARGEST.

    So a document is rewritten at most log(n) / log(GROWTH) times, and as each segment that stays is
    larger than a GROWTH-th of itself and all smaller ones, there are O(log n) segments up to LARGEST.
    """
    ascending = np.argsort(sizes, kind="stable")
    ordered = np.array(sizes, np.int64)[ascending]
    totals = new + np.cumsum(ordered)
    fitting = np.flatnonzero((totals >= GROWTH * ordered) & (totals <= LARGEST))
    return set(ascending[: fitting[-1] + 1].tolist()) if len(fitting) else set()


def _read(folder: Path, old: KeywordReader | None) -> tuple[Any, Sums, KeywordReader]:
    """The last commit's table of contents and sums, and a reader of it.

    Raises indexer.sums.Damaged where neither a segment's arrays nor its other files are as written.
    """
    known = dict(zip(old.names, old.segments, strict=True)) if old else {}
    for attempt in range(_ATTEMPTS):
        try:
            toc, sums = commits.read(folder)
            names = tuple(segment.segment_id() for segment in toc.segments)
            segments = tuple(
                known.get(name) or _postings_of(folder, toc, sums, segment)
                for name, segment in zip(names, toc.segments, strict=True)
            )
        except FileNotFoundError:
            # A commit has removed what the one before had named.
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            break
    live = np.ones(sum(segment.count for segment in segments), bool)
    base = 0
    for segment, postings in zip(toc.segments, segments, strict=True):
        live[[base + number for number in segment.deleted_docs()]] = False
        base += postings.count
    return toc, sums, KeywordReader(names, segments, live)


def _postings_of(folder: Path, toc: Any, sums: Sums, segment: Any) -> SegmentPostings:
    """The segment's arrays, made from Whoosh's files when they are missing or broken."""
    name = segment.segment_id()
    try:
        sums.check(folder, sums.starting(f"{commits.ARRAYS}/{name}/"))
        return SegmentPostings.load(folder / commits.ARRAYS / name)
    except (OSError, ValueError, EOFError):
        from whoosh.filedb.filestore import FileStorage
        from whoosh.reading import SegmentReader

        from indexer.whoosh_files import extract

        sums.check(folder, sums.starting(f"{name}."))
        with SegmentReader(FileStorage(folder), toc.schema, segment) as reader:
            logger.info("segment %s has no arrays: reading its postings", name)
            return extract(reader)


@dataclass(frozen=True)
class KeywordReader:
    """The index as it stood when opened. Rows number all documents, segment after segment."""

    names: tuple[str, ...]
    """Whoosh's names of the segments."""
    segments: tuple[SegmentPostings, ...]
    live: NDArray[np.bool_]

    @classmethod
    def open(cls, folder: Path, old: KeywordReader | None = None) -> KeywordReader:
        """Opens the last commit; segments that `old` holds are shared with it, not read again.

        Raises whoosh.index.EmptyIndexError when there is no index, indexer.sums.Damaged when it is broken.
        """
        return _read(folder, old)[-1]

    @cached_property
    def bases(self) -> NDArray[np.int64]:
        """(segments + 1): the rows of segment i are bases[i]:bases[i + 1]."""
        return np.append(0, np.cumsum([segment.count for segment in self.segments])).astype(np.int64)

    def masks(self) -> list[NDArray[np.bool_]]:
        """For each segment: (documents), those not deleted, as a copy."""
        return [mask.copy() for mask in self._split(self.live)]

    def _split(self, rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
        """Views of an array over the rows, one for each segment."""
        return (rows[first:end] for first, end in zip(self.bases[:-1], self.bases[1:], strict=True))

    @cached_property
    def revisions(self) -> NDArray[np.int64]:
        """(rows): revision id of each row."""
        return np.concatenate([np.zeros(0, np.int64), *(segment.revisions for segment in self.segments)])

    def holds(self, revisions: NDArray[np.int64]) -> bool:
        """Whether each of the revisions is a live document."""
        return bool(np.isin(revisions, self.revisions[self.live]).all())

    @cached_property
    def _norms(self) -> dict[str, NDArray[np.float32]]:
        """Field -> (rows): K1 * (1 - B + B * length / mean length)."""
        empty = np.zeros((len(FIELDS), 0), np.float32)
        lengths = np.concatenate([empty, *(segment.lengths for segment in self.segments)], axis=1)
        totals = sum((segment.totals for segment in self.segments), np.zeros(len(FIELDS)))
        means = totals / max(len(self.live), 1)
        return {
            field: (k1 * ((1 - b) + b / (mean or 1) * of_field)).astype(np.float32)
            for (field, (k1, b)), mean, of_field in zip(BM25.items(), means.tolist(), lengths, strict=True)
        }

    def document_frequency(self, field: str, term: str, among: NDArray[np.bool_] | None = None) -> int:
        """In how many documents the term occurs, those deleted since the last merge included; with
        `among` (rows), in how many of these.
        """
        if among is None:
            return sum(segment.document_frequency(field, term) for segment in self.segments)
        parts = zip(self.segments, self._split(among), strict=True)
        held = ((segment, segment.row_of(field, term), part) for segment, part in parts)
        return sum(
            int(np.count_nonzero(part.take(segment.postings(row)[0])))
            for segment, row, part in held
            if row is not None
        )

    def idf_of(self, documents: int) -> float:
        """The idf of a term that so many documents hold: ln(N / (n + 1)) + 1, as Whoosh's BM25F has it."""
        return float(np.log(len(self.live) / (documents + 1)) + 1) if len(self.live) else 0.0

    def score(self, field: str, terms: Mapping[str, float] | Iterable[str]) -> NDArray[np.float32]:
        """(rows): sum of the terms' BM25 in one field times their weights, 0 where none occurs. In plain
        terms, one that is repeated weighs as often.

        idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean length)), Robertson and Zaragoza
        2009, with Whoosh's idf.
        """
        scores = np.zeros(len(self.live), np.float32)
        factors = {
            term: np.float32(
                weight * self.idf_of(self.document_frequency(field, term)) * (BM25[field].k1 + 1)
            )
            for term, weight in Counter(terms).items()
        }
        parts = zip(self.segments, self._split(scores), self._split(self._norms[field]), strict=True)
        for segment, of_segment, norms in parts:
            rows = ((segment.row_of(field, term), factor) for term, factor in factors.items())
            held = [(row, factor) for row, factor in rows if row is not None]
            for docs, impacts, of_terms in segment.in_batches(held):
                denominators = norms.take(docs)
                denominators += impacts  # frequencies, until here
                np.multiply(impacts, of_terms, out=impacts)
                np.divide(impacts, denominators, out=impacts)
                np.add.at(of_segment, docs, impacts)
        return scores

    def phrase_counts(
        self, field: str, terms: Sequence[tuple[int, str]]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(rows, counts): where, and how often, the terms occur at these relative positions."""
        found = [segment.phrase(field, terms) for segment in self.segments]
        empty = np.zeros(0, np.int64)
        rows = [docs + base for (docs, _), base in zip(found, self.bases[:-1], strict=True)]
        return np.concatenate([empty, *rows]), np.concatenate([empty, *(counts for _, counts in found)])

    def saturated(
        self, field: str, rows: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """BM25, the idf aside, of something that occurs so often in the rows: 0 to k1 + 1."""
        frequencies = counts.astype(np.float32)
        factor = np.float32(BM25[field].k1 + 1)
        return np.asarray(factor * frequencies / (frequencies + self._norms[field][rows]), np.float32)

    def matches(self, field: str, terms: Sequence[tuple[int, str]]) -> NDArray[np.bool_]:
        """(rows): whether the terms occur at these positions relative to each other (a phrase)."""
        found = np.zeros(len(self.live), bool)
        found[self.phrase_counts(field, terms)[0]] = True
        return found
