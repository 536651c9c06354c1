"""A process that writes without end, as seen from outside: what it has acknowledged, and when it ended."""

from __future__ import annotations

import signal
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.torture.acknowledged import Acknowledged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.torture.places import Place


class Writer:
    """A writer that has written at least once when this returns."""

    def __init__(self, place: Place, seed: int, *options: str) -> None:
        self.process = place.start("tests.torture.writing", str(seed), *options)
        self.lines: list[str] = [self.process.stdout.readline()]
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)

    def acknowledged(self) -> Acknowledged:
        """All so far."""
        found = Acknowledged()
        found.add(list(self.lines))
        return found

    @contextmanager
    def resting(self) -> Iterator[None]:
        """It stands still, wherever it is, until the block ends."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def gives_up(self, seconds: float) -> bool:
        """Whether it ends by itself in time, as it cannot write any more."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._reader.join()
        return True

    def stop(self) -> None:
        """Kills it."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()
