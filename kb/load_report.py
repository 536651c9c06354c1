"""What a load did: how many records became what, and what is to be said of places in files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class LoadProblem:
    """Something to say about a place in a file; `line` and `field` are empty where there is none."""

    file: str
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.field, self.message) if part)


@dataclass
class LoadReport:
    """What a load did, or with `dry_run` would do."""

    dry_run: bool = False
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    """Records, and files that could not be read, that are not in the repository."""
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    """For each kind how many records were created, updated, unchanged."""
    vocabulary: Counter[str] = field(default_factory=Counter)
    """How many groups of the vocabulary were created, updated, unchanged."""
    figures: Counter[str] = field(default_factory=Counter)
    """How many rows of the reference tables were created, updated, unchanged."""
    problems: list[LoadProblem] = field(default_factory=list)
    """What went wrong. One record may have several."""
    notices: list[LoadProblem] = field(default_factory=list)
    """What is worth knowing: files left out, titles made up, edits that stand."""
    is_taken_back: bool = False
    """Whether nothing was loaded, because all was wanted or nothing and something is wrong."""

    @property
    def counts(self) -> dict[str, Any]:
        """How many records became what."""
        return {name: getattr(self, name) for name in ("created", "updated", "unchanged", "failed")}

    def take_back(self) -> None:
        """Says that what was to be created and updated was not."""
        self.is_taken_back = True
        self.created = self.updated = self.unchanged = 0
        self.kinds.clear()

    @property
    def exit_status(self) -> int:
        """1 if anything failed."""
        return 1 if self.failed else 0
