"""precedent assignments list, show, add, change, withdraw, remind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from web.commands import open_repository, operating, operator
from web.commands.printing import iso, print_columns, print_json

if TYPE_CHECKING:
    from datetime import date, datetime

    from kb.assigning.listing import AssignmentView

_NUMBER = click.argument("number", type=click.IntRange(1, 2**31 - 1))
_DAY = click.DateTime(["%Y-%m-%d"])
_COHORT = click.IntRange(1, 2**31 - 1)


@click.group()
def assignments() -> None:
    """See and keep who is to complete which learning path, by when, and who has.

    \b
    Examples:
      precedent assignments list
      precedent assignments add P-0001 --due 2026-12-18 --role "project manager"
    """


@assignments.command("list")
@click.option("--which", type=click.Choice(["standing", "withdrawn", "all"]), default="standing",
              show_default=True, help="Which of them.")  # fmt: skip
@click.option("--path", default="", help="Only of the path with this id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(which: str, path: str, *, as_json: bool) -> None:
    """Print assignments, what is due first first.

    \b
    Example:
      precedent assignments list --path P-0001 --json
    """
    from kb.assigning.listing import AssignmentFilter, list_assignments
    from kb.reading import OPERATOR

    _, database = open_repository()
    with database.read() as session:
        found = list_assignments(session, operator(), OPERATOR, AssignmentFilter(which, path.upper()))
    if as_json:
        print_json("assignments", [_as_json(each) for each in found])
    elif found:
        rows = [
            (each.id, each.path, each.due_on, f"{each.done}/{len(each.asked)}", each.overdue(_today()),
             each.title)
            for each in found
        ]  # fmt: skip
        print_columns(("NUMBER", "PATH", "DUE", "DONE", "OVERDUE", "TITLE"), rows)
    else:
        click.echo("There is none.")


@assignments.command()
@_NUMBER
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(number: int, *, as_json: bool) -> None:
    """Print how far each person is whom an assignment asks.

    \b
    Example:
      precedent assignments show 3
    """
    found = _get(number)
    if as_json:
        print_json("people", [_asked(found, each) for each in found.asked])
        return
    click.echo(f"{found.path} {found.title}, due {found.due_on}: {found.done} of {len(found.asked)} done")
    rows = []
    for each in found.asked:
        where = each.standing
        late = "overdue" if where.is_overdue(found.due_on, _today()) else ""
        rows.append((where.state, where.done_on or late, each.name))
    if rows:
        print_columns(("STATE", "SINCE", "PERSON"), rows)


@assignments.command()
@click.argument("path")
@click.option("--due", type=_DAY, required=True, help="The last day.")
@click.option("--person", "people", multiple=True, help="Somebody who is asked, by e-mail.")
@click.option("--role", "roles", multiple=True, help="A role: everybody who holds it is asked.")
@click.option("--cohort", "cohorts", multiple=True, type=_COHORT, help="A cohort, by its number.")
@click.option("--note", default="", help="What you say to them.")
def add(path: str, due: datetime, **said: Any) -> None:
    """Ask people, roles and cohorts to complete a path by a day. They are told.

    \b
    Examples:
      precedent assignments add P-0001 --due 2026-12-18 --person bea@example.org
      precedent assignments add P-0001 --due 2026-12-18 --role "project manager" --cohort 2
    """
    from kb.assigning.keeping import assign
    from kb.assigning.texts import AssignmentText
    from kb.people.audit import Origin
    from kb.validation import validate

    _, database = open_repository()
    given = {"path": path.upper(), "due_on": due.date().isoformat()} | _lists(said)
    number = assign(database, Origin(operator()), validate(AssignmentText, given), _today())
    click.echo(f"Assignment {number} asks {len(_get(number).asked):,} of {path.upper()}.")


@assignments.command()
@_NUMBER
@click.option("--due", type=_DAY, default=None, help="The last day from now on.")
@click.option("--person", "people", multiple=True, help="Who is asked by e-mail, in place of those before.")
@click.option("--role", "roles", multiple=True, help="The roles that are asked, in place of those before.")
@click.option("--cohort", "cohorts", multiple=True, type=_COHORT, help="The cohorts, in place of before.")
@click.option("--note", default=None, help="What you say to them.")
def change(number: int, due: datetime | None, **said: Any) -> None:
    """Ask others, or until another day. What is not named stays.

    \b
    Examples:
      precedent assignments change 3 --due 2027-01-15
      precedent assignments change 3 --cohort 2 --cohort 4
    """
    from kb.assigning.keeping import change_assignment
    from kb.assigning.texts import AssignmentChange
    from kb.people.audit import Origin
    from kb.validation import validate

    standing = _get(number)
    given = {
        "version": standing.version, "note": standing.note, "people": list(standing.people),
        "roles": list(standing.roles), "cohorts": list(standing.cohorts),
        "due_on": (due.date() if due else standing.due_on).isoformat(),
    }  # fmt: skip
    given |= {name: value for name, value in _lists(said).items() if value or value == ""}
    _, database = open_repository()
    change_assignment(database, Origin(operator()), number, validate(AssignmentChange, given), _today())
    found = _get(number)
    click.echo(f"Assignment {number} asks {len(found.asked):,} of {found.path} by {found.due_on}.")


@assignments.command()
@_NUMBER
@click.option("--yes", is_flag=True, help="Do not ask first.")
def withdraw(number: int, *, yes: bool) -> None:
    """Take an assignment back. What people did stays.

    \b
    Example:
      precedent assignments withdraw 3 --yes
    """
    from kb.assigning.keeping import withdraw as withdraw_now
    from kb.people.audit import Origin

    found = _get(number)
    if not yes:
        click.confirm(f"Take back what asks {len(found.asked):,} to complete {found.path}?", abort=True)
    _, database = open_repository()
    ref = withdraw_now(database, Origin(operator()), number)
    click.echo(f"Assignment {number} of {ref} is taken back.")


@assignments.command()
def remind() -> None:
    """Tell newcomers what is assigned to them, and remind who is due. A server does so every hour.

    \b
    Example:
      precedent assignments remind
    """
    from kb.assigning.telling import remind as remind_now

    with operating("remind of assignments") as now:
        told = remind_now(now.session, _today())
        now.act.detail["notices"] = told
    click.echo(f"{told:,} {'notice' if told == 1 else 'notices'} sent.")


def _today() -> date:
    from datetime import datetime

    return datetime.now().astimezone().date()


def _lists(said: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}


def _get(number: int) -> AssignmentView:
    from kb.assigning.listing import get_assignment
    from kb.reading import OPERATOR

    _, database = open_repository()
    with database.read() as session:
        return get_assignment(session, operator(), OPERATOR, number)


def _as_json(view: AssignmentView) -> dict[str, object]:
    said = {name: value for name, value in vars(view).items() if name != "asked"}
    moments = {name: iso(said[name]) for name in ("created_at", "withdrawn_at")}
    counts = {"asked": len(view.asked), "done": view.done, "overdue": view.overdue(_today())}
    return said | moments | counts


def _asked(view: AssignmentView, each: Any) -> dict[str, object]:
    where = each.standing
    return {
        "name": each.name, "state": where.state, "done_on": where.done_on, "lapses_on": where.lapses_on,
        "is_overdue": where.is_overdue(view.due_on, _today()),
    }  # fmt: skip
