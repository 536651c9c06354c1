"""Nearest passages: FAISS over vectors that are stored elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class VectorIndex:
    """Exact inner product over unit vectors; row numbers are the caller's."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        import faiss

        self._faiss = faiss
        # One query is too small to share out: waiting for other threads costs more than they save.
        faiss.omp_set_num_threads(1)
        self._index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(np.ascontiguousarray(vectors, np.float32))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def matrix(self) -> NDArray[np.float32]:
        """(rows, dimension): a view of the vectors inside FAISS."""
        count, dimension = len(self), self._index.d
        if not count:
            return np.zeros((0, dimension), np.float32)
        view: NDArray[np.float32] = self._faiss.rev_swig_ptr(self._index.get_xb(), count * dimension)
        return view.reshape(count, dimension)

    def search(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(rows, cosines) of the `k` nearest among the `allowed` rows (all, if None), nearest first."""
        k = min(k, len(self) if allowed is None else int(allowed.sum()))
        if not k:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        parameters = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            selector = self._faiss.IDSelectorBitmap(len(allowed), self._faiss.swig_ptr(bits))
            # The stubs do not know the keyword that FAISS itself documents.
            parameters = self._faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        cosines, rows = self._index.search(vector.reshape(1, -1), k, params=parameters)
        return rows[0], cosines[0]

    def scores(self, vector: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosines of the given rows."""
        found: NDArray[np.float32] = self.matrix[rows] @ vector
        return found
