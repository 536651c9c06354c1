"""What a document becomes once it is read: sections, tables, pictures, and what each page says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from kb.errors import KbError

Form = Literal["docx", "pptx", "xlsx", "pdf", "html", "md", "csv"]
PictureType = Literal["png", "jpeg", "webp"]
PICTURE = "picture:"
"""What stands in a text instead of a picture's address, with its number: `![words](picture:0)`."""


class Unreadable(KbError):
    """A document that cannot be taken, in words that say why and what to do."""


@dataclass(frozen=True)
class Table:
    """A table; every row is as wide as the header."""

    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it as Markdown; of a section with tables, each is one of its own."""

    heading: str
    level: int
    """Of the heading, from 1; 0 where there is none, or the section only goes on below it."""
    place: str
    """Where it begins, in words: `page 3`, `slide 2`, `sheet Risks`. Empty where there are no pages."""
    text: str = ""
    table: Table | None = None


@dataclass(frozen=True)
class Picture:
    """A picture that was encoded anew; nothing of the file it came from is left."""

    type: PictureType
    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Part:
    """What stands on one page, slide or sheet, or under one heading, as plain text."""

    place: str
    text: str


@dataclass
class Document:
    """A document that was read."""

    form: Form
    title: str = ""
    sections: list[Section] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    """What was left out, in sentences."""
    pictures: list[Picture] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        """A line of JSON, then the pictures one after the other."""
        said = {name: value for name, value in vars(self).items() if name != "pictures"}
        said["sections"] = [asdict(each) for each in self.sections]
        said["parts"] = [asdict(each) for each in self.parts]
        said["pictures"] = [[each.type, len(each.data)] for each in self.pictures]
        # JSON has ASCII only, so that half characters come through to be refused by name.
        return b"\n".join([json.dumps(said).encode(), b"".join(each.data for each in self.pictures)])

    @classmethod
    def from_bytes(cls, data: bytes) -> Document:
        """What `to_bytes` wrote. Raises ValueError for anything else."""
        line, _, rest = data.partition(b"\n")
        try:
            said: dict[str, Any] = json.loads(line)
            pictures, start = [], 0
            for kind, size in said.pop("pictures"):
                pictures.append(Picture(kind, rest[start : start + size]))
                start += size
            sections = [_section(each) for each in said.pop("sections")]
            parts = [Part(**each) for each in said.pop("parts")]
            return cls(**said, sections=sections, parts=parts, pictures=pictures)
        except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a converted document: {error}") from None


def _section(said: dict[str, Any]) -> Section:
    table = said.pop("table")
    return Section(**said, table=Table(**table) if table else None)
