"""The vector index alone: memory, time and recall at sizes that few repositories reach.

Beyond the real vectors that are kept, a vector is a mixture: two real ones at random weights and a
little noise, scaled to length one. Mixtures keep the angles of real text between passages, which
random directions do not. Queries are real titles.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.vectors import VectorIndex
from tests.bench.fresh import memory
from tests.bench.setting import REPOSITORY, BenchError, say
from tests.bench.tables import Table, percentile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.bench.setting import Bench

SIZES = (100_000, 1_000_000)
DEPTH = 400
"""Passages that a search by meaning asks for."""
QUERIES = 200
RECALL_AT = 10
LEAST_WEIGHT = 0.6
"""Of the nearer parent of a mixture."""
NOISE = 0.02
"""Standard deviation in each dimension; a unit vector's own component is about .05."""
CHUNK = 50_000


def measure(bench: Bench) -> list[Table]:
    """A row for each size. Raises BenchError when no vectors are kept from the section `scale`."""
    real = bench.kept.kept(min(SIZES))
    if len(real) < 1000:
        raise BenchError("No vectors to start from: run the section scale as well, or name its --cache.")
    queries = np.stack([bench.embedder.embed_query(text) for text in bench.titles[:QUERIES]])
    table = Table(
        "Vectors alone",
        {"vectors": ",d", "of them real": ",d", "build s": ",.1f", "memory MiB": ",.0f",
         "float32 MiB": ",.0f", "p50 ms": ".2f", "p95 ms": ".2f", f"recall@{RECALL_AT}": ".4f"},
        note=f"the {DEPTH} nearest, one query at a time, in a process of its own; recall against all "
        "inner products; vectors that are not real are mixtures of real ones",
    )  # fmt: skip
    for size in SIZES:
        say(f"{size:,} vectors")
        with tempfile.TemporaryDirectory(prefix="vectors-", dir=bench.settings.home) as folder:
            mixtures(real, size, Path(folder) / "vectors.npy")
            np.save(Path(folder) / "queries.npy", queries)
            found = _in_new_process(Path(folder))
            recall = _recall(Path(folder) / "vectors.npy", queries, found["rows"])
        times, matrix = found["times"], size * real.shape[1] * 4 / 2**20
        table.add(size, min(size, len(real)), found["seconds"], found["memory"], matrix,
                  percentile(times, 50), percentile(times, 95), recall)  # fmt: skip
    return [table]


def mixtures(real: NDArray[np.float32], size: int, file: Path, seed: int = 1) -> None:
    """Writes (size, dimension): the real vectors first, mixtures of them for the rest."""
    chance = np.random.default_rng(seed)
    target = np.lib.format.open_memmap(file, "w+", np.float32, (size, real.shape[1]))
    target[: len(real)] = real[:size]
    for start in range(len(real), size, CHUNK):
        count = min(CHUNK, size - start)
        one, other = chance.integers(len(real), size=(2, count))
        weight = chance.uniform(LEAST_WEIGHT, 1, (count, 1)).astype(np.float32)
        noise = chance.standard_normal((count, real.shape[1]), np.float32) * np.float32(NOISE)
        mixed = real[one] * weight + real[other] * (1 - weight) + noise
        target[start : start + count] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    target.flush()


def _in_new_process(folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.neighbours", str(folder)],
        cwd=REPOSITORY, text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"The vector index ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _recall(file: Path, queries: NDArray[np.float32], found: list[list[int]]) -> float:
    """Of the truly nearest, how many are among the first found; the mean over the queries."""
    vectors = np.load(file, mmap_mode="r")
    best: NDArray[np.float32] = np.zeros((len(queries), 0), np.float32)
    rows: NDArray[np.int64] = np.zeros((len(queries), 0), np.int64)
    for start in range(0, len(vectors), CHUNK):
        cosines = queries @ np.asarray(vectors[start : start + CHUNK]).T
        places = np.argpartition(-cosines, RECALL_AT, axis=1)[:, :RECALL_AT]
        best = np.concatenate([best, np.take_along_axis(cosines, places, 1)], axis=1)
        rows = np.concatenate([rows, places + start], axis=1)
    nearest = np.take_along_axis(rows, np.argsort(-best, axis=1)[:, :RECALL_AT], 1)
    shares = [len(set(a) & set(b)) / RECALL_AT for a, b in zip(nearest.tolist(), found, strict=True)]
    return float(np.mean(shares))


def main() -> None:
    """In the new process: builds the index of a folder's vectors and searches it for its queries."""
    folder = Path(sys.argv[1])
    queries = np.load(folder / "queries.npy")
    before = memory()["resident"]
    started = time.perf_counter()
    index = VectorIndex(np.load(folder / "vectors.npy"))
    seconds = time.perf_counter() - started
    times, rows = [], []
    for query in [*queries[:3], *queries]:
        started = time.perf_counter()
        found, _ = index.search(query, DEPTH)
        times.append((time.perf_counter() - started) * 1000)
        rows.append(found[:RECALL_AT].tolist())
    after = memory()["resident"]
    taken = None if before is None or after is None else after - before
    json.dump({"seconds": seconds, "memory": taken, "times": times[3:], "rows": rows[3:]}, sys.stdout)


if __name__ == "__main__":
    main()
