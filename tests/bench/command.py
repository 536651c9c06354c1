"""A search from the command line: a new process each time."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.bench.setting import REPOSITORY, BenchError, Spent, precedent, say
from tests.bench.tables import Table, median, percentile

if TYPE_CHECKING:
    from tests.bench.setting import Bench

RUNS = 7


def measure(bench: Bench) -> list[Table]:
    """`precedent search` beside a Python that does nothing, in turns."""
    bench.engine()
    texts = bench.titles[: RUNS + 1]
    nothing, search = [], []
    for place, text in enumerate(texts):
        say(f"precedent search, {place} of {RUNS}")
        nothing.append(_run(bench, [sys.executable, "-c", "pass"])[0])
        spent, output = _run(bench, precedent("search", "--json", "--", text))
        if not json.loads(output)["hits"]:
            raise BenchError(f"precedent search found nothing for {text!r}.")
        search.append(spent)
    table = Table(
        "Command line, one search a process",
        {"what": "", "n": "d", "p50 s": ".2f", "least s": ".2f", "most s": ".2f", "CPU s": ".2f"},
        note="files in the system's cache: one run before does not count",
    )
    for name, runs in (("python -c pass", nothing[1:]), ("precedent search", search[1:])):
        times = [spent.seconds for spent in runs]
        cpu = median([spent.cpu_seconds for spent in runs])
        table.add(name, len(times), median(times), percentile(times, 0), percentile(times, 100), cpu)
    return [table]


def _run(bench: Bench, command: list[str]) -> tuple[Spent, str]:
    with Spent() as spent:
        done = subprocess.run(
            command, env=bench.environment(), cwd=REPOSITORY, text=True, capture_output=True, check=False
        )
    if done.returncode:
        raise BenchError(f"{command[:4]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return spent, done.stdout
