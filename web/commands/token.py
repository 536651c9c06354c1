"""precedent token list, revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from web.commands import operating
from web.commands.printing import iso, moment, print_columns, print_json

if TYPE_CHECKING:
    from kb.people.model import Token


@click.group()
def token() -> None:
    """See and revoke the tokens with which programs act for people. People make their own, on their account.

    \b
    Examples:
      precedent token list bea@example.org
      precedent token revoke 17
    """


@token.command("list")
@click.argument("email", required=False)
@click.option("--all", "every", is_flag=True, help="Revoked and expired ones too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(email: str | None, *, every: bool, as_json: bool) -> None:
    """Print the tokens that work, of everybody or of one person.

    \b
    Examples:
      precedent token list
      precedent token list bea@example.org --all --json
    """
    from kb.people.accounts import find_user
    from kb.people.tokens import is_usable, list_all_tokens, list_tokens

    with operating("list tokens", email or "") as now:
        if email is None:
            found = list_all_tokens(now.session, now.by)
        else:
            found = list_tokens(now.session, now.by, find_user(now.session, email).id)
        kept = [each for each in found if every or is_usable(each)]
        rows, lines = [_as_json(each) for each in kept], [_line(each) for each in kept]
    if as_json:
        print_json("tokens", rows)
    elif lines:
        print_columns(
            ("NUMBER", "PERSON", "BEGINS", "SCOPES", "LAST USED (UTC)", "EXPIRES (UTC)", "NAME"), lines
        )
    else:
        click.echo("There is no such token." if email or every else "No token works.")


@token.command()
@click.argument("numbers", nargs=-1, required=True, type=click.IntRange(min=1))
def revoke(numbers: tuple[int, ...]) -> None:
    """Revoke tokens by their numbers in the list. Programs that send one are refused at once.

    \b
    Example:
      precedent token revoke 17 18
    """
    from kb.people.tokens import revoke_token

    for number in numbers:
        with operating("revoke token", f"number {number}") as now:
            gone = revoke_token(now.session, now.by, number)
            now.act.thing = gone.name
            now.act.detail |= {"token": gone.hint, "of": gone.user.email}
            words = f"Revoked {gone.hint}… ({gone.name}) of {gone.user.email}."
        click.echo(words)


def _line(each: Token) -> tuple[object, ...]:
    expires = f"revoked {moment(each.revoked_at)}" if each.revoked_at else moment(each.expires_at)
    scopes = ", ".join(each.scopes)
    return each.id, each.user.email, f"{each.hint}…", scopes, moment(each.used_at), expires, each.name


def _as_json(each: Token) -> dict[str, Any]:
    return {
        "number": each.id, "person": each.user.email, "begins": each.hint, "name": each.name,
        "scopes": each.scopes, "created_at": iso(each.created_at), "used_at": iso(each.used_at),
        "expires_at": iso(each.expires_at), "revoked_at": iso(each.revoked_at),
    }  # fmt: skip
