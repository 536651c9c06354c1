"""Memory that a process no longer needs, given back to the system."""

from __future__ import annotations

import ctypes
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 20.0


class Spare:
    """Gives back what the C library keeps of freed memory, every SECONDS.

    glibc returns the end of a heap only: one small thing there keeps all the pages below it, and a busy
    server holds an eighth more than it uses. Looking for them takes some 10 ms. Other libraries have no
    such call.
    """

    def __init__(self) -> None:
        self._trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
        self._next = time.monotonic() + SECONDS

    def give_back(self) -> bool:
        """Gives it back if it is time; whether it did."""
        if self._trim is None or time.monotonic() < self._next:
            return False
        self._trim(0)
        self._next = time.monotonic() + SECONDS
        return True
