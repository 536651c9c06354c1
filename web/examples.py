"""Example questions that really find something in this repository."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from search.results import SearchRequest

if TYPE_CHECKING:
    from kb.reading import Reader
    from web.services import Finder

QUESTIONS = (
    "What goes wrong at a go-live weekend?",
    "The supplier is late and has no alternative",
    "How much contingency do vendor estimates need?",
    "Permits that hold up the design",
    "Data migration and cleansing before the switch",
    "How do we keep benefits from being forgotten?",
    "Testing hardware under real conditions",
    "Communication between teams before an accident",
)
"""Example questions; the page offers those that find something in this repository."""
OFFERED = 5


@dataclass
class Examples:
    """The questions that find something, kept until the index changes."""

    found: dict[tuple[int, bool], tuple[str, ...]] = field(default_factory=dict)

    def offered(self, engine: Finder, reader: Reader, generation: int) -> tuple[str, ...]:
        """The first OFFERED questions whose best hit shares words with them."""
        key = (generation, reader.signed_in)
        if key not in self.found:
            self.found = {other: kept for other, kept in self.found.items() if other[0] == generation}
            good = (question for question in QUESTIONS if _finds(engine, reader, question))
            self.found[key] = tuple(islice(good, OFFERED))
        return self.found[key]


def _finds(engine: Finder, reader: Reader, question: str) -> bool:
    hits = engine.search(SearchRequest(text=question, limit=1), reader).hits
    return bool(hits) and bool(hits[0].why.words)
