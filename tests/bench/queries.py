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
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from search.engine import Engine
    from search.results import Mode
    from tests.bench.setting import Bench

    Steps = Mapping[str, Callable[[str], object]]
    """What is timed, by name."""

TEXTS = 200
"""Distinct queries of each sort."""
WARM_UP = 20
BARE = "bare encoder call"
REPEATED = "hybrid, repeated"
COLUMNS = {
    "queries": "", "n": "d", "words": ".0f", "what": "", "p50 ms": ".2f", "p95 ms": ".2f",
    "p50 / bare p50": ".2f", "p95 / bare p95": ".2f", "p95 / bare p50": ".2f",
}  # fmt: skip
NOTE = (
    "distinct queries, 20 hits with snippets and facets; encoder and modes take turns, text by text; "
    "repeated: asked once more, right after it was answered"
)


def measure(bench: Bench) -> list[Table]:
    """p50 and p95 of each mode, in milliseconds and in bare encoder calls."""
    status = bench.engine().status(OPERATOR)
    title = f"Warm searches in process: {status.documents:,} entries, {status.passages:,} passages"
    table = Table(title, COLUMNS, note=NOTE)
    for row in rows(bench):
        table.add(*row)
    return [table]


def rows(bench: Bench) -> Iterator[tuple[str | int | float, ...]]:
    """Rows of COLUMNS: titles and sentences, each by the encoder alone and in every mode."""
    steps = _steps(bench)
    for step in steps.values():
        for text in bench.sentences[:WARM_UP]:
            step(text)
    for name, every in {"titles": bench.titles, "sentences": bench.sentences}.items():
        texts = every[WARM_UP : WARM_UP + TEXTS]
        if not texts:
            raise BenchError(f"There are no {name} to search for.")
        say(f"searching {len(texts)} {name} in each mode")
        words = sum(len(text.split()) for text in texts) / len(texts)
        found = taking_turns(steps, texts)
        found[REPEATED] = _repeated(steps["hybrid"], texts)
        middle, high = percentile(found[BARE], 50), percentile(found[BARE], 95)
        for what, times in found.items():
            p50, p95 = percentile(times, 50), percentile(times, 95)
            yield name, len(texts), words, what, p50, p95, p50 / middle, p95 / high, p95 / middle


def _steps(bench: Bench) -> Steps:
    """Each mode has an engine of its own: an engine remembers what it was asked."""
    modes: Steps = {mode: partial(_search, bench.engine(), mode) for mode in reversed(MODES)}
    return {BARE: bench.embedder.embed_query, **modes}


def _search(engine: Engine, mode: Mode, text: str) -> None:
    page = engine.search(SearchRequest(text=text, mode=mode), OPERATOR)
    if page.degraded:
        raise BenchError(f"The search is degraded: {', '.join(page.degraded)}.")


def taking_turns(
    steps: Mapping[str, Callable[[str], object]], texts: Sequence[str]
) -> dict[str, list[float]]:
    """Milliseconds of each step on each text. The order rotates, so that none always follows the same."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    names = list(steps)
    for place, text in enumerate(texts):
        turn = place % len(names)
        for name in names[turn:] + names[:turn]:
            found[name].append(milliseconds(steps[name], text))
    return found


def _repeated(search: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    """Milliseconds of a search right after the same one."""
    times = []
    for text in texts:
        search(text)
        times.append(milliseconds(search, text))
    return times


def milliseconds(step: Callable[[str], object], text: str) -> float:
    """What one call takes."""
    started = time.perf_counter()
    step(text)
    return (time.perf_counter() - started) * 1000
