"""A person's words into a safe query. Parsing never raises: what makes no sense is noted."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace

from indexer.analysis import is_stop_word, words_of

FILTER_FIELDS = (
    "kind", "type", "tag", "sector", "region", "phase", "method", "year", "outcome", "verified",
)  # fmt: skip
"""Fields that narrow a search and are counted as facets. `verified` holds verified, overdue or unverified."""

QUOTES = '"“”„‟«»'
"""Quotation marks; each may open a phrase and close it."""
TRAILING = ").;:!?"
"""Punctuation that is not part of a value unless the value is quoted."""
OPERATORS = ("AND", "OR", "NOT")


@dataclass(frozen=True)
class Filter:
    """`field` must (or, negated, must not) hold `value`. Values of one field are alternatives."""

    field: str
    """One of FILTER_FIELDS, or `id`: an entry's id, or its number in the source it comes from."""
    value: str
    negated: bool = False
    spellings: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """All spellings of the value, that of the curated list first; empty where it has no others."""

    @property
    def values(self) -> tuple[str, ...]:
        """What an entry may hold to be meant."""
        return (self.value, *self.spellings)


@dataclass(frozen=True)
class Query:
    """What a person asked for. Queries that ask for the same are equal, however they were typed."""

    source: str = field(default="", compare=False)
    """The text as understood: cleaned and cut to the longest query."""
    words: tuple[str, ...] = ()
    """Words that rank, as typed."""
    phrases: tuple[str, ...] = ()
    """Exact phrases: every hit holds each of them."""
    excluded: tuple[str, ...] = ()
    """Words and phrases that no hit holds."""
    filters: tuple[Filter, ...] = ()
    refs: tuple[str, ...] = ()
    """Entry ids typed as words, upper case; they also stand in `words`."""
    after: int | None = None
    """Only entries of this year or later."""
    before: int | None = None
    """Only entries of this year or earlier."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What was ignored or repaired, in sentences for the reader."""

    @property
    def text(self) -> str:
        """The words and phrases as running text: what the embedding is made from."""
        return " ".join((*self.words, *self.phrases))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to rank by (filters alone list entries by date)."""
        return not (self.words or self.phrases)

    @property
    def only_common(self) -> bool:
        """Whether every word is too common to rank by, and there is no phrase."""
        found = [match.group() for word in self.words for match in words_of(word)]
        return bool(found) and not self.phrases and all(is_stop_word(word) for word in found)

    def without(self, choice: Filter) -> Query:
        """The same query without one of its filters."""
        return replace(self, filters=tuple(other for other in self.filters if other != choice))


def parse(text: str) -> Query:
    """The query that a text asks for. Never raises, whatever the text holds; linear time.

    Words rank. `"a phrase"` must occur, `-word` and `-"a phrase"` (or NOT) must not;
    `kind:lesson,review` and `sector:"public health"` narrow, `-tag:x` narrows the other way,
    `after:2019` and `before:2024` include their year. Fields that do not exist are words, and a
    pasted description of many words is words alone.
    """
    from search.parsing import MAX_WORDS, TOO_LONG, Parser
    from search.pasted import LEAST_WORDS, description

    parser = Parser(text)
    query = parser.query()
    if len(query.words) <= LEAST_WORDS:
        return query
    return description(query.source, parser.rest, MAX_WORDS, tuple(parser.notes.keys() & {TOO_LONG}))


def render_query(query: Query) -> str:
    """The shortest text that means the query: `parse` of it is equal to what `parse` gave."""
    parts = [*query.words, *(f'"{unquoted(phrase)}"' for phrase in query.phrases)]
    parts += [f"-{_quoted_if_needed(text)}" for text in query.excluded]
    groups: dict[str, list[str]] = {}
    for choice in query.filters:
        groups.setdefault(f"{'-' * choice.negated}{choice.field}", []).append(render_value(choice.value))
    parts += [f"{name}:{','.join(values)}" for name, values in groups.items()]
    years = {"after": query.after, "before": query.before}
    return " ".join([*parts, *(f"{name}:{year}" for name, year in years.items() if year is not None)])


def render_value(value: str) -> str:
    """A filter's value, in quotation marks where it needs them."""
    is_bare = value == value.rstrip(TRAILING) and not any(
        c.isspace() or c in QUOTES or c == "," for c in value
    )
    return value if value and is_bare else f'"{unquoted(value)}"'


def unquoted(text: str) -> str:
    """The text with spaces for its quotation marks."""
    return " ".join(text.translate(dict.fromkeys(map(ord, QUOTES), " ")).split())


def _quoted_if_needed(excluded: str) -> str:
    # Letters and digits only: anything else could mean something after a hyphen.
    return excluded if excluded.isalnum() and excluded not in OPERATORS else f'"{unquoted(excluded)}"'
