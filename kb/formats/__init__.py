"""File formats of records. A reader yields each record as the file states it, or what is wrong with it."""

from __future__ import annotations

import codecs
import hashlib
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from kb.content import CONTENT
from kb.errors import KbError
from kb.text import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kb.validation import Problem

FORMATS = {
    "markdown": (".md", ".markdown"),
    "jsonl": (".jsonl", ".ndjson"),
    "csv": (".csv",),
    "llis": (".jsonl",),
}
"""Suffixes of each format. A suffix stands for the first format that has it."""

MARKER = "precedent-export.json"
"""File that says a folder is an export, and of which layout."""
LAYOUT = 1
HISTORY = "history"

RECORD_BYTES = 5_000_000
"""A Markdown file or a line of JSON that is larger than this is refused unread."""
TABLE_BYTES = 200_000_000

_HINTED = ("must be text", "must be one of", "must be a number", "must be a whole number")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file or a record in it. `field` is empty where no field is to blame."""

    line: int | None
    field: str
    message: str


class BadFile(KbError):
    """A file, or a record in it, that cannot be read at all."""

    def __init__(self, line: int | None, message: str, name: str = "") -> None:
        super().__init__(message)
        self.fault = Fault(line, name, message)


@dataclass(frozen=True)
class RawRecord:
    """A record as a file states it, not yet checked."""

    data: dict[str, Any]
    line: int
    key: str
    """The record's identity where it states neither `id` nor `key`."""
    position: int = 0
    """Bytes of the file that are read up to the end of this record."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Line of each field, by dotted path."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """What more to say of a field, by dotted path, if its type is wrong."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the file calls a field, where it has names of its own."""
    notices: tuple[str, ...] = ()

    def fault(self, problem: Problem) -> Fault:
        """The problem with its line and what the reader knows of the field."""
        message, hint = problem.message, self.hints.get(problem.field)
        if hint and message.startswith(_HINTED):
            message = f"{message}; {hint}"
        line = self.lines.get(_longest_prefix(problem.field, self.lines), self.line)
        known = _longest_prefix(problem.field, self.names)
        return Fault(line, self.names.get(known, "") + problem.field[len(known) :], message)


def _longest_prefix(path: str, known: Mapping[str, object]) -> str:
    while path and path not in known:
        path = path.rpartition(".")[0]
    return path


@dataclass(frozen=True)
class LoadOptions:
    """How to read. Raises KbError for an option that makes no sense."""

    format: str | None = None
    """One of FORMATS, instead of what the suffix says."""
    kind: str | None = None
    """Kind of the records that state none."""
    delimiter: str = ","
    encoding: str = "utf-8"
    dry_run: bool = False

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in FORMATS:
            raise KbError(f"{self.format!r} is not a format. Formats: {', '.join(FORMATS)}.")
        if self.kind is not None and self.kind not in CONTENT:
            raise KbError(f"{self.kind!r} is not a kind of record. Kinds: {', '.join(CONTENT)}.")
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n\0':
            raise KbError("The delimiter must be one character, such as ; or a tab.")
        try:
            "a".encode(codecs.lookup(self.encoding).name)
        except (LookupError, ValueError):
            raise KbError(f"{self.encoding!r} is not an encoding. Examples: utf-8, cp1252.") from None


class Reader(Protocol):
    """Reads one file. May raise BadFile when nothing more can be read from it."""

    def __call__(self, path: Path, options: LoadOptions, base: str) -> Iterator[RawRecord | Fault]:
        """Records and faults in the order of the file. `base` is what keys of records start with."""


def title_key(base: str, data: Mapping[str, Any]) -> str:
    """An identity for a record that states none: its title, in this file. It survives other edits."""
    title = unicodedata.normalize("NFC", " ".join(str(data.get("title", "")).split()))
    digest = hashlib.sha256(f"{data.get('kind', '')}\n{title}".encode("utf-8", "replace")).hexdigest()
    return f"{base}:{digest[:16]}"


def path_key(relative: str) -> str:
    """An identity for the one record of a file that states none: where the file stands."""
    if len(relative) > MAX_LINE - 3 or not relative.isprintable():
        relative = hashlib.sha256(relative.encode()).hexdigest()
    return f"md:{relative}"


def without_nulls(value: Any) -> Any:
    """`value` without the names whose value is null: an empty value is one not given."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def read_bytes(path: Path, limit: int, advice: str) -> bytes:
    """The whole file. Raises BadFile, without reading it whole, when it is larger than `limit`."""
    try:
        size = path.stat().st_size
        if size > limit:
            found = f"is {size / 1e6:.1f} MB; the limit is {limit / 1e6:.0f} MB: {advice}"
            raise BadFile(None, found)
        return path.read_bytes()
    except OSError as error:
        raise BadFile(None, f"cannot be read: {error.strerror}") from None


def decode(data: bytes, encoding: str, first_line: int = 1) -> str:
    """Text with unified line ends. Raises BadFile naming byte and line, and what to do."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and "16" not in encoding:
        raise BadFile(first_line, "is UTF-16; save it as UTF-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + first_line
        raise BadFile(line, _not_decoded(data, error)) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _not_decoded(data: bytes, error: UnicodeDecodeError) -> str:
    start = data.rfind(b"\n", 0, error.start) + 1
    found = f"byte {error.start - start + 1} of the line, 0x{data[error.start]:02X}, is not {error.encoding}"
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return f"{found}; save the file as UTF-8"
    return f"{found}; the file looks like Windows text: save it as UTF-8, or pass --encoding cp1252"
