"""precedent mail status, send, test, retry, drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from web.commands import open_repository, operator
from web.commands.printing import iso, moment, print_columns, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from kb.notices.outbox import MailView, Outbox
    from kb.people.audit import Origin

_NUMBERS = click.argument("numbers", nargs=-1, type=click.IntRange(1, 2**31 - 1))
_STATE = click.Choice(["waiting", "sent", "needless", "given up"])


@click.group()
def mail() -> None:
    """See the outbox, send what is due, and try the mail server.

    A server that runs sends by itself where PRECEDENT_SMTP_HOST is set.

    \b
    Examples:
      precedent mail status
      precedent mail test bea@example.org
    """


@mail.command()
@click.option("--state", type=_STATE, default=None, help="Only mails in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(state: str | None, limit: int, *, as_json: bool) -> None:
    """Print how sending goes, and the newest mails.

    \b
    Examples:
      precedent mail status
      precedent mail status --state "given up" --json
    """
    from kb.notices.outbox import list_mails, look

    settings, database = open_repository()
    with database.read() as session:
        outbox, found = look(session), list_mails(session, state or "", limit=limit)
    if as_json:
        print_json("mails", [_as_json(each) for each in found])
        return
    click.echo(f"Sent by {settings.smtp_host}." if settings.sends_mail else "No mail server is set.")
    click.echo(_sentence(outbox))
    if found:
        rows = [
            (each.id, each.email, each.kind, each.state, moment(each.due_at), each.attempts, each.problem)
            for each in found
        ]
        print_columns(("NUMBER", "TO", "KIND", "STATE", "DUE OR DONE (UTC)", "TRIED", "PROBLEM"), rows)


@mail.command()
def send() -> None:
    """Send every mail whose turn it is, now.

    \b
    Example:
      precedent mail send
    """
    from web.mailing.sending import send_due

    report = send_due(*open_repository())
    click.echo(
        f"Sent {report.sent:,}, needless {report.needless:,}, put off {report.put_off:,}, "
        f"given up {report.given_up:,}."
    )
    if report.problem:
        click.echo(report.problem, err=True)
        click.get_current_context().exit(1)


@mail.command()
@click.argument("address")
def test(address: str) -> None:
    """Send one mail to see whether the settings are right.

    \b
    Example:
      precedent mail test bea@example.org
    """
    from kb.people.audit import Origin
    from web.mailing.sending import send_test

    settings, database = open_repository()
    send_test(settings, database, Origin(operator()), address)
    click.echo(f"{settings.smtp_host} has taken a mail to {address}.")


@mail.command()
@_NUMBERS
@click.option("--all", "everything", is_flag=True, help="All that were given up.")
def retry(numbers: tuple[int, ...], *, everything: bool) -> None:
    """Send mails again that were given up, or that wait for their next attempt.

    \b
    Examples:
      precedent mail retry 17
      precedent mail retry --all
    """
    from kb.notices import outbox

    count = _each(outbox.retry, numbers, "given up" if everything else "")
    click.echo(f"{count:,} {'is' if count == 1 else 'are'} sent as soon as may be.")


@mail.command()
@_NUMBERS
@click.option("--all", "everything", is_flag=True, help="All that wait.")
def drop(numbers: tuple[int, ...], *, everything: bool) -> None:
    """Give mails up that wait. What they were to tell stays under the person's notifications.

    \b
    Examples:
      precedent mail drop 17
      precedent mail drop --all
    """
    from kb.notices import outbox

    count = _each(outbox.drop, numbers, "waiting" if everything else "")
    click.echo(f"{count:,} dropped.")


def _each(verb: Callable[[Session, Origin, int], MailView], numbers: tuple[int, ...], of_state: str) -> int:
    from kb.notices.outbox import numbers_of
    from kb.people.audit import Origin

    if bool(numbers) == bool(of_state):
        raise click.UsageError("Name the mails by their numbers, or say --all.")
    _, database = open_repository()
    with database.write_aside() as session:
        chosen = numbers or numbers_of(session, of_state)
        for number in chosen:
            verb(session, Origin(operator()), number)
    return len(chosen)


def _sentence(outbox: Outbox) -> str:
    counts = ", ".join(f"{count:,} {state}" for state, count in outbox.counts.items())
    overdue = f" {outbox.overdue:,} should have gone by now." if outbox.overdue else ""
    problem = f" {outbox.problem}" if outbox.problem else ""
    return f"Mails: {counts}. Last sent (UTC): {moment(outbox.last_sent)}.{overdue}{problem}"


def _as_json(view: MailView) -> dict[str, object]:
    return vars(view) | {name: iso(getattr(view, name)) for name in ("created_at", "due_at", "sent_at")}
