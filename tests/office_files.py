"""Documents of every form that is imported, made where they are needed: nothing of others is committed."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def png(width: int = 60, height: int = 30, colour: str = "teal", form: str = "PNG") -> bytes:
    """A picture of one colour."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, form)
    return out.getvalue()


def docx(*parts: Any, title: str = "") -> bytes:
    """A Word document of headings `("#", text)`, `("##", text)`, paragraphs, pictures (bytes), tables (rows),
    lists `("-", item, ...)`.
    """
    import docx as library

    document = library.Document()
    if title:
        document.add_heading(title, 0)
    for part in parts:
        if isinstance(part, bytes):
            document.add_picture(io.BytesIO(part))
        elif isinstance(part, list):
            table = document.add_table(rows=len(part), cols=len(part[0]))
            for row, cells in zip(table.rows, part, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.text = text
        elif isinstance(part, tuple) and part[0] == "-":
            for item in part[1:]:
                document.add_paragraph(item, style="List Bullet")
        elif isinstance(part, tuple):
            document.add_heading(part[1], len(part[0]))
        else:
            _paragraph(document, part)
    return _saved(document)


def _paragraph(document: Any, text: str) -> None:
    """`**bold** rest`."""
    paragraph = document.add_paragraph()
    for place, run in enumerate(text.split("**")):
        paragraph.add_run(run).bold = place % 2 == 1


def pptx(*slides: tuple[str, Any]) -> bytes:
    """A presentation of (title, text, picture or rows of a table)."""
    import pptx as library
    from pptx.util import Inches

    presentation = library.Presentation()
    for title, body in slides:
        layout = presentation.slide_layouts[1 if isinstance(body, str) else 5]
        slide = presentation.slides.add_slide(layout)
        slide.shapes.title.text = title
        if isinstance(body, str):
            slide.placeholders[1].text = body
        elif isinstance(body, bytes):
            slide.shapes.add_picture(io.BytesIO(body), Inches(1), Inches(3))
        else:
            place = (Inches(1), Inches(2), Inches(6), Inches(2))
            table = slide.shapes.add_table(len(body), len(body[0]), *place).table
            for at, row in enumerate(body):
                for column, text in enumerate(row):
                    table.cell(at, column).text = text
    return _saved(presentation)


def xlsx(**sheets: Sequence[Sequence[Any]]) -> bytes:
    """A workbook of sheets by name."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    return _saved(book)


def pdf(*pages: Sequence[tuple[int, str]], encrypted: bool = False, images: bool = False) -> bytes:
    """A PDF written by hand: each page is lines of (size in points, text)."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", ""]
    font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    kids = []
    for lines in pages:
        content, y = [], 780
        for size, text in lines:
            y -= round(size * 1.3)
            said = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            content.append(f"BT /F1 {size} Tf 60 {y} Td ({said}) Tj ET")
        stream = "\n".join(content) + ("\nq 300 0 0 300 60 300 cm /I1 Do Q" if images else "")
        objects.append(f"<</Length {len(stream)}>>\nstream\n{stream}\nendstream")
        kids.append(len(objects) + 1)
        drawn = "/XObject<</I1 IMAGE>>" if images else ""
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {len(objects)} 0 R"
            f"/Resources<</Font<</F1 {font}>>{drawn}>>>>"
        )
    objects[1] = f"<</Type/Pages/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]/Count {len(kids)}>>"
    if images:
        raw = zlib.compress(bytes(range(256)) * 3 * 16)
        data = raw.hex()
        objects.append(
            "<</Type/XObject/Subtype/Image/Width 64/Height 64/ColorSpace/DeviceRGB/BitsPerComponent 8"
            f"/Filter[/ASCIIHexDecode/FlateDecode]/Length {len(data) + 1}>>\nstream\n{data}>\nendstream"
        )
        objects = [text.replace("/I1 IMAGE", f"/I1 {len(objects)} 0 R") for text in objects]
    extra = ""
    if encrypted:
        objects.append(f"<</Filter/Standard/V 1/R 2/Length 40/P -4/O <{'61' * 32}>/U <{'62' * 32}>>>")
        extra = f"/Encrypt {len(objects)} 0 R/ID[<{'00' * 16}><{'00' * 16}>]"
    return _assembled(objects, extra)


def _assembled(objects: list[str], extra: str) -> bytes:
    out = "%PDF-1.4\n"
    places = []
    for number, text in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    return (out + end + f"trailer<</Size {size}/Root 1 0 R{extra}>>\nstartxref\n{len(out)}\n%%EOF\n").encode(
        "latin-1"
    )


def packed(members: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def changed(data: bytes, changes: dict[str, bytes | str | None]) -> bytes:
    """An archive with other members, or without those that are None."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members: dict[str, bytes | str | None] = {name: file.read(name) for name in file.namelist()}
    kept = {name: body for name, body in (members | changes).items() if body is not None}
    return packed(kept)


def word(body: str, declared: str = "") -> bytes:
    """A Word document of this XML."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    xml = f'<?xml version="1.0"?>{declared}<w:document {space}><w:body>{body}</w:body></w:document>'
    return changed(docx("x"), {"word/document.xml": xml})


def paragraph(text: str) -> str:
    """A paragraph of such XML."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def closing_report(picture: bytes | None = None) -> bytes:
    """A closing report as project managers write them: a review, and lessons in a table and one by one."""
    return docx(
        ("#", "Summary"), "The new depot opened eleven weeks late and 8 % over its budget.",
        ("#", "What went well"), "The charging supplier was on site every day.",
        *([picture] if picture else []),
        ("#", "What went badly"), "The permit took 28 weeks, and nobody had asked before design freeze.",
        ("#", "Lessons learned"),
        [["Observation", "Recommendation", "Priority"],
         ["The permit came with a condition that moved the cooling units.", "Ask before design freeze.",
          "High"],
         ["Cables were ordered before the survey.", "Survey first, then order.", "Low"]],
        ("##", "Weekly walks of the site"),
        "**Observation:** Walks with the supplier found clashes early.",
        "**Recommendation:** The site manager walks the site with each supplier every week.",
        ("#", "Distribution list"), "The board.",
        title="Closing report: bus depot",
    )  # fmt: skip


def _saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
