"""Files that are broken, or mean harm, by name: what is expected of reading each is said beside it."""

from __future__ import annotations

import io
import random
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from tests.office_files import changed, docx, packed, paragraph, pdf, png, pptx, word, xlsx

if TYPE_CHECKING:
    from collections.abc import Callable

READ = ""
"""Expected: the file is read after all."""
ANY = ".+"
"""Expected: it is read, or refused in any words."""
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
ELSEWHERE = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    '{kind}" Target="{target}" TargetMode="External"/></Relationships>'
)
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PDF = ((20, "Lessons"), (11, "The permit came late."))


def bomb(size: int) -> bytes:
    """A Word document of half a megabyte that unpacks to so many bytes of text."""
    return word(paragraph("A" * 50 + " ") * (size // 100))


def tenfold() -> bytes:
    """A Word document within all limits of unpacking: its text is 40 MB all the same."""
    chance = random.Random(1)
    words = [f"{chance.randrange(10**9):x}" for _ in range(40_000)]
    text = "".join(paragraph(" ".join(chance.choices(words, k=12))) for _ in range(400_000))
    return word(text)


def lying() -> bytes:
    """An archive that says its largest file has 100 bytes."""
    data = bytearray(changed(docx("x"), {"word/media/a.png": b"\0" * 5_000_000}))
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.find(mark)
        while at >= 0:
            if struct.unpack_from("<I", data, at + place)[0] == 5_000_000:
                struct.pack_into("<I", data, at + place, 100)
            at = data.find(mark, at + 1)
    return bytes(data)


def linking() -> bytes:
    """An archive with a link to a file outside of it."""
    out = io.BytesIO(docx("x"))
    with zipfile.ZipFile(out, "a") as file:
        link = zipfile.ZipInfo("word/media/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    return out.getvalue()


def locked() -> bytes:
    """A Word document whose members say that they are encrypted."""
    data = bytearray(docx("x"))
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = data.find(mark)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(mark, at + 1)
    return bytes(data)


def outside(kind: str, target: str) -> bytes:
    """A Word document that wants another file or machine to be read."""
    relations = ELSEWHERE.format(kind=kind, target=target)
    return changed(docx("Nothing else."), {"word/_rels/document.xml.rels": relations})


def chunk(kind: bytes, body: bytes) -> bytes:
    """A part of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def huge_picture() -> bytes:
    """A picture of 30,000 times 30,000 points in a few kilobytes."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1_000))
        + chunk(b"IEND", b"")
    )


def with_picture(data: bytes) -> bytes:
    """A Word document whose picture is this."""
    made = docx("Before.", png())
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        name = next(name for name in file.namelist() if "media/" in name)
    return changed(made, {name: data})


def flipped(data: bytes, seed: int) -> bytes:
    """The file with twenty bytes changed."""
    chance, broken = random.Random(seed), bytearray(data)
    for _ in range(20):
        broken[chance.randrange(len(broken))] = chance.randrange(256)
    return bytes(broken)


HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("a.docx", lambda: b"", "is empty"),
    "blanks": ("a.md", lambda: b" \n \n", "is empty"),
    "archive of nothing": ("a.docx", lambda: packed({}), "not a document"),
    "Word without text": ("a.docx", docx, "holds no text"),
    "cut Word": ("a.docx", lambda: docx("x" * 5_000)[:9_000], "damaged or cut off"),
    "cut PDF": ("a.pdf", lambda: pdf(PDF)[:200], "damaged or cut off"),
    "cut Excel": ("a.xlsx", lambda: xlsx(A=[["a", "b"], [1, 2]])[:-300], "damaged or cut off"),
    "PDF without pages": ("a.pdf", pdf, "no pages|damaged"),
    "locked Word": ("a.docx", locked, "protected by a password"),
    "locked Office": ("a.docx", lambda: OLE + "EncryptedPackage".encode("utf-16-le"), "by a password"),
    "old Word": ("a.doc", lambda: OLE + b"\0" * 600, "2003 or older.*docx"),
    "locked PDF": ("a.pdf", lambda: pdf(PDF, encrypted=True), "protected by a password"),
    "scanned PDF": ("a.pdf", lambda: pdf((), (), images=True), "OCR"),
    "half a megabyte that unpacks to 200 MB": ("a.docx", lambda: bomb(200_000_000), "unpacks to"),
    "archive of 2 GB": ("a.docx", lambda: packed({"word/a.xml": b"0" * 201_000_000}), "unpacks to 201 MB"),
    "many files": ("a.docx", lambda: packed({f"word/{n}.xml": b"" for n in range(10_001)}), "10,001 files"),
    "sizes that lie": ("a.docx", lying, ANY),
    "path upwards": ("a.docx", lambda: changed(docx("x"), {"word/../../evil.xml": "x"}), "points outside"),
    "absolute path": ("a.docx", lambda: changed(docx("x"), {"/etc/evil.xml": "x"}), "points outside"),
    "link": ("a.docx", linking, "points outside"),
    "entities that multiply": ("a.docx", lambda: word(paragraph("&j;"), ENTITIES), "declares entities"),
    "entity of a file": ("a.docx", lambda: word(paragraph("&a;"), OUTSIDE), "declares entities"),
    "entity in UTF-16": ("a.docx", lambda: changed(docx("x"), {
        "word/document.xml": f'<?xml version="1.0" encoding="UTF-16"?>{OUTSIDE}<x>&a;</x>'.encode("utf-16")}),
        "declares entities"),
    "entities in Excel": ("a.xlsx", lambda: changed(xlsx(A=[["a", "b"], ["c", "d"]]), {
        "xl/sharedStrings.xml": f"{ENTITIES}<sst><si><t>&j;</t></si></sst>"}), "declares entities"),
    "template from elsewhere": ("a.docx", lambda: outside("attachedTemplate", "http://127.0.0.1:1/x"), ANY),
    "picture from elsewhere": ("a.html", lambda: b"<p>Seen.<img src='http://127.0.0.1:1/x.png'></p>", READ),
    "picture of this machine": ("a.html", lambda: b"<p>Seen.<img src='file:///etc/passwd'></p>", READ),
    "scripts": ("a.html", lambda: b"<p>Seen.<script>alert(1)</script><svg onload=alert(1)></svg></p>", READ),
    "deep web page": ("a.html", lambda: b"<div>" * 50_000 + b"x", "more memory|too deep|longer|damaged"),
    "deep Word": ("a.docx", lambda: word("<w:sdt><w:sdtContent>" * 20_000 + paragraph("x")
                                         + "</w:sdtContent></w:sdt>" * 20_000), ANY),
    "deep Markdown": ("a.md", lambda: b"[" * 50_000 + b"x" + b"\n" + b"> " * 5_000, READ),
    "web page that is a picture": ("a.html", png, "is a picture"),
    "PDF named Word": ("a.docx", lambda: pdf(PDF), "name it .pdf"),
    "Word named PDF": ("a.pdf", lambda: docx("x"), "name it .docx"),
    "Word named Excel": ("a.xlsx", lambda: docx("x"), "name it .docx"),
    "text named Word": ("a.docx", lambda: b"Just text.", "not a Word document"),
    "program named text": ("a.md", lambda: b"\x7fELF\x02" + b"\0" * 100, "a program"),
    "bytes named table": ("a.csv", lambda: bytes(range(256)) * 10, "neither text"),
    "archive": ("a.zip", lambda: packed({"a.txt": "x"}), "is an archive"),
    "OpenDocument": ("a.odt", lambda: packed({"mimetype": "x", "content.xml": "<x/>"}), "OpenDocument"),
    "Rich Text": ("a.rtf", lambda: b"{\\rtf1 x}", "Rich Text"),
    "nameless": ("", lambda: b"Just text.", "are not read"),
    "huge picture": ("a.docx", lambda: with_picture(huge_picture()), READ),
    "picture that is a script": ("a.docx", lambda: with_picture(b"<svg onload='alert(1)'/>"), READ),
    "last row of a sheet": ("a.xlsx", lambda: changed(xlsx(A=[["a", "b"], ["c", "d"]]), {
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}">'
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
        "</sheetData></worksheet>"}), ANY),
    "Excel without sheets": ("a.xlsx", lambda: packed({"xl/workbook.xml": "<x/>"}), "damaged"),
    "PowerPoint without slides": ("a.pptx", pptx, "holds no text|damaged"),
    "table of one cell": ("a.csv", lambda: b"x", "no table"),
    "table with an open quotation": ("a.csv", lambda: b'a,b\n"' + b"x" * 2_000_000, "cannot be read"),
    "Word with flipped bytes": ("a.docx", lambda: flipped(docx("Text.", png()), 1), ANY),
    "PDF with flipped bytes": ("a.pdf", lambda: flipped(pdf(PDF), 2), ANY),
    "PowerPoint with flipped bytes": ("a.pptx", lambda: flipped(pptx(("A", "b")), 3), ANY),
}  # fmt: skip
"""Name -> (file's name, what makes it, a pattern of what is said of it)."""
SLOW: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "text of 40 MB": ("a.docx", tenfold, ANY),
    "deep list": ("a.html", lambda: b"<ul><li>" * 3_000 + b"x", "longer than 60 seconds"),
    "a page of one line": ("a.html", lambda: b"<b>" * 1_000_000, ANY),
}
"""Those that take long to make and to read: only rough treatment does."""
