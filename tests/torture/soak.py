"""Eight people at once for ten minutes: 60 of 100 requests search, 35 read, 5 write.

Nobody pauses: each client sends its next request as soon as the last one is answered, on the machine that
serves. Searches never repeat. Four of five writes go through the verbs of the workflow in a process of their
own, so that an entry is published and indexed anew; the others add a group to the vocabulary over HTTP, after
which every search is made anew.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import statistics
import subprocess
import threading
import time
import urllib.parse
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.consistency import differences
from indexer.sync import IndexWriter
from kb.formats import LoadOptions
from kb.loading import load
from tests.bench.cached import CachedEmbedder
from tests.bench.generator import write_corpus
from tests.bench.setting import LESSONS, data_folder
from tests.bench.tables import percentile
from tests.torture.asking import enrol
from tests.torture.places import ANSWER_SECONDS, Verdict
from tests.torture.processes import held, name
from web.commands import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.torture.asking import Visitor
    from tests.torture.places import Place, Server, Torture

CLIENTS = 8
SEARCH, READ = 0.60, 0.95
BY_HTTP = 0.2
"""Of the writes."""
MOST_MS, MOST_GROWTH = 400, 0.05
EDGE = 0.1
"""Share of the time at either end over which memory is averaged."""
KEPT_SECONDS = 1.0
"""How long a connection rests before it is opened anew: the server ends those that rest for two."""
FEW = Path(__file__).parents[1] / "bench" / "lessons.jsonl"


@dataclass
class Load:
    """What the clients do, and what they have seen."""

    server: Server
    visitors: list[Visitor]
    texts: list[list[str]]
    refs: list[str]
    writer: subprocess.Popen[str]
    writing: threading.Lock = field(default_factory=threading.Lock)
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    counts: bool = False
    """False while it warms up."""
    over: bool = False

    def run(self, number: int) -> None:
        """One client."""
        chance, visitor = random.Random(number), self.visitors[number]
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=ANSWER_SECONDS)
        used = time.perf_counter()
        while not self.over:
            draw, started = chance.random(), time.perf_counter()
            if started - used > KEPT_SECONDS:
                connection.close()  # the server is about to
            kind = "search" if draw < SEARCH else "read" if draw < READ else "write"
            try:
                if kind == "write" and chance.random() >= BY_HTTP:
                    self._publish()
                else:
                    self._ask(connection, *self._request(kind, chance, visitor))
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(f"{kind}: {error!r}")
                connection.close()
            if kind != "write":
                used = time.perf_counter()
            if self.counts:
                self.times[kind].append((time.perf_counter() - started) * 1000)
        connection.close()

    def _request(
        self, kind: str, chance: random.Random, visitor: Visitor
    ) -> tuple[str, str, dict[str, str], str]:
        is_page = chance.random() < 0.5
        headers = visitor.cookie if is_page else visitor.bearer
        if kind == "search":
            words = chance.choice(self.texts)
            start, length = chance.randrange(len(words)), chance.randint(2, 12)
            query = urllib.parse.urlencode({"q": " ".join(words[start : start + length])})
            return "GET", f"{'' if is_page else '/api/v1'}/search?{query}", headers, ""
        if kind == "read":
            ref = chance.choice(self.refs)
            return "GET", f"{'' if is_page else '/api/v1'}/entries/{ref}", headers, ""
        question = next(visitor.writes())
        return question.method, question.path, dict(question.headers), question.body

    def _ask(
        self, connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str],
        body: str,
    ) -> None:  # fmt: skip
        connection.request(method, path, body.encode() or None, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 400 and not (answer.status == 404 and "/entries/" in path):
            self.wrong.append(f"{method} {path[:60]} said {answer.status}: {text[:200]!r}")

    def _publish(self) -> None:
        with self.writing:
            self.writer.stdin.write("\n")
            self.writer.stdin.flush()
            if not self.writer.stdout.readline():
                raise OSError("the writer ended")


def run(torture: Torture) -> Iterator[Verdict]:
    """One row."""
    sizes = torture.sizes
    place = torture.place("soak")
    texts = _fill(torture, place)
    with place.database() as database:
        visitors = [enrol(database, f"person{number}@example.org") for number in range(CLIENTS)]
    refs = [f"L-{number:04}" for number in range(1, len(texts) + 1)]
    before = os.getloadavg()
    with place.serve() as server:
        writer = place.start("tests.torture.writing", "7", "asked", stdin=subprocess.PIPE)
        load_ = Load(server, visitors, texts, refs, writer)
        threads = [threading.Thread(target=load_.run, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            memory = _watch(load_, sizes.warm, sizes.seconds)
        finally:
            load_.over = True
            for thread in threads:
                thread.join()
            writer.communicate(timeout=30)
        left = _unindexed(place, server)
    yield _verdict(load_, memory, before, left, len(texts), sizes.seconds, judges=sizes.judges)


def _fill(torture: Torture, place: Place) -> list[list[str]]:
    """Makes the repository; the words of each of its texts."""
    data = data_folder()
    lessons = data / LESSONS if data and torture.sizes.judges and (data / LESSONS).is_file() else FEW
    file = torture.folder / "soak.jsonl"
    write_corpus(lessons, file, torture.sizes.passages)
    embedder = CachedEmbedder(torture.embedder, torture.cache or torture.folder / "kept")
    with place.database() as database, progress_bar("entries", "Making the repository") as progress:
        load(database, [file], LoadOptions(format="llis"))
        IndexWriter(place.settings, database, embedder).sync(progress)
    embedder.store.close()
    return [json.loads(line)["lesson"].split() for line in file.read_text("utf-8").splitlines()]


def _watch(load_: Load, warm: int, seconds: int) -> list[dict[str, float]]:
    """MiB of each kind of process, second by second, from when it is warm."""
    found: list[dict[str, float]] = []
    with progress_bar("s", "Under load") as progress:
        for second in range(warm + seconds):
            load_.counts = second >= warm
            if load_.counts:
                sizes: dict[str, float] = defaultdict(float)
                for pid in load_.server.family():
                    sizes[name(pid)] += held(pid)
                found.append(sizes)
            time.sleep(1)
            progress(second + 1, warm + seconds)
    return found


def _unindexed(place: Place, server: Server) -> list[str]:
    """What the index lacks once the load is over and it had time to follow."""
    with place.database() as database:
        server.wait_until(lambda: not differences(place.settings, database, place.embedder), ANSWER_SECONDS)
        return differences(place.settings, database, place.embedder)


def _verdict(
    load_: Load, memory: list[dict[str, float]], before: tuple[float, ...], left: list[str], entries: int,
    seconds: int, *, judges: bool,
) -> Verdict:  # fmt: skip
    edge = max(1, int(len(memory) * EDGE))
    names = sorted({each for sizes in memory for each in sizes})
    first, last = (
        {each: statistics.mean(sizes[each] for sizes in part) for each in names}
        for part in (memory[:edge], memory[-edge:])
    )
    growth = sum(last.values()) / sum(first.values()) - 1
    done = sum(map(len, load_.times.values()))
    p95 = percentile(load_.times["search"], 95)
    spans = "; ".join(
        f"{kind} {len(times) / done:.0%}, p50 {percentile(times, 50):.0f}, p95 {percentile(times, 95):.0f} ms"
        for kind, times in sorted(load_.times.items())
    )
    sizes = ", ".join(f"{each} {first[each]:.0f} to {last[each]:.0f}" for each in names)
    loads = " to ".join(f"{each:.1f}" for each in (before[0], os.getloadavg()[0]))
    figure = (
        f"{CLIENTS} clients, {entries:,} entries, {seconds} s: {done:,} requests, {len(load_.wrong)} failed; "
        f"{spans}; memory {growth:+.1%} (MiB: {sizes}); load of the machine {loads}"
    )
    wrong = [*load_.wrong, *left]
    slow = judges and (p95 >= MOST_MS or growth >= MOST_GROWTH)
    return Verdict("soak", "; ".join([figure, *wrong[:3]]), not wrong and not slow)
