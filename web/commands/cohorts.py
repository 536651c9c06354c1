"""precedent cohorts list, add, change, remove."""

from __future__ import annotations

from typing import Any

import click

from web.commands import open_repository, operator
from web.commands.printing import iso, print_columns, print_json

_NUMBER = click.argument("number", type=click.IntRange(1, 2**31 - 1))


@click.group()
def cohorts() -> None:
    """See and keep lists of people to whom learning paths are assigned together.

    \b
    Examples:
      precedent cohorts list
      precedent cohorts add "Autumn 2026" ann@example.org bea@example.org
    """


@cohorts.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    """Print cohorts with their people, by name.

    \b
    Example:
      precedent cohorts list --json
    """
    from kb.assigning.cohorts import list_cohorts

    _, database = open_repository()
    with database.read() as session:
        found = list_cohorts(session, operator())
    if as_json:
        print_json("cohorts", [vars(each) | {"changed_at": iso(each.changed_at)} for each in found])
    elif found:
        rows = [(each.id, each.name, ", ".join(email for email, _ in each.people)) for each in found]
        print_columns(("NUMBER", "NAME", "PEOPLE"), rows)
    else:
        click.echo("There is none.")


@cohorts.command()
@click.argument("name")
@click.argument("people", nargs=-1)
@click.option("--note", default="", help="What the list is for.")
def add(name: str, people: tuple[str, ...], note: str) -> None:
    """Make a cohort of people, by their e-mails.

    \b
    Example:
      precedent cohorts add "Autumn 2026" ann@example.org bea@example.org
    """
    from kb.assigning.cohorts import add_cohort
    from kb.assigning.texts import CohortText
    from kb.people.audit import Origin
    from kb.validation import validate

    _, database = open_repository()
    said = validate(CohortText, {"name": name, "note": note, "people": list(people)})
    number = add_cohort(database, Origin(operator()), said)
    click.echo(f"Cohort {number}, {said.name}, holds {len(said.people):,}.")


@cohorts.command()
@_NUMBER
@click.option("--name", default=None, help="Another name.")
@click.option("--note", default=None, help="Another note.")
@click.option("--put", multiple=True, help="Somebody who is in it from now on, by e-mail.")
@click.option("--drop", multiple=True, help="Somebody who is not in it any more, by e-mail.")
def change(number: int, put: tuple[str, ...], drop: tuple[str, ...], **said: Any) -> None:
    """Give a cohort another name, put people in, or take them out.

    \b
    Examples:
      precedent cohorts change 2 --put cem@example.org --drop ann@example.org
      precedent cohorts change 2 --name "Autumn 2026, second group"
    """
    from kb.assigning.cohorts import change_cohort, get_cohort
    from kb.assigning.texts import CohortChange
    from kb.people.audit import Origin
    from kb.validation import validate

    _, database = open_repository()
    with database.read() as session:
        found = get_cohort(session, operator(), number)
    dropped = {each.lower() for each in drop}
    people = [email for email, _ in found.people if email not in dropped]
    given: dict[str, Any] = {"version": found.version, "name": found.name, "note": found.note}
    given |= {name: value for name, value in said.items() if value is not None}
    change_cohort(
        database, Origin(operator()), number, validate(CohortChange, given | {"people": [*people, *put]})
    )
    with database.read() as session:
        found = get_cohort(session, operator(), number)
    click.echo(f"Cohort {number}, {found.name}, holds {len(found.people):,}.")


@cohorts.command()
@_NUMBER
@click.option("--yes", is_flag=True, help="Do not ask first.")
def remove(number: int, *, yes: bool) -> None:
    """Remove a list that no assignment is for. Its people stay.

    \b
    Example:
      precedent cohorts remove 2 --yes
    """
    from kb.assigning.cohorts import get_cohort, remove_cohort
    from kb.people.audit import Origin

    _, database = open_repository()
    with database.read() as session:
        name = get_cohort(session, operator(), number).name
    if not yes:
        click.confirm(f"Remove the list {name}?", abort=True)
    remove_cohort(database, Origin(operator()), number)
    click.echo(f"The list {name} is removed.")
