"""What is in a repository into which given texts have come, and whom it knows."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from search.engine import Engine
from tests.security.filling import Supply, Texts

if TYPE_CHECKING:
    from pathlib import Path

STEP = int(os.environ.get("TEST_EVERY_PAYLOAD_STEP", "28"))
"""Every so many-th pack of texts begins a record, a profile, a query. A record takes more than twenty packs,
so that each text still stands in some field; 1 brings each text into every field.
"""
MOST_LINE = 300
MOST_VALUE = 80
COPIES = 8
"""Of people, tokens, sessions and lines in the log: each page shows all of them."""


@dataclass
class Things:
    """What one person has brought: numbers of documents and of tables of projects."""

    imports: list[int] = field(default_factory=list)
    uploads: list[int] = field(default_factory=list)


@dataclass
class World:
    """What is in the repository, and whom it knows."""

    packs: tuple[Texts, ...]
    home: Path
    engine: Engine | None = None
    refs: list[str] = field(default_factory=list)
    revised: list[str] = field(default_factory=list)
    """The entries with a second revision."""
    people: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=lambda: [1])
    """Of the reference tables: an exchange rate that is shipped, and one of each table that was added."""
    things: dict[int, Things] = field(default_factory=dict)
    """What each newcomer has, whom nobody else is shown it of."""
    viewer: int = 0
    """Who is shown the pages; theirs are the documents and tables in addresses."""
    pair: tuple[str, str] = ("", "")
    """Two lessons that look alike."""
    badges: list[str] = field(default_factory=list)
    dossiers: list[str] = field(default_factory=list)
    term: str = ""
    """A text that searches know by other names."""
    link: str = ""
    """The secret of an invitation."""
    leave: str = ""
    """The address that ends mails to somebody."""
    step: int = STEP
    asked: int = 1
    """Every so many-th record's texts also stand in addresses."""

    @property
    def own(self) -> Things:
        """What the viewer has."""
        return self.things.get(self.viewer, Things())

    @property
    def lessons(self) -> list[str]:
        """The ids of the lessons."""
        return [ref for ref in self.refs if ref.startswith("L-")]

    @property
    def numbers(self) -> range:
        """Of the packs with which something begins."""
        return range(0, len(self.packs), self.step)

    def supply(self, number: int) -> Supply:
        """Texts from this pack on."""
        return Supply(self.packs, number, "H-0001")

    def line(self, number: int) -> str:
        """One pack, on a line."""
        return " ".join(" ".join(self.packs[number % len(self.packs)]).split())[:MOST_LINE]

    def word(self, number: int) -> str:
        """The first text of a pack, as long as a value of a list may be."""
        return " ".join(self.packs[number % len(self.packs)][0].split())[:MOST_VALUE]
