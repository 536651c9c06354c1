"""precedent taxonomy list, merge, changes, undo."""

from __future__ import annotations

import click

from web.commands import open_repository, operator
from web.commands.printing import moment, print_columns, print_json

LISTS = ("tag", "sector", "region", "phase", "project-type", "competency", "cause")
_NAMED = 20
"""Entries that are named one by one."""


@click.group()
def taxonomy() -> None:
    """See the values by which entries are ordered, rename and merge them.

    \b
    Examples:
      precedent taxonomy list tag --unused
      precedent taxonomy merge tag data-migration migration --into "data migration"
      precedent taxonomy undo 3
    """


@taxonomy.command("list")
@click.argument("name", type=click.Choice(LISTS))
@click.option("--unused", is_flag=True, help="Only values that no entry holds.")
@click.option("--alike", is_flag=True, help="Pairs that may be the same, instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(name: str, *, unused: bool, alike: bool, as_json: bool) -> None:
    """Print a list, with how many published entries hold each value.

    \b
    Examples:
      precedent taxonomy list sector
      precedent taxonomy list tag --alike
    """
    from kb.reading import OPERATOR
    from kb.taxonomy.dimensions import dimension_of
    from kb.taxonomy.reading import list_values, suggestions

    _, database = open_repository()
    with database.read() as session:
        values = list_values(session, dimension_of(name), OPERATOR)
        pairs = suggestions(session, values) if alike else []
    if alike:
        for rarer, other in pairs:
            click.echo(f"{rarer.value} ({rarer.count:,}) and {other.value} ({other.count:,})")
        return
    shown = [value for value in values if not unused or value.count == 0]
    if as_json:
        print_json("values", [vars(value) for value in shown])
    else:
        rows = [(value.value, f"{value.count:,}", ", ".join(value.synonyms)) for value in shown]
        print_columns(("VALUE", "ENTRIES", "ALSO WRITTEN"), rows)


@taxonomy.command()
@click.argument("name", type=click.Choice(LISTS))
@click.argument("values", nargs=-1, required=True)
@click.option("--into", required=True, help="The value that entries are to hold; a new one renames.")
@click.option("--dry-run", is_flag=True, help="Say what would change and change nothing.")
@click.option("--yes", is_flag=True, help="Change it without asking.")
def merge(name: str, values: tuple[str, ...], into: str, *, dry_run: bool, yes: bool) -> None:
    """Rename a value, or make several one, in every published entry.

    \b
    Examples:
      precedent taxonomy merge tag go-live --into cut-over --dry-run
      precedent taxonomy merge sector "Public Health" Health --into health
    """
    from kb.people.audit import Origin
    from kb.taxonomy.changing import Merge, apply, plan
    from kb.validation import validate

    _, database = open_repository()
    origin = Origin(operator())
    wanted = validate(Merge, {"dimension": name, "values": list(values), "into": into})
    found = plan(database, origin, wanted)
    for entry in found.entries[:_NAMED]:
        click.echo(f"{entry.ref}  {entry.title}  ({', '.join(entry.held)})")
    if len(found.entries) > _NAMED:
        click.echo(f"and {len(found.entries) - _NAMED:,} more")
    click.echo(
        f"{len(found.entries):,} entries change, {len(found.waiting):,} follow when work on them is done."
    )
    if dry_run:
        return
    if not yes:
        click.confirm("Change them?", abort=True)
    change = apply(database, origin, wanted, found.fingerprint)
    click.echo(f"Done: change {change.id}; `precedent taxonomy undo {change.id}` takes it back.")


@taxonomy.command()
def changes() -> None:
    """Print the latest changes, newest first.

    \b
    Example:
      precedent taxonomy changes
    """
    from kb.taxonomy.dimensions import DIMENSIONS
    from kb.taxonomy.reading import list_changes

    _, database = open_repository()
    with database.read() as session:
        found = [each for dimension in DIMENSIONS.values() for each in list_changes(session, dimension)]
    found.sort(key=lambda change: -change.id)
    rows = [
        (change.id, moment(change.at), change.dimension, change.author, "undone" if change.undone_at else "",
         f"{', '.join(change.sources)} → {change.target} ({change.entries:,} entries)")
        for change in found
    ]  # fmt: skip
    print_columns(("CHANGE", "TIME (UTC)", "LIST", "BY", "", "WHAT"), rows)


@taxonomy.command("undo")
@click.argument("change", type=click.IntRange(1, 2**31 - 1))
def undo_(change: int) -> None:
    """Take a change back. Entries that somebody has changed since stay as they are.

    \b
    Example:
      precedent taxonomy undo 3
    """
    from kb.people.audit import Origin
    from kb.taxonomy.changing import undo

    _, database = open_repository()
    done, left = undo(database, Origin(operator()), change)
    click.echo(f"Undone: {', '.join(done.sources)} is not {done.target} any more.")
    if left:
        click.echo(f"Changed by somebody since, and left as they are: {', '.join(left)}.")
