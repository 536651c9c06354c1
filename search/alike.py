"""Lessons that a text looks like: alike in meaning and in words, and not named by it yet.

How much alike two lessons are is worked out as over the whole repository (`search.duplicates`), from what is
typed so far: the mean of the cosine and the square root of the index of agreement, of the same fields in
both. A title is all that there is at first, and often its beginning only: there it is in place of the index
how much of what is typed the other title holds, and whoever types is told of likely ones only.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from indexer.analysis import terms
from kb.markup import plain_text
from search.duplicates import agreement
from search.query import Filter
from search.results import SearchRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search.results import Hit, SearchPage

FIELDS = ("title", "lesson", "recommendation")
ALIKE = 0.6
"""Score from which two lessons look alike. Measured on the pairs of NASA's lessons that look alike as a whole
and on 500 others: of those with a like one 77 % are shown it, 80 % of what is shown is one, and 7 % of the
others are shown any. By the cosine alone, from 0.65, it is 87 %, 59 % and 47 %.
"""
ALIKE_BY_TITLE = 0.8
"""The same while there is only a title: 60 %, 81 % and 7 %, most of them with nearly the same title; of its
first six words 61 %, 76 % and 10 %.
"""
SAME = 0.8
"""Cosine from which they look alike whatever their words: somebody says the same in words of their own."""
SHOWN = 3
LEAST_WORDS = 3
"""Fewer words than these say too little to look for."""
ASKED_CHARACTERS = 1_500


def request_for(data: Mapping[str, Any]) -> SearchRequest | None:
    """The search for lessons like the one that `data` is the content of; None where it says too little."""
    plain = plain_words("\n\n".join(_text(data, name) for name in FIELDS))
    if len(plain.split()) < LEAST_WORDS:
        return None
    return SearchRequest(text=plain, filters=(Filter("kind", "lesson"),), limit=10)


def plain_words(text: str) -> str:
    """A text to search by, read as plain words: nothing that somebody writes is meant as a filter."""
    words = plain_text(text)[:ASKED_CHARACTERS]
    return "".join(char if char.isalnum() or char in " '-\n.," else " " for char in words).replace(" -", " ")


def alike_among(page: SearchPage, data: Mapping[str, Any], ref: str) -> list[Hit]:
    """The hits that it looks like, most alike first, without itself (`ref`) and what it links to already."""
    named = {ref, *(link.get("to") for link in data.get("links", []) if isinstance(link, dict))}
    typed = [name for name in FIELDS if _text(data, name).strip()]
    least, in_words = (ALIKE_BY_TITLE, _share) if typed == ["title"] else (ALIKE, _agreement)
    mine = _bag(data, typed)
    found: list[tuple[float, Hit]] = []
    for hit in page.hits:
        cosine = hit.why.similarity or 0.0
        words = in_words(mine, _bag(hit.entry.stored | {"title": hit.entry.title}, typed))
        score = (cosine + math.sqrt(words)) / 2
        if hit.entry.ref not in named and (score >= least or cosine >= SAME):
            found.append((score, hit))
    found.sort(key=lambda each: -each[0])
    return [hit for _, hit in found[:SHOWN]]


def _agreement(one: Counter[str], other: Counter[str]) -> float:
    """How much of what either says both say, from 0 to 1: no term counts for more than another."""
    return agreement(one, other, dict.fromkeys({*one, *other}, 1.0))


def _share(one: Counter[str], other: Counter[str]) -> float:
    """How much of the first the other holds, from 0 to 1."""
    return (one & other).total() / max(1, one.total())


def _bag(data: Mapping[str, Any], names: Sequence[str]) -> Counter[str]:
    text = " ".join(plain_text(_text(data, name)) for name in names)
    return Counter(term for _, term in terms(text[: ASKED_CHARACTERS * 4]))


def _text(data: Mapping[str, Any], name: str) -> str:
    return str(data.get(name) or "")
