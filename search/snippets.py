"""Highlighted extracts: the stretch of an entry that says most about the query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.analysis import fold, term_of, words_of
from search.results import Fragment

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 260


@dataclass(frozen=True)
class Snippet:
    """An extract of one passage; the fragments together are its text."""

    heading: str
    fragments: tuple[Fragment, ...]


@dataclass(frozen=True)
class _Mark:
    start: int
    end: int
    term: str


def choose(
    passages: Sequence[tuple[str, str]],
    terms: set[str],
    phrases: Sequence[str] = (),
    preferred: int | None = None,
    width: int = WIDTH,
) -> Snippet:
    """The window of about `width` characters with the most distinct terms, among (heading, text) passages.

    Ties go to the passage numbered `preferred` (the nearest in meaning), then to the first. Where no
    term occurs, it is the beginning of the preferred passage.
    """
    if not passages:
        return Snippet("", ())
    start_with = preferred if preferred is not None and preferred < len(passages) else 0
    order = [start_with, *(number for number in range(len(passages)) if number != start_with)]
    found = [(number, _marks(passages[number][1], terms, phrases)) for number in order]
    number, marks = max(found, key=lambda pair: len({mark.term for mark in pair[1]}))
    heading, text = passages[number]
    start, end = _window(text, marks, width)
    return Snippet(heading, tuple(_fragments(text, marks, start, end)))


def _marks(text: str, terms: set[str], phrases: Sequence[str]) -> list[_Mark]:
    """Where the terms and phrases stand, in order and without overlaps."""
    marks = [
        _Mark(match.start(), match.end(), term)
        for match in words_of(text)
        if (term := term_of(match.group())) in terms
    ]
    for phrase in phrases:
        words = [re.escape(match.group()) for match in words_of(phrase)]
        if len(words) > 1:
            pattern = re.compile(r"[\W_]+".join(words), re.IGNORECASE)
            marks += [_Mark(match.start(), match.end(), fold(phrase)) for match in pattern.finditer(text)]
    kept: list[_Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return kept


def _window(text: str, marks: list[_Mark], width: int) -> tuple[int, int]:
    """Start and end of the window, at borders of words."""
    best, most, last = 0, 0, 0
    counts: dict[str, int] = {}
    for first, mark in enumerate(marks):
        while last < len(marks) and marks[last].end <= mark.start + width:
            counts[marks[last].term] = counts.get(marks[last].term, 0) + 1
            last += 1
        if len(counts) > most:
            best, most = first, len(counts)
        if counts.get(mark.term, 0) <= 1:
            counts.pop(mark.term, None)
        else:
            counts[mark.term] -= 1
    # A little of what stands before the first mark makes the extract readable.
    start = max(0, marks[best].start - width // 5) if marks else 0
    if start + width >= len(text):
        start = max(0, len(text) - width)
    return _to_border(text, start, 1), _to_border(text, min(len(text), start + width), -1)


def _to_border(text: str, place: int, step: int) -> int:
    """The nearest border of words inwards; `place` itself where a word is longer than 40 characters."""
    if place in {0, len(text)}:
        return place
    for distance in range(40):
        here = place + distance * step
        if not 0 < here < len(text) or text[here - 1].isspace() or text[here].isspace():
            return here
    return place


def _fragments(text: str, marks: list[_Mark], start: int, end: int) -> list[Fragment]:
    parts = [Fragment("… ")] if start > 0 else []
    place = start
    for mark in marks:
        if mark.start >= place and mark.end <= end:
            parts += [Fragment(text[place : mark.start]), Fragment(text[mark.start : mark.end], marked=True)]
            place = mark.end
    parts.append(Fragment(text[place:end]))
    if end < len(text):
        parts.append(Fragment(" …"))
    return [part for part in parts if part.text]
