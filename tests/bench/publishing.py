"""From a published edit to the first search that finds it, with the index writer as a process beside."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kb import editing
from kb.content import make_content
from kb.reading import OPERATOR, list_entries
from search.results import SearchRequest
from tests.bench.setting import BenchError, say
from tests.bench.tables import Table, median, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from search.engine import Engine
    from tests.bench.setting import Bench

EDITS = 10
POLL_SECONDS = 0.01
LONGEST_SECONDS = 30
AUTHOR, REVIEWER = "bench author", "bench reviewer"


def measure(bench: Bench) -> list[Table]:
    """Median and range over EDITS edits of different entries."""
    engine = bench.engine()
    with bench.database.read() as session:
        refs = [view.ref for view in list_entries(session, OPERATOR, "lesson", 0, EDITS + 1)]
    saved, found = [], []
    with _writer(bench):
        # The first edit warms everything up and does not count.
        for place, ref in enumerate(refs):
            say(f"publishing an edit of {ref}")
            save, wait = _edit(bench, engine, ref, f"benchword{place:03d}x")
            saved.append(save)
            found.append(wait)
    table = Table(
        "Publish to searchable", {"what": "", "n": "d", "p50 s": ".3f", "least s": ".3f", "most s": ".3f"},
        note=f"`precedent sync --watch` as a process; a hybrid search every {POLL_SECONDS * 1000:.0f} ms",
    )  # fmt: skip
    for name, times in (("save, submit, publish", saved[1:]), ("committed to found", found[1:])):
        table.add(name, len(times), median(times), percentile(times, 0), percentile(times, 100))
    return [table]


@contextmanager
def _writer(bench: Bench) -> Iterator[None]:
    """`precedent sync --watch`, past its first pass."""
    process = bench.start("sync", "--watch")
    try:
        if not process.stdout or not process.stdout.readline():
            raise BenchError(f"precedent sync --watch ended: {bench.log.read_text()[-800:]}")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=LONGEST_SECONDS)


def _edit(bench: Bench, engine: Engine, ref: str, word: str) -> tuple[float, float]:
    """Seconds to publish the lesson with a new word in it, and from then to the first hit."""
    started = time.perf_counter()
    with bench.database.write() as session:
        latest = editing.latest_revision(session, editing.find_entry(session, ref))
        lesson = f"{latest.content.get('lesson', '')}\n\nFound in an audit: {word}."
        content = make_content("lesson", latest.content | {"lesson": lesson})
        draft = editing.save_edit(session, ref, content, base=latest.number, author=AUTHOR)
        editing.submit(session, ref, draft.number)
        editing.publish(session, ref, draft.number, reviewer=REVIEWER)
    published = time.perf_counter()
    request = SearchRequest(text=f'"{word}"')
    while ref not in {hit.entry.ref for hit in engine.search(request, OPERATOR).hits}:
        if time.perf_counter() - published > LONGEST_SECONDS:
            raise BenchError(f"The edit of {ref} was not found within {LONGEST_SECONDS} s.")
        time.sleep(POLL_SECONDS)
    return published - started, time.perf_counter() - published
