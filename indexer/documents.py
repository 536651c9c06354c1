"""A revision becomes a document: what the keyword index holds, and the passages that are embedded."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from kb.markup import plain_text
from kb.sections import sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kb.reading import EntryView

VERSION = "1"
"""Counted up when documents come out differently: an index of another version is rebuilt."""

PASSAGE_WORDS = 180
"""The encoder reads about this many words; the rest of a longer passage would be cut off."""

LEAST_WORDS = 12
"""A shorter section (a list of competencies, say) joins the one before: alone it matches too easily."""

FACETS = ("kind", "type", "tag", "sector", "region", "phase", "method", "outcome")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Passage:
    """A stretch of one section. `digest` identifies the text that is embedded."""

    heading: str
    text: str
    digest: bytes


@dataclass(frozen=True)
class Document:
    """An entry as the indexes hold it."""

    revision_id: int
    stamp: str
    ref: str
    key: str
    """Identity in the source it came from; empty when it was written here."""
    title: str
    text: str
    passages: tuple[Passage, ...]
    facets: dict[str, tuple[str, ...]]
    year: int
    day: int
    """The date it is sorted by, as a proleptic ordinal."""
    due: int
    """The day verification runs out as an ordinal; 0 when never verified."""
    visibility: str


def make_document(view: EntryView, stamp: str) -> Document:
    """The document of a published revision; `stamp` is its Head's."""
    content = view.content
    parts = [(heading, plain_text(text)) for heading, text in sections(content)]
    on = entry_date(view)
    return Document(
        revision_id=view.revision_id,
        stamp=stamp,
        ref=view.ref,
        key=view.key or "",
        title=content.title,
        text="\n\n".join([content.title, *(text for _, text in parts), " ".join(content.tags)]),
        passages=tuple(_passages(content.title, parts)),
        facets=_facets(view),
        year=on.year,
        day=on.toordinal(),
        due=view.due_on.toordinal() if view.due_on else 0,
        visibility=view.visibility,
    )


def entry_date(view: EntryView) -> date:
    """When it happened (occurred, held, finished), else when it was written."""
    for name in ("occurred_on", "held_on", "finished_on"):
        on = getattr(view.content, name, None)
        if isinstance(on, date):
            return on
    return view.created_at.date()


def embedded_text(title: str, text: str) -> str:
    """What the encoder reads of a passage: the title gives every passage its context."""
    return "\n".join(part for part in (title, text) if any(char.isalnum() for char in part)) or title


def _facets(view: EntryView) -> dict[str, tuple[str, ...]]:
    content = view.content
    single = {name: getattr(content, name, None) for name in ("type", "outcome")}
    values = {
        "kind": (view.kind,),
        "tag": tuple(content.tags),
        "sector": (content.sector,),
        "region": (content.region,),
        "phase": tuple(content.phases),
        "method": tuple(content.methods),
    } | {name: (value,) for name, value in single.items()}
    return {name: tuple(value for value in found if value) for name, found in values.items()}


def _passages(title: str, parts: list[tuple[str, str]]) -> Iterator[Passage]:
    found = [(heading, chunk) for heading, text in _joined(parts) for chunk in split(text)]
    for heading, chunk in found or [("", "")]:
        yield Passage(heading, chunk, hashlib.sha256(embedded_text(title, chunk).encode()).digest()[:16])


def _joined(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    joined: list[tuple[str, str]] = []
    for heading, text in parts:
        if joined and len(text.split()) < LEAST_WORDS:
            before, longer = joined[-1]
            joined[-1] = (before, f"{longer}\n\n{heading}: {text}")
        else:
            joined.append((heading, text))
    return joined


def split(text: str, limit: int = PASSAGE_WORDS) -> list[str]:
    """The text in stretches of at most `limit` words, cut at ends of sentences where possible.

    Stretches come out about equally long: a remainder of five words says nothing by itself.
    """
    total = len(text.split())
    if total <= limit:
        return [text] if text.strip() else []
    goal = total / -(-total // limit)
    chunks: list[list[str]] = [[]]
    for sentence in _pieces(text, limit):
        size = sum(len(part.split()) for part in chunks[-1])
        length = len(sentence.split())
        if chunks[-1] and (size + length > limit or size + length / 2 > goal):
            chunks.append([])
        chunks[-1].append(sentence)
    return [" ".join(chunk) for chunk in chunks]


def _pieces(text: str, limit: int) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text):
        words = sentence.split()
        for start in range(0, len(words), limit):
            yield " ".join(words[start : start + limit])
