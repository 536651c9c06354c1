"""precedent demand list, gather, give, settle."""

from __future__ import annotations

import click

from web.commands import open_repository, operator
from web.commands.printing import print_columns, print_json

_STATE = click.Choice(["open", "given", "answered", "dismissed"])


@click.group()
def demand() -> None:
    """See what people look for in vain, and give it to somebody to write about.

    \b
    Examples:
      precedent demand list
      precedent demand give 3 bea@example.org
    """


@demand.command("list")
@click.option("--state", type=_STATE, default="open", show_default=True, help="Which of them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(state: str, *, as_json: bool) -> None:
    """Print searches without result, put together by what they mean.

    \b
    Example:
      precedent demand list --state given
    """
    from kb.usage.demand import list_demands

    _, database = open_repository()
    with database.read() as session:
        found = list_demands(session, state)
    if as_json:
        print_json("demands", [vars(each) for each in found])
    elif found:
        rows = [(each.id, f"{each.searches:,}", each.given_to, each.words) for each in found]
        print_columns(("NUMBER", "SEARCHES", "GIVEN TO", "WORDS"), rows)
    else:
        click.echo("There is none.")


@demand.command()
def gather() -> None:
    """Put the searches without result together now. A server that runs does so every hour.

    \b
    Example:
      precedent demand gather
    """
    from web.chores import gather as gather_now

    settings, database = open_repository()
    click.echo(f"{gather_now(settings, database):,} open.")


@demand.command("give")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
@click.argument("email")
def give_(number: int, email: str) -> None:
    """Give a demand to somebody to write about, who is told.

    \b
    Example:
      precedent demand give 3 bea@example.org
    """
    from kb.people.audit import Origin
    from kb.usage.demand import give

    _, database = open_repository()
    done = give(database, Origin(operator()), number, email)
    click.echo(f"{done.given_to} is to write about “{done.words}”.")


@demand.command("settle")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
@click.argument("state", type=click.Choice(["open", "answered", "dismissed"]))
def settle_(number: int, state: str) -> None:
    """Say that a demand is answered, is none, or is open again.

    \b
    Example:
      precedent demand settle 3 dismissed
    """
    from kb.people.audit import Origin
    from kb.usage.demand import settle

    _, database = open_repository()
    done = settle(database, Origin(operator()), number, state)
    click.echo(f"“{done.words}” is {done.state}.")
