"""The keyword index: Whoosh's writer, and a reader that ranks over arrays of its postings."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.postings import FIELDS, SegmentPostings, extract

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from indexer.documents import Document

logger = logging.getLogger(__name__)
K1, B = 1.2, 0.75
MAX_SEGMENTS = 8
"""A commit that would leave more segments merges the smaller ones."""


class KeywordWriter:
    """Adds and removes documents. One at a time: the caller holds the writer's lock."""

    def __init__(self, folder: Path) -> None:
        from whoosh import index

        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._index = (
            index.open_dir(folder) if index.exists_in(folder) else index.create_in(folder, _schema())
        )

    def write(self, add: Iterable[Document], remove: set[int]) -> None:
        """One commit. `remove` holds revision ids; a document added again replaces the old one."""
        add = list(add)
        gone = remove | {document.revision_id for document in add}
        writer = self._index.writer(limitmb=256)
        try:
            reader = KeywordReader.open(self.folder)
            for number in np.flatnonzero(np.isin(reader.revisions, list(gone)) & reader.live):
                writer.delete_document(int(number))
            for document in add:
                writer.add_document(
                    revision=str(document.revision_id),
                    text=document.text,
                    title=document.title,
                    ids=f"{document.ref} {document.key}",
                )
        except BaseException:
            writer.cancel()
            raise
        writer.commit(mergetype=_merge_small)
        self._save_arrays()

    def revisions(self) -> set[int]:
        """The revision ids of the live documents."""
        reader = KeywordReader.open(self.folder)
        return set(reader.revisions[reader.live].tolist())

    def _save_arrays(self) -> None:
        arrays = self.folder / "arrays"
        with self._index.reader() as reader:
            leaves = {
                str(leaf.segment().segment_id()): leaf
                for leaf, _ in reader.leaf_readers()
                if leaf.doc_count_all()
            }
            for name, leaf in leaves.items():
                if not (arrays / name).is_dir():
                    extract(leaf).save(arrays / name)
        for folder in arrays.iterdir() if arrays.is_dir() else ():
            if folder.name not in leaves:
                shutil.rmtree(folder, ignore_errors=True)


def _schema() -> Any:
    from whoosh import fields

    from indexer.analysis import StemmingAnalyzer

    analyzer = StemmingAnalyzer()
    return fields.Schema(
        revision=fields.ID(stored=True),
        text=fields.TEXT(analyzer=analyzer),
        title=fields.TEXT(analyzer=analyzer),
        ids=fields.TEXT(analyzer=analyzer),
    )


def _merge_small(writer: Any, segments: list[Any]) -> list[Any]:
    """Keeps at most MAX_SEGMENTS by merging the smallest half: each document is rewritten
    O(log n) times, and a small commit never rewrites a large segment (Whoosh's own policy does).
    """
    from whoosh.reading import SegmentReader

    if len(segments) < MAX_SEGMENTS:
        return segments
    by_size = sorted(segments, key=lambda segment: segment.doc_count_all())
    half = len(by_size) // 2
    for segment in by_size[:half]:
        with SegmentReader(writer.storage, writer.schema, segment) as reader:
            writer.add_reader(reader)
    return by_size[half:]


