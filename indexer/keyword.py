"""The keyword index: Whoosh's files, and a reader that ranks over arrays of their postings."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from indexer.postings import FIELDS, SegmentPostings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from indexer.documents import Document

logger = logging.getLogger(__name__)
_NAME = "MAIN"
"""What Whoosh calls an index that is alone in its folder."""
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
        from whoosh import index

        from indexer import whoosh_files

        self.folder = folder
        self._reader: KeywordReader | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if not index.exists_in(folder):
            index.create_in(folder, whoosh_files.schema(), _NAME)

    def write(self, add: Iterable[Document], remove: set[int]) -> None:
        """One commit. `remove` holds revision ids; a document added again replaces the old one.

        Files of segments come first and Whoosh's table of contents last, in one rename: what a killed
        writer leaves behind belongs to no segment, and the next commit removes it.
        """
        from indexer.inversion import invert, merge

        new = invert(list(add))
        toc, reader = self._open()
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
        self._commit(toc, made)

    def revisions(self) -> set[int]:
        """The revision ids of the live documents."""
        _, reader = self._open()
        return set(reader.revisions[reader.live].tolist())

    def _open(self) -> tuple[Any, KeywordReader]:
        toc, self._reader = _read(self.folder, self._reader)
        return toc, self._reader

    def _commit(self, toc: Any, made: SegmentPostings) -> None:
        """Writes the new segment, when it has documents, and then the table of contents."""
        from whoosh.filedb.filestore import FileStorage
        from whoosh.index import clean_files

        from indexer import whoosh_files

        storage, arrays = FileStorage(self.folder), self.folder / "arrays"
        if made.count:
            segment = whoosh_files.write_segment(storage, _NAME, made)
            made.save(arrays / segment.segment_id())
            toc.segments.append(segment)
        toc.generation += 1
        toc.write(storage, _NAME)
        clean_files(storage, _NAME, toc.generation, toc.segments)
        known = {segment.segment_id() for segment in toc.segments}
        for folder in arrays.iterdir() if arrays.is_dir() else ():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)


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


def _read(folder: Path, old: KeywordReader | None) -> tuple[Any, KeywordReader]:
    """The table of contents of the last commit and a reader of it."""
    from whoosh.filedb.filestore import FileStorage
    from whoosh.index import TOC

    storage = FileStorage(folder)
    known = dict(zip(old.names, old.segments, strict=True)) if old else {}
    for attempt in range(_ATTEMPTS):
        try:
            toc = TOC.read(storage, _NAME)
            names = tuple(segment.segment_id() for segment in toc.segments)
            segments = tuple(
                known.get(name) or _postings_of(folder, storage, toc, segment)
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
    return toc, KeywordReader(names, segments, live)


def _postings_of(folder: Path, storage: Any, toc: Any, segment: Any) -> SegmentPostings:
    """The segment's arrays, made from Whoosh's files when they are missing or broken."""
    name = segment.segment_id()
    try:
        return SegmentPostings.load(folder / "arrays" / name)
    except (OSError, ValueError, EOFError):
        from whoosh.reading import SegmentReader

        from indexer.whoosh_files import extract

        with SegmentReader(storage, toc.schema, segment) as reader:
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

        Raises whoosh.index.EmptyIndexError when there is no index.
        """
        return _read(folder, old)[1]

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

    def document_frequency(self, field: str, term: str) -> int:
        """In how many documents the term occurs, those deleted since the last merge included."""
        return sum(segment.document_frequency(field, term) for segment in self.segments)

    def idf(self, field: str, term: str) -> float:
        """ln(N / (n + 1)) + 1, as Whoosh's BM25F has it."""
        return self.idf_of(self.document_frequency(field, term))

    def idf_of(self, documents: int) -> float:
        """The idf of a term that so many documents hold."""
        return float(np.log(len(self.live) / (documents + 1)) + 1) if len(self.live) else 0.0

    def score(self, field: str, terms: Mapping[str, float] | Iterable[str]) -> NDArray[np.float32]:
        """(rows): sum of the terms' BM25 in one field times their weights, 0 where none occurs. In plain
        terms, one that is repeated weighs as often.

        idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean length)), Robertson and Zaragoza
        2009, with Whoosh's idf.
        """
        scores = np.zeros(len(self.live), np.float32)
        norms = self._norms[field]
        for term, weight in Counter(terms).items():
            rows = [segment.row_of(field, term) for segment in self.segments]
            held = [
                (segment.postings(row), score, norm)
                for segment, row, score, norm in zip(
                    self.segments, rows, self._split(scores), self._split(norms), strict=True
                )
                if row is not None
            ]
            idf = self.idf_of(sum(len(docs) for (docs, _), _, _ in held))
            factor = np.float32(weight * idf * (BM25[field].k1 + 1))
            for (docs, frequencies), score, norm in held:
                places, impacts = docs.astype(np.intp), frequencies.astype(np.float32)
                denominators = norm.take(places)
                denominators += impacts
                impacts *= factor
                impacts /= denominators
                np.add.at(score, places, impacts)
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
