"""Work that goes on after a page was answered, in a thread, with how far it is."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[int, int], None]

logger = logging.getLogger(__name__)


class Jobs:
    """The work of this process, by number. What came of it is stored by the work itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, tuple[int, int]] = {}

    def start(self, number: int, work: Callable[[Progress], None]) -> bool:
        """Starts the work, unless it is under way already."""
        with self._lock:
            if number in self._running:
                return False
            self._running[number] = (0, 0)
        threading.Thread(target=self._run, args=(number, work), daemon=True).start()
        return True

    def progress(self, number: int) -> tuple[int, int] | None:
        """(done, in all); None when it is not under way here."""
        return self._running.get(number)

    def _run(self, number: int, work: Callable[[Progress], None]) -> None:
        def told(done: int, total: int) -> None:
            self._running[number] = (done, total)

        try:
            work(told)
        except Exception:
            logger.exception("job %s failed", number)
        finally:
            with self._lock:
                self._running.pop(number, None)
