"""precedent money and precedent uplifts: list, set, remove, load, export, and convert."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.errors import KbError
from web.commands import open_repository, operator
from web.commands.printing import print_columns, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kb.people.audit import Origin
    from kb.reference.rows import Changes, Row
    from kb.reference.texts import Table


@click.group()
def money() -> None:
    """Exchange rates and price indices, which make amounts of other years and currencies comparable.

    TABLE is rates or indices; fields of a row are written as name=value.

    \b
    Examples:
      precedent money list rates
      precedent money set rates currency=GBP year=2026 rate=0.86 source="European Central Bank"
      precedent money load --dry-run indices indices.csv
      precedent money convert 1200000 GBP 2016 EUR 2024
    """


@click.group()
def uplifts() -> None:
    """By how much projects of a class exceeded their estimates, as others have published it.

    Fields of a row are written as name=value.

    \b
    Examples:
      precedent uplifts list
      precedent uplifts set project_type=tunnel measure=cost p50_percent=37 year=2023 source="..."
      precedent uplifts load --dry-run uplifts.csv
    """


def _verbs(group: click.Group, *names: str) -> None:
    """Adds the verbs of a table to a group; the table is an argument where there are several."""

    def taking_table(function: Callable[..., None]) -> Callable[..., None]:
        def verb(**given: Any) -> None:
            function(**{"table": names[0]} | given)

        verb.__doc__ = function.__doc__
        # click takes the list away when it makes a command, and two groups share these functions.
        verb.__click_params__ = list(function.__click_params__)  # type: ignore[attr-defined]
        return click.argument("table", type=click.Choice(names))(verb) if len(names) > 1 else verb

    for name, verb in (
        ("list", _list), ("set", _set), ("remove", _remove), ("load", _load), ("export", _export),
    ):  # fmt: skip
        group.command(name)(taking_table(verb))


@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def _list(table: str, *, as_json: bool) -> None:
    """Print the rows, each with its source."""
    from kb.reference.files import fields_of
    from kb.reference.rows import list_rows

    of = _table(table)
    _, database = open_repository()
    with database.read() as session:
        rows = list_rows(session, of)
    if as_json:
        print_json(of.name, [row.text.model_dump() | {"version": row.version} for row in rows])
    elif rows:
        print_columns(of.columns, [list(fields_of(row.text, of).values()) for row in rows])
    else:
        click.echo("The table is empty.")


@click.argument("fields", nargs=-1, required=True, metavar="NAME=VALUE...")
def _set(table: str, fields: tuple[str, ...]) -> None:
    """Add a row, or change the one about the same."""
    from kb.reference import curating
    from kb.reference.files import read_fields

    of = _table(table)
    text = read_fields(of, _fields(of, fields))
    _, database = open_repository()
    done, row = curating.put(database, _origin(), of, text)
    click.echo(f"{done.capitalize()}: {_line(row)}")


@click.argument("fields", nargs=-1, required=True, metavar="NAME=VALUE...")
@click.option("--yes", is_flag=True, help="Remove without asking.")
def _remove(table: str, fields: tuple[str, ...], *, yes: bool) -> None:
    """Remove the one row that has these fields."""
    from kb.reference import curating
    from kb.reference.files import fields_of
    from kb.reference.rows import list_rows

    of = _table(table)
    wanted = _fields(of, fields)
    _, database = open_repository()
    with database.read() as session:
        found = [row for row in list_rows(session, of) if wanted.items() <= fields_of(row.text, of).items()]
    if len(found) != 1:
        raise KbError(f"{len(found):,} rows have {', '.join(fields)}; name one. Nothing was removed.")
    if not yes:
        click.confirm(f"Remove {_line(found[0])}?", abort=True)
    curating.remove(database, _origin(), of, found[0].id, version=found[0].version)
    click.echo(f"Removed: {_line(found[0])}")


@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--delimiter", default=",", show_default=True, help="Delimiter of the file.")
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the file.")
@click.option("--replace", is_flag=True, help="Also remove the rows that the file lacks.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@click.option("--yes", is_flag=True, help="Overwrite and remove rows without asking.")
def _load(
    table: str, file: Path, delimiter: str, encoding: str, *, replace: bool, dry_run: bool, yes: bool
) -> None:
    """Add the rows of a CSV file, and change those about the same. When a line is wrong, nothing happens."""
    from kb.formats import LoadOptions
    from kb.reference import curating
    from kb.reference.files import read_file

    of = _table(table)
    options = LoadOptions(delimiter=delimiter, encoding=encoding)
    texts = [line.text for line in read_file(file, of, options)]
    _, database = open_repository()
    changes = curating.preview(database, _origin(), of, texts, replacing=replace)
    if not dry_run:
        lost = len(changes.updated) + len(changes.removed)
        if lost and not yes:
            click.confirm(f"Overwrite {len(changes.updated):,} and remove {len(changes.removed):,} rows?",
                          abort=True)  # fmt: skip
        agreed = changes.overwritten
        changes = curating.load(database, _origin(), of, texts, replacing=replace, agreed=agreed)
    click.echo(f"{'Would have: ' if dry_run else ''}{_sentence(changes)}")


@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Replace the file without asking.")
def _export(table: str, file: Path, *, yes: bool) -> None:
    """Write the rows as a CSV file, to be edited and loaded again."""
    from kb.reference.files import write
    from kb.reference.rows import list_rows

    of = _table(table)
    _, database = open_repository()
    with database.read() as session:
        rows = list_rows(session, of)
    if file.exists() and not yes:
        click.confirm(f"{file} exists. Replace it?", abort=True)
    try:
        file.write_text(write([row.text for row in rows], of), encoding="utf-8", newline="")
    except OSError as error:
        raise KbError(f"{file} cannot be written: {error.strerror}.") from None
    click.echo(f"Wrote {len(rows):,} rows to {file}.")


_verbs(money, "rates", "indices")
_verbs(uplifts, "uplifts")


@money.command()
@click.argument("amount", type=float)
@click.argument("currency")
@click.argument("price_year", type=int)
@click.argument("to_currency")
@click.argument("to_year", type=int)
@click.option("--region", default="", help="Whose own price index goes first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def convert(
    amount: float, currency: str, price_year: int, to_currency: str, to_year: int, region: str, *,
    as_json: bool,
) -> None:  # fmt: skip
    """An amount in another currency and the prices of another year, and how that was worked out.

    \b
    Example:
      precedent money convert 1200000 GBP 2016 EUR 2024
    """
    import json

    from kb.reference.money import read_money

    _, database = open_repository()
    with database.read() as session:
        tables = read_money(session)
    found = tables.normalise(amount, currency.upper(), price_year, to_currency.upper(), to_year, region)
    click.echo(json.dumps(found._asdict(), ensure_ascii=False) if as_json else found.how)


def _table(name: str) -> Table:
    from kb.reference.rows import table_of

    return table_of(name)


def _origin() -> Origin:
    from kb.people.audit import Origin

    return Origin(operator())


def _fields(table: Table, given: Sequence[str]) -> dict[str, str]:
    """The fields that were given. Raises KbError for one that the table has not."""
    found = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or name not in table.columns:
            raise KbError(f"{each!r} is no field. Write name=value; fields: {', '.join(table.columns)}.")
        found[name] = value
    return found


def _line(row: Row) -> str:
    from kb.reference.files import fields_of

    return ", ".join(f"{name} {value}" for name, value in fields_of(row.text, row.table).items() if value)


def _sentence(changes: Changes) -> str:
    return (
        f"{len(changes.created):,} added, {len(changes.updated):,} changed, "
        f"{len(changes.removed):,} removed, {len(changes.unchanged):,} unchanged."
    )
