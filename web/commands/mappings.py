"""precedent mappings: what the columns of tables of projects are, kept under names."""

from __future__ import annotations

import json

import click

from web.commands import open_repository, operator
from web.commands.printing import print_columns, print_json


@click.group()
def mappings() -> None:
    """See the mappings of tables of projects that are kept, and remove them.

    `precedent load --save-map` keeps one, `precedent load --map NAME` loads by it.

    \b
    Examples:
      precedent mappings list
      precedent mappings show finished
      precedent mappings remove finished
    """


@mappings.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    """Print the names, with who kept each when."""
    from kb.uploads import list_mappings

    _, database = open_repository()
    with database.read() as session:
        rows = [(each.name, each.author, each.changed_at, each.content) for each in list_mappings(session)]
    if as_json:
        named = ("name", "author", "changed_at", "mapping")
        print_json("mappings", [dict(zip(named, row, strict=True)) for row in rows])
    elif rows:
        cells = [
            [name, str(len(content.get("columns", ()))), author, f"{at:%Y-%m-%d}"]
            for name, author, at, content in rows
        ]
        print_columns(("name", "columns", "kept by", "on"), cells)
    else:
        click.echo("No mapping is kept.")


@mappings.command()
@click.argument("name")
def show(name: str) -> None:
    """Print a mapping as a file for `precedent load --map`.

    \b
    Example:
      precedent mappings show finished > finished.json
    """
    from kb.uploads import get_mapping

    _, database = open_repository()
    with database.read() as session:
        click.echo(json.dumps(get_mapping(session, name), indent=2, ensure_ascii=False))


@mappings.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a mapping; what was loaded by it stays.

    \b
    Example:
      precedent mappings remove finished
    """
    from kb.people.audit import Origin
    from kb.uploads import remove_mapping

    _, database = open_repository()
    remove_mapping(database, Origin(operator()), name)
    click.echo(f"Removed: {name}.")
