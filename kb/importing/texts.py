"""Text files: their encoding, Markdown by its headings, and tables with commas."""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import TYPE_CHECKING

from kb.importing.document import Document, Section, Table, Unreadable
from kb.importing.pictures import Pictures

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ROWS = 20_000
MAX_COLUMNS = 100
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_IMAGE = re.compile(r"!\[([^\[\]]*)\]\(\s*<?([^()\s<>]*)>?[^()]*\)")
_FRONT_MATTER = re.compile(r"---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_TABLE_RULE = re.compile(r"(?=[^-]*-)(?=[^|]*\|)[ \t:|-]+$")
_DELIMITERS = ",;\t|"


def decoded(data: bytes, stated: str = "") -> str:
    """The text of a file: by its mark, as it states, as UTF-8, or as Windows' text. Raises Unreadable."""
    if data.startswith(codecs.BOM_UTF8):
        return _with("utf-8-sig", data) or _refuse()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _with("utf-16", data) or _refuse()
    for encoding in filter(None, ("utf-8", stated, "cp1252")):
        if (text := _with(encoding, data)) is not None:
            return text
    return _refuse()


def _with(encoding: str, data: bytes) -> str | None:
    try:
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (UnicodeError, LookupError, ValueError):
        return None


def _refuse() -> str:
    raise Unreadable("The text is in an encoding that is not known here: save it as UTF-8.")


def read_markdown(data: bytes) -> Document:
    """A Markdown or text file. Raises Unreadable."""
    text, pictures, notices = decoded(data), Pictures(), []
    if match := _FRONT_MATTER.match(text):
        text = text[match.end() :]
        notices.append("What stood before the text, between lines of dashes, was left out.")

    def replace(match: re.Match[str]) -> str:
        kept = pictures.add_address(match[2])
        return f"![{match[1]}]({kept})" if kept else match[1]

    sections = _sections(_IMAGE.sub(replace, text))
    found = [part for section in sections for part in _with_tables(section) if part.heading or part.text]
    return Document("md", "", found, notices=notices + pictures.notices(), pictures=pictures.kept)


def _sections(text: str) -> list[Section]:
    found: list[tuple[str, int, list[str]]] = [("", 0, [])]
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        heading = None if fence else _HEADING.match(line)
        lines = found[-1][2]
        rule = None if fence else _UNDERLINE.match(line)
        if heading:
            found.append((heading[2], len(heading[1]), []))
        elif rule and lines and lines[-1].strip() and (len(lines) == 1 or not lines[-2].strip()):
            found.append((lines.pop().strip(), 1 if rule[1][0] == "=" else 2, []))
        else:
            lines.append(line)
    return [Section(heading, level, "", "\n".join(lines).strip()) for heading, level, lines in found]


def _with_tables(section: Section) -> Iterator[Section]:
    """The section, cut where tables stand in its text: each is one of its own."""
    lines, kept, level = section.text.split("\n"), list[str](), section.level
    at = 0
    while at < len(lines):
        end = _end_of_table(lines, at)
        if end - at < 3:
            kept.append(lines[at])
            at += 1
            continue
        if level or any(kept):
            yield Section(section.heading, level, "", "\n".join(kept).strip())
        rows = [_cells(line) for line in (lines[at], *lines[at + 2 : end])]
        even = [(row + [""] * len(rows[0]))[: len(rows[0])] for row in rows]
        yield Section(section.heading, 0, "", table=Table(even[0], even[1:]))
        at, kept, level = end, [], 0
    if level or any(line.strip() for line in kept):
        yield Section(section.heading, level, "", "\n".join(kept).strip())


def _end_of_table(lines: list[str], at: int) -> int:
    """Where the table ends that begins in this line; here, where none does."""
    if at + 1 >= len(lines) or "|" not in lines[at] or not _TABLE_RULE.match(lines[at + 1]):
        return at
    end = at + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    return end


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", inner)]


def read_table(data: bytes) -> Document:
    """A .csv file: one table. Raises Unreadable."""
    text = decoded(data).replace("\x00", "")
    csv.field_size_limit(1_000_000)
    try:
        rows = [
            [cell.strip() for cell in row]
            for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text))
        ]
    except csv.Error as error:
        raise Unreadable(f"The table cannot be read: {error}.") from None
    return table_document("csv", [("", rows)])


def _delimiter(text: str) -> str:
    """What stands most often in the first line that says anything."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return max(_DELIMITERS, key=first.count)


def table_document(form: str, sheets: list[tuple[str, list[list[str]]]]) -> Document:
    """A document of the tables that (sheet, rows) hold. Raises Unreadable when they hold none."""
    document = Document("csv" if form == "csv" else "xlsx")
    for name, rows in sheets:
        filled = [row[:MAX_COLUMNS] for row in rows if any(row)]
        if any(any(row[MAX_COLUMNS:]) for row in rows):
            document.notices.append(f"Columns after the {MAX_COLUMNS}th were left out.")
        if len(filled) > MAX_ROWS:
            document.notices.append(f"Rows after the {MAX_ROWS:,}th were left out.")
        place = f"sheet {name}" if name else ""
        section = _table_section(filled[:MAX_ROWS], name, place)
        if section is not None:
            document.sections.append(section)
    if not document.sections:
        raise Unreadable("The file holds no table with a line of headings and a row below it.")
    return document


def _table_section(rows: list[list[str]], heading: str, place: str) -> Section | None:
    """The table, from the first row in which half the columns are named."""
    width = max((len(row) for row in rows), default=0)
    start = next((at for at, row in enumerate(rows) if 2 * sum(map(bool, row)) >= min(width, 4)), 0)
    before, table = rows[:start], rows[start:]
    if len(table) < 2:
        return None
    even = [row + [""] * (width - len(row)) for row in table]
    used = [place for place in range(width) if any(row[place] for row in even)]
    even = [[row[place] for place in used] for row in even]
    said = "\n\n".join(" ".join(filter(None, row)) for row in before)
    header = [cell or f"Column {place + 1}" for place, cell in enumerate(even[0])]
    return Section(heading, 1 if heading else 0, place, said, Table(header, even[1:]))
