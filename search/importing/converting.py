"""The rows of a table as project records, by its mapping: each whole, or with what is wrong with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kb.formats import Fault, RawRecord
from kb.hindsight import DESCRIBING
from search.estimates.columns import kind_of
from search.importing.mapping import ATTRIBUTE, LEAVE_OUT, check_columns
from search.importing.reading import read_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from search.estimates.tables import Table
    from search.importing.mapping import Column, ColumnMapping
    from search.importing.reading import Values

KEY_LENGTH = 280
TELLING = {ATTRIBUTE, "type", "sector", "region", "methods", "size", "complexity", "novelty"}
"""What tells projects apart before they start."""


@dataclass
class Conversion:
    """What becomes of the rows."""

    rows: list[RawRecord | list[Fault]]
    """One a row of the table: its record, or every fault of it."""
    notices: list[str] = field(default_factory=list)

    @property
    def records(self) -> list[RawRecord]:
        """The rows that can be loaded."""
        return [row for row in self.rows if isinstance(row, RawRecord)]

    def found(self) -> Iterator[RawRecord | Fault]:
        """Records, and in the place of a row that is wrong its faults."""
        for row in self.rows:
            if isinstance(row, RawRecord):
                yield row
            else:
                yield from row


def convert(table: Table, mapping: ColumnMapping) -> Conversion:
    """Every row as a record, or its faults. Raises InvalidRecord where columns are missing or unknown, and
    Ambiguous for what `questions` asks about.
    """
    check_columns(mapping, table.columns)
    used = [each for each in mapping.columns if each.to != LEAVE_OUT]
    values = {
        each.column: read_column(
            table.cells(each.column), each, mapping,
            is_number=kind_of(each.column, table.cells(each.column)) in {"number", "constant", "id"},
        )
        for each in used
    }  # fmt: skip
    for each in mapping.of("key"):
        values[each.column].faults.update(_taken(table, each.column))
    keys, notices = _keys(table, mapping)
    rows = [_row(table, mapping, values, row, key) for row, key in enumerate(keys) if key]
    return Conversion(rows, [*notices, *_repeated(table, mapping), *_saying_little(table, mapping)])


def _row(
    table: Table, mapping: ColumnMapping, values: dict[str, Values], row: int, key: str
) -> RawRecord | list[Fault]:
    line = table.lines[row]
    faults = [
        Fault(line, column, found.faults[row]) for column, found in values.items() if row in found.faults
    ]
    if faults:
        return faults
    record = _Record(mapping)
    for each in mapping.columns:
        value = values[each.column].values[row] if each.column in values else None
        if value is not None:
            record.take(each, value)
    data = record.finished(key)
    return RawRecord(data, line, key, row + 1, names=record.names)


class _Record:
    """One record in the making."""

    def __init__(self, mapping: ColumnMapping) -> None:
        self.mapping = mapping
        self.names: dict[str, str] = {}
        """Columns, by the path of the field that they became."""
        self._data: dict[str, Any] = {
            "kind": "project",
            **{
                name: getattr(mapping, name)
                for name in ("currency", "price_year", "size_unit", "type", "sector", "region", "source")
                if getattr(mapping, name)
            },
        }
        self._after: list[str] = []

    def take(self, column: Column, value: Any) -> None:
        """Puts the value of a column in its place."""
        first, _, rest = column.to.partition(".")
        path = column.to
        if column.to == ATTRIBUTE:
            self._data.setdefault("attributes", {})[column.attribute] = value
            path = f"attributes.{column.attribute}"
        elif first == "actuals":
            self._data.setdefault("actuals", {})[rest] = value
        elif first == "baseline":
            path = f"baselines.{self._stage(column.stage, rest, value)}.{rest}"
        elif column.to == "body" and "body" in self._data:
            self._data["body"] += f"\n\n**{column.column}.** {value}"
        elif column.to == "tags":
            self._data.setdefault("tags", []).extend(value)
        else:
            self._data[column.to] = value
        self.names[path] = column.column
        if column.known_after and column.to in {ATTRIBUTE, *DESCRIBING}:
            self._after.append(column.attribute if column.to == ATTRIBUTE else column.to)

    def _stage(self, stage: str, name: str, value: Any) -> int:
        """Place of the plan of a stage, counted from 1."""
        plans = self._data.setdefault("baselines", [])
        place = next((place for place, plan in enumerate(plans) if plan["stage"] == stage), len(plans))
        if place == len(plans):
            plans.append({"stage": stage})
        plans[place][name] = value
        return place + 1

    def finished(self, key: str) -> dict[str, Any]:
        """The record's data, with a title where the table has none."""
        data = self._data
        ident = data.pop("key", "")
        data["title"] = data.get("title") or f"{self.mapping.name} {ident or key.rpartition(':')[2][:8]}"
        data["key"] = key
        if self.mapping.visibility != "public":
            data["visibility"] = self.mapping.visibility
        if self._after:
            data["known_after"] = self._after
        # A plan that says nothing but its stage is none.
        plans = [plan for plan in data.pop("baselines", []) if set(plan) - {"stage", "on"}]
        return data | ({"baselines": plans} if plans else {})


