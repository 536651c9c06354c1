"""Two transactions at once: the second begins while the first is still open."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from kb.database import Database

OVERLAP = 0.3
"""Seconds that the second gets to do its worst before the first commits."""


def overlapping(
    database: Database, first: Callable[[Session], Any], second: Callable[[Session], Any]
) -> tuple[Any, Any]:
    """What each gave, or the error that it raised. The first commits after the second has begun."""
    found: list[Any] = []

    def run() -> None:
        found.append(outcome(database, second))

    thread = threading.Thread(target=run)
    with database.write_aside() as session:
        mine = first(session)
        session.flush()
        thread.start()
        thread.join(OVERLAP)
    thread.join()
    return mine, found[0]


def at_once(count: int, action: Callable[[int], Any]) -> list[Any]:
    """What so many threads gave or raised that began together."""
    barrier = threading.Barrier(count)
    found: list[Any] = [None] * count

    def run(number: int) -> None:
        barrier.wait()
        try:
            found[number] = action(number)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def outcome(database: Database, verb: Callable[[Session], Any]) -> Any:
    """What the verb gives in a transaction of its own, or the error that it raises."""
    try:
        with database.write_aside() as session:
            return verb(session)
    except Exception as error:  # noqa: BLE001 - the test looks at it
        return error
