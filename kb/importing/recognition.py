"""What a file is: told by its bytes, and held against its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kb.importing.archives import Archive
from kb.importing.document import Unreadable

if TYPE_CHECKING:
    from kb.importing.document import Form

FORMS: dict[str, Form] = {
    ".docx": "docx", ".pptx": "pptx", ".xlsx": "xlsx", ".pdf": "pdf", ".html": "html", ".htm": "html",
    ".md": "md", ".markdown": "md", ".txt": "md", ".csv": "csv", ".tsv": "csv",
}  # fmt: skip
"""The form of each ending."""
MEDIA: dict[str, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "html": "text/html",
    "md": "text/markdown",
    "csv": "text/csv",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}
WORDS: dict[str, str] = {
    "docx": "a Word document", "pptx": "a PowerPoint presentation", "xlsx": "an Excel workbook",
    "pdf": "a PDF", "html": "a web page", "md": "a text", "csv": "a table",
}  # fmt: skip
TAKEN = ".docx, .pptx, .xlsx, .pdf, .html, .md and .csv"
TEXTS = {"html", "md", "csv"}
MAX_NAME = 200

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NEWER = {".doc": ".docx", ".dot": ".docx", ".ppt": ".pptx", ".pps": ".pptx", ".xls": ".xlsx"}
_FOLDERS: dict[str, Form] = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx"}
_MARKS = (
    (b"{\\rtf", "a Rich Text file: save it as .docx"),
    (b"\x89PNG", "a picture: import the document that it belongs to"),
    (b"\xff\xd8\xff", "a picture: import the document that it belongs to"),
    (b"\x1f\x8b", "a compressed file: unpack it first"),
    (b"7z\xbc\xaf", "a compressed file: unpack it first"),
    (b"Rar!", "a compressed file: unpack it first"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def clean_name(name: str) -> str:
    """A file's name as it is shown: without folders, and in one line."""
    last = re.split(r"[/\\]", name)[-1]
    shown = " ".join("".join(char if char.isprintable() else " " for char in last).split())
    if len(shown) > MAX_NAME:
        stem, dot, ending = shown.rpartition(".")
        shown = f"{stem[: MAX_NAME - 10]}{dot}{ending[:9]}"
    return shown or "document"


def form_of_name(name: str) -> Form | None:
    """The form that the ending states."""
    return FORMS.get(_ending(name))


def recognise(name: str, data: bytes) -> Form:
    """The form of a file. Raises Unreadable for what is none that is read, or not what its name says."""
    if not data.strip():
        raise Unreadable("The file is empty.")
    stated = form_of_name(name)
    if data.startswith(_OLE):
        raise Unreadable(_old_office(name, data))
    if data.startswith(b"PK"):
        found = _of_archive(data)
    elif b"%PDF-" in data[:1024]:
        found = "pdf"
    else:
        _refuse_marks(data)
        if stated in TEXTS:
            return stated
        if stated:
            raise Unreadable(
                f"The file is named {_ending(name)} but is not {WORDS[stated]}, or it is damaged."
            )
        raise Unreadable(f"Files like {clean_name(name)} are not read. Taken are {TAKEN}.")
    if stated != found:
        raise Unreadable(
            f"The file is named {_ending(name) or 'without ending'} but is {WORDS[found]}: "
            f"name it .{found} if you know where it comes from."
        )
    return found


def _ending(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def _of_archive(data: bytes) -> Form:
    names = Archive(data).names
    for folder, form in _FOLDERS.items():
        if any(name.startswith(folder) for name in names):
            return form
    if "mimetype" in names and "content.xml" in names:
        raise Unreadable("The file is an OpenDocument file: save it as .docx, .pptx or .xlsx.")
    raise Unreadable(f"The file is an archive, not a document. Unpack it first; taken are {TAKEN}.")


def _old_office(name: str, data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "The file is protected by a password: save it without one."
    newer = _NEWER.get(_ending(name), ".docx, .pptx or .xlsx")
    return f"The file is of Office 2003 or older: open it and save it as {newer}."


def _refuse_marks(data: bytes) -> None:
    for mark, words in _MARKS:
        if data.startswith(mark):
            raise Unreadable(f"The file is {words}.")
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")) and _CONTROLS.search(data[:100_000]):
        raise Unreadable(f"The file is neither text nor a document that is read here. Taken are {TAKEN}.")
