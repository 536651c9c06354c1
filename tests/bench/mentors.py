"""Who can help with something: from which nearness on an entry speaks for the person who wrote it.

No public data says who could have helped with what, so people are made of NASA's lessons: whoever wrote on a
topic. Each lesson that has topics is the work of one person, that of its rarest topic, and is asked about in
turn; right is whoever's topic it has. The lessons are many topics' at once and were not tagged with this in
mind, so figures are low, and tell thresholds apart rather than how good the list is.

Strangers are the people of the sample corpus, whose projects have nothing to do with space: how often one of
their entries is near enough is how often somebody would be named where nobody can help.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.sample import sample_paths
from indexer.sync import IndexWriter
from kb.database import open_database
from kb.formats import LoadOptions
from kb.loading import load
from kb.mentoring.finding import MOST
from kb.reading import OPERATOR, list_entries
from search.engine import Engine
from search.mentors import NEAR, NEAR_ENOUGH
from tests.bench.setting import LESSONS, BenchError, say, settings_in
from tests.bench.tables import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tests.bench.setting import Bench

THRESHOLDS = (0.0, 0.35, 0.4, 0.45, NEAR_ENOUGH, 0.55, 0.6, 0.65, 0.7)
SMALL, DRAWS = 120, 10
"""Lessons of a small repository, and how many of those are drawn."""

Near = dict[str, list[tuple[str, float]]]
"""Entry -> all others and their cosine to it, the nearest first."""


@dataclass
class Score:
    """What a threshold does to the people who are named."""

    right: int = 0
    named: int = 0
    to_name: int = 0
    """As many as can be named of those who wrote on a topic of the question."""
    questions: int = 0

    @property
    def precision(self) -> float:
        """Of those who are named, the share who are right."""
        return self.right / self.named if self.named else 0.0

    @property
    def recall(self) -> float:
        """Of those who could be named rightly, the share who are."""
        return self.right / self.to_name if self.to_name else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def measure(bench: Bench) -> list[Table]:
    """A row for each threshold and size. Raises BenchError where NASA's lessons are absent."""
    lessons = bench.data / LESSONS if bench.data else None
    if lessons is None or not lessons.is_file():
        raise BenchError("NASA's lessons are in PRECEDENT_DATA or ../shared/data, which is absent.")
    topics, near = _nearness(bench, lessons)
    table = Table(
        "Who can help: from which cosine on an entry speaks for its writer",
        {"lessons": ",d", "cosine": ".2f", "named": ".2f", "precision": ".3f", "recall": ".3f", "F1": ".3f",
         "strangers": ".3f"},
        note=f"at most {MOST} people by the {NEAR} nearest entries; of small repositories the sum over "
        f"{DRAWS}; strangers: the share of questions for which one of another trade is near enough",
    )  # fmt: skip
    for size, draws in ((SMALL, DRAWS), (len(topics), 1)):
        pools = [set(random.Random(seed).sample(sorted(topics), size)) for seed in range(draws)]
        for threshold in THRESHOLDS:
            score = Score()
            for pool in pools:
                add_scores(score, topics, near, pool, threshold)
            table.add(size, threshold, score.named / score.questions, score.precision, score.recall, score.f1,
                      strangers(topics, near, threshold))  # fmt: skip
    return [table]


def add_scores(
    score: Score, topics: Mapping[str, frozenset[str]], near: Near, pool: Collection[str], threshold: float
) -> None:
    """Asks about each lesson of the pool, and counts who is named of those who wrote the others."""
    writers = writers_of(topics)
    for asked in pool:
        found = [each for each in near[asked] if each[0] in pool][:NEAR]
        named = named_for(found, writers, threshold)
        right = {writers[other] for other in pool if other != asked} & topics[asked]
        score.right += len(right.intersection(named))
        score.named += len(named)
        score.to_name += min(MOST, len(right))
        score.questions += 1


def writers_of(topics: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Lesson -> who wrote it: the rarest of its topics."""
    count = Counter(topic for held in topics.values() for topic in held)
    return {ref: min(held, key=lambda topic: (count[topic], topic)) for ref, held in topics.items()}


def named_for(found: Sequence[tuple[str, float]], writers: Mapping[str, str], threshold: float) -> list[str]:
    """Whom the entries that are near enough speak for, who wrote most of them first."""
    wrote = Counter(writers[ref] for ref, cosine in found if cosine >= threshold)
    return sorted(wrote, key=lambda writer: (-wrote[writer], writer))[:MOST]


def strangers(lessons: Iterable[str], near: Near, threshold: float) -> float:
    """The share of lessons to which an entry that is no lesson of theirs is near enough."""
    own = set(lessons)
    met = [any(cosine >= threshold and ref not in own for ref, cosine in near[each]) for each in own]
    return sum(met) / len(met)


def _nearness(bench: Bench, lessons: Path) -> tuple[dict[str, frozenset[str]], Near]:
    """The topics of NASA's lessons that have some, and how near all entries are to each of them.

    They are loaded into a repository of their own, beside the sample corpus.
    """
    rows = [json.loads(line) for line in lessons.read_text("utf-8").splitlines()]
    known = {topic.lower() for row in rows for topic in row["topics"]}
    with tempfile.TemporaryDirectory(prefix="mentors-", dir=bench.settings.home) as folder:
        tagged = Path(folder) / "lessons.jsonl"
        tagged.write_text("\n".join(json.dumps(row) for row in rows if row["topics"]), "utf-8")
        settings = settings_in(Path(folder), bench.settings)
        database = open_database(settings.database_url)
        try:
            load(database, sample_paths(), LoadOptions())
            with database.read() as session:
                sample = {view.ref for view in list_entries(session, OPERATOR, None, 0, 10_000)}
            load(database, [tagged], LoadOptions(format="llis"))
            with database.read() as session:
                views = list_entries(session, OPERATOR, None, 0, 10_000)
            say(f"indexing {len(views):,} records")
            IndexWriter(settings, database, bench.kept).sync()
            engine = Engine(settings, database, bench.embedder)
            topics = {
                view.ref: known.intersection(view.content.tags) for view in views if view.ref not in sample
            }
            return topics, {ref: _near(engine, ref, len(views)) for ref in topics}
        finally:
            database.dispose()


def _near(engine: Engine, ref: str, limit: int) -> list[tuple[str, float]]:
    return [(hit.entry.ref, hit.why.similarity or 0.0) for hit in engine.similar(ref, OPERATOR, limit)]
