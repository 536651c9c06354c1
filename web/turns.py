"""Requests take turns: a few compute at once, the others wait in the order in which they came.

Python runs one thread at a time. Eight that all want to run take it from each other at every question to
the database and every call into NumPy, some 400 times a request, and each comes to its end late. Two are
enough to keep the encoder, NumPy and the database busy while the other one runs.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from flask import g

if TYPE_CHECKING:
    from flask import Flask

EXTENSION = "precedent-turns"
AT_ONCE = 2
LAPSE_SECONDS = 0.5
"""Who takes longer, be it an export or a slow upload, does not hold up the others any more."""


class Turns:
    """`at_once` turns, handed on first come, first served. One lapses after `lapse` seconds. Thread safe."""

    def __init__(self, at_once: int = AT_ONCE, lapse: float = LAPSE_SECONDS) -> None:
        self._at_once, self._lapse = at_once, lapse
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken: dict[threading.Event, float] = {}
        """Turns and since when they are taken, the oldest first."""

    def take(self) -> threading.Event:
        """Waits for a turn, which has to be given back."""
        turn = threading.Event()
        with self._lock:
            self._waiting.append(turn)
            self._hand_on()
        while not turn.wait(self._lapse / 2):
            with self._lock:
                self._hand_on()
        return turn

    def give_back(self, turn: threading.Event) -> None:
        """Ends a turn, lapsed or not."""
        with self._lock:
            self._taken.pop(turn, None)
            self._hand_on()

    def _hand_on(self) -> None:
        now = time.monotonic()
        lapsed = [turn for turn, since in self._taken.items() if now - since > self._lapse]
        for turn in lapsed:
            del self._taken[turn]
        while self._waiting and len(self._taken) < self._at_once:
            turn = self._waiting.popleft()
            self._taken[turn] = now
            turn.set()


def install_turns(app: Flask) -> None:
    """The application's requests take turns from now on. Waiting counts as time of the request."""
    turns = app.extensions[EXTENSION] = Turns()

    def take() -> None:
        g.turn = turns.take()

    def give_back(_error: BaseException | None) -> None:
        if turn := g.pop("turn", None):
            turns.give_back(turn)

    app.before_request(take)
    app.teardown_request(give_back)