def _keys(table: Table, mapping: ColumnMapping) -> tuple[list[str], list[str]]:
    """The identity of each row in this source, empty for one that is left out; and what to say of that.

    The id where there is one; else the title where no two rows have the same; else all that is mapped.
    """
    by = mapping.of("key")
    rows = range(len(table.rows))
    if by:
        cells = table.cells(by[0].column)
        parts = [cells[row] or _hashed(table, mapping, row) for row in rows]
        return [_key(mapping, part) for part in parts], []
    titles = [table.cells(each.column) for each in mapping.of("title")]
    if titles and all(titles[0]) and len(set(titles[0])) == len(titles[0]):
        return [_key(mapping, _digest(title)) for title in titles[0]], []
    seen: dict[str, int] = {}
    keys, repeated = [], []
    for row in rows:
        part = _hashed(table, mapping, row)
        first = seen.setdefault(part, table.lines[row])
        is_new = first == table.lines[row]
        keys.append(_key(mapping, part) if is_new else "")
        repeated += [] if is_new else [f"{table.lines[row]} as {first}"]
    said = (
        f"{len(repeated)} rows are left out: no id tells them from others that say the same (line "
        f"{_few(repeated)})."
    )
    told = "No column is mapped to the id, so a row that changes in the file becomes a new project."
    return keys, [told, *([said] if repeated else [])]


def _key(mapping: ColumnMapping, part: str) -> str:
    key = f"{mapping.name}:{part}"
    return key if len(key) <= KEY_LENGTH and key.isprintable() else f"{mapping.name}:{_digest(part)}"


def _hashed(table: Table, mapping: ColumnMapping, row: int) -> str:
    used = [table.columns.index(each.column) for each in mapping.columns if each.to != LEAVE_OUT]
    return _digest("\0".join(table.rows[row][place] for place in used))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _repeated(table: Table, mapping: ColumnMapping) -> list[str]:
    """Rows that repeat others in everything but the id."""
    by = mapping.of("key")
    if not by:
        return []
    place = table.columns.index(by[0].column)
    seen: dict[tuple[str, ...], int] = {}
    same = []
    for line, row in zip(table.lines, table.rows, strict=True):
        first = seen.setdefault((*row[:place], *row[place + 1 :]), line)
        same += [f"{line} repeats {first}"] if first != line else []
    return [f"{len(same)} rows repeat others in everything but their id (line {_few(same)})."] if same else []


def _saying_little(table: Table, mapping: ColumnMapping) -> Iterator[str]:
    """What will keep estimates from learning much, in sentences."""
    if len(table.rows) < 2:
        return
    telling = [each for each in mapping.columns if each.to in TELLING]
    for each in [*telling, *(each for each in mapping.columns if each.to.startswith("actuals."))]:
        cells = set(table.cells(each.column))
        if len(cells) == 1 and "" not in cells:
            does = "tells no project apart" if each in telling else "leaves nothing to estimate from it"
            yield f"{each.column} has one value in all rows: it {does}."
    if len(table.rows) < len(telling):
        yield (
            f"There are {len(table.rows)} rows and {len(telling)} columns to tell projects apart: leave out "
            "those that say little."
        )


def _taken(table: Table, column: str) -> dict[int, str]:
    """What is wrong with rows whose id an earlier row has."""
    seen: dict[str, int] = {}
    found = {}
    for row, cell in enumerate(table.cells(column)):
        first = seen.setdefault(cell, table.lines[row])
        if cell and first != table.lines[row]:
            found[row] = f"{cell} is the id of line {first} already; an id belongs to one project"
    return found


def _few(items: list[str]) -> str:
    return ", ".join(items[:5]) + (f" and {len(items) - 5} more" if len(items) > 5 else "")
