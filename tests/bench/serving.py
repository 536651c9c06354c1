"""A real server over HTTP: searches a second, and the memory of its processes."""

from __future__ import annotations

import http.client
import os
import socket
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.setting import BenchError, say
from tests.bench.tables import Table, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.setting import Bench

BEFORE_MEMORY = 200
"""Searches before memory is read: half of them pages, half API calls."""
REQUESTS = 120
CLIENTS = (1, 4, 8)
COLUMNS = {"target": "", "clients": "d", "n": "d", "a second": ".1f", "p50 ms": ".1f", "p95 ms": ".1f"}
NOTE = "distinct queries; the clients run on the same processors"
TARGETS = {"page": "/search?q=", "API": "/api/v1/search?q="}
START_SECONDS = 120


def measure(bench: Bench) -> list[Table]:
    """Memory after 200 searches, then the rates."""
    memory, found = serve(bench)
    rates = Table("Searches over HTTP", COLUMNS, note=NOTE)
    for row in found:
        rates.add(*row)
    return [memory, rates]


def serve(bench: Bench) -> tuple[Table, list[tuple[str | int | float, ...]]]:
    """Memory of the server's processes, and rows of COLUMNS."""
    bench.engine()
    texts = iter(_distinct(bench))
    with _server(bench) as (port, pid):
        at_start = _memory(pid)
        say(f"{BEFORE_MEMORY} searches over HTTP")
        for target in list(TARGETS.values()) * (BEFORE_MEMORY // len(TARGETS)):
            _ask(port, [target + next(texts)])
        memory = _memory_table(at_start, _memory(pid))
        rows = [_rate(port, name, clients, texts) for name in TARGETS for clients in CLIENTS]
    return memory, rows


def _rate(port: int, name: str, clients: int, texts: Iterator[str]) -> tuple[str | int | float, ...]:
    say(f"{name}, {clients} clients")
    paths = [TARGETS[name] + next(texts) for _ in range(REQUESTS)]
    seconds, times = _load(port, paths, clients)
    return name, clients, len(paths), len(paths) / seconds, percentile(times, 50), percentile(times, 95)


def _distinct(bench: Bench) -> Iterator[str]:
    """Quoted queries that never repeat: texts first, then two of them put together."""
    texts = [*bench.sentences, *bench.titles]
    for step in count():
        for place, text in enumerate(texts):
            other = texts[(place + step) % len(texts)]
            yield urllib.parse.quote(f"{text} {other}" if step else text, safe="")


@contextmanager
def _server(bench: Bench) -> Iterator[tuple[int, int]]:
    """(port, process id) of `precedent serve` once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    say(f"starting precedent serve on port {port}")
    process = bench.start("serve", "--no-sample", "--port", str(port))
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None:
                raise BenchError(f"precedent serve ended: {bench.log.read_text()[-800:]}")
            if time.monotonic() > deadline:
                raise BenchError(f"precedent serve did not answer within {START_SECONDS} s.")
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.communicate(timeout=START_SECONDS)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
    except OSError:
        return False
    return True


def _load(port: int, paths: list[str], clients: int) -> tuple[float, list[float]]:
    """Seconds for all requests, and milliseconds of each, with so many clients at a time."""
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        shares = [paths[client::clients] for client in range(clients)]
        times = [each for found in pool.map(lambda share: _ask(port, share), shares) for each in found]
    return time.perf_counter() - started, times


def _ask(port: int, paths: list[str]) -> list[float]:
    """Milliseconds of each request; one connection for all, as a browser keeps it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times = []
    for path in paths:
        started = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        times.append((time.perf_counter() - started) * 1000)
        if answer.status != http.client.OK:
            raise BenchError(f"{path[:80]} answered {answer.status}: {body[:300]!r}")
    connection.close()
    return times


def _memory_table(before: dict[str, float], after: dict[str, float]) -> Table:
    table = Table(
        "Resident memory of the server's processes",
        {"process": "", "at the start, MiB": ".0f", f"after {BEFORE_MEMORY} searches, MiB": ".0f"},
        note="" if after else "not measured: it is read from /proc, which this system does not have",
    )
    for name, size in after.items():
        table.add(name, before.get(name), size)
    return table


def _memory(supervisor: int) -> dict[str, float]:
    """Process -> resident MiB, of `precedent serve` and what it started; empty without /proc."""
    processes = dict(_processes())
    found: dict[str, float] = {}
    for pid, (parent, words, size) in processes.items():
        parent_words = processes.get(parent, (0, "", 0.0))[1]
        if pid == supervisor:
            found["supervisor"] = size
        elif "gunicorn" in words and "gunicorn" in parent_words and _is_below(pid, supervisor, processes):
            found["web worker"] = size
        elif parent == supervisor:
            found["gunicorn's master" if "gunicorn" in words else "index writer"] = size
    return dict(sorted(found.items(), key=lambda item: item[0] != "web worker"))


def _is_below(pid: int, ancestor: int, processes: dict[int, tuple[int, str, float]]) -> bool:
    while pid in processes and pid != ancestor:
        pid = processes[pid][0]
    return pid == ancestor


def _processes() -> Iterator[tuple[int, tuple[int, str, float]]]:
    """(id, (parent, command line, resident MiB)) of every process that can be read."""
    page = os.sysconf("SC_PAGE_SIZE") / 2**20
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name in brackets may hold spaces; the parent is the second field behind it.
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            resident = int((folder / "statm").read_text().split()[1])
        except OSError:
            continue
        yield int(folder.name), (parent, words, resident * page)
