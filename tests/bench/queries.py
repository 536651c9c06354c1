"""Warm searches in process, held against the bare encoder call on the same texts."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from kb.reading import OPERATOR
from search.evaluation import MODES
from search.results import SearchRequest
from tests.bench.setting import BenchError, say
from tests.bench.tables import Table, percentile

if TYPE_CHECKING:
    from collections.abc import Callable

    from search.engine import Engine
    from search.results import Mode
    from tests.bench.setting import Bench

TEXTS = 200
"""Distinct queries of each sort."""
WARM_UP = 20
BARE = "bare encoder call"


def measure(bench: Bench) -> list[Table]:
    """p50 and p95 of each mode, in milliseconds and in bare encoder calls."""
    steps = _steps(bench)
    groups = {"titles": bench.titles, "sentences": bench.sentences}
    for step in steps.values():
        for text in bench.sentences[:WARM_UP]:
            step(text)
    status = bench.engine().status()
    table = Table(
        f"Warm searches in process: {status.documents:,} entries, {status.passages:,} passages",
        {"queries": "", "n": "d", "words": ".0f", "what": "", "p50 ms": ".2f", "p95 ms": ".2f",
         "p50 / bare p50": ".2f", "p95 / bare p95": ".2f", "p95 / bare p50": ".2f"},
        note="distinct queries, 20 hits with snippets and facets; the four take turns, text by text",
    )  # fmt: skip
    for name, every in groups.items():
        texts = every[WARM_UP : WARM_UP + TEXTS]
        if not texts:
            raise BenchError(f"There are no {name} to search for.")
        say(f"searching {len(texts)} {name} in each mode")
        words = sum(len(text.split()) for text in texts) / len(texts)
        found = _taking_turns(steps, texts)
        middle, high = percentile(found[BARE], 50), percentile(found[BARE], 95)
        for what, times in found.items():
            p50, p95 = percentile(times, 50), percentile(times, 95)
            table.add(name, len(texts), words, what, p50, p95, p50 / middle, p95 / high, p95 / middle)
    return [table]


def _steps(bench: Bench) -> dict[str, Callable[[str], object]]:
    """What is timed. Each mode has an engine of its own: an engine remembers the vectors of queries."""
    steps: dict[str, Callable[[str], object]] = {BARE: bench.embedder.embed_query}
    for mode in reversed(MODES):
        steps[mode] = partial(_search, bench.engine(), mode)
    return steps


def _search(engine: Engine, mode: Mode, text: str) -> None:
    page = engine.search(SearchRequest(text=text, mode=mode), OPERATOR)
    if page.degraded:
        raise BenchError(f"The search is degraded: {', '.join(page.degraded)}.")


def _taking_turns(steps: dict[str, Callable[[str], object]], texts: list[str]) -> dict[str, list[float]]:
    """Milliseconds of each step on each text. The order rotates, so that none always follows the same."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    names = list(steps)
    for place, text in enumerate(texts):
        turn = place % len(names)
        for name in names[turn:] + names[:turn]:
            started = time.perf_counter()
            steps[name](text)
            found[name].append((time.perf_counter() - started) * 1000)
    return found
