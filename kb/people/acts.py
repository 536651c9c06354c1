"""What is done with accounts: each verb in one transaction with its line in the audit log."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from kb.errors import NotFound
from kb.networks import counted_as
from kb.people import accounts, admission, identities, sessions, tokens
from kb.people.audit import audited
from kb.people.limits import LOGIN_OF_BOTH, give_back_all, take
from kb.people.model import SessionRow, Token
from kb.people.once import use_form
from kb.people.roles import require
from kb.people.turns import await_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kb.database import Database
    from kb.people.audit import Act, Origin
    from kb.people.model import User
    from kb.people.texts import Invitation, Profile
    from kb.people.tokens import TokenText


def invite(database: Database, origin: Origin, said: Invitation, sent: str = "") -> tuple[User, str]:
    """As `admission.invite`. `sent` tells the form that asks from all others: as `once.use_form`."""
    with audited(database, origin, "invite", said.email) as act:
        _use(act, sent)
        user, secret = admission.invite(act.session, origin.person, said)
        act.detail |= {"roles": list(said.roles), "person": user.id}
    return user, secret


def set_roles(
    database: Database, origin: Origin, user_id: int, roles: Iterable[str]
) -> tuple[User, str | None]:
    """As `accounts.set_roles`; also the new secret of one's own session where one changed oneself."""
    return _put_roles(database, origin, user_id, lambda _held: roles)


def change_roles(
    database: Database, origin: Origin, user_id: int, given: Iterable[str], taken: Iterable[str]
) -> tuple[User, str | None]:
    """As `set_roles`, of some roles: the others stay, whatever they are by then."""
    given, taken = frozenset(given), frozenset(taken)
    return _put_roles(database, origin, user_id, lambda held: sorted((held | given) - taken))


def make_link(database: Database, origin: Origin, user_id: int, sent: str = "") -> tuple[User, str]:
    """As `admission.new_link`; `sent` as for `invite`."""
    with _change(database, origin, user_id, "make link") as act:
        _use(act, sent)
        user, secret = admission.new_link(act.session, origin.person, user_id)
        act.detail["for"] = "an invitation" if user.status == "invited" else "another password"
    return user, secret


def disable(database: Database, origin: Origin, user_id: int) -> User:
    """As `accounts.disable`."""
    with _change(database, origin, user_id, "disable person") as act:
        return accounts.disable(act.session, origin.person, user_id)


def enable(database: Database, origin: Origin, user_id: int) -> User:
    """As `accounts.enable`."""
    with _change(database, origin, user_id, "enable person") as act:
        return accounts.enable(act.session, origin.person, user_id)


def change_profile(
    database: Database, origin: Origin, user_id: int, profile: Profile, action: str = "change profile"
) -> User:
    """As `accounts.update_profile`; `action` is how the log names a part of it."""
    with _change(database, origin, user_id, action) as act:
        return accounts.update_profile(act.session, origin.person, user_id, profile)


def change_password(database: Database, origin: Origin, old: str, new: str) -> str:
    """As `accounts.change_password`; returns the new secret of one's own session.

    Guessing the present one in a borrowed browser is as slow as at the door. Raises TooMany as well.
    """
    by, whom = origin.person, f"{counted_as(origin.address)} {origin.person.email}"
    with database.write_aside() as session:
        take(session, LOGIN_OF_BOTH, whom)
    with _change(database, origin, by.id or 0, "change password") as act:
        accounts.change_password(act.session, by, old, new)
        give_back_all(act.session, LOGIN_OF_BOTH, whom)
        return sessions.rotate_session(act.session, by.session_id or 0)


def disconnect(database: Database, origin: Origin, user_id: int, issuer: str = "") -> list[str]:
    """As `identities.disconnect`; returns who the person was, and where, in words."""
    with _change(database, origin, user_id, "disconnect identity") as act:
        act.detail["issuer"] = issuer or "all"
        gone = identities.disconnect(act.session, origin.person, user_id, issuer)
        named = act.detail["were"] = [f"{each.subject} at {each.issuer}" for each in gone]
    return named


def end_session(database: Database, origin: Origin, user_id: int, row_id: int) -> None:
    """As `sessions.end_session`, of this person. Raises NotFound for a session of somebody else."""
    with _change(database, origin, user_id, "end session") as act:
        row = act.session.get(SessionRow, row_id)
        if row is None or row.user_id != user_id:
            raise NotFound("There is no such session; it may have ended already.")
        sessions.end_session(act.session, origin.person, row_id)


def end_sessions(database: Database, origin: Origin, user_id: int) -> int:
    """As `sessions.end_all_sessions`."""
    with _change(database, origin, user_id, "end sessions") as act:
        ended = sessions.end_all_sessions(act.session, origin.person, user_id)
        act.detail["ended"] = ended
    return ended


def make_token(database: Database, origin: Origin, said: TokenText, sent: str = "") -> tuple[Token, str]:
    """As `tokens.issue_token`; `sent` as for `invite`."""
    with audited(database, origin, "make token", said.name) as act:
        _use(act, sent)
        token, secret = tokens.issue_token(act.session, origin.person, said)
        act.detail |= {"token": token.hint, "scopes": list(token.scopes), "days": said.days}
    return token, secret


def revoke_token(database: Database, origin: Origin, user_id: int, token_id: int) -> None:
    """As `tokens.revoke_token`, of this person. Raises NotFound for a token of somebody else."""
    with _change(database, origin, user_id, "revoke token") as act:
        token = act.session.get(Token, token_id)
        if token is None or token.user_id != user_id:
            raise NotFound("There is no such token.")
        tokens.revoke_token(act.session, origin.person, token_id)
        act.thing, act.detail["token"] = token.name, token.hint


def revoke_tokens(database: Database, origin: Origin, user_id: int) -> int:
    """As `tokens.revoke_all_tokens`."""
    with _change(database, origin, user_id, "revoke tokens") as act:
        revoked = tokens.revoke_all_tokens(act.session, origin.person, user_id)
        act.detail["revoked"] = revoked
    return revoked


def _use(act: Act, sent: str) -> None:
    if sent:
        use_form(act.session, sent)


def _put_roles(
    database: Database, origin: Origin, user_id: int, wanted: Callable[[frozenset[str]], Iterable[str]]
) -> tuple[User, str | None]:
    by, secret = origin.person, None
    with _change(database, origin, user_id, "set roles") as act:
        await_turn(act.session)
        before = accounts.find_user(act.session, user_id).roles
        user = accounts.set_roles(act.session, by, user_id, wanted(before))
        act.detail |= {"given": sorted(user.roles - before), "taken": sorted(before - user.roles)}
        if user_id == by.id and by.session_id is not None and user.roles != before:
            secret = sessions.rotate_session(act.session, by.session_id)
    return user, secret


@contextmanager
def _change(database: Database, origin: Origin, user_id: int, action: str) -> Iterator[Act]:
    """A change of a person, and its line in the log, which names them.

    Who may not even see people learns nothing of whether there is one with this number.
    """
    if user_id != origin.person.id:
        require(origin.person, "invite")
    email = origin.person.email
    if user_id != origin.person.id:
        with database.read() as session:
            email = accounts.find_user(session, user_id).email
    with audited(database, origin, action, email) as act:
        yield act
