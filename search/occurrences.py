"""Where the query's terms stand in the documents of one page, from the keyword arrays alone."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from indexer.keyword import KeywordReader
    from indexer.postings import SegmentPostings
    from indexer.snapshot import Snapshot
    from search.snippets import Occurrence


def occurrences(snapshot: Snapshot, rows: NDArray[np.int64], terms: Sequence[str]) -> list[list[Occurrence]]:
    """Per catalogue row, the positions and terms of its text's words that are among `terms`, in order."""
    found: list[list[Occurrence]] = [[] for _ in rows]
    if not len(rows) or not terms:
        return found
    wanted = np.zeros(len(snapshot.catalogue) + 1, bool)
    wanted[rows] = True
    keyword_rows = np.flatnonzero(wanted[snapshot.keyword_rows])
    row_of = dict(zip(rows.tolist(), found, strict=True))
    held = [row_of[row] for row in snapshot.keyword_rows[keyword_rows].tolist()]
    for which, term, positions in _positions(snapshot.keyword, terms, keyword_rows):
        held[which] += [(position, term) for position in positions]
    for one in found:
        one.sort()
    return found


def by_passage(found: Sequence[Occurrence], first_words: Sequence[int]) -> list[list[Occurrence]]:
    """The occurrences of a document by passage, numbered within it; those of title and tags are left out."""
    passages: list[list[Occurrence]] = [[] for _ in first_words]
    for position, term in found:
        passage = bisect_right(first_words, position) - 1
        if passage >= 0:
            passages[passage].append((position - first_words[passage], term))
    return passages


def _positions(
    keyword: KeywordReader, terms: Sequence[str], rows: NDArray[np.int64]
) -> list[tuple[int, str, list[int]]]:
    """(place in `rows`, term, positions) of every posting of the terms in these keyword rows, ascending."""
    found = []
    edges = np.searchsorted(rows, keyword.bases).tolist()
    for segment, base, first, last in zip(
        keyword.segments, keyword.bases.tolist(), edges[:-1], edges[1:], strict=False
    ):
        docs = rows[first:last] - base
        for term in terms if first < last else ():
            places, positions = _in_segment(segment, term, docs)
            found += [
                (first + place, term, of_one.tolist())
                for place, of_one in zip(places, positions, strict=True)
            ]
    return found


def _in_segment(
    segment: SegmentPostings, term: str, docs: NDArray[np.int64]
) -> tuple[list[int], list[NDArray[np.unsignedinteger]]]:
    """Places in `docs` (ascending) of those whose text holds the term, and its positions in each."""
    row = segment.row_of("text", term)
    if row is None:
        return [], []
    listed, frequencies = segment.postings(row)
    places = listed.searchsorted(docs.astype(listed.dtype))
    held = np.flatnonzero(listed.take(places, mode="clip") == docs)
    if not len(held):
        return [], []
    places = places[held]
    # How many positions stand before each of these postings: sums of the frequencies in between.
    between = np.add.reduceat(frequencies[: places[-1] + 1], places, dtype=np.int64)
    before = frequencies[: places[0]].sum(dtype=np.int64) + np.cumsum(between) - between
    starts = int(segment.position_indptr[row]) + before
    ends = starts + frequencies[places]
    return held.tolist(), [
        segment.positions[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
