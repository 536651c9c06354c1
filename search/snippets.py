"""Highlighted extracts: the stretch of an entry that says most about the query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from indexer.analysis import terms
from search.results import Fragment
from search.spans import WordSpans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

WIDTH = 260
"""Characters of an extract, about two lines of a result."""
LEAD = 0.2
"""Part of the width that stands before the first mark: an extract reads better with its beginning."""
LONGEST_WORD = 40
"""A border of words is looked for this far; a longer word is cut."""
ELLIPSIS = "…"
_ITEM_BREAK = re.compile(r"(?<=[^\W_])\n\n(?=\S)")
"""Between the items of a list, which end without a full stop: in one line they would run together."""

Occurrence = tuple[int, str]
"""The number of a word within its passage, and its term: one that the query asks for."""


class _Mark(NamedTuple):
    start: int
    end: int
    terms: tuple[str, ...]
    """The query's term; of a phrase, the terms in it and the phrase itself."""


@dataclass(frozen=True)
class Extractor:
    """Chooses and cuts the extracts of one query.

    Every distinct term counts as `weights` says (its rarity), else 1, and a whole phrase counts like
    all its words once more. A phrase stands where its terms do, at the same distances: as in the
    keyword index, any word may stand where the phrase has a stop word.
    """

    phrases: Sequence[str] = ()
    """Phrases, as typed; their terms are among those that the occurrences are of."""
    weights: Mapping[str, float] | None = None
    width: int = WIDTH
    """Characters of an extract."""
    only_in_phrases: Collection[str] = ()
    """Terms that count as part of a phrase alone: `test` is no match for `user acceptance testing`."""

    def held(self, occurrences: Sequence[Occurrence]) -> set[str]:
        """The distinct terms, and the phrases as their terms with spaces."""
        return {term for mark in self._marks(occurrences) for term in mark.terms}

    def best(self, passages: Sequence[Sequence[Occurrence]], preferred: int | None = None) -> int:
        """The number of the passage with the heaviest distinct terms.

        Ties go to the passage numbered `preferred` (the nearest in meaning), then to the first.
        """
        if len(passages) == 1:
            return 0
        first = preferred if preferred is not None and 0 <= preferred < len(passages) else 0
        order = sorted(range(len(passages)), key=lambda number: number != first)
        held = [number for number in order if passages[number]]
        best = max(held, key=lambda number: self._weight(passages[number]), default=first)
        return best if held and self._weight(passages[best]) else first

    def extract(self, text: str, occurrences: Sequence[Occurrence]) -> tuple[Fragment, ...]:
        """The window of about `width` characters with the heaviest distinct terms, as fragments.

        Together they are the window's text, with an ellipsis where the passage is cut and a dot between
        the items of a list. Without an occurrence it is the beginning. Linear time.
        """
        return self.extracts([text], [occurrences])[0]

    def extracts(
        self, texts: Sequence[str], occurrences: Sequence[Sequence[Occurrence]]
    ) -> list[tuple[Fragment, ...]]:
        """The extract of each text: to find the words of all of them takes little longer than of one."""
        shown = [_ITEM_BREAK.sub(" · ", text) if "\n\n" in text else text for text in texts]
        found = _placed(shown, [list(self._marks(held)) for held in occurrences])
        windows = [
            _window(text, marks, self.width, self._weigh) for text, marks in zip(shown, found, strict=True)
        ]
        parts = zip(shown, found, windows, strict=True)
        return [tuple(_fragments(text, marks, *window)) for text, marks, window in parts]

    def _weight(self, occurrences: Sequence[Occurrence]) -> float:
        # Sorted: the sum must not depend on the order in which a set gives its terms.
        return sum(sorted(map(self._weigh.__getitem__, self.held(occurrences))))

    def _marks(self, occurrences: Sequence[Occurrence]) -> Iterator[_Mark]:
        """Where phrases and terms stand, from first to last word, in order and without overlaps."""
        if not self._sequences:
            yield from (_Mark(place, place, (term,)) for place, term in occurrences)
            return
        at = dict(occurrences)
        end = -1
        for place, term in occurrences:
            if place <= end:
                continue
            inside: tuple[str, ...] = (term,)
            end = place
            sequence = self._longest_at(place, term, at)
            if sequence:
                end = place + sequence[-1][0]
                within = (at[here] for here in range(place, end + 1) if here in at)
                inside = (*within, " ".join(part for _, part in sequence))
            elif term in self.only_in_phrases:
                continue
            yield _Mark(place, end, inside)

    def _longest_at(self, place: int, term: str, at: Mapping[int, str]) -> tuple[Occurrence, ...]:
        found: tuple[Occurrence, ...] = ()
        for sequence in self._sequences.get(term, ()):
            if (not found or sequence[-1] > found[-1]) and all(
                at.get(place + offset) == part for offset, part in sequence
            ):
                found = sequence
        return found

    @cached_property
    def _sequences(self) -> dict[str, list[tuple[Occurrence, ...]]]:
        """The phrases of several terms by their first term: (words after the first, term) of each."""
        found: dict[str, list[tuple[Occurrence, ...]]] = {}
        for phrase in self.phrases:
            sequence = terms(phrase)
            if len(sequence) > 1:
                first, term = sequence[0]
                found.setdefault(term, []).append(tuple((place - first, part) for place, part in sequence))
        return found

    @cached_property
    def _weigh(self) -> _Weights:
        return _Weights(self.weights or {})


