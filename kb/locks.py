"""Who works on a home: a lock that a server holds while it runs."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kb.errors import KbError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = "serve.lock"


class ServerRuns(KbError):
    """A server, or a command that must run without one, works on this home."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"A server (or a restore) works on {home}. Stop it first.")


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Held by whoever serves a home or replaces what is in it; it goes with its process.

    Raises ServerRuns when another holds it. Where the disk is read-only nobody can replace anything,
    and nothing is held.
    """
    from filelock import FileLock, Timeout

    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(home / SERVER, timeout=0, mode=0o600)
        lock.acquire()
    except Timeout:
        raise ServerRuns(home) from None
    except OSError as error:
        if error.errno not in {errno.EROFS, errno.EACCES, errno.EPERM}:
            raise KbError(f"The folder {home} cannot be used: {error.strerror}.") from None
        yield
        return
    try:
        yield
    finally:
        lock.release()
