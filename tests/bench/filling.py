"""Filling a repository: load, first index, and the index made anew from kept vectors."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from indexer.documents import embedded_text, make_document
from kb.reading import OPERATOR, get_revisions, published_heads
from tests.bench.setting import say
from tests.bench.tables import Table

if TYPE_CHECKING:
    from tests.bench.setting import Bench

SAMPLED = 150
"""Entries whose passages the bare encoder embeds, half of them before the index is made, half after."""


def measure(bench: Bench) -> list[Table]:
    """Times of each step, and indexing held against the bare encoder."""
    records = bench.loaded.created
    first, second = _passages(bench)
    say("the bare encoder, before indexing")
    bare = [_bare(bench, first)]
    report = bench.indexed
    say("the bare encoder, after indexing")
    bare.append(_bare(bench, second))
    say("making the index anew")
    again = bench.writer().rebuild()
    bare_rate = (len(first) + len(second)) / sum(bare)
    table = Table(
        "Filling a repository",
        {"step": "", "records": ",d", "passages": ",d", "s": ".1f", "a second": ",.1f"},
        note="in process, from an empty home; `a second` counts passages, for the load records",
    )
    table.add("load the files", records, None, bench.seconds["load"], records / bench.seconds["load"])
    rate = report.embedded / report.seconds
    table.add("index, nothing cached", report.added, report.embedded, report.seconds, rate)
    table.add("bare encoder on a sample", None, len(first) + len(second), sum(bare), bare_rate)
    table.add("index anew, vectors cached", again.added, again.embedded, again.seconds, None)
    ratio = Table("Indexing against the bare encoder", {"what": "", "is": ".2f"})
    ratio.add("passages a second, indexing / bare encoder", rate / bare_rate)
    ratio.add("first index / index anew", report.seconds / again.seconds)
    return [table, ratio]


def _passages(bench: Bench) -> tuple[list[str], list[str]]:
    """Two samples of the texts that indexing embeds: of every so manieth entry."""
    with bench.database.read() as session:
        stamps = {head.revision_id: head.stamp for head in published_heads(session)}
        chosen = list(stamps)[:: max(1, len(stamps) // SAMPLED)]
        views = get_revisions(session, chosen, OPERATOR)
    documents = [make_document(view, stamps[revision]) for revision, view in views.items()]
    texts = [embedded_text(document.title, part.text) for document in documents for part in document.passages]
    return texts[::2], texts[1::2]


def _bare(bench: Bench, texts: list[str]) -> float:
    """Seconds that the encoder alone takes for the texts."""
    bench.embedder.embed_query("loads the model")
    started = time.perf_counter()
    bench.embedder.embed_passages(texts)
    return time.perf_counter() - started