class _Weights(dict[str, float]):
    """What each distinct term adds to a window; a phrase weighs as much as its words."""

    def __missing__(self, term: str) -> float:
        parts = term.split()
        weight = sum(map(self.__getitem__, parts)) if len(parts) > 1 else 1.0
        self[term] = weight
        return weight


def occurrences_in(text: str, wanted: Collection[str]) -> list[Occurrence]:
    """Where the wanted terms of `indexer.analysis` stand in a text."""
    return [(place, term) for place, term in terms(text) if term in wanted]


def _placed(texts: Sequence[str], found: Sequence[Sequence[_Mark]]) -> list[list[_Mark]]:
    """Of each text, the marks with places in characters instead of words."""
    marks = [mark for of_text in found for mark in of_text]
    if not marks:
        return [[] for _ in found]
    numbers = [number for number, of_text in enumerate(found) for _ in of_text]
    starts, ends = WordSpans(texts).stretches(numbers, [m.start for m in marks], [m.end for m in marks])
    placed: list[list[_Mark]] = [[] for _ in found]
    for number, start, end, mark in zip(numbers, starts, ends, marks, strict=True):
        placed[number].append(_Mark(start, end, mark.terms))
    return placed


def _window(text: str, marks: list[_Mark], width: int, weigh: Mapping[str, float]) -> tuple[int, int]:
    """Start and end of the window with the heaviest distinct marks, at borders of words."""
    if len(text) <= width:
        return 0, len(text)
    lead = int(width * LEAD)
    start = 0
    if marks:
        first = marks[_heaviest(marks, width - lead, weigh)].start
        # Near the end there is room for more before the mark, but two lines on a page must still show it.
        start = max(0, first - 2 * lead, min(first - lead, len(text) - width))
        start = min(_border(text, start, 1), first)
    return start, max(_border(text, min(len(text), start + width), -1), start)


def _heaviest(marks: list[_Mark], width: int, weigh: Mapping[str, float]) -> int:
    """The mark from which on the marks within `width` characters weigh most, each term counted once."""
    best, heaviest, last, weight = 0, -1.0, 0, 0.0
    inside: dict[str, int] = {}
    for first, mark in enumerate(marks):
        while last < len(marks) and (last == first or marks[last].end <= mark.start + width):
            for term in marks[last].terms:
                count = inside.get(term, 0)
                weight += 0.0 if count else weigh[term]
                inside[term] = count + 1
            last += 1
        if weight > heaviest + 1e-9:  # sums of the same weights may differ in their last digit
            best, heaviest = first, weight
        for term in mark.terms:
            inside[term] -= 1
            weight -= 0.0 if inside[term] else weigh[term]
    return best


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
