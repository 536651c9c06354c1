"""What commands print: columns for people, JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def print_columns(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints a table, each column as wide as its longest text, the last as it comes."""
    texts = [header, *([str(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(header) - 1)]
    for row in texts:
        padded = [text.ljust(width) for text, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*padded, row[-1]]).rstrip())


def print_json(name: str, rows: Sequence[Any]) -> None:
    """Prints one object that holds the list under its name."""
    click.echo(json.dumps({name: rows}, ensure_ascii=False, default=str))


def moment(at: datetime | None, never: str = "never") -> str:
    """`2026-03-01 14:02:07`, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else never


def iso(at: datetime | None) -> str | None:
    """`2026-03-01T14:02:07+00:00`, for programs."""
    return at.isoformat() if at else None
