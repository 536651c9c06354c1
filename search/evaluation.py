"""How good is the ranking? nDCG, recall and MRR over judged queries, by the product's own engine."""

from __future__ import annotations

import csv
import json
import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.sync import IndexWriter
from kb.database import open_database
from kb.errors import KbError
from kb.reading import OPERATOR
from kb.records import apply_record, parse_record
from search.engine import Engine
from search.results import Mode, SearchRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from indexer.embedder import Embedder
    from kb.config import Settings

Judgements = dict[str, dict[str, int]]
"""query id -> document id -> grade (0: not relevant)."""

MODES: tuple[Mode, ...] = ("keyword", "semantic", "hybrid")
DEPTH = 100
_KEY = "judged:"


class BadCollection(KbError):
    """The folder is no BEIR collection, or a line of it is broken."""


@dataclass(frozen=True)
class Collection:
    """A judged collection in BEIR's layout."""

    documents: list[tuple[str, str, str]]
    """(id, title, text)."""
    queries: dict[str, str]
    judgements: Judgements

    @classmethod
    def read(cls, folder: Path) -> Collection:
        """Reads corpus.jsonl, queries.jsonl and qrels/test.tsv. Raises BadCollection naming file and line."""
        documents = [
            (d["_id"], d.get("title", ""), d["text"]) for d in _jsonl(folder / "corpus.jsonl", "text")
        ]
        queries = {query["_id"]: query["text"] for query in _jsonl(folder / "queries.jsonl", "text")}
        judgements = _qrels(folder / "qrels" / "test.tsv")
        judged = {query for query, grades in judgements.items() if any(grades.values())}
        unknown = judged - set(queries)
        if unknown:
            raise BadCollection(
                f"qrels/test.tsv judges queries that queries.jsonl lacks, such as {min(unknown)}."
            )
        return cls(documents, {query: queries[query] for query in queries if query in judged}, judgements)


def evaluate(
    collection: Collection,
    settings: Settings,
    embedder: Embedder | None,
    progress: Callable[[str, int, int], None],
) -> dict[str, dict[str, float]]:
    """Mode -> measure -> mean over the judged queries, in a home of its own that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="precedent-evaluate-") as folder:
        home = Path(folder)
        engine = _engine(
            collection,
            replace(settings, home=home, database_url=f"sqlite:///{home}/r.sqlite"),
            embedder,
            progress,
        )
        results: dict[str, dict[str, float]] = {}
        modes = MODES if embedder else ("keyword",)
        for place, mode in enumerate(modes):
            run: dict[str, list[str]] = {}
            for done, (query, text) in enumerate(collection.queries.items(), 1):
                request = SearchRequest(text=text, mode=mode, limit=DEPTH)
                run[query] = [key.removeprefix(_KEY) for key in engine.ranked_keys(request, OPERATOR, DEPTH)]
                progress(
                    "searching", place * len(collection.queries) + done, len(modes) * len(collection.queries)
                )
            results[mode] = measures(run, collection.judgements)
        engine.database.dispose()
        return results


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


def measures(run: Mapping[str, Sequence[str]], judgements: Judgements) -> dict[str, float]:
    """nDCG@10, recall@100 and MRR@10, each the mean over the queries of the run."""
    per_query = [measures_of(ranked, judgements[query]) for query, ranked in run.items()]
    names = per_query[0] if per_query else ()
    return {name: round(sum(m[name] for m in per_query) / len(per_query), 4) for name in names}


def measures_of(ranked: Sequence[str], grades: Mapping[str, int]) -> dict[str, float]:
    """The measures of one query. Gains are the grades, discounts log2(rank + 1).

    Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques".
    """
    gains = [grades.get(document, 0) for document in ranked]
    ideal = sorted((grade for grade in grades.values() if grade > 0), reverse=True)
    relevant = len(ideal)
    first = next((place for place, gain in enumerate(gains[:10], 1) if gain > 0), 0)
    return {
        "ndcg@10": _dcg(gains[:10]) / _dcg(ideal[:10]) if ideal else 0.0,
        "recall@100": sum(gain > 0 for gain in gains[:DEPTH]) / relevant if relevant else 0.0,
        "mrr@10": 1 / first if first else 0.0,
    }


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))


def _jsonl(file: Path, *required: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_text(file).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise BadCollection(f"{file.name}:{number}: is not a JSON object.") from None
        if not isinstance(row, dict):
            raise BadCollection(f"{file.name}:{number}: is not a JSON object.")
        for name in ("_id", *required):
            if not isinstance(row.get(name), str):
                raise BadCollection(f"{file.name}:{number}: {name} is required and must be text.")
        yield row


def _qrels(file: Path) -> Judgements:
    judgements: Judgements = {}
    for number, row in enumerate(
        csv.reader(_text(file).splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE), 1
    ):
        if (number == 1 and row[:1] == ["query-id"]) or not row:
            continue
        try:
            query, document, grade = row
            judgements.setdefault(query, {})[document] = int(grade)
        except ValueError:
            raise BadCollection(
                f"{file.name}:{number}: must be query, document and a whole grade, by tabs."
            ) from None
    return judgements


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        raise BadCollection(
            f"{file} is missing: a collection holds corpus.jsonl, queries.jsonl and qrels/test.tsv."
        ) from None
    except UnicodeDecodeError as error:
        raise BadCollection(f"{file.name}: byte {error.start + 1} is not UTF-8.") from None


def _storable(text: str) -> str:
    return "".join(char for char in text if char in "\n\t" or char.isprintable() or char.isspace())[:200_000]


def _line(text: str) -> str:
    return " ".join(_storable(text).split())[:300]
