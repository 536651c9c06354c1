"""Two things at a time, where there is a second processor for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from indexer.embedder import processors

if TYPE_CHECKING:
    from collections.abc import Callable

A = TypeVar("A")
B = TypeVar("B")


class Beside:
    """Runs one function on this thread and another beside it. Thread safe.

    There are as many threads at work as there are processors: whoever comes when all of them are busy
    has one thing done after the other, which takes no longer then and disturbs nobody.
    """

    def __init__(self) -> None:
        self._limit = processors()
        # Its threads start with the first task, and end with this object.
        self._pool = ThreadPoolExecutor(max(1, self._limit - 1), "beside")
        self._lock = threading.Lock()
        self._busy = 0

    def both(
        self, here: Callable[[], A], beside: Callable[[], B], spare: Callable[[B], object] = lambda _: None
    ) -> tuple[A, B]:
        """What the two give. `here` should be the one that leaves the interpreter alone for longest.

        `spare` is told what `beside` gave, and is left out where no processor is free for it. Raises what
        any of them raises.
        """
        threads = self._enter()
        try:
            return self._helped(here, beside, spare) if threads == 2 else (here(), beside())
        finally:
            with self._lock:
                self._busy -= threads

    def _enter(self) -> int:
        """How many threads the caller has: one, or two where that leaves no processor with two of them."""
        with self._lock:
            threads = 2 if self._busy + 2 <= self._limit else 1
            self._busy += threads
            return threads

    def _helped(
        self, here: Callable[[], A], beside: Callable[[], B], spare: Callable[[B], object]
    ) -> tuple[A, B]:
        def work() -> B:
            given = beside()
            spare(given)
            return given

        task = self._pool.submit(work)
        try:
            found = here()
        except BaseException:
            task.cancel()
            raise
        # What has not begun yet begins soonest on this thread.
        return found, beside() if task.cancel() else task.result()
