"""Entries that say the same, over the whole repository: alike in meaning and in words.

Candidates are the nearest neighbours of each entry among its kind, by the mean of its passages' vectors.
What a pair has in common is then measured in words too, since entries of one subject are near in meaning
without saying the same: the weighted Jaccard index of their terms (S. Ioffe 2010 calls it that; Ruzicka's
similarity), each term weighted by its rarity among the candidates. The score is the mean of the cosine
and the square root of the index, which brings both to one scale.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select

from indexer.analysis import terms
from kb.duplicates.listing import Found
from kb.model import PUBLISHED, Entry, Revision
from kb.published import get_revisions
from kb.reading import OPERATOR
from kb.sections import sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from indexer.snapshot import Snapshot
    from kb.database import Database

NEIGHBOURS = 6
"""Of each entry, so many are looked at."""
NEAR = 0.7
"""Cosine from which two entries are looked at."""
ALIKE = 0.72
"""Score from which they are shown."""
MOST = 5_000
BLOCK = 512
"""Entries that are compared with all others at a time."""


def find_duplicates(snapshot: Snapshot, database: Database) -> list[Found]:
    """The pairs of published entries of one kind that look alike, the most alike first."""
    near = near_pairs(snapshot)
    revisions = snapshot.catalogue.revisions
    wanted = {int(revisions[row]) for pair in near for row in pair}
    bags = _bags(database, wanted)
    weights = _weights(bags.values())
    found = []
    for (one, other), cosine in near.items():
        first, second = bags.get(int(revisions[one])), bags.get(int(revisions[other]))
        if first is None or second is None:
            continue  # no longer published
        words = agreement(first[1], second[1], weights)
        score = (cosine + math.sqrt(words)) / 2
        if score >= ALIKE:
            ids = sorted((first[0], second[0]))
            found.append(Found(ids[0], ids[1], round(cosine, 4), round(words, 4), round(score, 4)))
    found.sort(key=lambda pair: (-pair.score, pair.first_id, pair.second_id))
    return found[:MOST]


def near_pairs(snapshot: Snapshot) -> dict[tuple[int, int], float]:
    """(row, row) of entries of one kind that are near in meaning, with their cosine."""
    means = entry_means(snapshot)
    kinds = _kinds(snapshot)
    found: dict[tuple[int, int], float] = {}
    for kind in np.unique(kinds):
        rows = np.flatnonzero((kinds == kind) & np.any(means != 0, axis=1))
        among = means[rows]
        for start in range(0, len(rows), BLOCK):
            cosines = among[start : start + BLOCK] @ among.T
            most = min(NEIGHBOURS + 1, len(rows))
            best = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
            for place, others in enumerate(best):
                for other in others.tolist():
                    cosine = float(cosines[place, other])
                    one = start + place
                    if other != one and cosine >= NEAR:
                        pair = sorted((int(rows[one]), int(rows[other])))
                        found[pair[0], pair[1]] = min(cosine, 1.0)
    return found


def entry_means(snapshot: Snapshot) -> NDArray[np.float32]:
    """(rows, dimension): the mean of each entry's passages, of length 1; zeros where there are none."""
    count = len(snapshot.catalogue)
    matrix, owners = snapshot.vectors.matrix, snapshot.passage_rows
    sums = np.zeros((count, matrix.shape[1]), np.float32)
    for start in range(0, len(matrix), BLOCK):
        part = slice(start, start + BLOCK)
        np.add.at(sums, owners[part], matrix[part])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(lengths, 1e-12), np.float32)


def agreement(one: Counter[str], other: Counter[str], weights: Mapping[str, float]) -> float:
    """Weighted Jaccard index of two bags of terms, from 0 to 1."""
    shared = sum(weights[term] * min(count, other[term]) for term, count in one.items() if term in other)
    in_all = sum(weights[term] * count for bag in (one, other) for term, count in bag.items()) - shared
    return shared / in_all if in_all else 0.0


def _weights(bags: Iterable[tuple[int, Counter[str]]]) -> dict[str, float]:
    """How much a term says, by how few of the entries hold it (inverse document frequency)."""
    holding: Counter[str] = Counter()
    count = 0
    for _, bag in bags:
        holding.update(bag.keys())
        count += 1
    return {term: math.log(1 + count / held) for term, held in holding.items()}


def _bags(database: Database, revisions: set[int]) -> dict[int, tuple[int, Counter[str]]]:
    """Of each revision, its entry's number and the terms of its text."""
    found: dict[int, tuple[int, Counter[str]]] = {}
    ordered = sorted(revisions)
    for start in range(0, len(ordered), 500):
        part = ordered[start : start + 500]
        with database.read() as session:
            query = select(Revision.id, Revision.entry_id).join(Entry).where(PUBLISHED, Revision.id.in_(part))
            numbers = dict(session.execute(query).all())
            views = get_revisions(session, part, OPERATOR)
        for revision, view in views.items():
            text = " ".join([view.title, *(part for _, part in sections(view.content))])
            bag = Counter(term for _, term in terms(text))
            found[revision] = (numbers[revision], bag)
    return found


def _kinds(snapshot: Snapshot) -> NDArray[np.str_]:
    return np.array([ref[:1] for ref in snapshot.catalogue.refs])
