"""Memory of a process: what it no longer needs goes back to the system, what stays is left alone."""

from __future__ import annotations

import ctypes
import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 20.0
PASSES = 10_000, 20, 10
"""How much is made before the collector looks at what is young, older and old: about every ten requests,
every two hundred, and every two thousand.
"""


def settle() -> None:
    """Takes what a started process consists of out of the sight of Python's garbage collector.

    Modules, mappings and templates are two thirds of all objects and stay to the end. Looking through all of
    them stops every thread for a quarter of a second, which a busy server did every few seconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*PASSES)


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
