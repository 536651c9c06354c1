"""Highlighted extracts: the stretch of an entry that says most about the query."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.analysis import distinct_words, is_stop_word, term_of, words_of
from search.results import Fragment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDTH = 260
"""Characters of an extract, about two lines of a result."""
LEAD = 0.2
"""Part of the width that stands before the first mark: an extract reads better with its beginning."""
LONGEST_WORD = 40
"""A border of words is looked for this far; a longer word is cut."""
ELLIPSIS = "…"


@dataclass(frozen=True)
class Snippet:
    """An extract of one passage. The fragments together are its text, with an ellipsis where it is cut."""

    heading: str
    fragments: tuple[Fragment, ...]
    terms: frozenset[str] = frozenset()
    """The terms of the query that stand in any of the passages."""


@dataclass(frozen=True)
class _Mark:
    start: int
    end: int
    terms: tuple[str, ...]
    """The query's term; of a phrase, the terms of its words and the phrase itself."""


def choose(
    passages: Sequence[tuple[str, str]],
    terms: set[str],
    phrases: Sequence[str] = (),
    preferred: int | None = None,
    width: int = WIDTH,
    weights: Mapping[str, float] | None = None,
) -> Snippet:
    """The window of about `width` characters with the most distinct terms, among (heading, text) passages.

    `terms` are terms of `indexer.analysis`; each counts as `weights` says (its rarity), else 1, and a
    whole phrase counts like all its words once more. Ties go to the passage numbered `preferred`
    (the nearest in meaning), then to the first. Where nothing matches it is the beginning of the
    preferred passage. Linear time.
    """
    if not passages:
        return Snippet("", ())
    first = preferred if preferred is not None and 0 <= preferred < len(passages) else 0
    order = sorted(range(len(passages)), key=lambda number: number != first)
    sequences = [sequence for phrase in phrases if len(sequence := _sequence(phrase)) > 1]
    weigh = _Weights(weights or {})
    held = {number: _held(passages[number][1], terms, sequences) for number in order}
    best = max(order, key=lambda number: weigh.total(held[number]))
    heading, text = passages[best]
    marks = list(_marks(text, terms, sequences)) if held[best] else []
    start, end = _window(text, marks, width, weigh)
    fragments = tuple(_fragments(text, marks, start, end))
    return Snippet(heading, fragments, frozenset(terms & set().union(*held.values())))


class _Weights:
    """What each distinct term adds to a window."""

    def __init__(self, given: Mapping[str, float]) -> None:
        self.given = given

    def of(self, term: str) -> float:
        """The weight of a term; a phrase weighs as much as its words."""
        return sum(self.given.get(part, 1.0) for part in term.split())

    def total(self, terms: set[str]) -> float:
        """The weight of distinct terms together; the same in whatever order the set gives them."""
        return sum(sorted(map(self.of, terms)))


def _sequence(phrase: str) -> tuple[str, ...]:
    """The terms of a phrase, stop words as they are: an extract marks them as part of it."""
    return tuple(term_of(match.group()) for match in words_of(phrase))


def _held(text: str, terms: set[str], sequences: Sequence[tuple[str, ...]]) -> set[str]:
    """The terms and phrases in a text. Places are only looked for where a phrase may stand."""
    found = terms.intersection(map(term_of, distinct_words(text)))
    if any(found.issuperset(terms.intersection(sequence)) for sequence in sequences):
        return {term for mark in _marks(text, terms, sequences) for term in mark.terms}
    return found


def _marks(text: str, terms: set[str], sequences: Sequence[tuple[str, ...]]) -> Iterator[_Mark]:
    """Where phrases and terms stand, in order and without overlaps."""
    words = [(match.start(), match.end(), term_of(match.group())) for match in words_of(text)]
    place = 0
    while place < len(words):
        start, end, term = words[place]
        found: tuple[str, ...] = (term,) if term in terms and not is_stop_word(text[start:end]) else ()
        length = 1
        for sequence in sequences:
            following = words[place : place + len(sequence)] if term == sequence[0] else []
            if len(sequence) > length and tuple(word[2] for word in following) == sequence:
                found = (*(part for part in sequence if part in terms), " ".join(sequence))
                length, end = len(sequence), following[-1][1]
        if found:
            yield _Mark(start, end, found)
        place += length


def _window(text: str, marks: list[_Mark], width: int, weigh: _Weights) -> tuple[int, int]:
    """Start and end of the window with the heaviest distinct marks, at borders of words."""
    lead = int(width * LEAD)
    best, heaviest, last, weight = 0, -1.0, 0, 0.0
    inside: Counter[str] = Counter()
    for first, mark in enumerate(marks):
        while last < len(marks) and (last == first or marks[last].end <= mark.start + width - lead):
            weight += sum(weigh.of(term) for term in marks[last].terms if not inside[term])
            inside.update(marks[last].terms)
            last += 1
        if weight > heaviest + 1e-9:  # sums of the same weights may differ in their last digit
            best, heaviest = first, weight
        inside.subtract(mark.terms)
        weight -= sum(weigh.of(term) for term in mark.terms if not inside[term])
    start = max(0, min(marks[best].start - lead, len(text) - width)) if marks else 0
    start = min(_border(text, start, 1), marks[best].start) if marks else start
    return start, max(_border(text, min(len(text), start + width), -1), start)


def _border(text: str, place: int, step: int) -> int:
    """The nearest border of words from `place` on (`step` 1) or back (-1); `place` within a long word."""
    if place <= 0 or place >= len(text):
        return place
    for here in range(place, place + step * LONGEST_WORD, step):
        if not 0 < here < len(text):
            return here
        if text[here - 1].isspace() != text[here].isspace():
            return here
    return place


def _fragments(text: str, marks: list[_Mark], start: int, end: int) -> Iterator[Fragment]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    pending = ELLIPSIS + " " * text[start - 1].isspace() if text[:start].strip() else ""
    place = start
    for mark in marks:
        if start <= mark.start and mark.end <= end:
            before = pending + text[place : mark.start]
            if before:
                yield Fragment(before)
            yield Fragment(text[mark.start : mark.end], marked=True)
            pending, place = "", mark.end
    after = pending + text[place:end]
    if text[end:].strip():
        after += " " * text[end].isspace() + ELLIPSIS
    if after:
        yield Fragment(after)
