"""Ranking quality on judged collections, through `search.evaluation`."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from search import evaluation
from tests.bench.setting import LESSONS, TASKS, BenchError, say
from tests.bench.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from search.evaluation import Collection
    from tests.bench.setting import Bench

MEASURES = ("ndcg@10", "recall@100", "mrr@10")
NASA_TASKS = {
    # What the query is made from must not be in the index: task -> whether titles are, and which fields.
    "title_known_item": (False, ("abstract", "driving_event", "lesson", "recommendation", "evidence")),
    "event_to_recommendation": (True, ("lesson", "recommendation", "evidence")),
}
ABSENT = "the judged collections are in PRECEDENT_DATA or ../shared/data, which is absent"
SCIFACT = "SciFact, training queries"
COLLECTIONS = {SCIFACT: "scifact", "Cranfield": "cranfield"} | {
    f"NASA, {task.replace('_', ' ')}": task for task in NASA_TASKS
}


def measure(bench: Bench) -> list[Table]:
    """The measures of every collection that is there, in every mode."""
    table = Table(
        "Ranking quality",
        {"collection": "", "documents": ",d", "queries": ",d", "mode": ""} | dict.fromkeys(MEASURES, ".4f"),
    )
    if bench.data is None:
        table.note = f"not measured: {ABSENT}"
        return [table]
    missing = []
    for name in COLLECTIONS:
        with judged(bench, name) as collection:
            if collection is None:
                missing.append(name)
                continue
            for mode, found in evaluate(bench, name, collection).items():
                sizes = len(collection.documents), len(collection.queries)
                table.add(name, *sizes, mode, *(found[each] for each in MEASURES))
    table.note = f"absent, so not measured: {', '.join(missing)}" if missing else ""
    return [table]


@contextmanager
def judged(bench: Bench, name: str) -> Iterator[Collection | None]:
    """The collection, where its files are there; NASA's tasks are put together in a temporary folder."""
    if bench.data is None:
        raise BenchError(f"Nothing to judge by: {ABSENT}.")
    task = COLLECTIONS[name]
    folder = bench.data / TASKS / task if task in NASA_TASKS else bench.data / task
    if not folder.is_dir():
        yield None
    elif task not in NASA_TASKS:
        yield evaluation.Collection.read(folder)
    else:
        with tempfile.TemporaryDirectory(prefix="precedent-bench-") as place:
            (Path(place) / "qrels").mkdir()
            for file in ("queries.jsonl", "qrels/test.tsv"):
                shutil.copyfile(folder / file, Path(place) / file)  # not its mode: the data may be read-only
            _write_documents(bench.data / LESSONS, Path(place) / "corpus.jsonl", *NASA_TASKS[task])
            yield evaluation.Collection.read(Path(place))


def _write_documents(lessons: Path, file: Path, with_title: bool, fields: tuple[str, ...]) -> None:
    """NASA's lessons as documents in BEIR's layout."""
    with lessons.open(encoding="utf-8") as source, file.open("w", encoding="utf-8") as target:
        for line in source:
            row = json.loads(line)
            text = "\n\n".join(row[name] for name in fields if row[name])
            document = {"_id": row["id"], "title": row["title"] if with_title else "", "text": text}
            target.write(json.dumps(document) + "\n")


def evaluate(bench: Bench, name: str, collection: Collection) -> dict[str, dict[str, float]]:
    """Mode -> measure -> mean, with the stages told on standard error."""
    stage, started = "", time.monotonic()

    def progress(label: str, done: int, total: int) -> None:
        nonlocal stage
        if label != stage:
            stage = label
            say(f"{name}: {label} {total:,} ({time.monotonic() - started:.0f} s)")

    return evaluation.evaluate(collection, bench.settings, bench.embedder, progress)
