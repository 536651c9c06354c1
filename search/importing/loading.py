"""Projects of a table enter the repository: the mapping checked, each row loaded whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb.errors import InvalidRecord
from kb.load_report import LoadProblem
from kb.loading import load_records
from kb.people.audit import note
from kb.people.roles import require
from kb.uploads import LOAD
from kb.validation import Problem, validate
from search.importing.converting import convert
from search.importing.mapping import Column, ColumnMapping, check_columns
from search.importing.questions import questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kb.database import Database
    from kb.load_report import LoadReport
    from kb.loading import Progress
    from kb.people.audit import Origin
    from search.estimates.tables import Table


class Undecided(InvalidRecord):
    """The mapping leaves something open; `problems` ask."""


def read_mapping(data: Mapping[str, Any]) -> ColumnMapping:
    """A mapping as JSON says it. Raises InvalidRecord naming each field that is wrong."""
    try:
        found = validate(ColumnMapping, data)
    except InvalidRecord as error:
        raise InvalidRecord([_named(each, data) for each in error.problems]) from None
    if problems := found.problems():
        raise InvalidRecord(problems)
    return found


def check_mapping(mapping: ColumnMapping, table: Table) -> ColumnMapping:
    """The mapping, if it makes sense and is of this table. Raises InvalidRecord."""
    if problems := mapping.problems():
        raise InvalidRecord(problems)
    check_columns(mapping, table.columns)
    return mapping


def _named(problem: Problem, data: Mapping[str, Any]) -> Problem:
    """The problem of the column's number as one of its name."""
    first, _, rest = problem.field.partition(".")
    number, _, field = rest.partition(".")
    columns = data.get("columns")
    if first != "columns" or not number.isdigit() or not isinstance(columns, list):
        return problem
    given = columns[int(number) - 1]
    name = given.get("column") if isinstance(given, dict) else None
    return Problem(f"{name or f'column {number}'}{f', {field}' if field else ''}", problem.message)


def as_json(mapping: ColumnMapping) -> dict[str, Any]:
    """The mapping as it is stored and edited: without what is at its default, but with what must be said."""
    data = mapping.model_dump(mode="json", exclude_defaults=True)
    return data | {"hours_a_day": mapping.hours_a_day, "hours_a_month": mapping.hours_a_month}


def load_projects(
    database: Database,
    origin: Origin,
    table: Table,
    mapping: ColumnMapping,
    *,
    dry_run: bool = False,
    is_whole: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Loads the rows as published projects. Loading the same table again changes nothing.

    Rows that are wrong are named with line and column, and the others are loaded; with `is_whole` none
    is. Raises NotAllowed, InvalidRecord where the mapping does not fit the table, Undecided where it
    leaves something open.
    """
    require(origin.person, LOAD)
    check_columns(mapping, table.columns)
    asked = questions(table, mapping)
    if asked:
        raise Undecided(asked)
    conversion = convert(table, mapping)
    report = load_records(
        database, table.file, conversion.rows, dry_run=dry_run, is_whole=is_whole, progress=progress
    )
    report.notices[:0] = [LoadProblem(table.file, None, "", words) for words in conversion.notices]
    if not dry_run and not report.is_taken_back:
        with database.write_aside() as session:
            note(session, origin, "load projects", mapping.name, file=table.file, **report.counts)
    return report


def fitted(mapping: ColumnMapping, table: Table) -> ColumnMapping:
    """A mapping that was kept, for a table that has lost columns or has new ones: those are attributes.

    What is new is asked about like any column of a first proposal.
    """
    from search.importing.proposing import propose

    known = {each.column: each for each in mapping.columns}
    taken = {(each.to, each.stage) for each in mapping.columns if each.column in table.columns}
    columns: list[Column] = []
    for each in propose(table, mapping.name).columns:
        if each.column in known:
            columns.append(known[each.column])
        elif (each.to, each.stage) in taken:
            columns.append(Column(column=each.column, to="attribute"))
        else:
            columns.append(each)
    return mapping.model_copy(update={"columns": columns})
