"""The styles of Word documents, made once per process from pandoc's own."""

from __future__ import annotations

import atexit
import io
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.documents.programs import run

if TYPE_CHECKING:
    from docx.document import Document

BODY_FONT = "Calibri"
INK = (0x1F, 0x29, 0x33)
ACCENT = (0x1D, 0x4F, 0x91)
SIZES = {"Title": 22, "Heading 1": 16, "Heading 2": 13, "Heading 3": 11}


@cache
def styles() -> Path:
    """A Word file with the styles: A4, one plain font, ruled tables. It is removed when the process ends."""
    import docx

    from kb.documents.conversion import pandoc

    document = docx.Document(io.BytesIO(run([pandoc(), "--print-default-data-file", "reference.docx"], b"")))
    _set_page(document)
    _set_fonts(document)
    _rule_tables(document)
    handle = tempfile.NamedTemporaryFile(prefix="precedent-", suffix=".docx", delete=False)  # noqa: SIM115
    with handle:
        document.save(handle)
    path = Path(handle.name)
    atexit.register(path.unlink, missing_ok=True)
    return path


def _set_page(document: Document) -> None:
    from docx.shared import Mm

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin = section.bottom_margin = Mm(22)


def _set_fonts(document: Document) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    for style in document.styles:
        font = getattr(style, "font", None)
        if font is None or style.name in {"Verbatim Char", "Source Code"}:
            continue
        properties = style.element.get_or_add_rPr()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            for fonts in properties.findall(qn("w:rFonts")):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
        font.name = BODY_FONT
        if style.name in SIZES:
            font.size = Pt(SIZES[style.name])
            font.color.rgb = RGBColor(*(INK if style.name == "Title" else ACCENT))


def _rule_tables(document: Document) -> None:
    """Lines below the rows of tables: pandoc's own have them below the header only."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element: Any = document.styles["Table"].element
    properties = element.find(qn("w:tblPr"))
    if properties is None:
        properties = OxmlElement("w:tblPr")
        element.append(properties)
    borders = OxmlElement("w:tblBorders")
    for side in ("bottom", "insideH"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", "C8CDD3")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    properties.append(borders)
