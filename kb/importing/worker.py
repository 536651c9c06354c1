"""The process that reads one document: `python -m kb.importing.worker NAME`.

The document comes on standard input; what it becomes goes to standard output. A document that cannot be
taken is a sentence on standard error, and status REFUSED.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kb.importing.document import PICTURE, Document, Part, Unreadable
from kb.importing.recognition import recognise

if TYPE_CHECKING:
    from collections.abc import Callable

REFUSED = 3
MAX_CHARACTERS = 5_000_000
MAX_SECTIONS = 2_000
TOO_LARGE = "The document needs more memory than reading one may take: split it, and import the parts."


def main() -> None:
    """Reads, and ends the process."""
    try:
        document = read(sys.argv[1], sys.stdin.buffer.read())
        sys.stdout.buffer.write(document.to_bytes())
    except Unreadable as error:
        _refuse(str(error))
    except MemoryError:
        _refuse(TOO_LARGE)
    except RecursionError:
        _refuse("The document is nested too deep to be read.")


def read(name: str, data: bytes) -> Document:
    """The document. Raises Unreadable, and whatever a library fails with."""
    document = _reader(recognise(name, data))(data)
    sections = document.sections
    if not any(section.text or section.table or section.heading for section in sections):
        raise Unreadable("The document holds no text.")
    if len(sections) > MAX_SECTIONS:
        raise Unreadable(
            f"The document has {len(sections):,} sections; at most {MAX_SECTIONS:,} are read. Split it."
        )
    if sum(len(section.text) for section in sections) > MAX_CHARACTERS:
        raise Unreadable(
            f"The document holds more than {MAX_CHARACTERS:,} characters. Split it, and import the parts."
        )
    if not document.parts:
        document.parts = list(_parts(document))
    return document


def _reader(form: str) -> Callable[[bytes], Document]:
    """What reads a form; the others' libraries are not even loaded."""
    match form:
        case "docx" | "pptx" | "html":
            from kb.importing import office

            return {"docx": office.read_word, "pptx": office.read_slides, "html": office.read_page}[form]
        case "xlsx":
            from kb.importing.sheets import read_workbook

            return read_workbook
        case "pdf":
            from kb.importing.pdf import read_pdf

            return read_pdf
        case _:
            from kb.importing import texts

            return texts.read_table if form == "csv" else texts.read_markdown


def _parts(document: Document) -> list[Part]:
    """The text of each slide or sheet; where there are none, under each heading."""
    from kb.markup import plain_text

    found: dict[str, list[str]] = {}
    for section in document.sections:
        texts = found.setdefault(section.place or section.heading, [])
        if section.place and section.heading and section.heading not in texts:
            texts.append(section.heading)
        texts.append(plain_text(_without_pictures(section.text)))
        if section.table:
            lines = [section.table.header, *section.table.rows]
            texts += [" · ".join(plain_text(cell) for cell in line if cell) for line in lines]
    joined = {place: "\n".join(filter(None, texts)) for place, texts in found.items()}
    return [Part(place, text) for place, text in joined.items() if text]


def _without_pictures(text: str) -> str:
    return text.replace(f"]({PICTURE}", "](/")


def _refuse(words: str) -> None:
    sys.stderr.write(words)
    sys.exit(REFUSED)


if __name__ == "__main__":
    main()
