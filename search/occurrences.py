"""Where the query's terms stand in the documents of one page, from the keyword arrays alone."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from indexer.postings import SegmentPostings
    from indexer.snapshot import Snapshot
    from search.snippets import Occurrence


def occurrences(snapshot: Snapshot, rows: NDArray[np.int64], terms: Sequence[str]) -> list[list[Occurrence]]:
    """Per catalogue row, the positions and terms of its text's words that are among `terms`, in order."""
    found: list[list[Occurrence]] = [[] for _ in rows]
    keyword = snapshot.keyword
    keyword_rows = snapshot.keyword_row_of[rows]
    for segment, base, end in zip(keyword.segments, keyword.bases[:-1], keyword.bases[1:], strict=True):
        held = np.flatnonzero((keyword_rows >= base) & (keyword_rows < end))
        if len(held) and terms:
            for place, position, term in _in_segment(segment, terms, keyword_rows[held] - base):
                found[held[place]].append((position, terms[term]))
    return found


def by_passage(found: Sequence[Occurrence], first_words: Sequence[int]) -> list[list[Occurrence]]:
    """The occurrences of a document by passage, numbered within it; those of title and tags are left out."""
    passages: list[list[Occurrence]] = [[] for _ in first_words]
    for position, term in found:
        passage = bisect_right(first_words, position) - 1
        if passage >= 0:
            passages[passage].append((position - first_words[passage], term))
    return passages


def _in_segment(
    segment: SegmentPostings, terms: Sequence[str], docs: NDArray[np.int64]
) -> Iterator[tuple[int, int, int]]:
    """(place in `docs`, position, place in `terms`) of each of the terms' words in the texts of these
    documents, by position within each.
    """
    rows = ((place, segment.row_of("text", term)) for place, term in enumerate(terms))
    found = [(place, row) for place, row in rows if row is not None]
    if not found:
        return iter(())
    listed, numbers = np.array(found, np.intp).T
    first, end = segment.indptr[numbers, None], segment.indptr[numbers + 1, None]
    # (listed terms, docs): the posting of the document if it has one, else of a later one.
    wanted = docs.astype(segment.docs.dtype)
    postings = np.stack([segment.postings(row)[0].searchsorted(wanted) for _, row in found]) + first
    held = (segment.docs.take(postings, mode="clip") == wanted) & (postings < end)
    of_term, of_doc = np.nonzero(held)
    postings = postings[held]
    sizes = segment.frequencies.take(postings).astype(np.intp)
    ends = np.cumsum(sizes)
    places = np.repeat(segment.position_starts(postings) - (ends - sizes), sizes)
    places += np.arange(len(places))
    columns = np.repeat(of_doc, sizes), segment.positions.take(places), np.repeat(listed[of_term], sizes)
    order = np.lexsort((columns[1], columns[0]))
    return zip(*(column[order].tolist() for column in columns), strict=True)
