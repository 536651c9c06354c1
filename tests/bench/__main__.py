"""`python -m tests.bench`: measure, print tables, and with --json write them to a file."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import KbError
from tests.bench import (
    agreement,
    command,
    comparison,
    estimates,
    filling,
    machine,
    mentors,
    neighbours,
    publishing,
    quality,
    queries,
    scale,
    serving,
)
from tests.bench.setting import SIZES, open_bench, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.setting import Bench
    from tests.bench.tables import Table

SECTIONS: dict[str, tuple[Callable[[Bench], list[Table]], str]] = {
    "machine": (machine.measure, "what it is measured on"),
    "fill": (filling.measure, "load, index, index anew from cached vectors"),
    "query": (queries.measure, "warm searches in process against the bare encoder"),
    "publish": (publishing.measure, "from a published edit to the search that finds it"),
    "command": (command.measure, "a cold `precedent search`"),
    "serve": (serving.measure, "memory and searches a second of the server"),
    "scale": (scale.measure, "build, disk, memory and searches of generated corpora"),
    "vectors": (neighbours.measure, "nearest vectors alone, up to a million"),
    "comparison": (comparison.measure, "other libraries on the same passages, where installed"),
    "quality": (quality.measure, "nDCG@10, recall@100, MRR@10 on judged collections"),
    "estimates": (estimates.measure, "estimates from finished projects, and their ranges"),
    "mentors": (mentors.measure, "from which nearness on an entry speaks for its writer; only when named"),
    "agreement": (agreement.measure, "the semantic ranking against the original model; only when named"),
}
ON_REQUEST = {"agreement", "mentors"}
NEED_DATA = {"scale", "vectors", "comparison", "quality", "estimates", "mentors", "agreement"}


def main() -> int:
    """Runs the chosen sections in the order of the table. Status 1 if one of them failed."""
    options = parse_options()
    chosen = _chosen(options)
    logging.basicConfig(level=logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that homes are removed
    tables: list[Table] = []
    failures: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="precedent-bench-") as home:
        bench = open_bench(Path(home), quick=options.quick, sizes=options.sizes, cache=options.cache)
        for name in chosen:
            started = time.monotonic()
            say(f"== {name}: {SECTIONS[name][1]}")
            try:
                found = SECTIONS[name][0](bench)
            except KbError as error:
                failures[name] = str(error)
                say(f"{name} failed: {error}")
                continue
            tables += found
            print("\n\n".join(str(table) for table in found), end="\n\n", flush=True)
            say(f"== {name} took {time.monotonic() - started:.0f} s")
        for each in (bench, *bench.grown.values()):
            each.database.dispose()
    if options.json:
        document = {"quick": options.quick, "tables": [t.data() for t in tables], "failures": failures}
        options.json.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if failures else 0


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options among `arguments`, those of the process unless given."""
    sections = "\n".join(f"  {name:10} {words}" for name, (_, words) in SECTIONS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, epilog=f"sections:\n{sections}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="the sample corpus only, no judged collections")
    parser.add_argument("--only", action="append", choices=SECTIONS, metavar="SECTION", help="repeatable")
    parser.add_argument("--skip", action="append", choices=SECTIONS, metavar="SECTION", help="repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the tables to FILE too")
    parser.add_argument(
        "--sizes", type=_sizes, default=SIZES, metavar="N,N", help="records of the generated corpora "
        f"({','.join(map(str, SIZES))} unless given; encoding 100000 takes half an hour the first time)",
    )  # fmt: skip
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keep passages' vectors between runs")
    return parser.parse_args(arguments)


def _sizes(text: str) -> tuple[int, ...]:
    sizes = [int(part) for part in text.split(",")]
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError("sizes are whole numbers above 0")
    return tuple(sorted(set(sizes)))


def _chosen(options: argparse.Namespace) -> list[str]:
    wanted = set(options.only or set(SECTIONS) - ON_REQUEST - (NEED_DATA if options.quick else set()))
    return [name for name in SECTIONS if name in wanted - set(options.skip or ())]


if __name__ == "__main__":
    sys.exit(main())
