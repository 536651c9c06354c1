"""One entry as a Markdown file: front matter between `---` lines, then the body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb.formats import RECORD_BYTES, BadFile, Fault, LoadOptions, RawRecord, decode, read_bytes, without_nulls
from kb.formats.frontmatter import FrontMatter, dump

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FENCE = "---"


def read(path: Path, options: LoadOptions, base: str) -> Iterator[RawRecord | Fault]:
    """The one record of the file; `base` is its key. Raises BadFile."""
    data = read_bytes(path, RECORD_BYTES, "split it into several entries")
    front, body, body_line = _split(decode(data, options.encoding))
    matter = FrontMatter(front, first_line=2)
    if "body" in matter.data:
        raise BadFile(matter.lines["body"], "belongs under the front matter, not inside it", "body")
    yield RawRecord(
        data=without_nulls(matter.data) | {"body": body},
        line=1,
        key=base,
        position=len(data),
        lines=matter.lines | {"body": body_line},
        hints=matter.hints,
    )


def has_front_matter(path: Path) -> bool:
    """Whether the file starts as an entry does."""
    with path.open("rb") as file:
        return file.readline(16).removeprefix(b"\xef\xbb\xbf").rstrip() == FENCE.encode()


def write(record: dict[str, Any]) -> str:
    """The text of the file for a flat record; `read` of it gives the record again."""
    front = {name: value for name, value in record.items() if name != "body"}
    body = record.get("body", "")
    return f"{FENCE}\n{dump(front)}{FENCE}\n" + (f"\n{body}\n" if body else "")


def _split(text: str) -> tuple[str, str, int]:
    """Front matter, body, and the line on which the body starts."""
    lines = text.split("\n")
    if not text.strip():
        raise BadFile(1, "is empty; write the front matter and the text, or delete the file")
    if lines[0].rstrip() != FENCE:
        raise BadFile(1, "must start with a line --- that opens the front matter (id, kind, title ...)")
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == FENCE:
            return "\n".join(lines[1:number]) + "\n", "\n".join(lines[number + 1 :]), number + 2
    raise BadFile(1, "opens front matter that is never closed; add a line --- before the text")
