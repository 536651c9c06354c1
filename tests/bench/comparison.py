"""Precedent beside other libraries: speed over the generated corpora, quality on judged collections."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.documents import embedded_text, split
from search.measures import MEASURES, measures
from tests.bench import filling
from tests.bench.peers import PEERS
from tests.bench.quality import SCIFACT, evaluate, judged
from tests.bench.queries import TEXTS, WARM_UP
from tests.bench.scale import generated
from tests.bench.setting import REPOSITORY, BenchError, say
from tests.bench.tables import Table, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from search.judged import Collection
    from tests.bench.setting import Bench

COLLECTIONS = (SCIFACT, "Cranfield")
OWN = "Precedent"


def measure(bench: Bench) -> list[Table]:
    """Speed and quality of what is installed; what is not is named under the tables."""
    present = [name for name, (_, module) in PEERS.items() if not module or find_spec(module)]
    absent = [name for name in PEERS if name not in present]
    missing = f"; not installed, so not measured: {', '.join(absent)}" if absent else ""
    speed = Table(
        "Comparison: speed",
        {"records": ",d", "system": "", "build s": ".1f", "disk MiB": ".0f", "memory MiB": ".0f",
         "before opening": ".0f", "n": "d",
         "p50 ms": ".2f", "p95 ms": ".2f", "p50 / bare p50": ".2f", "p95 / bare p95": ".2f"},
        note="ids of the best 100; hybrid times hold the encoder call, whose bare time is measured in turns; "
        "vectors are given at the build; memory: the whole process after the searches, and what it held "
        f"before opening, which is the encoder and the benchmark{missing}",
    )  # fmt: skip
    for size in bench.sizes:
        for row in _speeds(generated(bench, size), size, present):
            speed.add(*row)
    quality = Table(
        "Comparison: quality",
        {"collection": "", "queries": ",d", "system": ""} | dict.fromkeys(MEASURES, ".4f"),
        note=f"the same passages and vectors for all; a document ranks by its best passage{missing}",
    )
    for name in COLLECTIONS:
        with judged(bench, name) as collection:
            if collection is not None:
                for row in _qualities(bench, name, collection, present):
                    quality.add(*row)
    return [speed, quality]


def _speeds(bench: Bench, size: int, names: list[str]) -> Iterator[tuple[Any, ...]]:
    half = TEXTS // 2
    queries = bench.sentences[:WARM_UP] + bench.titles[:half] + bench.sentences[WARM_UP : WARM_UP + half]
    if bench.loaded.created != size:
        raise BenchError(f"{bench.loaded.created:,} of {size:,} records were loaded.")
    texts = [text for batch in filling.documents(bench) for text in filling.embedded(batch)]
    with _folder(bench, texts, queries) as folder:
        # The vectors are kept by now, so that this build has them given as the others have.
        if not bench.indexed.added:
            raise BenchError("Nothing was indexed.")
        for name in names:
            own = name.startswith(OWN)
            try:
                built, disk, found = _run(bench, name, folder)
            except BenchError as error:
                if own:
                    raise
                say(str(error))
                yield size, f"{name} (failed)", *[None] * 9
                continue
            made = (bench.spent["index"].seconds, None) if own else (built, disk)
            times, bare = found["times"], found["bare"]
            p50, p95 = percentile(times, 50), percentile(times, 95)
            ratios = p50 / percentile(bare, 50), p95 / percentile(bare, 95)
            yield size, name, *made, found["memory"], found["before"], len(times), p50, p95, *ratios


def _qualities(
    bench: Bench, name: str, collection: Collection, names: list[str]
) -> Iterator[tuple[Any, ...]]:
    """Rows of the systems that combine words and meaning, Precedent's by its own evaluation."""
    for mode, found in evaluate(bench, name, collection).items():
        yield name, len(collection.queries), f"{OWN}, {mode}", *(found[each] for each in MEASURES)
    passages = [
        (document, embedded_text(title, part))
        for document, title, text in collection.documents
        for part in split(text) or [""]
    ]
    # The first queries warm up; each is asked again.
    queries = list(collection.queries.values())
    with _folder(bench, [text for _, text in passages], queries[:WARM_UP] + queries) as folder:
        for system in names:
            if not system.startswith(OWN):
                rankings = _run(bench, system, folder)[2]["rows"]
                run = {
                    query: list(dict.fromkeys(passages[row][0] for row in rows))
                    for query, rows in zip(collection.queries, rankings, strict=True)
                }
                found = measures(run, collection.judgements)
                yield name, len(queries), system, *(found[each] for each in MEASURES)


@contextmanager
def _folder(bench: Bench, texts: list[str], queries: list[str]) -> Iterator[Path]:
    """What the other process reads."""
    with tempfile.TemporaryDirectory(prefix="comparison-", dir=bench.settings.home) as place:
        folder = Path(place)
        (folder / "texts.json").write_text(json.dumps(texts))
        (folder / "queries.json").write_text(json.dumps(queries))
        np.save(folder / "vectors.npy", bench.kept.embed_passages(texts))
        yield folder


def _run(bench: Bench, name: str, folder: Path) -> tuple[float, float, dict[str, Any]]:
    """Seconds of building, MiB on disk, and what searching gave. The index is removed."""
    say(f"{name}: building, searching")
    with tempfile.TemporaryDirectory(prefix="index-", dir=folder) as place:
        for file in ("texts.json", "queries.json", "vectors.npy"):
            (Path(place) / file).symlink_to(folder / file)
        built = _process(bench, name, "build", Path(place))["seconds"]
        files = [file for file in (Path(place) / "index").rglob("*") if file.is_file()]
        disk = sum(file.stat().st_size for file in files) / 2**20
        return built, disk, _process(bench, name, "search", Path(place))


def _process(bench: Bench, name: str, verb: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.peer", name, verb, str(folder)],
        env=bench.environment(), cwd=REPOSITORY, text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"{name} could not {verb}: {done.stderr.strip()[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
