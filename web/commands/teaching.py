"""precedent teaching path, coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from web.commands import noted, open_repository, operator
from web.commands.printing import print_columns, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from kb.database import Database

_OUT = click.option("--out", type=click.Path(dir_okay=False, writable=True), default=None,
                    help="Write the table into this file, .csv or .xlsx.")  # fmt: skip
_NUMBER = click.IntRange(0, 2**31 - 1)


@click.group()
def teaching() -> None:
    """See how learning paths go, and what none of them teaches.

    \b
    Examples:
      precedent teaching path P-0001
      precedent teaching coverage --out coverage.xlsx
    """


@teaching.command()
@click.argument("ref")
@click.option("--cohort", type=_NUMBER, default=0, help="Only of the cohort with this number.")
@click.option("--assignment", type=_NUMBER, default=0, help="Only of those whom this assignment asks.")
@click.option("--table", type=click.Choice(["steps", "learners", "ratings"]), default="steps",
              show_default=True, help="Which table.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_OUT
def path(ref: str, cohort: int, assignment: int, table: str, out: str | None, *, as_json: bool) -> None:
    """Print how many got to which step of a path, who is where, or what they say of it.

    \b
    Examples:
      precedent teaching path P-0001 --cohort 2
      precedent teaching path P-0001 --table learners --out learners.csv
    """
    from kb.learning.progress import Whom, progress
    from kb.learning.tables import progress_table
    from kb.reading import OPERATOR

    _, database = open_repository()
    with database.read() as session:
        found = progress(session, operator(), OPERATOR, ref.upper(), Whom(cohort, assignment))
    header, rows = progress_table(found, table)  # type: ignore[arg-type]
    _give(database, f"{found.view.ref} {table}", table, header, rows, out, as_json=as_json)


@teaching.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_OUT
def coverage(out: str | None, *, as_json: bool) -> None:
    """Print competencies and recurring themes, and which paths teach them, what is missed most first.

    \b
    Examples:
      precedent teaching coverage
      precedent teaching coverage --json
    """
    from kb.learning.coverage import HEADER, coverage_rows
    from kb.learning.coverage import coverage as cover
    from kb.reading import OPERATOR

    _, database = open_repository()
    with database.read() as session:
        lines = cover(session, operator(), OPERATOR)
    _give(database, "coverage", "coverage", HEADER, coverage_rows(lines), out, as_json=as_json)


def _give(
    database: Database, what: str, name: str, header: Sequence[str], rows: list[Sequence[Any]],
    out: str | None, *, as_json: bool,
) -> None:  # fmt: skip
    """Prints the table, or writes it into a file, of which the audit log tells."""
    from pathlib import Path

    from kb.spreadsheets import write_csv, write_xlsx

    if out is not None:
        place = Path(out)
        if place.suffix.lower() == ".xlsx":
            with place.open("wb") as book:
                write_xlsx(book, name.capitalize(), header, rows)
        elif place.suffix.lower() == ".csv":
            with place.open("w", encoding="utf-8", newline="") as text:
                write_csv(text, header, rows)
        else:
            raise click.BadParameter("must end with .csv or .xlsx", param_hint="--out")
        noted(database, "export teaching", what, rows=len(rows))
        click.echo(f"{len(rows):,} rows are in {out}.")
    elif as_json:
        print_json(name, [dict(zip(header, row, strict=True)) for row in rows])
    elif rows:
        shown = [["" if cell is None else cell for cell in row] for row in rows]
        print_columns([each.upper() for each in header], shown)
    else:
        click.echo("There is none.")
