"""PDF by pdfium: page by page, with headings guessed from sizes of type."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kb.importing.document import Document, Part, Section, Unreadable
from kb.importing.pictures import LEAST_SIDE, Pictures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_PAGES = 1_000
LONGEST_HEADING = 120
LARGER = 1.12
"""A heading is at least so much larger than the text, or bold."""
BOLD = 600
LEVELS = 3
REPEATED = 0.6
"""A line at the top or bottom of so many of the pages is a running head or foot."""
_SOFT_HYPHEN = "\x02"
_BULLET = re.compile(r"[•◦▪‣●○■–—·]\s+|[-*]\s+")
_LEADERS = re.compile(r"(?:\. ?){4,}")
"""The dots of a table of contents."""
_MARKS = re.compile(r"([\\`*_<\[])")
_PASSWORD, _SECURITY = 4, 5


@dataclass
class _Line:
    """A line of a page, with what tells whether it is a heading."""

    text: str
    size: float
    is_bold: bool
    top: float
    """Its distance from the page's bottom, in points."""


@dataclass
class _Page:
    number: int
    lines: list[_Line] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    has_image: bool = False


def read_pdf(data: bytes) -> Document:
    """A .pdf file. Raises Unreadable, also for one of scanned pages alone."""
    import pypdfium2

    try:
        file = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in {_PASSWORD, _SECURITY}:
            raise Unreadable("The PDF is protected by a password: save it without one.") from None
        raise Unreadable("The PDF is damaged or cut off: save it again where it comes from.") from None
    count, pictures = len(file), Pictures()
    if not count:
        raise Unreadable("The PDF has no pages.")
    pages = [_read(file, at, pictures) for at in range(min(count, MAX_PAGES))]
    _drop_running(pages)
    document = _document(pages, pictures)
    document.title = " ".join(file.get_metadata_dict().get("Title", "").split())
    if count > MAX_PAGES:
        document.notices.append(f"Pages after the {MAX_PAGES:,}th were left out.")
    return document


def _document(pages: list[_Page], pictures: Pictures) -> Document:
    blank = [page.number for page in pages if not page.lines]
    if len(blank) == len(pages):
        raise Unreadable(
            "The PDF holds pictures of pages only, as scanners make them: have its text recognised (OCR), "
            "then import it."
        )
    found = [section for section in _sections(pages) if section.heading or section.text]
    document = Document("pdf", sections=found, pictures=pictures.kept)
    document.parts = [
        Part(f"page {page.number}", "\n".join(line.text for line in page.lines))
        for page in pages
        if page.lines
    ]
    document.notices = pictures.notices()
    scanned = [str(page.number) for page in pages if not page.lines and page.has_image]
    if scanned:
        some = ", ".join(scanned[:10]) + (", ..." if len(scanned) > 10 else "")
        document.notices.append(f"Pages without text, perhaps scanned, were left out: {some}.")
    return document


def _read(file: Any, at: int, pictures: Pictures) -> _Page:
    import pypdfium2

    page = _Page(at + 1)
    try:
        held = file[at]
        text = held.get_textpage()
    except pypdfium2.PdfiumError:
        raise Unreadable(f"Page {at + 1} of the PDF is damaged: save it again where it comes from.") from None
    page.lines = list(_lines(text))
    area = held.get_width() * held.get_height()
    for image in held.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        page.has_image = True
        _take(image, area if page.lines else 0.0, page, pictures)
    text.close()
    held.close()
    return page


def _take(image: Any, area: float, page: _Page, pictures: Pictures) -> None:
    """Keeps a picture, unless it is the page's own scan, with or behind its text."""
    try:
        left, bottom, right, top = image.get_bounds()
        width, height = image.get_px_size()
        if area == 0 or (right - left) * (top - bottom) > 0.8 * area or min(width, height) < LEAST_SIDE:
            return
        bitmap = image.get_bitmap()
        kept = pictures.add_image(bitmap.to_pil())
        bitmap.close()
    except Exception:  # noqa: BLE001 - what cannot be decoded is one picture less
        pictures.unshown += 1
        return
    if kept and kept not in page.pictures:
        page.pictures.append(kept)


def _lines(text: Any) -> Iterator[_Line]:
    """The lines of a page in the order of its text. Each takes the size and weight of most of its letters."""
    import pypdfium2.raw as pdfium

    chars: list[int] = []
    for at in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text, at)
        if code in {10, 13}:
            if line := _line(text, chars):
                yield line
            chars = []
        else:
            chars.append(at)
    if line := _line(text, chars):
        yield line


