"""What the page of a mapping shows, and what its form says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kb.errors import InvalidRecord
from kb.formats import Fault
from kb.records import parse_record
from search.estimates.columns import Ambiguous, kind_of
from search.importing.converting import convert
from search.importing.loading import as_json, read_mapping
from search.importing.mapping import ATTRIBUTE, CHOICES, TARGETS
from search.importing.questions import questions, suspected
from search.importing.reasons import reasons

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.datastructures import MultiDict

    from kb.content import Content
    from kb.validation import Problem
    from search.estimates.tables import Table
    from search.importing.bringing import Brought
    from search.importing.mapping import Column, ColumnMapping

EXAMPLES = 3
PREVIEWED = 5
CHECKED = 2_000
SHOWN_FAULTS = 30
GENERAL = ("name", "currency", "price_year", "size_unit", "type", "sector", "region", "source", "visibility",
           "hours_a_day", "hours_a_month")  # fmt: skip
OF_COLUMN = ("stage", "name", "kind", "unit", "decimal", "dates")
_KIND_WORDS = {
    "number": "numbers", "category": "categories", "text": "texts", "date": "dates", "id": "ids",
    "name": "names", "empty": "nothing", "constant": "one value",
}  # fmt: skip


@dataclass(frozen=True)
class ColumnView:
    """A column with what a person needs to say what it is."""

    number: int
    column: Column
    examples: Sequence[str]
    holds: str
    known: int
    """Cells that say something."""
    asked: Sequence[str]
    reason: str
    """Why it is taken for that."""
    suspicion: str
    """Why it may be known only afterwards; empty where nothing hints at it."""

    @property
    def options(self) -> list[str]:
        """What more can be said of it, being what it is."""
        target = self.column.target
        found = []
        found += ["stage"] if target.staged else []
        found += ["unit"] if target.units else []
        found += ["kind", "name"] if self.column.to == ATTRIBUTE else []
        found += ["dates"] if target.shape == "date" else []
        is_number = target.shape in {"number", "whole"} or (
            self.column.to == ATTRIBUTE and self.column.kind != "category"
        )
        found += ["decimal"] if is_number else []
        found += ["zero_unknown"] if target.shape == "number" else []
        found += ["known_after"] if self.column.to in {ATTRIBUTE, "size", "team_size"} else []
        found += ["values"] if self.column.to in CHOICES else []
        return found


@dataclass(frozen=True)
class Preview:
    """What would be stored."""

    first: Sequence[tuple[int, Content]] = ()
    """(line, project) of the first rows that are right."""
    faults: Sequence[Fault] = ()
    failed: int = 0
    checked: int = 0
    notices: Sequence[str] = ()


@dataclass(frozen=True)
class MappingPage:
    """Everything that the page of a mapping shows."""

    number: int
    table: Table
    mapping: ColumnMapping
    columns: Sequence[ColumnView]
    general: Sequence[Problem]
    """Questions about all rows."""
    preview: Preview
    wrong: Sequence[Problem] = field(default=())
    """What makes no sense in what was sent."""

    @property
    def first_open(self) -> str:
        """Where the first question stands."""
        first = next((each.number for each in self.columns if each.asked), None)
        return "all" if self.general or first is None else str(first)

    @property
    def open(self) -> int:
        """How many questions are open."""
        return len(self.general) + sum(len(each.asked) for each in self.columns)


def mapping_page(number: int, table: Table, mapping: ColumnMapping) -> MappingPage:
    """The page of a mapping over its table."""
    asked = questions(table, mapping)
    why, late = reasons(table, mapping), suspected(table, mapping)
    columns = [
        _column(place, each, table, asked, why[each.column], late.get(each.column, ""))
        for place, each in enumerate(mapping.columns)
    ]
    names = set(table.columns)
    general = [each for each in asked if each.field not in names]
    return MappingPage(number, table, mapping, columns, general, _preview(table, mapping))


def _column(
    place: int, column: Column, table: Table, asked: Sequence[Problem], why: str, late: str
) -> ColumnView:  # fmt: skip
    cells = table.cells(column.column)
    known = [cell for cell in cells if cell]
    return ColumnView(
        place, column, [each[:60] for each in list(dict.fromkeys(known))[:EXAMPLES]],
        _KIND_WORDS[kind_of(column.column, cells)], len(known),
        [each.message for each in asked if each.field == column.column], why, late,
    )  # fmt: skip


def _preview(table: Table, mapping: ColumnMapping) -> Preview:
    try:
        conversion = convert(table, mapping)
    except InvalidRecord as error:
        return Preview(faults=[Fault(None, each.field, each.message) for each in error.problems], failed=1)
    except Ambiguous:
        return Preview()
    first: list[tuple[int, Content]] = []
    faults: list[Fault] = []
    failed = 0
    rows = conversion.rows[:CHECKED]
    for row in rows:
        found = row if isinstance(row, list) else []
        if not isinstance(row, list):
            try:
                record = parse_record(row.data)
                first += [(row.line, record.content)] if len(first) < PREVIEWED else []
            except InvalidRecord as error:
                found = [row.fault(problem) for problem in error.problems]
        failed += bool(found)
        faults += found
    return Preview(first, faults[:SHOWN_FAULTS], failed, len(rows), conversion.notices)


def mapping_of_form(form: MultiDict[str, str], columns: Sequence[str]) -> ColumnMapping:
    """The mapping that a form says. Raises InvalidRecord naming each field that is wrong."""
    found = [_column_of_form(form, place, column) for place, column in enumerate(columns)]
    return read_mapping(_general(form) | {"columns": found})


def mapping_so_far(form: MultiDict[str, str], standing: Brought) -> ColumnMapping:
    """The mapping that a form says, where it is right, and elsewhere the one that stands."""
    kept = as_json(standing.mapping)
    for name, value in _general(form).items():
        kept = _if_right(kept, kept | {name: value})
    for place, each in enumerate(standing.mapping.columns):
        columns = list(kept["columns"])
        columns[place] = _column_of_form(form, place, each.column)
        kept = _if_right(kept, kept | {"columns": columns})
    return read_mapping(kept)


def _if_right(standing: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    try:
        read_mapping(said)
    except InvalidRecord:
        return standing
    return said


def _general(form: MultiDict[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {name: form[name].strip() for name in GENERAL if form.get(name, "").strip()}
    for name in ("price_year", "hours_a_day", "hours_a_month"):
        if name in data:
            data[name] = _number(data[name], whole=name == "price_year")
    return data


def _column_of_form(form: Mapping[str, str], place: int, column: str) -> dict[str, Any]:
    def said(name: str) -> str:
        return form.get(f"c{place}.{name}", "").strip()

    found: dict[str, Any] = {"column": column, "to": said("to") or "leave out"}
    found |= {name: said(name) for name in OF_COLUMN if said(name)}
    target = TARGETS.get(found["to"])
    if target is not None:  # what was said of another thing that it was before
        if found.get("unit") not in target.units:
            found.pop("unit", None)
        if target.staged:
            found.setdefault("stage", "plan")
    found["zero_unknown"] = said("zero_unknown") == "yes"
    found["known_after"] = {"yes": True, "no": False}.get(said("known_after"))
    pairs = [line.split("=", 1) for line in said("values").splitlines() if "=" in line]
    found["values"] = {cell.strip(): word.strip() for cell, word in pairs} if found["to"] in CHOICES else {}
    return found


def _number(text: str, *, whole: bool) -> float | int | str:
    """The number that was typed; the text where it is none, for the model to refuse."""
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text
