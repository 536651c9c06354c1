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
from search.judged import Collection
from search.measures import MEASURES
from tests.bench.setting import LESSONS, TASKS, BenchError, say
from tests.bench.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from search.evaluation import Evaluation
    from tests.bench.setting import Bench

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
    """The measures of every collection that is there, in every ranking, and how sure the differences are."""
    quality = Table(
        "Ranking quality",
        {"collection": "", "documents": ",d", "queries": ",d", "ranking": ""}
        | dict.fromkeys(MEASURES, ".4f")
        | {"nDCG from": ".4f", "to": ".4f"},
        note="from, to: 95 % bootstrap interval of nDCG@10",
    )
    tests = Table(
        "Hybrid less each other ranking",
        {"collection": "", "ranking": "", "measure": "", "difference": "+.4f", "p": ".4f", "Holm": ".4f"}
        | {"wins": ",d", "ties": ",d", "losses": ",d"},
        note="paired randomisation test, two-sided; Holm: p corrected over the three rankings",
    )
    if bench.data is None:
        quality.note = tests.note = f"not measured: {ABSENT}"
        return [quality, tests]
    missing = []
    for name in COLLECTIONS:
        with judged(bench, name) as collection:
            if collection is None:
                missing.append(name)
            else:
                _add(name, assess(bench, name, collection), quality, tests)
    quality.note += f"; absent, so not measured: {', '.join(missing)}" if missing else ""
    return [quality, tests]


def _add(name: str, found: Evaluation, quality: Table, tests: Table) -> None:
    for ranking, summaries in found.summaries().items():
        means = [summaries[each].mean for each in MEASURES]
        interval = summaries["ndcg@10"].interval
        quality.add(name, found.documents, len(found.queries), ranking, *means, *interval)
    for test in found.tests():
        each = test.result
        ps, counts = (each.p, test.corrected_p), (each.wins, each.ties, each.losses)
        tests.add(name, test.against, test.measure, each.difference, *ps, *counts)


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
        yield Collection.read(folder)
    else:
        with tempfile.TemporaryDirectory(prefix="precedent-bench-") as place:
            (Path(place) / "qrels").mkdir()
            for file in ("queries.jsonl", "qrels/test.tsv"):
                shutil.copyfile(folder / file, Path(place) / file)  # not its mode: the data may be read-only
            _write_documents(bench.data / LESSONS, Path(place) / "corpus.jsonl", *NASA_TASKS[task])
            yield Collection.read(Path(place))


def _write_documents(lessons: Path, file: Path, with_title: bool, fields: tuple[str, ...]) -> None:
    """NASA's lessons as documents in BEIR's layout."""
    with lessons.open(encoding="utf-8") as source, file.open("w", encoding="utf-8") as target:
        for line in source:
            row = json.loads(line)
            text = "\n\n".join(row[name] for name in fields if row[name])
            document = {"_id": row["id"], "title": row["title"] if with_title else "", "text": text}
            target.write(json.dumps(document) + "\n")


def evaluate(bench: Bench, name: str, collection: Collection) -> dict[str, dict[str, float]]:
    """Ranking -> measure -> mean."""
    return assess(bench, name, collection).means()


def assess(bench: Bench, name: str, collection: Collection) -> Evaluation:
    """The measures of each query, with the stages told on standard error."""
    stage, started = "", time.monotonic()

    def progress(label: str, done: int, total: int) -> None:
        nonlocal stage
        if label != stage:
            stage = label
            say(f"{name}: {label} {total:,} ({time.monotonic() - started:.0f} s)")

    return evaluation.evaluate(collection, bench.settings, bench.kept, progress)
