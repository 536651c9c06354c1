"""A revision becomes a document: what the keyword index holds, and the passages that are embedded."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from indexer.analysis import words_of
from kb.markup import plain_text
from kb.sections import sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kb.content import Content
    from kb.reading import EntryView, Reader

VERSION = "4"
"""Counted up when documents come out differently: an index of another version is rebuilt."""

PASSAGE_WORDS = 180
"""The encoder reads about this many words; the rest of a longer passage would be cut off."""

FILE_WORDS = 100_000
"""So much of an entry's files is found: some 300 pages."""

LEAST_WORDS = 12
"""A shorter section (a list of competencies, say) joins the one before: alone it matches too easily."""

FACETS = ("kind", "type", "tag", "sector", "region", "phase", "method", "outcome")
LABELS = ("sector", "region", "phases", "methods", "programme", "unit")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Passage:
    """A stretch of one section."""

    heading: str
    text: str
    digest: bytes
    """Identifies the text that is embedded."""
    first_word: int
    """Number of its first word within the document's text: says which passage a position is in."""


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
    """Title, tags and the passages in order: its words' numbers are the positions of the keyword index."""
    passages: tuple[Passage, ...]
    facets: dict[str, tuple[str, ...]]
    year: int
    day: int
    """The date it is sorted by, as a proleptic ordinal."""
    due: int
    """The day verification runs out as an ordinal; 0 when never verified."""
    audience: str
    """Who may see it; see `audience_of`."""


def audience_of(view: EntryView) -> str:
    """Who may see an entry, as one text: its visibility and, a line each, whom it is restricted to."""
    return "\n".join((view.visibility, *view.readers))


def admits(audience: str, reader: Reader) -> bool:
    """Whether the reader is among those whom such a text names."""
    visibility, *readers = audience.split("\n")
    return reader.may_see(visibility, readers)


def make_document(view: EntryView, stamp: str, files: Sequence[tuple[str, str]] = ()) -> Document:
    """The document of a published revision; `stamp` is its Head's. `files` are (place, text) of what stands
    in the entry's files: their passages come last.
    """
    content = view.content
    parts = [(heading, plain_text(text)) for heading, text in sections(content)]
    # Labels stand before the passages, so that each passage ends where the next begins.
    head = "\n\n".join([content.title, " ".join(_labels(content))])
    passages = tuple(_passages(content.title, head, [*_chunks(parts), *_chunks(_bounded(files))]))
    on = entry_date(view)
    return Document(
        revision_id=view.revision_id,
        stamp=stamp,
        ref=view.ref,
        key=key_of(view),
        title=content.title,
        text="\n\n".join([head, *(passage.text for passage in passages)]),
        passages=passages,
        facets=facets_of(view),
        year=on.year,
        day=on.toordinal(),
        due=view.due_on.toordinal() if view.due_on else 0,
        audience=audience_of(view),
    )


def key_of(view: EntryView) -> str:
    """The key by which the entry is found; empty when it has none.

    Where a file stood may tell whose it was: what its author or source is kept from some readers is not
    found by its key.
    """
    return "" if view.anonymous or view.mask_source else view.key or ""


def _labels(content: Content) -> Iterator[str]:
    """Tags, and the short fields that people search by as words: "zero-emission fleet" is a programme."""
    yield from content.tags
    for name in LABELS:
        value = getattr(content, name, "")
        yield from [value] if isinstance(value, str) else value


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


def facets_of(view: EntryView) -> dict[str, tuple[str, ...]]:
    """Field -> the values by which the entry can be narrowed down."""
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


def _chunks(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """(heading, stretch) of sections, cut to what an encoder reads at once."""
    return [(heading, chunk) for heading, text in _joined(parts) for chunk in split(text)]


def _bounded(files: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The places of files up to FILE_WORDS: a book that is attached must not be the whole index."""
    kept, left = [], FILE_WORDS
    for place, text in files:
        words = text.split(None, left)
        if len(words) > left:
            break
        left -= len(words)
        kept.append((place, text))
    return kept


def _passages(title: str, head: str, found: list[tuple[str, str]]) -> Iterator[Passage]:
    """The passages of an entry, whose text begins with `head`; one that is empty if it says nothing."""
    place = _count_words(head)
    for heading, chunk in found or [("", "")]:
        digest = hashlib.sha256(embedded_text(title, chunk).encode()).digest()[:16]
        yield Passage(heading, chunk, digest, place)
        place += _count_words(chunk)


def _count_words(text: str) -> int:
    return sum(1 for _ in words_of(text))


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
