"""The processes of a server, as the system knows them: read from /proc."""

from __future__ import annotations

import os
from pathlib import Path


def family(pid: int) -> list[int]:
    """The process and all that it has started, and they."""
    found = [pid]
    for process in found:
        try:
            text = Path(f"/proc/{process}/task/{process}/children").read_text()
        except OSError:
            continue
        found += [int(child) for child in text.split()]
    return found


def held(pid: int) -> float:
    """MiB of memory that the process holds for itself; 0 for one that is gone.

    Pages of mapped files are left out: they come in as they are read, and the system takes them back at will.
    """
    try:
        resident, mapped = Path(f"/proc/{pid}/statm").read_text().split()[1:3]
    except OSError:
        return 0.0
    return (int(resident) - int(mapped)) * os.sysconf("SC_PAGE_SIZE") / 2**20


def name(pid: int) -> str:
    """What it does for the server."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return "gone"
    for word, meaning in NAMES.items():
        if word in words:
            return meaning
    return "other"


NAMES = {"serve": "supervisor", "sync": "index writer", "kb.html": "renderer", "gunicorn": "web"}
