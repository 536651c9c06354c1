"""Something breaks under a running server and a running writer, is mended again, and what came of it."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.consistency import differences
from kb.backups.sqlite_copy import faults
from kb.vocabulary import list_groups
from tests.torture.acknowledged import Acknowledged
from tests.torture.asking import GONE, Asked, ask, grow_stale
from tests.torture.places import Verdict
from tests.torture.writers import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kb.database import Database
    from tests.torture.asking import Question, Visitor
    from tests.torture.places import Place, Server

BEFORE = (0.2, 1.5)
"""Seconds after the writer's first write at which it breaks."""
GIVES_UP_SECONDS = 30
BACK_SECONDS = 90
AGAIN_SECONDS = 0.02


@dataclass(frozen=True)
class Trouble:
    """What breaks, and what has to be said meanwhile."""

    name: str
    begin: Callable[[Iterable[int]], None]
    """Told the processes that are to suffer."""
    end: Callable[[Iterable[int]], None]
    why: str
    """What refusals say."""
    seconds: float
    """How long it lasts at least."""
    ready: tuple[int, str] | None = (200, "storage")
    """What `/readyz` answers meanwhile, and the check that fails; None where nothing can be seen."""
    go_on: Callable[[Iterable[int]], None] = lambda _: None
    """What makes it last, again and again."""
    also: Callable[[], list[str]] = list
    """Further tries, and what went wrong in them."""


@contextmanager
def _lasting(trouble: Trouble, suffering: Iterable[int]) -> Iterator[None]:
    """Makes it last without a gap: a disk that had room for a moment is not full."""
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.wait(AGAIN_SECONDS):
            trouble.go_on(suffering)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@dataclass
class Ordeal:
    """Troubles of one kind, one after another on one home."""

    place: Place
    visitor: Visitor
    seed: int
    """Of the first writer; those of other ordeals on the same home are far from it."""
    asked: Asked = field(default_factory=Asked)
    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    back: list[float] = field(default_factory=list)
    times: int = 0
    wrong: list[str] = field(default_factory=list)

    def suffer(self, server: Server, trouble: Trouble) -> None:
        """One trouble, from a whole repository to a whole repository."""
        with self.place.database() as database:
            grow_stale(database)
        seed = self.seed + self.times
        writer = Writer(self.place, seed, "apart")
        try:
            time.sleep(random.Random(seed).uniform(*BEFORE))
            suffering = [*server.family(), writer.process.pid]
            trouble.begin(suffering)
            try:
                with _lasting(trouble, suffering):
                    self.meanwhile(server, trouble)
                    if not writer.gives_up(GIVES_UP_SECONDS):
                        self.wrong.append("the writer went on writing")
            finally:
                trouble.end(suffering)
            self.afterwards(server)
        finally:
            writer.stop()
        self.acknowledged.add(writer.lines)
        with self.place.database() as database:
            strays = self.acknowledged.strays(database, seed)
            self.wrong += [f"{stray} is there though its write failed" for stray in strays]
        self.look()

    def verdict(self, row: str) -> Verdict:
        """What came of all of them."""
        wrong = [*self.wrong, *self.asked.wrong]
        kept = "not all right" if self.wrong else "none lost and none half-done"
        figure = (
            f"{self.times} times; {self.asked.right:,} requests answered, {self.asked.refused:,} refused "
            f"with 503 and the reason, {len(self.asked.wrong)} wrong; {self.acknowledged.count:,} "
            f"acknowledged writes, {kept}; all as before, without a restart, "
            f"after {max(self.back, default=0):.1f} s at most"
        )
        is_good = not wrong and self.asked.refused > 0 and len(self.back) == self.times
        return Verdict(row, "; ".join([figure, *wrong[:3]]), is_good)

    def meanwhile(self, server: Server, trouble: Trouble) -> None:
        """Asks as long as it lasts."""
        self.times += 1
        deadline = time.monotonic() + trouble.seconds
        while True:
            for question in (*self.visitor.reads(), *self.visitor.writes()):
                ask(server, question, self.asked, self._why(question, trouble))
            if time.monotonic() >= deadline:
                break
        self.wrong += trouble.also()
        if trouble.ready:
            status, check = trouble.ready
            answer = server.get("/readyz")
            failed = [each["name"] for each in answer.json["checks"] if not each["ok"]]
            if answer.status != status or check not in failed:
                self.wrong.append(f"{trouble.name}: /readyz said {answer.status}, {failed}")

    @staticmethod
    def _why(question: Question, trouble: Trouble) -> str:
        if question.needs == "nothing" or (question.needs == "records" and trouble.why != GONE):
            return ""
        return trouble.why

    def afterwards(self, server: Server) -> None:
        """Waits until all is answered as before."""
        started = time.monotonic()
        while time.monotonic() - started < BACK_SECONDS:
            again = Asked()
            questions = (*self.visitor.reads(), *self.visitor.writes())
            good = all(ask(server, question, again) for question in questions)
            self.asked.stored |= again.stored
            if good and server.get("/readyz").json["status"] == "ready":
                self.back.append(time.monotonic() - started)
                return
            time.sleep(0.1)
        self.wrong.append(f"not as before within {BACK_SECONDS} s: {again.wrong[:1]}")

    def look(self) -> None:
        """Whether the records hold what was acknowledged, and the index the same as they."""
        with self.place.database() as database:
            lost = self.acknowledged.lost(database)
            self.wrong += [f"{each.ref} revision {each.number} is lost" for each in lost]
            self.wrong += self._groups(database)
            if database.file is not None:
                self.wrong += faults(database.file)
            deadline = time.monotonic() + BACK_SECONDS
            while found := self._differences(database):
                if time.monotonic() > deadline:
                    self.wrong += [f"the index differs: {each}" for each in found]
                    break
                time.sleep(0.3)

    def _groups(self, database: Database) -> list[str]:
        """What of the vocabulary was said to be stored and is not, or was refused and is there."""
        with database.read() as session:
            found = {term for group in list_groups(session) for term in group.terms if term[:5] == "term "}
        said = {term for term in self.asked.stored if term}
        return [f"the group of {term!r} is not as it was said to be" for term in sorted(found ^ said)]

    def _differences(self, database: Database) -> list[str]:
        try:
            return differences(self.place.settings, database, self.place.embedder)
        except Exception as error:  # noqa: BLE001  files come and go while the writer makes them anew
            return [repr(error)]
