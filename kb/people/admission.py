"""Coming in by a link: the first administrator, people who were invited, people who forgot their password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.errors import NotAllowed, Taken
from kb.people import links, passwords
from kb.people.accounts import find_user, has_administrator, new_user, put_roles
from kb.people.model import User
from kb.people.roles import Person, permissions_of, require
from kb.people.sessions import end_sessions
from kb.people.turns import await_turn
from kb.validation import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.people.texts import Administrator, Invitation, Newcomer


def invite(session: Session, by: Person, invitation: Invitation) -> tuple[User, str]:
    """An account that waits for its owner, and the secret of the link to send them.

    Who was invited before and has not come gets a new link. Raises NotAllowed for a role above one's
    own, given or taken, and Taken.
    """
    require(by, "invite")
    await_turn(session)
    user = session.scalar(select(User).where(User.email == invitation.email))
    if user is not None and user.status != "invited":
        raise Taken([Problem("email", f"{invitation.email} has an account already")])
    held = user.roles if user is not None else frozenset()
    for role in sorted({*invitation.roles, *held}):
        require(by, "grant", role)
    if user is None:
        user = new_user(session, invitation.email, invitation.name)
    user.name = invitation.name or user.name
    put_roles(user, invitation.roles, by)
    session.flush()
    return user, links.make_link(session, "invitation", made_by=by.name, user_id=user.id)


def become_administrator(session: Session, secret: str, said: Administrator) -> User:
    """The first person, with every right. Raises KeyRefused, NotAllowed when there is one already."""
    await_turn(session)
    links.use_link(session, secret, "administrator")
    if has_administrator(session):
        raise NotAllowed("There is an administrator already. Ask them to invite you.")
    user = session.scalar(select(User).where(User.email == said.email))
    user = user or new_user(session, said.email)
    user.name, user.status = said.name, "active"
    user.password = passwords.store(said.password, said.name, said.email)
    by = Person(name="one-time link")
    put_roles(user, sorted({*user.roles, "admin"}), by)
    session.flush()
    return user


def accept(session: Session, secret: str, said: Newcomer) -> User:
    """Who was invited chooses name and password. Raises KeyRefused, InvalidRecord."""
    user = _of_link(session, secret, "invitation")
    if user.status != "invited":
        raise NotAllowed("This account is in use already. Sign in, or ask an administrator.")
    user.name, user.status = said.name, "active"
    user.password = passwords.store(said.password, said.name, user.email)
    session.flush()
    return user


def reset_password(session: Session, secret: str, password: str) -> User:
    """Another password by a link; the person is signed out everywhere. Raises KeyRefused, InvalidRecord."""
    user = _of_link(session, secret, "reset")
    user.password = passwords.store(password, user.name, user.email)
    end_sessions(session, user.id)
    links.forget_links(session, user.id)
    session.flush()
    return user


def new_link(session: Session, by: Person, user_id: int) -> tuple[User, str]:
    """The person, and the secret of a new link: to accept the invitation, or to choose another password.

    Raises NotAllowed, NotFound.
    """
    require(by, "invite")
    user = find_user(session, user_id)
    if user.status != "invited":
        return user, reset_link(session, by, user_id)
    for role in sorted(user.roles):
        require(by, "grant", role)
    return user, links.make_link(session, "invitation", made_by=by.name, user_id=user.id)


def reset_link(session: Session, by: Person, user_id: int) -> str:
    """The secret of a link with which the person chooses another password.

    It opens the account to whoever has it, so nobody makes one for a person who may do more than
    themselves: a token of an administrator is not a way to their password. Raises NotAllowed, NotFound.
    """
    require(by, "manage people")
    user = find_user(session, user_id)
    if not permissions_of(user.roles) <= by.permissions:
        raise NotAllowed(f"{user.name} may do more than you can here, and the link would let you do it too.")
    if user.status != "active":
        raise NotAllowed(f"{user.name} is {user.status}: enable the account or invite them again.")
    return links.make_link(session, "reset", made_by=by.name, user_id=user.id)


def _of_link(session: Session, secret: str, purpose: str) -> User:
    link = links.use_link(session, secret, purpose)
    user = find_user(session, link.user_id or 0)
    if user.status == "disabled":
        raise NotAllowed("This account is disabled. Ask an administrator.")
    return user
