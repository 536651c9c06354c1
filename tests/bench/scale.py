"""What searching costs as a repository grows: generated corpora of several sizes, one after another."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from indexer.analysis import is_stop_word, terms
from indexer.keyword import KeywordReader, KeywordWriter
from indexer.snapshot import SnapshotSource
from kb.formats import LoadOptions
from search.facets import FacetCounter
from search.query import parse
from tests.bench import filling, queries, serving
from tests.bench.generator import records, write_corpus
from tests.bench.setting import (
    LESSONS,
    REPOSITORY,
    TASKS,
    Bench,
    BenchError,
    Corpus,
    Spent,
    say,
    settings_in,
)
from tests.bench.tables import Table, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MIB = 2**20
RANKINGS = 200
COMMON = 300
"""Queries of the ranking alone are drawn from so many of the most frequent words, stop words aside."""
SAMPLE = 2_000
"""Records that tell which words are common."""
ENCODED = 200
"""Passages that the encoder's rate is measured on where all vectors are kept already."""


def measure(bench: Bench) -> list[Table]:
    """Five tables over all sizes. Raises BenchError without NASA's lessons."""
    built, held, searched, parts, served = tables = _tables()
    for size in bench.sizes:
        scaled = generated(bench, size)
        built.add(size, *_build(scaled))
        held.add(size, *_disk(scaled), *_memory(scaled))
        for row in queries.rows(scaled):
            searched.add(size, *row)
        for name, times in _parts(scaled).items():
            parts.add(size, name, len(times), percentile(times, 50), percentile(times, 95))
        try:
            for row in serving.serve(scaled)[1]:
                served.add(size, *row)
        except BenchError as error:  # an hour's other figures stay
            say(str(error))
            served.note += f"; {size:,} records were not measured: {str(error)[:200]}"
    return list(tables)


def generated(bench: Bench, size: int) -> Bench:
    """A run over a generated corpus in a home of its own, the same for every section. Raises BenchError
    without NASA's lessons.
    """
    if bench.data is None or not (bench.data / LESSONS).is_file():
        raise BenchError("The generated corpora are made from NASA's lessons, which are absent.")
    if size in bench.grown:
        return bench.grown[size]
    home = bench.settings.home / f"scale-{size}"
    home.mkdir()
    file = home / "corpus.jsonl"
    say(f"generating {size:,} records")
    write_corpus(bench.data / LESSONS, file, size)
    corpus = Corpus(f"{size:,} generated records", [file], LoadOptions(format="llis"), bench.data / TASKS)
    scaled = Bench(settings_in(home, bench.settings), corpus, bench.data, bench.quick)
    scaled.embedder = scaled.kept = bench.kept
    bench.grown[size] = scaled
    return scaled


def _tables() -> tuple[Table, ...]:
    size = {"records": ",d"}
    times = {"n": "d", "p50 ms": ".2f", "p95 ms": ".2f"}
    return (
        Table(
            "Scale: making a repository",
            size | {"passages": ",d", "load s": ",.0f", "keyword s": ",.0f", "encode s": ",.0f",
                    "index s": ",.0f", "passages a second, keyword": ",.0f",
                    "passages a second, encoder": ",.0f"},
            note="encode: passages by the bare encoder's rate in this run; "
            "index: the whole pass with vectors cached, so keyword index, manifest and vectors",
        ),
        Table(
            "Scale: disk and memory, MiB",
            size | dict.fromkeys(("database", "keyword index", "vectors", "manifest", "all files"), ",.0f")
            | dict.fromkeys(("opened", "after 200 searches", "of it private"), ",.0f"),
            note="memory: resident set of a fresh process; what is not private are mapped files, "
            "which processes share",
        ),
        Table("Scale: searches", size | queries.COLUMNS, note=queries.NOTE),
        Table(
            "Scale: parts of a search", size | {"part": ""} | times,
            note=f"words: 2 to 6 of the {COMMON} most frequent, stop words aside",
        ),
        Table("Scale: searches over HTTP", size | serving.COLUMNS, note=serving.NOTE),
    )  # fmt: skip


