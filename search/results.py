"""What a search asks for and what it answers with: plain data for pages, API and command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kb.sections import BODY

if TYPE_CHECKING:
    from kb.reading import EntryView
    from search.query import Filter, Query

Mode = Literal["hybrid", "keyword", "semantic"]
Sort = Literal["relevance", "match", "newest", "oldest"]
"""`relevance` puts verified, built-in and proven entries above their equals; `match` does not."""
MAX_LIMIT = 100
SHOWN_WORDS = 6
"""A pasted description matches hundreds of words: the reason names so many of them."""
VERIFIED, OVERDUE = "verified", "verification overdue"
"""Reasons of `Why.higher` and `Why.lower`."""
MAX_DEPTH = 1000
"""No page starts beyond this hit: narrowing helps more than paging."""


@dataclass(frozen=True)
class SearchRequest:
    """A search as a page, an API call or a command line states it."""

    text: str = ""
    filters: tuple[Filter, ...] = ()
    """Chosen facets; they join those written in the text."""
    mode: Mode = "hybrid"
    sort: Sort = "relevance"
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True)
class Fragment:
    """A stretch of a snippet; `marked` where it matches the query."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Meaning:
    """Another name, found in an entry, of what was typed: the vocabulary says that they mean the same."""

    name: str
    typed: str


@dataclass(frozen=True)
class Why:
    """Why a hit is there."""

    words: tuple[str, ...] = ()
    """The query's words found in it, as typed."""
    passage: str = ""
    """The section that matches best, such as `Recommendation`."""
    keyword_rank: int | None = None
    semantic_rank: int | None = None
    similarity: float | None = None
    """Cosine of the nearest passage to the query, -1 to 1."""
    meanings: tuple[Meaning, ...] = ()
    """Of words that it does not hold, the other names that it does."""
    higher: tuple[str, ...] = ()
    """What raised it among equals, such as `verified`."""
    lower: tuple[str, ...] = ()
    """What lowered it, such as `verification overdue`."""

    def __str__(self) -> str:
        return "; ".join(part for part in (self.match, self.rank) if part)

    @property
    def match(self) -> str:
        """What fits, in words."""
        parts = []
        if self.words or self.meanings:
            found = [f"“{word}”" for word in self.words]
            found += [f"“{each.name}” (for “{each.typed}”)" for each in self.meanings]
            more = len(found) - SHOWN_WORDS
            shown = ", ".join(found[:SHOWN_WORDS])
            parts.append(f"matched {shown}" + (f" and {more} more" if more > 0 else ""))
        if self.semantic_rank is not None:
            parts.append("similar in meaning")
        if self.passage and self.passage != BODY:
            parts.append(f"in {self.passage}")
        return "; ".join(parts)

    @property
    def rank(self) -> str:
        """What moved it among its equals, in words."""
        reasons = {"higher": self.higher, "lower": self.lower}
        return "; ".join(f"{way} because {' and '.join(words)}" for way, words in reasons.items() if words)

    @property
    def standing(self) -> tuple[str, ...]:
        """The reasons of `rank` but for verification, which pages show with its date."""
        return tuple(words for words in (*self.higher, *self.lower) if words not in {VERIFIED, OVERDUE})


@dataclass(frozen=True)
class Hit:
    """One entry found."""

    entry: EntryView
    score: float
    snippet: tuple[Fragment, ...]
    why: Why

    @property
    def plain_snippet(self) -> str:
        """The snippet without marks."""
        return "".join(fragment.text for fragment in self.snippet)


# Not frozen: a page holds hundreds, and freezing makes them thrice as slow to make.
@dataclass(slots=True)
class FacetValue:
    """A value that hits hold, how many do, and whether the search is narrowed to it."""

    value: str
    count: int
    active: bool = False


@dataclass(frozen=True)
class Facet:
    """The values of one field over all hits, most frequent first (years: newest first)."""

    field: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True)
class SearchPage:
    """A page of hits and everything that explains it."""

    query: Query
    request: SearchRequest
    total: int
    hits: tuple[Hit, ...]
    facets: tuple[Facet, ...] = ()
    degraded: tuple[str, ...] = ()
    """Names of the rankings that failed: keyword, semantic."""
    suggestion: str | None = None
    """The query with unknown words corrected (did you mean), if that finds something."""
    searched: int = 0
    """How many entries were searched."""
    seconds: float = 0.0
