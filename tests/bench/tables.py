"""Measurements as tables: aligned text for people, plain data for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Value = str | float | int | None


@dataclass
class Table:
    """Rows under named columns. `columns` maps a name to its format ("" for words)."""

    title: str
    columns: dict[str, str]
    rows: list[tuple[Value, ...]] = field(default_factory=list)
    note: str = ""

    def add(self, *row: Value) -> None:
        """Appends a row; a value that was not measured is None."""
        if len(row) != len(self.columns):
            raise ValueError(f"{self.title}: {len(row)} values for {len(self.columns)} columns")
        self.rows.append(row)

    def __str__(self) -> str:
        formats = list(self.columns.values())
        lines = [list(self.columns)]
        lines += [[_cell(value, form) for value, form in zip(row, formats, strict=True)] for row in self.rows]
        widths = [max(len(line[place]) for line in lines) for place in range(len(formats))]
        parts = [self.title, *(_line(line, widths, formats) for line in lines)]
        return "\n".join([*parts, *([f"({self.note})"] if self.note else [])])

    def data(self) -> dict[str, Any]:
        """Title, note, formats of the columns, and each row as an object with full precision."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "note": self.note, "columns": self.columns, "rows": rows}

    @classmethod
    def read(cls, data: dict[str, Any]) -> Table:
        """The table that `data` gave. Raises KeyError or TypeError when it is none."""
        rows = [tuple(row[name] for name in data["columns"]) for row in data["rows"]]
        return cls(data["title"], data["columns"], rows, data["note"])

    def markdown(self) -> str:
        """The table for a page of the documentation, with the note under it."""
        formats = list(self.columns.values())
        lines = [list(self.columns), [("---:" if form else "---") for form in formats]]
        lines += [[_cell(value, form) for value, form in zip(row, formats, strict=True)] for row in self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{table}\n\n{self.note[:1].upper()}{self.note[1:]}.".removesuffix("\n\n.")


def _cell(value: Value, form: str) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else format(value, form)


def _line(cells: Sequence[str], widths: Sequence[int], formats: Sequence[str]) -> str:
    # Words stand left, numbers right.
    padded = [
        cell.rjust(width) if form else cell.ljust(width)
        for cell, width, form in zip(cells, widths, formats, strict=True)
    ]
    return ("  " + "  ".join(padded)).rstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` percent of the values do not exceed (linear interpolation)."""
    return float(np.percentile(values, share))


def median(values: Sequence[float]) -> float:
    """The 50th percentile."""
    return percentile(values, 50)
