"""precedent mail status, send, test, retry, drop."""

from __future__ import annotations

import click

from web.commands import open_repository, operator, outboxes
from web.commands.printing import moment, print_columns, print_json

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
        print_json("mails", [outboxes.as_json(each) for each in found])
        return
    click.echo(f"Sent by {settings.smtp_host}." if settings.sends_mail else "No mail server is set.")
    click.echo(outboxes.sentence(outbox, "Mails", "sent", "have gone"))
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
@outboxes.NUMBERS
@click.option("--all", "everything", is_flag=True, help="All that were given up.")
def retry(numbers: tuple[int, ...], *, everything: bool) -> None:
    """Send mails again that were given up, or that wait for their next attempt.

    \b
    Examples:
      precedent mail retry 17
      precedent mail retry --all
    """
    from kb.notices import outbox

    state = "given up" if everything else ""
    count = outboxes.each(outbox.retry, outbox.numbers_of, numbers, state, "mails")
    click.echo(f"{count:,} {'is' if count == 1 else 'are'} sent as soon as may be.")


@mail.command()
@outboxes.NUMBERS
@click.option("--all", "everything", is_flag=True, help="All that wait.")
def drop(numbers: tuple[int, ...], *, everything: bool) -> None:
    """Give mails up that wait. What they were to tell stays under the person's notifications.

    \b
    Examples:
      precedent mail drop 17
      precedent mail drop --all
    """
    from kb.notices import outbox

    state = "waiting" if everything else ""
    count = outboxes.each(outbox.drop, outbox.numbers_of, numbers, state, "mails")
    click.echo(f"{count:,} dropped.")
