"""A pasted description is no query: its quotation marks, hyphens and colons mean what they mean in prose."""

from __future__ import annotations

import re

from kb.text import REF_PATTERN
from search.query import OPERATORS, QUOTES, Query

LEAST_WORDS = 40
"""A query of more words, phrases and filters aside, is a description: nobody types so many."""

NOTE = "This long text was read as plain words: quotation marks, hyphens and fields have no special meaning."
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_REF = re.compile(REF_PATTERN)


def description(source: str, text: str, most: int, notes: tuple[str, ...]) -> Query:
    """The query of a description: the first `most` words of the text, all of them ranking."""
    spaced = text.translate(dict.fromkeys(map(ord, QUOTES), " "))
    words = [bare for word in spaced.split() if (bare := _EDGES.sub("", word))]
    if len(words) > most:
        notes = (*notes, f"Only the first {most} words were used.")
    kept = tuple(word.lower() if word in OPERATORS else word for word in words[:most])
    refs = (word.upper() for word in kept)
    return Query(
        source=source,
        words=kept,
        refs=tuple(dict.fromkeys(ref for ref in refs if _REF.fullmatch(ref))),
        notes=(NOTE, *notes),
    )
