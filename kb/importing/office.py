"""Word, PowerPoint and web pages: what pandoc reads, with the pictures that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.importing.archives import Archive
from kb.importing.document import Document, Section, Table
from kb.importing.pandoc import read_tree, write
from kb.importing.pictures import DATA, Pictures
from kb.importing.texts import decoded
from kb.importing.trees import Cleaner, Node, Tree, table_cells, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

_MEDIA = re.compile(r"(?:word|ppt)/media/[^/]+")
_LEFT_OUT = (
    (re.compile(r".*vbaProject\.bin", re.IGNORECASE), "Macros were left out."),
    (re.compile(r"(?:word|ppt)/embeddings/.+"), "Files inside the document were left out."),
    (re.compile(r"ppt/notesSlides/notesSlide\d+\.xml"), "Speaker notes were left out."),
    (re.compile(r"(?:word|ppt)/(?:.*/)?comments\d*\.xml"), "Comments were left out."),
    (re.compile(r"(?:word|ppt)/charts/chart.*\.xml"), "Charts were left out, as they are no pictures."),
)
SLIDE = 2
"""The level of the heading that pandoc gives every slide."""


def read_word(data: bytes) -> Document:
    """A .docx file. Raises Unreadable."""
    return _read_archive("docx", data, "word/")


def read_slides(data: bytes) -> Document:
    """A .pptx file. Raises Unreadable."""
    return _read_archive("pptx", data, "")


def read_page(data: bytes) -> Document:
    """An .html file. Raises Unreadable."""
    pictures = Pictures()
    text = decoded(data, _stated_encoding(data)).replace("\x00", "")
    tree = read_tree("html", text.encode("utf-8", "replace"))
    return _document("html", tree, Cleaner(pictures.add_address), pictures)


def _stated_encoding(data: bytes) -> str:
    found = re.search(rb"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", data[:2_000])
    return found[1].decode() if found else ""


def _read_archive(form: Literal["docx", "pptx"], data: bytes, folder: str) -> Document:
    archive, pictures = Archive(data), Pictures()
    media = {name for name in archive.names if _MEDIA.fullmatch(name)}

    def picture(address: str) -> str | None:
        name = f"{folder}{address}"
        if name in media:
            return pictures.add(archive.read(name))
        return pictures.add_address(address if not address.startswith(DATA) else "")

    tree = read_tree(form, archive.packed(empty=media))
    document = _document(form, tree, Cleaner(picture), pictures)
    document.notices += [
        words for pattern, words in _LEFT_OUT if any(pattern.fullmatch(name) for name in archive.names)
    ]
    return document


@dataclass
class _Draft:
    """A section before its Markdown is written."""

    heading: str
    level: int
    place: str
    blocks: list[Node] = field(default_factory=list)
    table: list[list[list[Node]]] | None = None

    @property
    def pieces(self) -> list[list[Node]]:
        """What is to be written: the text, or each cell."""
        return [self.blocks] if self.table is None else [cell for row in self.table for cell in row]


def _document(
    form: Literal["docx", "pptx", "html"], tree: Tree, cleaner: Cleaner, pictures: Pictures
) -> Document:
    drafts = list(_drafts(cleaner.blocks(tree.blocks), by_slide=form == "pptx"))
    texts = iter(write([piece for draft in drafts for piece in draft.pieces], tree.version))
    sections = [_finished(draft, texts) for draft in drafts]
    kept = [section for section in sections if section.heading or section.text or section.table]
    return Document(form, tree.title, kept, notices=pictures.notices(), pictures=pictures.kept)


def _drafts(blocks: list[Node], *, by_slide: bool) -> Iterator[_Draft]:
    """A section for each heading, and one for each table below it."""
    slide, current = 0, _Draft("", 0, "")
    for block in blocks:
        if block["t"] == "Header":
            yield current
            slide += by_slide and block["c"][0] == SLIDE
            place = f"slide {slide}" if slide else ""
            current = _Draft(words(block["c"][2]), 1 if by_slide else block["c"][0], place)
        elif block["t"] == "Table" and len(rows := table_cells(block)) > 1:
            if current.blocks or current.level:
                yield current
            yield _Draft(current.heading, 0, current.place, table=rows)
            current = _Draft(current.heading, 0, current.place)
        else:
            current.blocks.append(block)
    yield current


def _finished(draft: _Draft, texts: Iterator[str]) -> Section:
    if draft.table is None:
        text = next(texts)
        # What goes on below a table stands under the same heading, but does not begin there.
        return Section(draft.heading if draft.level or text else "", draft.level, draft.place, text)
    rows: list[list[str]] = [[next(texts) for _ in row] for row in draft.table]
    return Section(draft.heading, draft.level, draft.place, table=Table(rows[0], rows[1:]))