@dataclass(frozen=True)
class KeywordReader:
    """The index as it stood when opened. Rows number all documents, segment after segment."""

    segments: tuple[SegmentPostings, ...]
    live: NDArray[np.bool_]

    @classmethod
    def open(cls, folder: Path) -> KeywordReader:
        """Opens the last commit. Raises whoosh.index.EmptyIndexError when there is no index."""
        from whoosh import index

        segments, live = [], []
        with index.open_dir(folder).reader() as reader:
            for leaf, _ in reader.leaf_readers():
                if leaf.doc_count_all():
                    segments.append(
                        _load_or_extract(folder / "arrays" / str(leaf.segment().segment_id()), leaf)
                    )
                    alive = np.ones(leaf.doc_count_all(), bool)
                    alive[list(leaf.segment().deleted_docs())] = False
                    live.append(alive)
        return cls(tuple(segments), np.concatenate(live) if live else np.zeros(0, bool))

    @cached_property
    def revisions(self) -> NDArray[np.int64]:
        """(rows): revision id of each row."""
        return (
            np.concatenate([s.revisions for s in self.segments]) if self.segments else np.zeros(0, np.int64)
        )

    @cached_property
    def lengths(self) -> dict[str, NDArray[np.float32]]:
        """Field -> (rows): field lengths in terms."""
        if not self.segments:
            return {field: np.zeros(0, np.float32) for field in FIELDS}
        return dict(zip(FIELDS, np.concatenate([s.lengths for s in self.segments], axis=1), strict=True))

    @cached_property
    def _mean_length(self) -> dict[str, float]:
        totals = sum((segment.totals for segment in self.segments), np.zeros(len(FIELDS)))
        return dict(zip(FIELDS, (totals / max(len(self.live), 1)).tolist(), strict=True))

    def postings(self, field: str, term: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(rows, frequencies) of a term, deleted documents included."""
        rows, weights, base = [], [], 0
        for segment in self.segments:
            part = segment.slice_of(field, term)
            rows.append(segment.docs[part].astype(np.int64) + base)
            weights.append(segment.weights[part])
            base += segment.count
        if not rows:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        return np.concatenate(rows), np.concatenate(weights)

    def document_frequency(self, field: str, term: str) -> int:
        """In how many documents the term occurs."""
        parts = (segment.slice_of(field, term) for segment in self.segments)
        return sum(part.stop - part.start for part in parts)

    def idf(self, field: str, term: str) -> float:
        """ln(N / (n + 1)) + 1, as Whoosh's BM25F has it."""
        count = self.document_frequency(field, term)
        return float(np.log(len(self.live) / (count + 1)) + 1) if len(self.live) else 0.0

    def score(self, field: str, terms: Sequence[str]) -> NDArray[np.float32]:
        """(rows): sum of the terms' BM25 in one field, 0 where none occurs.

        idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / mean length)), Robertson and
        Zaragoza 2009, with Whoosh's idf and its K1 and B. A repeated term counts repeatedly.
        """
        scores = np.zeros(len(self.live), np.float32)
        lengths, mean = self.lengths[field], self._mean_length[field]
        for term in terms:
            rows, tf = self.postings(field, term)
            if len(rows):
                norm = K1 * ((1 - B) + B / mean * lengths[rows])
                scores[rows] += np.float32(self.idf(field, term) * (K1 + 1)) * tf / (tf + norm)
        return scores

    def matches(self, field: str, terms: Sequence[tuple[int, str]]) -> NDArray[np.bool_]:
        """(rows): whether the terms occur at these positions relative to each other (a phrase)."""
        found = np.zeros(len(self.live), bool)
        base = 0
        for segment in self.segments:
            found[base + _phrase(segment, field, terms)] = True
            base += segment.count
        return found


def _phrase(segment: SegmentPostings, field: str, terms: Sequence[tuple[int, str]]) -> NDArray[np.int64]:
    """Documents of the segment that hold the phrase: occurrences are intersected as one number each,
    document * 2**32 + place of the phrase's start.
    """
    starts: NDArray[np.int64] | None = None
    for offset, term in terms:
        docs, positions = segment.positions_of(segment.slice_of(field, term))
        here = (docs.astype(np.int64) << 32) + (positions.astype(np.int64) - offset + 2**16)
        starts = here if starts is None else np.intersect1d(starts, here, assume_unique=True)
    return np.unique(starts >> 32) if starts is not None else np.zeros(0, np.int64)


def _load_or_extract(folder: Path, leaf: Any) -> SegmentPostings:
    try:
        return SegmentPostings.load(folder)
    except (OSError, ValueError):
        logger.info("segment %s has no arrays yet: reading its postings", folder.name)
        return extract(leaf)
