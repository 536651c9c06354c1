"""The links with which people come in, as commands print and send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.errors import KbError

if TYPE_CHECKING:
    from kb.config import Settings
    from kb.database import Database
    from kb.people.audit import Origin
    from kb.people.model import User


def print_administrator_link(settings: Settings, database: Database, origin: Origin) -> None:
    """Prints the link that makes the first administrator. Raises KbError when there is one."""
    from web.serve import administrator_link

    address = administrator_link(settings, database, origin.person)
    if not address:
        raise KbError(
            "There is an administrator already. `precedent user list --role admin` says who, and "
            "`precedent user link EMAIL` makes a link for another password."
        )
    click.echo("This link makes whoever follows it the administrator, once, for a day:")
    click.echo(f"  {address}")


def print_link(settings: Settings, found: User, secret: str) -> None:
    """Prints the link with which somebody comes in, or chooses another password."""
    invited = found.status == "invited"
    means = "comes in" if invited else "chooses another password"
    click.echo(f"With this link {found.email} {means}, once, for {'14 days' if invited else 'a day'}:")
    click.echo(f"  {_link(settings, secret)}")


def _link(settings: Settings, secret: str) -> str:
    return f"{settings.base_url}/welcome?link={secret}"


def mail_link(settings: Settings, database: Database, origin: Origin, found: User, secret: str) -> None:
    """Sends it. Raises KbError when the mail server does not take it."""
    from web.mailing.sending import send_link

    link, invited = _link(settings, secret), found.status == "invited"
    problem = send_link(settings, database, origin, found.email, link, is_invitation=invited)
    if problem:
        raise KbError(f"The link was not mailed. {problem}")
    click.echo(f"It is on its way to {found.email}.")
