"""Nearest neighbours: exact while they are few, nearly so beyond, and never outside a filter."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import vectors
from indexer.quantised import QuantisedMatrix
from indexer.vectors import VectorIndex


def unit_rows(count: int, seed: int, dimension: int = 16) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def clustered(count: int, seed: int, dimension: int = 64) -> np.ndarray:
    """Unit rows of which many are near to one another, as passages of one subject are."""
    chance = np.random.default_rng(seed)
    centres = unit_rows(40, seed, dimension)
    rows = centres[chance.integers(40, size=count)] + chance.normal(0, 0.1, (count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def best_of(cosines: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    return rows[np.lexsort((rows, -cosines))][:k]


@contextmanager
def approximate():
    """The limits of the approximate way, at sizes that tests can afford."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "EXACT", 300)
        yield


@given(st.integers(0, 60), st.integers(0, 80), st.integers(0, 2**16), st.floats(0, 1) | st.none())
@settings(max_examples=80, deadline=None)
def test_search_gives_the_nearest_of_the_allowed_rows(count, k, seed, share):
    rows = unit_rows(count, seed)
    # Equal rows have equal cosines, and come out by number.
    rows[count // 2 :] = rows[: count - count // 2]
    query = unit_rows(1, seed + 1)[0]
    index = VectorIndex(rows)
    allowed = None if share is None else np.random.default_rng(seed).random(count) < share
    candidates = np.arange(count) if allowed is None else np.flatnonzero(allowed)
    found, cosines = index.search(query, k, allowed)
    assert found.tolist() == best_of(index.scores(query, candidates), candidates, k).tolist()
    assert cosines.tolist() == index.scores(query, found).tolist()


@given(st.integers(1, 60), st.integers(0, 2**16), st.sampled_from([1, 7, 16, 384]))
@settings(max_examples=40, deadline=None)
def test_a_score_is_the_cosine_but_for_what_a_byte_cannot_hold(count, seed, dimension):
    rows, query = unit_rows(count, seed, dimension), unit_rows(1, seed + 1, dimension)[0]
    index = VectorIndex(rows)
    lost = np.linalg.norm(index.matrix[:] - rows, axis=1)
    steps = np.abs(rows).max(axis=1) / 127
    assert (lost <= steps * np.sqrt(dimension) / 2 + 1e-6).all()
    assert (np.abs(index.scores(query, np.arange(count)) - rows @ query) <= lost + 1e-6).all()
    assert index.scores(rows[0], np.arange(count)).max() <= 1 + 1e-6
    assert index.scores(query, np.arange(count)) == pytest.approx(index.matrix[:] @ query, abs=1e-6)


def test_a_passage_whose_vector_is_missing_is_like_nothing():
    rows = unit_rows(3, 1)
    rows[1] = 0
    index = VectorIndex(rows)
    assert index.scores(rows[0], np.array([1])).tolist() == [0.0]
    assert not index.matrix[1].any()


@given(st.integers(0, 2**16), st.sampled_from([None, 0.02, 0.3, 0.9]))
@settings(max_examples=15, deadline=None)
def test_beyond_the_exact_size_nearly_all_nearest_are_found(seed, share):
    rows, query = clustered(3000, seed), clustered(1, seed)[0]
    allowed = None if share is None else np.random.default_rng(seed).random(3000) < share
    candidates = np.arange(3000) if allowed is None else np.flatnonzero(allowed)
    index = VectorIndex(rows)
    with approximate():
        found, cosines = index.search(query, 10, allowed)
    wanted = best_of(rows[candidates] @ query, candidates, 10)
    assert len(np.intersect1d(found, wanted)) >= 8
    assert len(set(found.tolist())) == 10
    assert np.isin(found, candidates).all()
    assert cosines.tolist() == index.scores(query, found).tolist()
    assert (np.diff(cosines) <= 0).all()


CHANGES = st.lists(
    st.tuples(st.sampled_from(["extend", "take", "reorder"]), st.integers(0, 2**16)), max_size=12
)


@given(CHANGES, st.sampled_from([1, 40, 700]))
@settings(max_examples=60, deadline=None)
def test_a_changed_matrix_equals_one_made_anew_and_leaves_the_others_alone(changes, most):
    matrix, rows = QuantisedMatrix.empty(16), np.zeros((0, 16), np.float32)
    seen = [(matrix, rows)]
    for change, seed in changes:
        chance = np.random.default_rng(seed)
        # Now and then from an older one, so that two grow from the same rows.
        matrix, rows = seen[-1] if seed % 4 else seen[int(chance.integers(len(seen)))]
        if change == "extend":
            more = unit_rows(int(chance.integers(1, most + 1)), seed)
            matrix, rows = matrix.extended(more), np.concatenate([rows, more])
        else:
            places = np.flatnonzero(chance.random(len(rows)) < chance.random())
            places = places if change == "take" else chance.permutation(places)
            matrix, rows = matrix.taken(places), rows[places]
        seen.append((matrix, rows))
    query = unit_rows(1, 5)[0]
    for matrix, rows in seen:
        anew = QuantisedMatrix.empty(16).extended(rows)
        assert matrix.shape == rows.shape
        assert (matrix[:] == anew[:]).all()
        found, cosines = VectorIndex(matrix).search(query, 20)
        wanted, wanted_cosines = VectorIndex(anew).search(query, 20)
        assert (found.tolist(), cosines.tolist()) == (wanted.tolist(), wanted_cosines.tolist())


@given(st.integers(0, 2**16), st.sampled_from([None, 0.5]))
@settings(max_examples=20, deadline=None)
def test_rows_that_are_gone_are_never_found(seed, share):
    chance = np.random.default_rng(seed)
    rows, query = clustered(3000, seed), clustered(1, seed + 1)[0]
    kept = chance.permutation(np.flatnonzero(chance.random(3000) < 0.9))
    index = VectorIndex(QuantisedMatrix.empty(64).extended(rows).taken(kept).extended(query[None]))
    standing = np.concatenate([rows[kept], query[None]])
    allowed = None if share is None else chance.random(len(standing)) < share
    with approximate():
        found, cosines = index.search(query, 20, allowed)
    assert len(set(found.tolist())) == 20
    assert cosines == pytest.approx(standing[found] @ query, abs=0.02)
    assert allowed is None or allowed[found].all()


def test_two_that_grow_from_the_same_rows_do_not_mix():
    rows, more = unit_rows(100, 1), unit_rows(10, 2)
    common = QuantisedMatrix.empty(16).extended(rows)
    one, other = common.extended(more[:5]), common.extended(more[5:])
    assert (len(common), one.shape, other.shape) == (100, (105, 16), (105, 16))
    assert one[100:] == pytest.approx(more[:5], abs=0.01)
    assert other[100:] == pytest.approx(more[5:], abs=0.01)
