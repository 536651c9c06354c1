"""precedent user add, list, role, disable, enable, link, sessions, disconnect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kb.errors import NotFound
from kb.people.roles import ROLES
from web.commands import open_repository, operating, operator
from web.commands.links import mail_link, print_administrator_link, print_link
from web.commands.printing import iso, moment, print_columns, print_json

if TYPE_CHECKING:
    from kb.config import Settings
    from kb.database import Database
    from kb.people.audit import Origin
    from kb.people.model import User

_ROLE = click.Choice(ROLES)
_email = click.argument("email")
_mail = click.option(
    "--mail", "by_mail", is_flag=True, help="Also send the link to them, by the mail server."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def user() -> None:
    """Manage people from the server's own machine.

    Whoever may run this may do everything; each use stands in the audit log under the login name.

    \b
    Examples:
      precedent user link --administrator
      precedent user add bea@example.org --name Bea --role trainer
      precedent user role bea@example.org --grant curator --revoke trainer
      precedent user list --role curator
    """


@user.command()
@_email
@click.option("--name", default="", help="As others should see it; they can change it.")
@click.option("--role", "roles", type=_ROLE, multiple=True, help="A role to give (repeatable).")
@_mail
def add(email: str, name: str, roles: tuple[str, ...], *, by_mail: bool) -> None:
    """Invite somebody: prints the link with which they come in. Once more, and there is a new link.

    \b
    Example:
      precedent user add bea@example.org --name Bea --role trainer --role verifier
    """
    from kb.people import acts
    from kb.people.texts import Invitation
    from kb.validation import validate

    text = validate(Invitation, {"email": email, "name": name, "roles": list(roles)})
    settings, database, origin = _acting()
    found, secret = acts.invite(database, origin, text)
    print_link(settings, found, secret)
    if by_mail:
        mail_link(settings, database, origin, found, secret)


@user.command("list")
@click.argument("words", nargs=-1)
@click.option("--role", type=_ROLE, default=None, help="Only who holds it.")
@click.option("--status", type=click.Choice(["invited", "active", "disabled"]), default=None,
              help="Only accounts in this state.")  # fmt: skip
@_json
def list_(words: tuple[str, ...], role: str | None, status: str | None, *, as_json: bool) -> None:
    """Print people by name, or those whose name or e-mail holds the words.

    \b
    Examples:
      precedent user list
      precedent user list example.org --role curator --json
    """
    from kb.people.finding import PeopleFilter, list_people

    with operating("list people") as now:
        people = list_people(now.session, now.by, PeopleFilter(" ".join(words), role or "", status or ""))
        rows = [_as_json(each) for each in people]
        lines = [(each.email, each.name, each.status, _roles(each), moment(each.seen_at)) for each in people]
    if as_json:
        print_json("people", rows)
    elif lines:
        print_columns(("E-MAIL", "NAME", "STATUS", "ROLES", "LAST SEEN (UTC)"), lines)
    else:
        click.echo("Nobody is like that.")


@user.command()
@_email
@click.option("--grant", "granted", type=_ROLE, multiple=True, help="A role to give (repeatable).")
@click.option("--revoke", "revoked", type=_ROLE, multiple=True, help="A role to take (repeatable).")
def role(email: str, granted: tuple[str, ...], revoked: tuple[str, ...]) -> None:
    """Give and take roles. The person is signed out everywhere.

    \b
    Example:
      precedent user role bea@example.org --grant curator --revoke trainer
    """
    from kb.people import acts

    if not granted and not revoked:
        raise click.UsageError("Say what to change: --grant ROLE, --revoke ROLE.")
    if both := sorted({*granted} & {*revoked}):
        raise click.UsageError(f"{', '.join(both)} cannot be both given and taken.")
    _, database, origin = _acting()
    who = _person(database, origin, email, "set roles")
    found, _ = acts.change_roles(database, origin, who.id, granted, revoked)
    unchanged = "" if found.roles != who.roles else "Unchanged: "
    click.echo(f"{unchanged}{found.email} holds {_roles(found)}.")


@user.command()
@_email
@click.option("--yes", is_flag=True, help="Disable without asking.")
def disable(email: str, *, yes: bool) -> None:
    """Close an account: sessions, tokens and links end at once.

    \b
    Example:
      precedent user disable bea@example.org
    """
    from kb.people import acts

    if not yes:
        click.confirm(f"Disable {email}? Sessions, tokens and links end, tokens for good.", abort=True)
    _, database, origin = _acting()
    acts.disable(database, origin, _person(database, origin, email, "disable person").id)
    click.echo(f"{email} is disabled. `precedent user enable {email}` opens the account again.")


@user.command()
@_email
def enable(email: str) -> None:
    """Open a disabled account again.

    \b
    Example:
      precedent user enable bea@example.org
    """
    from kb.people import acts

    _, database, origin = _acting()
    found = acts.enable(database, origin, _person(database, origin, email, "enable person").id)
    again = "" if found.status == "active" else f" `precedent user link {email}` makes a new invitation."
    click.echo(f"{email} is {found.status}.{again}")


@user.command()
@click.argument("email", required=False)
@click.option("--administrator", is_flag=True, help="For the first administrator, while there is none.")
@_mail
def link(email: str | None, *, administrator: bool, by_mail: bool) -> None:
    """Print a link: for who is invited to come in, for who is active to choose another password.

    \b
    Examples:
      precedent user link bea@example.org
      precedent user link --administrator
    """
    from kb.people import acts

    if administrator == bool(email):
        raise click.UsageError("Name the person's e-mail, or say --administrator.")
    if administrator:
        print_administrator_link(*_acting())
        return
    settings, database, origin = _acting()
    who = _person(database, origin, email or "", "make link")
    found, secret = acts.make_link(database, origin, who.id)
    print_link(settings, found, secret)
    if by_mail:
        mail_link(settings, database, origin, found, secret)


@user.command()
@_email
@click.option("--end", is_flag=True, help="Sign the person out everywhere.")
@_json
def sessions(email: str, *, end: bool, as_json: bool) -> None:
    """Print the browsers in which a person has signed in, or end them all.

    \b
    Examples:
      precedent user sessions bea@example.org
      precedent user sessions bea@example.org --end
    """
    from kb.people import acts
    from kb.people.sessions import list_sessions
    from web.agents import agent_words
    from web.holders import lifetimes

    settings, database, origin = _acting()
    who, limits = (
        _person(database, origin, email, "end sessions" if end else "list sessions"),
        lifetimes(settings),
    )
    with database.read() as session:
        rows = [row for row in list_sessions(session, origin.person, who.id) if limits.is_open(row)]
        lines = [(agent_words(row.agent), row.address, row.created_at, row.seen_at) for row in rows]
    if end:
        acts.end_sessions(database, origin, who.id)
    else:
        _note(database, origin, "list sessions", email)
    if as_json:
        names = ("browser", "address", "began_at", "seen_at")
        print_json(
            "sessions", [dict(zip(names, (*line[:2], *map(iso, line[2:])), strict=True)) for line in lines]
        )
    elif lines:
        header = ("BROWSER", "ADDRESS", "BEGAN (UTC)", "LAST USED (UTC)")
        print_columns(header, [(*line[:2], *map(moment, line[2:])) for line in lines])
    else:
        click.echo(f"{email} is signed in nowhere.")
    if end and lines:
        click.echo(f"Ended: {len(lines)}.", err=as_json)


@user.command()
@_email
@click.option("--issuer", default="", help="Address of one provider; all of them when not given.")
@click.option("--yes", is_flag=True, help="Disconnect without asking.")
def disconnect(email: str, issuer: str, *, yes: bool) -> None:
    """Disconnect a person's single sign-on: whom the provider names there no longer comes in as them.

    A provider that vouches for the person's e-mail address connects them again when they next sign in
    there. `precedent user disable` keeps somebody out.

    \b
    Example:
      precedent user disconnect bea@example.org
    """
    from kb.people import acts

    if not yes:
        words = f"Disconnect {email} from {issuer or 'every provider'}? Browsers that came in that way are "
        click.confirm(f"{words}signed out.", abort=True)
    _, database, origin = _acting()
    who = _person(database, origin, email, "disconnect identity")
    gone = acts.disconnect(database, origin, who.id, issuer)
    click.echo(f"Disconnected: {', '.join(gone)}." if gone else f"{email} is connected with no provider.")
    if gone and who.password is None:
        click.echo(f"{email} has no password: `precedent user link {email}` makes a link to choose one.")


def _acting() -> tuple[Settings, Database, Origin]:
    from kb.people.audit import Origin

    return *open_repository(), Origin(operator())


def _person(database: Database, origin: Origin, email: str, action: str) -> User:
    """The person with this e-mail; that there is none stands in the log, as any refusal. Raises NotFound."""
    from kb.people.accounts import find_user
    from kb.people.audit import note_refusal

    try:
        with database.read() as session:
            found = find_user(session, email)
            session.expunge_all()
            return found
    except NotFound as error:
        note_refusal(database, origin, action, email, error)
        raise


def _note(database: Database, origin: Origin, action: str, thing: str) -> None:
    from kb.people.audit import audited

    with audited(database, origin, action, thing):
        pass


def _roles(found: User) -> str:
    return ", ".join(sorted(found.roles)) or "no role"


def _as_json(found: User) -> dict[str, Any]:
    return {
        "id": found.id, "email": found.email, "name": found.name, "status": found.status,
        "roles": sorted(found.roles), "created_at": iso(found.created_at), "seen_at": iso(found.seen_at),
    }  # fmt: skip
