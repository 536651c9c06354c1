"""`python -m tests.bench.report FILE`: a run's figures into the documentation, as tables and a picture.

A page says `<!-- table: TITLE -->` and `<!-- end -->`; what stands between is replaced. A run of
estimates alone leaves the page of the search as it is, and the other way round.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from kb.errors import KbError
from tests.bench.plot import draw
from tests.bench.setting import REPOSITORY, BenchError
from tests.bench.tables import Table

PAGE = REPOSITORY / "docs" / "performance.md"
ESTIMATION = REPOSITORY / "docs" / "estimation.md"
_OF_ESTIMATION = "Estimates, left one out"
_OF_PERFORMANCE = "Ranking quality"
PICTURE = REPOSITORY / "docs" / "scale.svg"
_PLACE = re.compile(r"(<!-- table: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def main(arguments: list[str] | None = None) -> int:
    """Status 1, with a sentence on standard error, when the file holds no run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.report", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="what `python -m tests.bench --json` wrote")
    try:
        tables = read(parser.parse_args(arguments).file)
        if _OF_ESTIMATION in tables:
            ESTIMATION.write_text(fill(ESTIMATION.read_text("utf-8"), tables), "utf-8")
        if _OF_PERFORMANCE in tables or _OF_ESTIMATION not in tables:
            PAGE.write_text(fill(PAGE.read_text("utf-8"), tables), "utf-8")
            PICTURE.write_text(draw(tables), "utf-8")
    except KbError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def read(file: Path) -> dict[str, Table]:
    """Title -> table of a run. Raises BenchError."""
    try:
        tables = [Table.read(data) for data in json.loads(file.read_text("utf-8"))["tables"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{file} holds no run of `python -m tests.bench --json` ({error}).") from error
    return {table.title: table for table in tables}


def fill(page: str, tables: dict[str, Table]) -> str:
    """The page with the tables at their places; one that was not measured says so."""

    def filled(place: re.Match[str]) -> str:
        table = tables.get(place[2])
        text = table.markdown() if table and table.rows else "Not measured in this run."
        return f"{place[1]}\n{text}\n\n{place[3]}"

    return _PLACE.sub(filled, page)


if __name__ == "__main__":
    sys.exit(main())
