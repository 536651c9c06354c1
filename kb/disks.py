"""Whether a disk takes what is written to it, and files that are written once."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FULL_BELOW = 64 * 1024
"""Bytes: a transaction of SQLite needs a journal, the smallest pass of the index writer more."""
READ_ONLY, FULL = "the disk can only be read", "the disk is full"


def can_write(path: Path) -> bool:
    """Whether this process may write the file or folder, on a disk that can be written."""
    return os.access(path, os.W_OK)


def fault(path: Path) -> str:
    """Why nothing can be stored in a folder or file; empty when something can, or when it is not there."""
    try:
        if not path.exists():
            return ""
        if not can_write(path):
            return READ_ONLY
        return FULL if shutil.disk_usage(path).free < FULL_BELOW else ""
    except OSError:
        return ""


def write_once(file: Path, text: str) -> None:
    """Writes a file for its owner alone, whole or not at all; of several processes the first one's stands.

    Raises OSError.
    """
    unfinished = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            output.write(text)
            output.flush()
            os.fsync(output.fileno())
        with suppress(FileExistsError):
            os.link(unfinished, file)
    finally:
        unfinished.unlink()
