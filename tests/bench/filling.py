"""Filling a repository: load, first index, and the index made anew from kept vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.documents import embedded_text, make_document
from indexer.sync import BATCH
from kb.heads import published_heads
from kb.published import get_revisions
from kb.reading import OPERATOR
from tests.bench.setting import Spent, say
from tests.bench.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.documents import Document
    from tests.bench.setting import Bench

SAMPLED = 150
"""Entries whose passages the bare encoder embeds, half of them before the index is made, half after."""


def measure(bench: Bench) -> list[Table]:
    """Times of each step, and indexing held against the bare encoder."""
    records = bench.loaded.created
    first, second = _passages(bench)
    say("the bare encoder, before indexing")
    bare = _bare(bench, first)
    report = bench.indexed
    say("the bare encoder, after indexing")
    bare += _bare(bench, second)
    say("making the index anew")
    with Spent() as rebuilding:
        again = bench.writer().rebuild()
    sample = len(first) + len(second)
    table = Table(
        "Filling a repository",
        {"step": "", "records": ",d", "passages": ",d", "s": ".1f", "CPU s": ".1f", "a second": ",.1f"},
        note="in process, from an empty home; `a second` counts passages, for the load records",
    )
    load, index = bench.spent["load"], bench.spent["index"]
    table.add("load the files", records, None, *load.times, records / load.seconds)
    table.add("index, nothing cached", report.added, report.embedded, *index.times,
              report.embedded / index.seconds)  # fmt: skip
    table.add("bare encoder on a sample", None, sample, *bare.times, sample / bare.seconds)
    table.add("index anew, vectors cached", again.added, again.embedded, *rebuilding.times, None)
    ratio = Table(
        "Indexing against the bare encoder", {"what": "", "by the clock": ".2f", "by CPU time": ".2f"},
        note="on a busy machine CPU time is the fairer of the two",
    )  # fmt: skip
    rates = [report.embedded / i / (sample / b) for i, b in zip(index.times, bare.times, strict=True)]
    ratio.add("passages a second, indexing / bare encoder", *rates)
    shares = [first / again for first, again in zip(index.times, rebuilding.times, strict=True)]
    ratio.add("first index / index anew", *shares)
    return [table, ratio]


def _passages(bench: Bench) -> tuple[list[str], list[str]]:
    """Two samples of the texts that indexing embeds: of every so manieth entry."""
    entries = bench.loaded.created
    texts = [text for batch in documents(bench, max(1, entries // SAMPLED)) for text in embedded(batch)]
    return texts[::2], texts[1::2]


def documents(bench: Bench, step: int = 1) -> Iterator[list[Document]]:
    """Batches of what is to be indexed: every so manieth published entry."""
    stamps = published_heads(bench.database)
    chosen = list(stamps)[::step]
    for start in range(0, len(chosen), BATCH):
        with bench.database.read() as session:
            views = get_revisions(session, chosen[start : start + BATCH], OPERATOR)
        yield [make_document(view, stamps[revision]) for revision, view in views.items()]


def embedded(batch: list[Document]) -> list[str]:
    """The texts that the encoder reads of the documents."""
    return [embedded_text(document.title, part.text) for document in batch for part in document.passages]


def _bare(bench: Bench, texts: list[str]) -> Spent:
    """What the encoder alone takes for the texts."""
    bench.embedder.embed_query("loads the model")
    with Spent() as spent:
        bench.embedder.embed_passages(texts)
    return spent
