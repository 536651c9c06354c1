"""Example questions that really find something in this repository."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from search.caching import Cache
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
CACHED_READERS = 64


class Examples:
    """The questions that find something for a reader, kept until the index changes."""

    def __init__(self) -> None:
        self._found: Cache[Reader, tuple[str, ...]] = Cache(CACHED_READERS)

    def offered(self, engine: Finder, reader: Reader, generation: int) -> tuple[str, ...]:
        """The first OFFERED questions whose best hit shares words with them."""

        def find() -> tuple[str, ...]:
            good = (question for question in QUESTIONS if _finds(engine, reader, question))
            return tuple(islice(good, OFFERED))

        return self._found.recall(reader, find, generation)


def _finds(engine: Finder, reader: Reader, question: str) -> bool:
    hits = engine.search(SearchRequest(text=question, limit=1), reader).hits
    return bool(hits) and bool(hits[0].why.words)
