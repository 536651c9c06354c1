"""What a mapping leaves open: whatever could be read in two ways is asked, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kb.validation import Problem
from search.estimates.columns import Ambiguous, dates, examples, kind_of
from search.estimates.leaks import leaks
from search.importing.mapping import ATTRIBUTE, CHOICES
from search.importing.reading import read_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from search.estimates.tables import Table
    from search.importing.mapping import Column, ColumnMapping

_ACTUALS = ("actuals.cost", "actuals.effort_hours", "actuals.duration_months")
_MONEY = {"actuals.cost", "baseline.cost", "approved_scope_change", "benefits_planned", "benefits_realised"}


def questions(table: Table, mapping: ColumnMapping) -> list[Problem]:
    """Everything that a person has to decide first; `field` is the column, or the mapping's own field."""
    found = [*_of_all(mapping)]
    for each in mapping.columns:
        found += _of_column(table, each)
    ambiguous = {each.field for each in found}
    return [*found, *_afterwards(table, mapping, ambiguous)]


def _of_all(mapping: ColumnMapping) -> Iterator[Problem]:
    has_money = any(each.to in _MONEY for each in mapping.columns)
    if has_money and not (mapping.currency or mapping.of("currency")):
        yield Problem("currency", "is not known, and there is money: state it, such as EUR, or map a column")
    if mapping.of("size") and not (mapping.size_unit or mapping.of("size_unit")):
        yield Problem(
            "size_unit", "is not known: state in what the size is measured, such as function points"
        )


def _of_column(table: Table, column: Column) -> Iterator[Problem]:
    cells, target = table.cells(column.column), column.target
    if target.units and not column.unit:
        yield Problem(column.column, f"is in what unit? Say one of {', '.join(target.units)}")
    if target.shape in {"number", "whole"} or _is_number(column, cells):
        try:
            read_numbers(cells, column)
        except Ambiguous:
            cell, point, comma = examples(cells)
            yield Problem(
                column.column,
                f"can be read in two ways: is {cell} the number {point:,g} (decimal point) or {comma:,g} "
                "(decimal comma)?",
            )
    elif target.shape == "date" and not column.dates:
        yield Problem(column.column, _date_question(cells))
    elif column.to in CHOICES:
        allowed = CHOICES[column.to]
        known = {word.lower() for word in allowed} | {cell.lower() for cell in column.values}
        unknown = sorted({cell for cell in cells if cell and cell.lower() not in known})
        if unknown and target.shape == "choice":
            yield Problem(
                column.column,
                f"says {', '.join(unknown[:5])}: say which of {', '.join(allowed)} each stands for",
            )


def _date_question(cells: list[str]) -> str:
    try:
        found = dates(cells)
    except Ambiguous:
        return "has dates whose day and month cannot be told apart: say dmy or mdy"
    if found is None:
        return "holds no dates of one kind: say how they are written (ymd, dmy, mdy, year), or what it is"
    return "is written how? Say ymd, dmy, mdy or year"


def _is_number(column: Column, cells: list[str]) -> bool:
    by_content = not column.kind and kind_of(column.column, cells) in {"number", "constant", "id"}
    return column.to == ATTRIBUTE and (column.kind == "number" or by_content)


def _afterwards(table: Table, mapping: ColumnMapping, unread: set[str]) -> Iterator[Problem]:
    """Columns that look as if they were known only afterwards, where nobody has decided."""
    candidates = [each for each in mapping.columns if each.known_after is None]
    for column, why in _looking_late(table, mapping, candidates, unread).items():
        yield Problem(
            column, f"may be known only afterwards: {why}. Say whether it is (known_after true or false)"
        )


def suspected(table: Table, mapping: ColumnMapping) -> dict[str, str]:
    """Columns that look as if they were known only afterwards, decided or not, and why."""
    unread = {each.column for each in mapping.columns if _unreadable(table, each)}
    return _looking_late(table, mapping, mapping.columns, unread)


def _looking_late(
    table: Table, mapping: ColumnMapping, columns: Sequence[Column], unread: set[str]
) -> dict[str, str]:
    asked: dict[str, str] = {}
    candidates = [each for each in columns if each.to in {ATTRIBUTE, "size", "team_size"}]
    numeric = {
        each.column: _numbers(table, each)
        for each in candidates
        if each.column not in unread and (each.to != ATTRIBUTE or _is_number(each, table.cells(each.column)))
    }
    names = [each.column for each in candidates]
    for to in _ACTUALS:
        for target in mapping.of(to):
            if target.column in unread and _unreadable(table, target):
                continue
            truth = _numbers(table, target)
            rows = np.flatnonzero(np.nan_to_num(truth) > 0)
            if len(rows):
                known = {name: values[rows] for name, values in numeric.items()}
                for leak in leaks(known, names, target.column, truth[rows]):
                    asked.setdefault(leak.column, f"{leak.why} ({target.target.label.lower()})")
    return asked


def _unreadable(table: Table, column: Column) -> bool:
    try:
        read_numbers(table.cells(column.column), column)
    except Ambiguous:
        return True
    return False


def _numbers(table: Table, column: Column) -> NDArray[np.float64]:
    found = read_numbers(table.cells(column.column), column)
    return np.array([np.nan if each is None else each for each in found.values], np.float64)
