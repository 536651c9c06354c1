"""Why each column of a table was taken for what it is, in words for the person who is to correct it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search.estimates.columns import kind_of
from search.importing.mapping import ATTRIBUTE, LEAVE_OUT
from search.importing.proposing import is_named, propose, unit_of_name

if TYPE_CHECKING:
    from search.estimates.tables import Table
    from search.importing.mapping import Column, ColumnMapping

SAID = "The mapping says so."
_FIRST = {"ymd": "year", "dmy": "day", "mdy": "month"}
_NUMBERS = {"number", "constant", "id"}


def reasons(table: Table, mapping: ColumnMapping) -> dict[str, str]:
    """A reason by column: what proposed it, or that the mapping says so."""
    proposed = {each.column: each for each in propose(table, mapping.name).columns}
    found = {}
    for each in mapping.columns:
        first = proposed.get(each.column)
        if first is None or (first.to, first.unit, first.dates) != (each.to, each.unit, each.dates):
            found[each.column] = SAID
        else:
            found[each.column] = " ".join(part for part in (_what(each, table), _how(each)) if part)
    return found


def _what(column: Column, table: Table) -> str:
    cells = table.cells(column.column)
    kind = kind_of(column.column, cells)
    if column.to == LEAVE_OUT:
        return "It is empty."
    if column.to == "key":
        return "It tells the rows apart: no two have the same."
    if is_named(column.to, column.column):
        return f"Its name is one of {column.target.label.lower()}."
    if column.to == "body":
        return "It holds long texts."
    if column.to == "title":
        return "It holds names."
    if column.to == ATTRIBUTE:
        what = "numbers" if column.kind == "number" else "dates" if kind == "date" else "categories"
        codes = what == "categories" and kind in _NUMBERS
        return f"Its name is none that is known; it holds {'codes in digits' if codes else what}."
    return "Its cells look so."


def _how(column: Column) -> str:
    """Where the unit or the form of dates is from."""
    if column.unit:
        named = unit_of_name(column.target, column.column) == column.unit
        return f"In {column.unit}, as its name says." if named else "In full amounts: most have five digits."
    if column.dates in _FIRST:
        return f"Dates with the {_FIRST[column.dates]} first."
    return ""