def _build(bench: Bench) -> tuple[int | float, ...]:
    """The row of the first table: records are loaded, and indexed twice, the second time as a whole."""
    loaded = bench.loaded.created
    passages, keyword = 0, Spent()
    kept_before, seconds_before = bench.kept.encoded, bench.kept.seconds
    sample: list[str] = []
    writer = KeywordWriter(bench.settings.home / "keyword-alone")
    for batch in filling.documents(bench):
        texts = filling.embedded(batch)
        sample = sample or texts[:ENCODED]
        passages += len(texts)
        bench.kept.embed_passages(texts)
        with keyword:
            writer.write(batch, set())
        if passages % 10_000 < len(texts):
            say(f"{passages:,} passages encoded and in a keyword index")
    encoded = bench.kept.encoded - kept_before
    seconds = bench.kept.seconds - seconds_before
    if encoded < len(sample):
        with Spent() as bare:
            bench.kept.embedder.embed_passages(sample)
        encoded, seconds = len(sample), bare.seconds
    rate = encoded / seconds
    if bench.indexed.added != loaded:
        raise BenchError(f"{bench.indexed.added:,} of {loaded:,} records were indexed.")
    times = bench.spent["load"].seconds, keyword.seconds, passages / rate, bench.spent["index"].seconds
    return passages, *times, passages / keyword.seconds, rate


def _disk(bench: Bench) -> tuple[float, ...]:
    """MiB of the database, the keyword index, the vectors, the manifest, and of all of them and the rest."""
    home, index = bench.settings.home, bench.settings.index_folder
    sizes: Counter[str] = Counter()
    for file in home.rglob("*"):
        if not file.is_file() or file.is_relative_to(home / "keyword-alone") or file.suffix == ".jsonl":
            continue
        name = file.name.partition("-")[0].partition(".")[0]
        part = "keyword" if file.is_relative_to(index / "keyword") else name
        sizes[part] += file.stat().st_size
    named = [sizes[part] / MIB for part in ("precedent", "keyword", "vectors", "manifest")]
    return *named, sum(sizes.values()) / MIB


def _memory(bench: Bench) -> tuple[float | None, ...]:
    """Resident MiB of a new process: after its first search, after 200, and what of that is its own."""
    texts = json.dumps([*bench.titles[-RANKINGS // 2 :], *bench.sentences[-RANKINGS // 2 :]])
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.fresh"],
        env=bench.environment(), cwd=REPOSITORY, input=texts, text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"The fresh process ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    first, last = json.loads(done.stdout)
    return first["resident"], last["resident"], last["private"]


def _parts(bench: Bench) -> dict[str, list[float]]:
    """Milliseconds of ranking by words alone, and of counting facets."""
    say("the keyword ranking and the facets alone")
    reader = KeywordReader.open(bench.settings.index_folder / "keyword")
    rank = partial(_rank, reader)
    settings, embedder = bench.settings, bench.embedder
    snapshot = SnapshotSource(settings, embedder.fingerprint, embedder.dimension).current()
    counter = FacetCounter(snapshot.catalogue, datetime.now(UTC).date())
    # The larger part of all, so that nothing can be known from the totals alone.
    most = np.arange(len(snapshot.catalogue)) % 5 > 1

    def count(_text: str) -> None:
        counter.facets(parse(""), counter.tally(most), lambda _field: counter.tally(most))

    texts = list(islice(common_queries(bench), RANKINGS))
    for text in texts[:3]:
        rank(text)
        count(text)
    return {
        "ranking by 2 to 6 common words": [queries.milliseconds(rank, text) for text in texts],
        "facets over three fifths of all": [queries.milliseconds(count, text) for text in texts[:50]],
    }


def _rank(reader: KeywordReader, text: str) -> NDArray[np.float32]:
    return reader.score("text", [term for _, term in terms(text)])


def common_queries(bench: Bench, seed: int = 1) -> Iterator[str]:
    """2 to 6 frequent words each, without end."""
    if bench.data is None:
        raise BenchError("There are no lessons to generate from.")
    counts: Counter[str] = Counter()
    for record in islice(records(bench.data / LESSONS), SAMPLE):
        counts.update(set(re.findall(r"[a-z]{3,}", record["lesson"].lower())))
    frequent = [word for word, _ in counts.most_common(2 * COMMON) if not is_stop_word(word)][:COMMON]
    chance = random.Random(seed)
    while True:
        yield " ".join(chance.sample(frequent, chance.randint(2, 6)))
