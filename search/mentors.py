"""What an entry or a search is about, as far as finding people who can help with it needs to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kb.mentoring.finding import Topic
from kb.reading import get_entry
from search.results import SearchRequest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.reading import Reader
    from search.results import Hit, SearchPage

NEAR = 20
"""Entries near in meaning to one, or found by a search, whose people are looked at."""
NEAR_ENOUGH = 0.5
"""Cosine below which the nearest entry there is, in a small repository, is about something else.

From here on people are named best, by the harmonic mean of precision and recall, in repositories small and
larger, and one question in six meets an entry of another trade; from .35 on it were four in five. See "Who
can help" in docs/performance.md.
"""
_NAMED = ("tags", "competencies", "phases")


class Finder(Protocol):
    """What is asked for entries on a topic."""

    def search(self, request: SearchRequest, reader: Reader) -> SearchPage:
        """The entries that a search finds, best first."""

    def similar(self, ref: str, reader: Reader, limit: int = 6) -> list[Hit]:
        """The entries nearest in meaning to one."""


def topic_of_entry(session: Session, finder: Finder, ref: str, reader: Reader) -> Topic:
    """What a published entry is about. Raises NotFound."""
    view = get_entry(session, ref, reader)
    named = [word for name in _NAMED for word in getattr(view.content, name, [])]
    near = [hit.entry.ref for hit in finder.similar(view.ref, reader, NEAR) if _is_near(hit)]
    return Topic([view.ref, *near], ". ".join([view.title, *named]), view.ref)


def topic_of_search(finder: Finder, text: str, reader: Reader) -> Topic:
    """What a search is about: what it finds, and its words."""
    page = finder.search(SearchRequest(text=text, limit=NEAR), reader)
    return Topic([hit.entry.ref for hit in page.hits], text)


def _is_near(hit: Hit) -> bool:
    return hit.why.similarity is None or hit.why.similarity >= NEAR_ENOUGH
