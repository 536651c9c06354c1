"""How good is the ranking? Measures over judged queries, by the product's engine, and how sure they are."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.sync import IndexWriter
from kb.database import open_database
from kb.reading import OPERATOR
from kb.records import apply_record, parse_record
from search.baseline import FixedBlend
from search.engine import Engine
from search.measures import DEPTH, MEASURES, measures_of
from search.results import Mode, SearchRequest
from search.significance import Comparison, Summary, compare, fold_means, holm, summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from indexer.embedder import Embedder
    from kb.config import Settings
    from search.judged import Collection

MODES: tuple[Mode, ...] = ("keyword", "semantic", "hybrid")
BLEND = "fixed blend"
HYBRID = "hybrid"
TESTED = ("ndcg@10", "mrr@10")
_KEY = "judged:"


@dataclass(frozen=True)
class Tested:
    """A paired test of hybrid against another ranking, on one measure."""

    measure: str
    against: str
    result: Comparison
    corrected_p: float
    """Holm's correction over the rankings compared on this measure."""


@dataclass(frozen=True)
class Evaluation:
    """The measures of each ranking, query by query."""

    documents: int
    queries: tuple[str, ...]
    values: dict[str, dict[str, NDArray[np.float64]]]
    """ranking -> measure -> (queries)."""

    def means(self) -> dict[str, dict[str, float]]:
        """Ranking -> measure -> mean over the queries, to four places."""
        return {
            name: {measure: round(float(values.mean()), 4) for measure, values in found.items()}
            for name, found in self.values.items()
        }

    def summaries(self) -> dict[str, dict[str, Summary]]:
        """Ranking -> measure -> mean, spread and interval."""
        return {
            name: {measure: summarise(values) for measure, values in found.items()}
            for name, found in self.values.items()
        }

    def tests(self) -> list[Tested]:
        """Hybrid against each other ranking; none where there is no hybrid."""
        others = [name for name in self.values if name != HYBRID]
        if HYBRID not in self.values:
            return []
        tested = []
        for measure in TESTED:
            results = [compare(self.values[HYBRID][measure], self.values[name][measure]) for name in others]
            corrected = holm([result.p for result in results])
            tested += [
                Tested(measure, name, result, p)
                for name, result, p in zip(others, results, corrected, strict=True)
            ]
        return tested

    def folds(self, number: int) -> dict[str, dict[str, list[float]]]:
        """Ranking -> measure -> mean of each fold. Raises ValueError for a number that does not fit."""
        return {
            name: {measure: fold_means(values, number) for measure, values in found.items()}
            for name, found in self.values.items()
        }

    def per_query(self) -> Iterator[tuple[str, str, dict[str, float]]]:
        """(query, ranking, measure -> value), query by query."""
        for place, query in enumerate(self.queries):
            for name, found in self.values.items():
                yield query, name, {measure: float(values[place]) for measure, values in found.items()}

    def data(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        per_query: dict[str, dict[str, dict[str, float]]] = {query: {} for query in self.queries}
        for query, name, found in self.per_query():
            per_query[query][name] = found
        return {
            "documents": self.documents,
            "queries": len(self.queries),
            "rankings": {
                name: {measure: asdict(summary) for measure, summary in found.items()}
                for name, found in self.summaries().items()
            },
            "tests": [
                {"measure": test.measure, "against": test.against, **asdict(test.result)}
                | {"corrected_p": test.corrected_p}
                for test in self.tests()
            ],
            "per_query": per_query,
        }


def evaluate(
    collection: Collection,
    settings: Settings,
    embedder: Embedder | None,
    progress: Callable[[str, int, int], None],
) -> Evaluation:
    """Ranks the judged queries in every way, in a home of its own that is thrown away.

    `progress` gets the stage, steps done and steps in all. Without an encoder there are keywords alone.
    """
    with tempfile.TemporaryDirectory(prefix="precedent-evaluate-") as folder:
        home = Path(folder)
        apart = replace(settings, home=home, database_url=f"sqlite:///{home}/r.sqlite")
        engine = _engine(collection, apart, embedder, progress)
        try:
            rankings = _rankings(engine, apart, embedder)
            total = len(rankings) * len(collection.queries)
            values: dict[str, dict[str, NDArray[np.float64]]] = {}
            done = 0
            for name, ranked in rankings.items():
                found = []
                for query, text in collection.queries.items():
                    keys = [key.removeprefix(_KEY) for key in ranked(text)]
                    found.append(measures_of(keys, collection.judgements[query]))
                    done += 1
                    progress("searching", done, total)
                values[name] = {measure: np.array([each[measure] for each in found]) for measure in MEASURES}
        finally:
            engine.database.dispose()
    return Evaluation(len(collection.documents), tuple(collection.queries), values)


def _rankings(
    engine: Engine, settings: Settings, embedder: Embedder | None
) -> dict[str, Callable[[str], list[str]]]:
    """Name -> the function from a query's text to the keys it finds, hybrid last."""

    def by(mode: Mode) -> Callable[[str], list[str]]:
        return lambda text: engine.ranked_keys(
            SearchRequest(text=text, mode=mode, limit=DEPTH), OPERATOR, DEPTH
        )

    if embedder is None:
        return {"keyword": by("keyword")}
    blend = FixedBlend(settings, embedder)
    return {
        "keyword": by("keyword"),
        "semantic": by("semantic"),
        BLEND: lambda text: blend.ranked_keys(text, OPERATOR, DEPTH),
        HYBRID: by("hybrid"),
    }


def _engine(
    collection: Collection,
    settings: Settings,
    embedder: Embedder | None,
    progress: Callable[[str, int, int], None],
) -> Engine:
    database = open_database(settings.database_url)
    with database.write() as session:
        for place, (key, title, text) in enumerate(collection.documents, 1):
            # A title is required of entries; a dash holds no word and so changes no ranking.
            fields = {
                "kind": "lesson",
                "key": _KEY + key,
                "title": _line(title) or "–",
                "body": _storable(text),
            }
            apply_record(session, parse_record(fields))
            progress("loading", place, len(collection.documents))
    if embedder is not None:
        IndexWriter(settings, database, embedder).sync(lambda done, total: progress("indexing", done, total))
    return Engine(settings, database, embedder)


def _storable(text: str) -> str:
    return "".join(char for char in text if char in "\n\t" or char.isprintable() or char.isspace())[:200_000]


def _line(text: str) -> str:
    return " ".join(_storable(text).split())[:300]
