"""Answers remembered for as long as nothing changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class Cache(Generic[K, V]):
    """At most `size` values, the least recently used forgotten first; all of them when `state` changes.

    `state` names what the values were made from, such as the index's generation and the records' change
    stamp: read it before making a value, so that no value is older than the state it is kept under.
    Thread safe.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._state: object = None
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K, state: object = None) -> V | None:
        """The value that was kept in this state; None when there is none."""
        with self._lock:
            if state != self._state:
                self._values.clear()
                self._state = state
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: K, value: V, state: object = None) -> None:
        """Keeps a value, unless the state has changed since it was begun."""
        with self._lock:
            if state == self._state:
                self._values[key] = value
                self._values.move_to_end(key)
                if len(self._values) > self.size:
                    self._values.popitem(last=False)

    def recall(self, key: K, make: Callable[[], V], state: object = None) -> V:
        """The value that was kept in this state, else a new one, which is kept."""
        value = self.get(key, state)
        if value is None:
            value = make()
            self.put(key, value, state)
        return value
