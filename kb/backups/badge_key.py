"""The key of badges: a part of a backup, and put back beside the database."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.backups.archive import sync_folder
from kb.backups.errors import BackupFailed, BadBackup
from kb.errors import KbError
from kb.learning.signing import FILE, read_key

if TYPE_CHECKING:
    from pathlib import Path


def copy_out(home: Path, folder: Path) -> Path | None:
    """A copy of the key, for its owner alone; None where no badge was signed yet. Raises BackupFailed."""
    source, copy = home / FILE, folder / FILE
    if not source.exists():
        return None
    try:
        read_key(source)
    except KbError as error:
        raise BackupFailed(
            f"{error}. Badges cannot be checked without it: put it right or remove it."
        ) from None
    _write(copy, source.read_bytes())
    return copy


@dataclass(frozen=True)
class KeyRestore:
    """A key that was unpacked and read, ready to take its place."""

    home: Path
    data: bytes

    @classmethod
    def of(cls, part: Path, home: Path) -> KeyRestore:
        """The key in the file. Raises BadBackup."""
        try:
            read_key(part)
        except KbError:
            raise BadBackup("The key of badges in the backup is none.") from None
        return cls(home, part.read_bytes())

    def change(self, moment: str) -> Path | None:
        """Puts the key where it is used; returns where another one that was there is kept. Raises OSError."""
        live, kept = self.home / FILE, None
        if live.exists():
            if live.read_bytes() == self.data:
                live.chmod(0o600)
                return None
            kept = live.with_name(f"{FILE}.before-restore-{moment}-{secrets.token_hex(2)}")
        unfinished = live.with_name(f"{FILE}.{secrets.token_hex(8)}")
        try:
            _write(unfinished, self.data)
            if kept is not None:
                live.rename(kept)
            unfinished.replace(live)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_folder(self.home)
        return kept


def _write(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
