"""What can go wrong with backups. Each says what was not done."""

from __future__ import annotations

from kb.errors import KbError


class BackupFailed(KbError):
    """No backup was made."""


class BadBackup(KbError):
    """The file is not a backup that can be restored."""


class RestoreRefused(KbError):
    """The backup is good, but it must not take the place of what is there."""
