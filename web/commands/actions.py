"""precedent actions list, add, assign, embed, check, drop, reopen, remind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from web.commands import open_repository, operating, operator
from web.commands.printing import iso, print_columns, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from kb.actions.listing import ActionView

_NUMBER = click.argument("number", type=click.IntRange(1, 2**31 - 1))
_WHICH = click.Choice(
    ["open", "overdue", "to check", "identified", "assigned", "embedded", "checked", "dropped", "all"]
)


@click.group()
def actions() -> None:
    """See and keep what is to become of lessons: who changes which template, by when, and whether they did.

    \b
    Examples:
      precedent actions list --which overdue
      precedent actions add L-0001 "The cut-over template asks for two rehearsals"
    """


@actions.command("list")
@click.option("--which", type=_WHICH, default="open", show_default=True, help="Which of them.")
@click.option("--owner", default="", help="Only of the person with this e-mail.")
@click.option("--lesson", default="", help="Only of the lesson with this id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(which: str, owner: str, lesson: str, *, as_json: bool) -> None:
    """Print actions, what is overdue first.

    \b
    Examples:
      precedent actions list --owner bea@example.org
      precedent actions list --which "to check" --json
    """
    from datetime import datetime

    from kb.actions.listing import ActionFilter, list_actions
    from kb.people.accounts import find_user
    from kb.reading import OPERATOR

    _, database = open_repository()
    today = datetime.now().astimezone().date()
    with database.read() as session:
        owner_id = find_user(session, owner).id if owner else None
        wanted = ActionFilter(which, owner_id, lesson.upper())
        found = list_actions(session, OPERATOR, wanted, today, limit=10_000)
    if as_json:
        print_json("actions", [_as_json(each) for each in found])
    elif found:
        rows = [
            (each.id, each.ref, "overdue" if each.is_overdue(today) else each.state, each.due_on or "",
             each.owner, each.what)
            for each in found
        ]  # fmt: skip
        print_columns(("NUMBER", "LESSON", "STATE", "DUE", "OWNER", "WHAT"), rows)
    else:
        click.echo("There is none.")


@actions.command()
@click.argument("ref")
@click.argument("what")
def add(ref: str, what: str) -> None:
    """Note what is to change because of a lesson.

    \b
    Example:
      precedent actions add L-0001 "The cut-over template asks for two rehearsals"
    """
    from kb.actions.keeping import add_action
    from kb.actions.texts import ActionText
    from kb.people.audit import Origin
    from kb.validation import validate

    _, database = open_repository()
    number = add_action(database, Origin(operator()), ref.upper(), validate(ActionText, {"what": what}))
    click.echo(f"Action {number} is noted on {ref.upper()}.")


@actions.command()
@_NUMBER
@click.argument("email")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Until when.")
def assign(number: int, email: str, due: datetime | None) -> None:
    """Give an action to somebody, who is told, and reminded before and after it is due.

    \b
    Example:
      precedent actions assign 3 bea@example.org --due 2026-12-18
    """
    _change(number, "assigned", owner=email, due_on=due.date().isoformat() if due else None)


@actions.command()
@_NUMBER
@click.argument("ref", required=False)
@click.option("--words", default="", help="Where, if in no entry: such as a procedure.")
def embed(number: int, ref: str | None, words: str) -> None:
    """Say where an action is built in: an entry, or words.

    \b
    Examples:
      precedent actions embed 3 T-0015
      precedent actions embed 3 --words "Procedure 7, section 3"
    """
    _change(number, "embedded", embedded_in=ref.upper() if ref else None, embedded_words=words)


@actions.command()
@_NUMBER
def check(number: int) -> None:
    """Say that an action is really built in.

    \b
    Example:
      precedent actions check 3
    """
    _change(number, "checked")


@actions.command()
@_NUMBER
def drop(number: int) -> None:
    """Say that an action is no more to be done.

    \b
    Example:
      precedent actions drop 3
    """
    _change(number, "dropped")


@actions.command()
@_NUMBER
def reopen(number: int) -> None:
    """Say that an action is to be done again, by nobody in particular.

    \b
    Example:
      precedent actions reopen 3
    """
    _change(number, "identified")


@actions.command()
def remind() -> None:
    """Remind the owners of actions that are due within a week or overdue. A server does so every hour.

    \b
    Example:
      precedent actions remind
    """
    from datetime import datetime

    from kb.actions.reminding import remind as remind_now

    with operating("remind of actions") as now:
        told = remind_now(now.session, datetime.now().astimezone().date())
        now.act.detail["notices"] = told
    click.echo(f"{told:,} {'reminder' if told == 1 else 'reminders'} sent.")


def _change(number: int, state: str, **said: Any) -> None:
    from kb.actions.keeping import change_action
    from kb.actions.listing import get_action
    from kb.actions.texts import ActionChange
    from kb.people.audit import Origin
    from kb.reading import OPERATOR
    from kb.validation import validate

    _, database = open_repository()
    with database.read() as session:
        version = get_action(session, OPERATOR, number).version
    change = validate(ActionChange, {"version": version, "state": state} | said)
    change_action(database, Origin(operator()), number, change)
    with database.read() as session:
        found = get_action(session, OPERATOR, number)
    click.echo(f"Action {number} of {found.ref} is {found.state}{f', {found.owner}' if found.owner else ''}.")


def _as_json(view: ActionView) -> dict[str, object]:
    return vars(view) | {"changed_at": iso(view.changed_at)}
