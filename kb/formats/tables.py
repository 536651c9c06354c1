"""CSV: a record a row, a field a column; see `kb.formats.cells` for how cells are written."""

from __future__ import annotations

import csv
import difflib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.content import CONTENT
from kb.formats import TABLE_BYTES, BadFile, Fault, LoadOptions, RawRecord, decode, read_bytes, title_key
from kb.formats.cells import FREE, column_order, flatten, read_cell, shape_of
from kb.kinds import KIND_OF_PREFIX
from kb.meta import Meta

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kb.formats.cells import Shape

DEFAULT_KIND = "project"
MAX_COLUMNS = 2_000
_DELIMITERS = {";": ";", "\t": "a tab", "|": "|"}


def read(path: Path, options: LoadOptions, base: str) -> Iterator[RawRecord | Fault]:
    """A record for each row that is not empty. Raises BadFile when the header is wrong."""
    data = read_bytes(path, TABLE_BYTES, "split it")
    text = decode(data, options.encoding)
    if not text.strip():
        raise BadFile(1, "is empty; the first line must name the columns")
    rows = read_rows(text, options.delimiter)
    line, header = next(rows)
    columns = _columns(line, [name.strip() for name in header], options)
    scale = len(data) / len(text)
    offset = 0
    for line, row in rows:
        offset += sum(len(cell) + 1 for cell in row)
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(columns):
            yield wrong_width(line, len(row), len(columns), options.delimiter)
        else:
            yield _Row(columns, row, line, options).record(base, min(len(data), int(offset * scale)))


def wrong_width(line: int, cells: int, columns: int, delimiter: str) -> Fault:
    """What is wrong with a row that has more or fewer cells than the header."""
    found = f"has {cells} cells and the header {columns}"
    return Fault(line, "", f"{found}; a cell with a {delimiter} in it needs quotes")


def read_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it starts on. Cells may hold line breaks."""
    csv.field_size_limit(TABLE_BYTES)  # the file's own limit is enough
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise BadFile(line, f"{_csv_words(error)}; this row and those below were not read") from None
        if row is None:
            return
        yield line, row


def _csv_words(error: csv.Error) -> str:
    text = str(error)
    if "end of data" in text:
        return 'opens a quote " that is never closed'
    if "expected after" in text:
        return 'has text behind a closing quote; write a quote inside quotes twice, as ""'
    return f"is not valid CSV ({text})"


def _columns(line: int, names: list[str], options: LoadOptions) -> list[str]:
    """The checked header. Raises BadFile naming the column."""
    if len(names) > MAX_COLUMNS:
        raise BadFile(line, f"names {len(names)} columns; at most {MAX_COLUMNS} are read")
    kinds = list(CONTENT)
    if "kind" not in names and "id" not in names:
        kinds = [options.kind or DEFAULT_KIND]
    _check_delimiter(line, names, kinds, options.delimiter)
    for number, name in enumerate(names, 1):
        if not name:
            raise BadFile(line, f"column {number} has no name; give it one or remove the column")
        if name in names[: number - 1]:
            raise BadFile(line, "is the name of two columns; keep one", name)
        if not any(shape_of(kind, name) for kind in kinds):
            raise BadFile(line, _unknown(name, kinds), name)
    return names


def _check_delimiter(line: int, names: list[str], kinds: list[str], delimiter: str) -> None:
    def known(parts: list[str]) -> int:
        return sum(any(shape_of(kind, part.strip().strip('"')) for kind in kinds) for part in parts)

    joined = delimiter.join(names)
    for other, words in _DELIMITERS.items():
        if other != delimiter and known(joined.split(other)) > known(names):
            option = "$'\\t'" if other == "\t" else f"'{other}'"
            advice = f"save it with commas or pass --delimiter {option}"
            raise BadFile(line, f"uses {words} as delimiter: {advice}")


def _unknown(name: str, kinds: list[str]) -> str:
    known = {field for kind in kinds for field in (*Meta.model_fields, *CONTENT[kind].model_fields, "kind")}
    close = difflib.get_close_matches(name[:80], sorted(known), n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    free = f"{FREE}.{name[:80]} keeps it as a free attribute" if "project" in kinds else "remove it"
    return f"is not a known column; {meant}{free}"


@dataclass(frozen=True)
class _Row:
    """One row under its header."""

    columns: list[str]
    cells: list[str]
    line: int
    options: LoadOptions

    def record(self, base: str, position: int) -> RawRecord | Fault:
        """The row as a nested record."""
        cells = zip(self.columns, self.cells, strict=True)
        given = {name: cell.strip() for name, cell in cells if cell.strip()}
        of_id = KIND_OF_PREFIX.get(given.get("id", " ")[0])
        kind = given.get("kind") or of_id or self.options.kind or DEFAULT_KIND
        if kind not in CONTENT:
            return Fault(self.line, "kind", f"must be one of {', '.join(CONTENT)}, not {kind[:60]!r}")
        data: dict[str, Any] = {"kind": kind}
        names: dict[str, str] = {}
        hints: dict[str, str] = {}
        for name in sorted(given, key=lambda name: column_order(kind, name)):
            shape = shape_of(kind, name)
            if shape is None:
                return Fault(self.line, name, f"is not a field of a {kind}; empty the cell")
            value = read_cell(given[name], shape)
            path = _place(data, name, value, names)
            if isinstance(value, str) and shape in {"number", "whole"}:
                hints[path] = _number_hint(shape)
        return RawRecord(data, self.line, title_key(base, data), position, hints=hints, names=names)


def _number_hint(shape: Shape) -> str:
    example = "1200.50" if shape == "number" else "1200"
    return f"write {example}, without separators and units"


def _place(data: dict[str, Any], column: str, value: Any, names: dict[str, str]) -> str:
    """Sets the value at the column's path and returns that path.

    A list keeps no gaps: with `baselines.1` empty, `baselines.2` is its first element.
    `names` remembers which column that was.
    """
    first, _, rest = column.partition(".")
    if first == FREE:
        data.setdefault(FREE, {})[rest] = value
        return column
    *groups, last = column.split(".")
    target: Any = data
    path: list[str] = []
    for depth, part in enumerate(groups):
        if part.isdigit():
            prefix = ".".join(groups[: depth + 1])
            seen = [known for known, named in names.items() if named == prefix]
            place = seen[0] if seen else ".".join([*path, str(len(target) + 1)])
            names[place] = prefix
            path = place.split(".")
            if not seen:
                target.append({})
            target = target[int(path[-1]) - 1]
        else:
            path.append(part)
            is_list = depth + 1 < len(groups) and groups[depth + 1].isdigit()
            target = target.setdefault(part, [] if is_list else {})
    target[last] = value
    return ".".join([*path, last])


def write(records: list[dict[str, Any]], kind: str) -> str:
    """A table of flat records of one kind, with the columns that any of them needs."""
    rows = [flatten({name: value for name, value in record.items() if name != "kind"}) for record in records]
    columns = sorted({name for row in rows for name in row}, key=lambda name: column_order(kind, name))
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
