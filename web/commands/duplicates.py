"""precedent duplicates find, list, decide, undo."""

from __future__ import annotations

import click

from web.commands import open_repository, operator
from web.commands.printing import print_columns, print_json

_DECISION = click.Choice(["apart", "recurrence", "superseded"])


@click.group()
def duplicates() -> None:
    """Find entries that say the same, and decide about them.

    \b
    Examples:
      precedent duplicates find
      precedent duplicates list --limit 20
      precedent duplicates decide L-0042 L-0107 recurrence
    """


@duplicates.command("find")
def find() -> None:
    """Look through the whole repository now. A server that runs does so by itself.

    \b
    Example:
      precedent duplicates find
    """
    from web.chores import look_for_duplicates

    settings, database = open_repository()
    found = look_for_duplicates(settings, database)
    click.echo(f"{found:,} {'pair looks' if found == 1 else 'pairs look'} alike.")


@duplicates.command("list")
@click.option("--limit", type=click.IntRange(1, 5000), default=50, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(limit: int, *, as_json: bool) -> None:
    """Print the pairs that nobody has decided about, the most alike first.

    \b
    Example:
      precedent duplicates list --limit 20 --json
    """
    from dataclasses import asdict

    from kb.duplicates.listing import list_pairs
    from kb.reading import OPERATOR

    _, database = open_repository()
    with database.read() as session:
        _, found = list_pairs(session, OPERATOR, 0, limit)
    if as_json:
        print_json("pairs", [asdict(each) for each in found])
    elif found:
        rows = [
            (f"{each.score:.2f}", f"{each.meaning:.2f}", f"{each.words:.2f}", each.first.ref, each.second.ref,
             f"{each.first.title} / {each.second.title}")
            for each in found
        ]  # fmt: skip
        print_columns(("SCORE", "MEANING", "WORDS", "FIRST", "SECOND", "TITLES"), rows)
    else:
        click.echo("No pair waits for a decision.")


@duplicates.command("decide")
@click.argument("ref")
@click.argument("other")
@click.argument("decision", type=_DECISION)
def decide_(ref: str, other: str, decision: str) -> None:
    """Keep two entries apart, or make OTHER a recurrence of REF, or superseded by it.

    \b
    Examples:
      precedent duplicates decide L-0042 L-0107 apart
      precedent duplicates decide L-0042 L-0107 recurrence
    """
    from kb.duplicates.deciding import Verdict, decide
    from kb.people.audit import Origin
    from kb.validation import validate

    said = validate(Verdict, {"ref": ref, "other": other, "decision": decision})
    _, database = open_repository()
    decide(database, Origin(operator()), said)
    click.echo(f"Decided: `precedent duplicates undo {ref} {other}` takes it back.")


@duplicates.command()
@click.argument("ref")
@click.argument("other")
def undo(ref: str, other: str) -> None:
    """Take a decision back, with the link that it made.

    \b
    Example:
      precedent duplicates undo L-0042 L-0107
    """
    from kb.duplicates.deciding import reconsider
    from kb.people.audit import Origin

    _, database = open_repository()
    reconsider(database, Origin(operator()), ref, other)
    click.echo(f"Nothing is decided about {ref} and {other} any more.")
