"""Judged collections in BEIR's layout: documents, queries and graded judgements from files."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.errors import KbError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from search.measures import Judgements


class BadCollection(KbError):
    """The folder is no BEIR collection, or a line of it is broken."""


@dataclass(frozen=True)
class Collection:
    """A judged collection (Thakur et al. 2021, "BEIR")."""

    documents: list[tuple[str, str, str]]
    """(id, title, text)."""
    queries: dict[str, str]
    """id -> text, of the queries with a relevant document."""
    judgements: Judgements

    @classmethod
    def read(cls, folder: Path, split: str = "test") -> Collection:
        """Reads corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv. Raises BadCollection naming file and line."""
        documents = [
            (d["_id"], d.get("title", ""), d["text"]) for d in read_rows(folder / "corpus.jsonl", "text")
        ]
        queries = {query["_id"]: query["text"] for query in read_rows(folder / "queries.jsonl", "text")}
        judgements = read_judgements(folder / "qrels" / f"{split}.tsv")
        judged = {query for query, grades in judgements.items() if any(grades.values())}
        unknown = judged - set(queries)
        if unknown:
            raise BadCollection(
                f"qrels/{split}.tsv judges queries that queries.jsonl lacks, such as {min(unknown)}."
            )
        if not judged:
            raise BadCollection(f"qrels/{split}.tsv names no relevant document.")
        return cls(documents, {query: queries[query] for query in queries if query in judged}, judgements)


def read_rows(file: Path, *required: str) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file, each with _id and the required texts. Raises BadCollection."""
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


def read_judgements(file: Path) -> Judgements:
    """The grades of a qrels file: query, document and grade by tabs. Raises BadCollection."""
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
