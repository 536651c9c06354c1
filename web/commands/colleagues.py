"""What commands say of who else is at work on an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from web.commands.printing import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.desk.lists import QueueItem
    from kb.people.audit import Origin
    from kb.people.roles import Person


def tell_others(database: Database, origin: Origin, ref: str) -> None:
    """Says on standard error who else is at work on an entry that whoever acts may edit."""
    from kb.desk.colleagues import at_work

    with database.read() as session:
        for work in at_work(session, origin.person, ref):
            since = f"since {moment(work.since)} UTC"
            click.echo(f"{work.author} is at work on {ref} too: {work.state}, {since}.", err=True)


def names_at_work(session: Session, person: Person, items: Sequence[QueueItem]) -> list[list[str]]:
    """Of each revision of a list who else is at work on its entry."""
    from kb.desk.colleagues import others_at_work

    others = others_at_work(session, person, {item.view.ref for item in items})
    return [
        list(dict.fromkeys(
            work.author for work in others.get(item.view.ref, ()) if work.number != item.view.number
        ))
        for item in items
    ]  # fmt: skip
