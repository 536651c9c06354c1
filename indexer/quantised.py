"""Vectors in a quarter of their memory: a byte for each number, and its sign once more as a bit."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 512
"""Rows decoded at a time: what they take as float32 stays in the processor's cache."""
SPARE = 4
"""Room is kept for one row more in so many; a matrix of which a larger share is gone is copied."""


class _Store:
    """Rows as they arrived. It only ever grows behind the rows that others read, so they may share it."""

    def __init__(self, dimension: int, capacity: int) -> None:
        self.codes = np.empty((capacity, dimension), np.int8)
        self.scales = np.empty(capacity, np.float32)
        self.signs = np.empty((capacity, -(-dimension // 8)), np.uint8)
        self.used = 0

    def append(self, vectors: NDArray[np.float32]) -> None:
        """Quantises the vectors (rows, dimension). There has to be room."""
        for start in range(0, len(vectors), BLOCK):
            block = vectors[start : start + BLOCK]
            steps = np.abs(block).max(axis=1, keepdims=True) / np.float32(127)
            # A row of zeros (a vector that is not there) has no step to divide by.
            codes = np.rint(block / np.where(steps, steps, np.float32(1)))
            # The scale that fits best in the sense of least squares: a little off its step, and no product
            # of unit vectors comes out above 1.
            norms = np.maximum(np.vecdot(codes, codes), np.float32(1))
            self._write(
                codes.astype(np.int8), np.vecdot(codes, block) / norms, np.packbits(block > 0, axis=1)
            )

    def copied(self, slots: NDArray[np.int32], capacity: int) -> _Store:
        """A store that begins with these rows."""
        store = _Store(self.codes.shape[1], capacity)
        for start in range(0, len(slots), BLOCK):
            block = slots[start : start + BLOCK]
            store._write(self.codes[block], self.scales[block], self.signs[block])
        return store

    def _write(self, codes: NDArray[np.int8], scales: NDArray[np.float32], signs: NDArray[np.uint8]) -> None:
        end = self.used + len(codes)
        self.codes[self.used : end], self.scales[self.used : end] = codes, scales
        self.signs[self.used : end] = signs
        self.used = end


class QuantisedMatrix:
    """Rows of float32 as int8, each with a scale of its own; `matrix[rows]` gives them back.

    A number is off by at most scale / 2, so an inner product with a unit vector by about .0004 at
    384 dimensions. A matrix never changes: `taken` and `extended` give another one that shares what
    they have in common, and cost by what is different. One thread at a time may extend.
    """

    def __init__(self, store: _Store, slots: NDArray[np.int32], extent: int) -> None:
        """Row i is in slots[i] of the store, of which slots from `extent` on belong to others."""
        self._store, self._slots, self._extent = store, slots, extent

    @classmethod
    def empty(cls, dimension: int) -> QuantisedMatrix:
        """A matrix without rows."""
        return cls(_Store(dimension, 0), np.zeros(0, np.int32), 0)

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, dimension)."""
        return len(self), self._store.codes.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes in use, those of rows that are gone included."""
        _, dimension = self.shape
        return self._extent * (dimension + 4 + self._store.signs.shape[1]) + self._slots.nbytes

    def __getitem__(self, rows: int | slice | NDArray[np.int64]) -> NDArray[np.float32]:
        """The rows as float32."""
        slots = self._slots[rows]
        scales = self._store.scales[slots]
        decoded: NDArray[np.float32] = self._store.codes[slots] * scales[..., None]
        return decoded

    def dot(self, vector: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Inner products of the rows with the vector; the same for a row whichever others are asked for."""
        slots = self._slots[rows]
        products = np.empty(len(slots), np.float32)
        decoded = np.empty((min(BLOCK, len(slots)), len(vector)), np.float32)
        for start in range(0, len(slots), BLOCK):
            block = slots[start : start + BLOCK]
            part = decoded[: len(block)]
            part[...] = self._store.codes.take(block, axis=0)
            # Row by row: a matrix product would wake the other threads of BLAS, at more cost than the work.
            np.vecdot(part, vector, out=products[start : start + BLOCK])
        products *= self._store.scales[slots]
        return products

    def shortlist(
        self, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """The `count` rows, among the `allowed` ones, whose signs differ least from the vector's.

        In how many dimensions the signs of two vectors differ grows with the angle between them
        (Charikar 2002), and 64 dimensions are compared by one instruction.
        """
        import faiss

        # OpenMP keeps this for each calling thread, so it is said in each: for one query, waking
        # others costs more than they save.
        faiss.omp_set_num_threads(1)
        signs = np.packbits(vector > 0)
        distances, slots = np.empty(count, np.int32), np.empty(count, np.int64)
        selector = None
        mask = self._slot_mask(allowed)
        if mask is not None:
            bits = np.packbits(mask, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(mask), faiss.swig_ptr(bits))
        # The stubs do not know the selector, which FAISS itself takes.
        faiss.hammings_knn_mc(  # type: ignore[call-arg]
            faiss.swig_ptr(signs), faiss.swig_ptr(self._store.signs), 1, self._extent, count, len(signs),
            faiss.swig_ptr(distances), faiss.swig_ptr(slots), selector,
        )  # fmt: skip
        slots = slots[slots >= 0]
        return slots if self._is_plain else self._rows_of[slots]

    def taken(self, rows: NDArray[np.int64]) -> QuantisedMatrix:
        """These rows, in this order."""
        slots = self._slots[rows]
        if self._extent > len(slots) + len(slots) // SPARE + BLOCK:
            store = self._store.copied(slots, len(slots) + len(slots) // SPARE)
            return QuantisedMatrix(store, np.arange(len(slots), dtype=np.int32), len(slots))
        return QuantisedMatrix(self._store, slots, self._extent)

    def extended(self, vectors: NDArray[np.float32]) -> QuantisedMatrix:
        """These rows and, behind them, the vectors (rows, dimension)."""
        store, slots, extent = self._store, self._slots, self._extent
        if store.used != extent or extent + len(vectors) > len(store.codes):
            # Another matrix already grew there, or there is no room.
            needed = len(slots) + len(vectors)
            store = store.copied(slots, needed + needed // SPARE)
            slots, extent = np.arange(len(slots), dtype=np.int32), len(slots)
        store.append(vectors)
        fresh = np.arange(extent, store.used, dtype=np.int32)
        return QuantisedMatrix(store, np.concatenate([slots, fresh]), store.used)

    @cached_property
    def _is_plain(self) -> bool:
        """Whether row i is in slot i and no slot is out of use."""
        return self._extent == len(self._slots) and bool((self._slots == np.arange(self._extent)).all())

    @cached_property
    def _rows_of(self) -> NDArray[np.int64]:
        """(slots): the row of each; -1 for those out of use."""
        rows = np.full(self._extent, -1, np.int64)
        rows[self._slots] = np.arange(len(self._slots))
        return rows

    def _slot_mask(self, allowed: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        """(slots): which ones may be found; None for all."""
        if self._is_plain:
            return allowed
        if allowed is None:
            return None if self._extent == len(self._slots) else self._rows_of >= 0
        mask = np.zeros(self._extent, bool)
        mask[self._slots[allowed]] = True
        return mask
