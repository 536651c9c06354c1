"""precedent notices list, due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from web.commands import operating
from web.commands.printing import iso, moment, print_columns, print_json

if TYPE_CHECKING:
    from kb.notices.reading import NoticeView


@click.group()
def notices() -> None:
    """See what people are told, and tell them what is due for verification.

    A server that runs looks once an hour at what is due.

    \b
    Examples:
      precedent notices list bea@example.org --unread
      precedent notices due
    """


@notices.command("list")
@click.argument("email")
@click.option("--unread", is_flag=True, help="Only what waits to be read.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(email: str, limit: int, *, unread: bool, as_json: bool) -> None:
    """Print the newest notices of a person.

    \b
    Examples:
      precedent notices list bea@example.org
      precedent notices list bea@example.org --unread --json
    """
    from kb.notices import wording
    from kb.notices.reading import list_notices
    from kb.people.accounts import as_person, find_user
    from kb.people.reader import reader_of

    with operating("list notices", email) as now:
        user = find_user(now.session, email)
        reader = reader_of(as_person(user), now.settings.mask_below)
        _, found = list_notices(now.session, user.id, reader, unread=unread, limit=limit)
    if as_json:
        print_json("notices", [_as_json(each) for each in found])
    elif found:
        rows = [
            (moment(each.created_at), "read" if each.is_read else "unread", each.event, each.ref or "",
             " ".join(filter(None, (wording.heading(each), wording.sentence(each), wording.details(each)))))
            for each in found
        ]  # fmt: skip
        print_columns(("TIME (UTC)", "STATE", "EVENT", "ENTRY", "WORDS"), rows)
    else:
        click.echo("Nothing waits to be read." if unread else "This person has been told nothing yet.")


@notices.command()
def due() -> None:
    """Tell whoever looks after them which entries are due for verification, now.

    \b
    Example:
      precedent notices due
    """
    from datetime import datetime

    from kb.notices.due import tell_due

    with operating("tell what is due") as now:
        told = tell_due(now.session, datetime.now().astimezone().date())
        now.act.detail["notices"] = told
    click.echo(f"{told:,} {'notice' if told == 1 else 'notices'} sent.")


def _as_json(notice: NoticeView) -> dict[str, object]:
    from kb.notices import wording

    return {
        "id": notice.id, "event": notice.event, "ref": notice.ref, "revision": notice.number,
        "heading": wording.heading(notice), "sentence": wording.sentence(notice),
        "words": wording.details(notice), "created_at": iso(notice.created_at),
        "read_at": iso(notice.read_at),
    }  # fmt: skip
