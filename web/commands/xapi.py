"""precedent xapi status, send, retry, drop."""

from __future__ import annotations

import click

from web.commands import open_repository, outboxes
from web.commands.printing import moment, print_columns, print_json

_STATE = click.Choice(["waiting", "sent", "given up"])


@click.group()
def xapi() -> None:
    """See what the record store is told of learning, and tell it now what is due.

    A server that runs does so by itself where PRECEDENT_XAPI_ENDPOINT is set.

    \b
    Examples:
      precedent xapi status
      precedent xapi retry --all
    """


@xapi.command()
@click.option("--state", type=_STATE, default=None, help="Only statements in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(state: str | None, limit: int, *, as_json: bool) -> None:
    """Print how telling goes, and the newest statements.

    \b
    Examples:
      precedent xapi status
      precedent xapi status --state "given up" --json
    """
    from kb.statements.outbox import list_statements, look

    settings, database = open_repository()
    with database.read() as session:
        outbox, found = look(session), list_statements(session, state or "", limit=limit)
    if as_json:
        print_json("statements", [outboxes.as_json(each) for each in found])
        return
    click.echo(
        f"Told to {settings.xapi_endpoint}." if settings.records_learning else "No record store is set."
    )
    click.echo(outboxes.sentence(outbox, "Statements", "told", "be told"))
    if found:
        rows = [
            (each.id, each.verb, each.about, each.state, moment(each.due_at), each.attempts, each.problem)
            for each in found
        ]
        print_columns(("NUMBER", "VERB", "ABOUT", "STATE", "DUE OR DONE (UTC)", "TRIED", "PROBLEM"), rows)


@xapi.command()
def send() -> None:
    """Tell the record store everything whose turn it is, now.

    \b
    Example:
      precedent xapi send
    """
    from web.record_store import tell_due

    report = tell_due(*open_repository())
    click.echo(f"Told {report.sent:,}, put off {report.put_off:,}, given up {report.given_up:,}.")
    if report.problem:
        click.echo(report.problem, err=True)
        click.get_current_context().exit(1)


@xapi.command()
@outboxes.NUMBERS
@click.option("--all", "everything", is_flag=True, help="All that were given up.")
def retry(numbers: tuple[int, ...], *, everything: bool) -> None:
    """Tell again what was given up, or waits for its next attempt.

    \b
    Examples:
      precedent xapi retry 17
      precedent xapi retry --all
    """
    from kb.statements import outbox

    count = outboxes.each(
        outbox.retry, outbox.numbers_of, numbers, "given up" if everything else "", "statements"
    )
    click.echo(f"{count:,} {'is' if count == 1 else 'are'} told as soon as may be.")


@xapi.command()
@outboxes.NUMBERS
@click.option("--all", "everything", is_flag=True, help="All that wait.")
def drop(numbers: tuple[int, ...], *, everything: bool) -> None:
    """Give up statements that wait.

    \b
    Examples:
      precedent xapi drop 17
      precedent xapi drop --all
    """
    from kb.statements import outbox

    count = outboxes.each(
        outbox.drop, outbox.numbers_of, numbers, "waiting" if everything else "", "statements"
    )
    click.echo(f"{count:,} dropped.")
