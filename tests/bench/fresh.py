"""A new process that opens the repository of its environment and searches: what memory does that take?

Reads a JSON list of queries from standard input; prints two readings, after the first search and the last.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from kb.config import Settings
from kb.database import open_database
from kb.reading import OPERATOR
from search.engine import open_engine
from search.results import SearchRequest


def main() -> None:
    """Searches for each text by words and by meaning."""
    texts = json.load(sys.stdin)
    settings = Settings.from_env()
    engine = open_engine(settings, open_database(settings.database_url))
    readings = []
    for place, text in enumerate(texts, 1):
        engine.search(SearchRequest(text=text), OPERATOR)
        if place in {1, len(texts)}:
            readings.append(memory())
    json.dump(readings, sys.stdout)


def memory() -> dict[str, float | None]:
    """Resident MiB of this process, and how much of it is private; None where there is no /proc."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return {"resident": None, "private": None}
    sizes = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
    return {"resident": int(sizes["VmRSS"][0]) / 1024, "private": int(sizes["RssAnon"][0]) / 1024}


if __name__ == "__main__":
    main()
