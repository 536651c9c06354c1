"""precedent load with a mapping: tables of projects whose columns a person has said the meaning of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.errors import KbError
from web.commands import operator, progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.database import Database
    from kb.formats import LoadOptions
    from kb.load_report import LoadReport
    from kb.people.audit import Origin
    from search.estimates.tables import Table
    from search.importing.mapping import ColumnMapping


def propose_mapping(paths: Sequence[Path], delimiter: str | None, encoding: str) -> None:
    """Prints the mapping that the table seems to have, to be edited.

    Why each column is taken for what it is, and what is open, goes to standard error.
    """
    from search.importing.loading import as_json
    from search.importing.proposing import propose
    from search.importing.questions import questions
    from search.importing.reasons import reasons

    table = read_table(paths, delimiter, encoding)
    found = propose(table, Path(table.file).stem)
    why = reasons(table, found)
    for column in found.columns:
        click.echo(f"{column.column}: {column.target.label.lower()}. {why[column.column]}", err=True)
    for each in questions(table, found):
        click.echo(f"to decide: {each}", err=True)
    click.echo(json.dumps(as_json(found), indent=2, ensure_ascii=False))


@dataclass(frozen=True)
class ByMapping:
    """How a table of projects is loaded."""

    named: str
    """A file, or the name of a mapping that is kept."""
    save: str | None
    """Under which name the mapping is kept."""
    is_whole: bool
    delimiter: str | None


def load_by_mapping(
    database: Database, paths: Sequence[Path], by: ByMapping, options: LoadOptions
) -> LoadReport:
    """Loads a table by a mapping, and keeps the mapping where that is wanted."""
    from kb.people.audit import Origin
    from kb.uploads import save_mapping
    from search.importing.loading import Undecided, as_json, load_projects

    table = read_table(paths, by.delimiter, options.encoding)
    origin: Origin = Origin(operator())
    mapping = _mapping(database, by.named)
    try:
        with progress_bar("projects", "Loading") as progress:
            report = load_projects(
                database, origin, table, mapping, dry_run=options.dry_run, is_whole=by.is_whole,
                progress=progress,
            )  # fmt: skip
    except Undecided as error:
        asked = "\n".join(f"  {each}" for each in error.problems)
        raise KbError(f"nothing was loaded; the mapping leaves open:\n{asked}") from None
    if by.save and not options.dry_run:
        save_mapping(database, origin, by.save, as_json(mapping))
    return report


def read_table(paths: Sequence[Path], delimiter: str | None, encoding: str) -> Table:
    """The one table that was named. Raises KbError."""
    from search.estimates.tables import read

    if len(paths) != 1 or paths[0].is_dir():
        raise KbError("A mapping is for one table: name one CSV or Excel file.")
    return read(paths[0], delimiter=delimiter, encoding=encoding)


def _mapping(database: Database, named: str) -> ColumnMapping:
    from kb.uploads import get_mapping
    from search.importing.loading import read_mapping

    file = Path(named)
    if not file.is_file():
        if file.suffix == ".json":
            raise KbError(f"There is no file {named}.")
        with database.read() as session:
            return read_mapping(get_mapping(session, named))
    try:
        data = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise KbError(f"{named} is no mapping in JSON: {error}") from None
    if not isinstance(data, dict):
        raise KbError(f"{named} is no mapping: it must be an object, as --propose-map writes it.")
    return read_mapping(data)
