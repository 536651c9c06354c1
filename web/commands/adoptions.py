"""precedent adoptions list, add, undo."""

from __future__ import annotations

import click

from kb.errors import KbError
from web.commands import open_repository, operator
from web.commands.printing import print_columns, print_json


@click.group()
def adoptions() -> None:
    """See who goes by which lesson, say so, and take it back.

    \b
    Examples:
      precedent adoptions list L-0001
      precedent adoptions add L-0001 "Payroll replacement" --as bea@example.org
    """


@adoptions.command("list")
@click.argument("ref", required=False)
@click.option("--person", default="", help="Only of the person with this e-mail.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(ref: str | None, person: str, *, as_json: bool) -> None:
    """Print who adopted a lesson, or what a person adopted, newest first.

    \b
    Examples:
      precedent adoptions list L-0001
      precedent adoptions list --person bea@example.org --json
    """
    from kb.adoptions.keeping import list_adoptions
    from kb.people.accounts import find_user
    from kb.reading import OPERATOR

    _, database = open_repository()
    with database.read() as session:
        user_id = find_user(session, person).id if person else None
        found = list_adoptions(session, OPERATOR, ref=(ref or "").upper(), user_id=user_id, limit=10_000)
    if as_json:
        print_json("adoptions", [vars(each) for each in found])
    elif found:
        rows = [(each.id, each.ref, each.adopted_on, each.person, each.project) for each in found]
        print_columns(("NUMBER", "LESSON", "SINCE", "PERSON", "PROJECT"), rows)
    else:
        click.echo("There is none.")


@adoptions.command()
@click.argument("ref")
@click.argument("project")
@click.option("--as", "email", required=True, help="Who adopts it, by e-mail.")
@click.option("--on", default="", help="Since when, such as 2026-03-01; today otherwise.")
@click.option("--note", default="", help="What they do because of it.")
def add(ref: str, project: str, email: str, on: str, note: str) -> None:
    """Say that a person goes by a lesson in a project.

    \b
    Example:
      precedent adoptions add L-0001 "Payroll replacement" --as bea@example.org
    """
    from kb.adoptions.keeping import AdoptionText, adopt
    from kb.people.accounts import as_person, find_user
    from kb.people.audit import Origin
    from kb.validation import validate

    _, database = open_repository()
    said = {"project": project, "note": note} | ({"adopted_on": on} if on else {})
    text = validate(AdoptionText, said)
    with database.read() as session:
        user = find_user(session, email)
        if user.status != "active":
            raise KbError(f"Nobody active here has the account {email}.")
        person = as_person(user)
    number = adopt(database, Origin(person), ref.upper(), text)
    click.echo(f"Adoption {number}: {person.name} adopts {ref.upper()} for {text.project}.")


@adoptions.command()
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def undo(number: int) -> None:
    """Take an adoption back.

    \b
    Example:
      precedent adoptions undo 3
    """
    from kb.adoptions.keeping import abandon
    from kb.people.audit import Origin

    _, database = open_repository()
    ref = abandon(database, Origin(operator()), number)
    click.echo(f"Adoption {number} of {ref} is taken back.")
