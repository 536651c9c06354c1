"""Lessons that a text looks like: near in meaning, and not named by it yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb.markup import plain_text
from search.query import Filter
from search.results import SearchRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search.results import Hit, SearchPage

ALIKE = 0.65
"""Cosine from which two lessons look alike. In the sample corpus no two different ones come nearer than
0.644, by title, lesson and recommendation, and each comes nearer than 0.81 to itself.
"""
SHOWN = 3
LEAST_WORDS = 6
"""Fewer words than these say too little to look for."""
ASKED_CHARACTERS = 1_500


def request_for(data: Mapping[str, Any]) -> SearchRequest | None:
    """The search for lessons like the one that `data` is the content of; None where it says too little."""
    parts = (str(data.get(name, "")) for name in ("title", "lesson", "recommendation"))
    plain = plain_words("\n\n".join(parts))
    if len(plain.split()) < LEAST_WORDS:
        return None
    return SearchRequest(text=plain, filters=(Filter("kind", "lesson"),), limit=10)


def plain_words(text: str) -> str:
    """A text to search by, read as plain words: nothing that somebody writes is meant as a filter."""
    words = plain_text(text)[:ASKED_CHARACTERS]
    return "".join(char if char.isalnum() or char in " '-\n.," else " " for char in words).replace(" -", " ")


def alike_among(page: SearchPage, data: Mapping[str, Any], ref: str) -> list[Hit]:
    """The hits that it looks like, nearest first, without itself (`ref`) and what it links to already."""
    named = {ref, *(link.get("to") for link in data.get("links", []) if isinstance(link, dict))}
    near = [hit for hit in page.hits if (hit.why.similarity or 0.0) >= ALIKE and hit.entry.ref not in named]
    near.sort(key=lambda hit: -(hit.why.similarity or 0.0))
    return near[:SHOWN]
