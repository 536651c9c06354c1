"""`python -m tests.torture`: every row, its figure, and exit status 1 when one is broken."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.sample import sample_paths
from indexer.embedder import default_encoder_folder, load_embedder
from indexer.sync import IndexWriter
from kb.database import open_database
from kb.loading import load
from tests.fixtures.served import make_settings
from tests.torture import backups, damage, disks, files, killing, outages, soak
from tests.torture.places import SHORT, Sizes, Torture, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROWS: dict[str, Callable[[Torture], Iterable[Verdict]]] = {
    "kill": killing.run,
    "damage": damage.run,
    "backups": backups.run,
    "disks": disks.run,
    "outages": outages.run,
    "soak": soak.run,
    "files": files.run,
}
WORDS = {True: "ok", False: "BROKEN", None: "not tried"}


def main() -> int:
    """Runs the chosen rows. Status 1 when one of them is broken."""
    options = parse_options()
    logging.disable(logging.CRITICAL)  # what goes wrong on purpose is said by the verdicts
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    found: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="precedent-torture-") as folder:
        torture = prepare(Path(folder), SHORT if options.short else Sizes(), options.cache)
        for name in options.only or ROWS:
            started = time.monotonic()
            _say(f"== {name}")
            for verdict in ROWS[name](torture):
                print(f"{WORDS[verdict.good]:9}  {verdict.row}: {verdict.figure}", flush=True)
                found.append(asdict(verdict))
            _say(f"== {name} took {time.monotonic() - started:.0f} s")
    if options.json:
        moment = datetime.now(UTC).isoformat(timespec="minutes")
        options.json.write_text(
            json.dumps({"date": moment, "rows": found}, indent=2, ensure_ascii=False) + "\n"
        )
    return 1 if any(verdict["good"] is False for verdict in found) else 0


def prepare(folder: Path, sizes: Sizes, cache: Path | None = None) -> Torture:
    """Loads and indexes the sample corpus, which rows copy."""
    encoder = default_encoder_folder()
    embedder = load_embedder(encoder)
    settings = make_settings(folder / "sample", encoder=encoder)
    _say("loading and indexing the sample corpus")
    database = open_database(settings.database_url)
    load(database, sample_paths())
    IndexWriter(settings, database, embedder).sync()
    database.dispose()
    return Torture(folder, sizes, embedder, settings.home, encoder, cache, _say)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--short", action="store_true", help="what the tests run: seconds a row")
    parser.add_argument("--only", action="append", choices=ROWS, metavar="ROW", help="repeatable")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keep passages' vectors between runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