def _line(text: Any, chars: list[int]) -> _Line | None:
    import pypdfium2.raw as pdfium

    words = "".join(_shown(pdfium.FPDFText_GetUnicode(text, at)) for at in chars)
    seen = [at for at, char in zip(chars, words, strict=True) if not char.isspace()]
    if not seen:
        return None
    sizes = Counter(round(pdfium.FPDFText_GetFontSize(text, at) * 2) / 2 for at in seen)
    bold = sum(pdfium.FPDFText_GetFontWeight(text, at) >= BOLD for at in seen)
    top = text.get_charbox(seen[0])[3]
    return _Line(" ".join(words.split()), sizes.most_common(1)[0][0], bold * 2 > len(seen), top)


def _shown(code: int) -> str:
    """The character; a replacement for half of one, a space for what cannot be seen."""
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return "\ufffd"
    char = chr(code)
    return char if char == _SOFT_HYPHEN or char.isprintable() else " "


def _drop_running(pages: list[_Page]) -> None:
    """Takes out heads and feet: lines that most pages have at their top or bottom, numbers aside."""
    if len(pages) < 3:
        return
    seen = Counter(key for page in pages for key in {_key(line) for line in _edges(page)})
    running = {key for key, times in seen.items() if times >= max(3, REPEATED * len(pages))}
    for page in pages:
        edges = {id(line) for line in _edges(page)}
        page.lines = [line for line in page.lines if id(line) not in edges or _key(line) not in running]


def _edges(page: _Page) -> list[_Line]:
    return [*page.lines[:2], *page.lines[-2:]]


def _key(line: _Line) -> str:
    return re.sub(r"\d+", "#", line.text)


def _sections(pages: list[_Page]) -> Iterator[Section]:
    ranks = _Ranks(line for page in pages for line in page.lines)
    heading, level, place, chunks, before = "", 0, "page 1", list[str](), None
    for page in pages:
        for line in page.lines:
            rank = ranks.level(line)
            if rank and not chunks and rank == level and before and _is_near(before, line):
                heading = f"{heading} {line.text}"
            elif rank:
                yield Section(heading, level, place, "\n\n".join(chunks))
                heading, level, place, chunks = line.text, rank, f"page {page.number}", []
            else:
                _append(chunks, line, before)
            before = line
        chunks += [f"![]({picture})" for picture in page.pictures]
    yield Section(heading, level, place, "\n\n".join(chunks))


def _is_near(before: _Line, line: _Line) -> bool:
    return before.size == line.size and 0 < before.top - line.top < 2.2 * line.size


def _append(chunks: list[str], line: _Line, before: _Line | None) -> None:
    """Adds a line to the paragraph above it, or begins one where the gap is wide or a list goes on."""
    bullet = _BULLET.match(line.text)
    text = _MARKS.sub(r"\\\1", line.text[bullet.end() :] if bullet else line.text)
    goes_on = bool(chunks) and before is not None and not bullet and _follows(before, line)
    if bullet and chunks and chunks[-1].startswith("- "):
        chunks[-1] += f"\n- {text}"
    elif bullet:
        chunks.append(f"- {text}")
    elif goes_on and chunks[-1].endswith(_SOFT_HYPHEN):
        chunks[-1] = chunks[-1][:-1] + text
    elif goes_on:
        chunks[-1] += f" {text}"
    else:
        chunks.append(text)


def _follows(before: _Line, line: _Line) -> bool:
    """Whether the line is the next of the same paragraph: close below, or at the top of the next page in the
    middle of a sentence.
    """
    gap = before.top - line.top
    if gap <= 0:
        return not before.text.endswith((".", "!", "?", ":"))
    return gap < 1.7 * max(line.size, 1)


class _Ranks:
    """Which lines are headings, and of which level: by size, then by weight."""

    def __init__(self, lines: Iterable[_Line]) -> None:
        known = list(lines)
        letters: Counter[tuple[float, bool]] = Counter()
        for line in known:
            letters[line.size, line.is_bold] += len(line.text)
        self._body, self._is_bold = letters.most_common(1)[0][0]
        sizes = {line.size for line in known if self._is_large(line)}
        self._levels = {size: at for at, size in enumerate(sorted(sizes, reverse=True), 1)}

    def level(self, line: _Line) -> int:
        """The level from 1; 0 for text."""
        if self._is_large(line):
            return min(self._levels[line.size], LEVELS)
        if line.is_bold and not self._is_bold and self._may_head(line) and line.size >= self._body:
            return min(len(self._levels) + 1, LEVELS)
        return 0

    def _is_large(self, line: _Line) -> bool:
        return line.size >= LARGER * self._body and self._may_head(line)

    def _may_head(self, line: _Line) -> bool:
        is_short = len(line.text) <= LONGEST_HEADING and not line.text.endswith((".", ",", ";"))
        is_name = any(char.isalpha() for char in line.text) and not _LEADERS.search(line.text)
        return is_short and is_name and not _BULLET.match(line.text)
