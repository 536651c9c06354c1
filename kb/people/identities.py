"""People as an identity provider knows them: who comes in by its word, and as which account.

Once an identity (issuer and subject) is linked to an account, the link alone counts. The first link is
made by an e-mail address that the provider has verified, or by the person, signed in here and there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from kb.errors import InvalidRecord, KbError, NotAllowed, NotFound
from kb.people.accounts import new_user, put_roles
from kb.people.clock import now
from kb.people.links import forget_links
from kb.people.model import Identity, User
from kb.people.roles import Belonging, Person, require
from kb.people.sessions import end_sessions
from kb.people.texts import Invitation
from kb.people.turns import await_turn
from kb.text import MAX_LINE, clean_text
from kb.validation import shorten, validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

ASK = "Ask an administrator."
MAX_EMAIL = 254


class IdentityRefused(KbError):
    """The provider says who it is, and that person does not come in."""


@dataclass(frozen=True)
class Claims:
    """What a provider has proved of a person. Issuer and subject are printable and fit into their columns."""

    issuer: str
    subject: str
    email: str = ""
    is_verified: bool = False
    """Whether the provider says that the address is the person's."""
    name: str = ""


@dataclass(frozen=True)
class Arrival:
    """Whose account it is, and what became of it on this occasion."""

    user: User
    is_linked: bool = False
    """Whether the identity was linked just now."""
    is_new: bool = False
    """Whether the account was made just now."""


def arrive(session: Session, said: Claims, *, create: bool) -> Arrival:
    """The account of somebody whom the provider has signed in. Raises IdentityRefused.

    With `create`, who has no account gets one, as a reader.
    """
    await_turn(session)
    user = session.scalar(select(User).join(Identity).where(_is(said)))
    if user is not None:
        return Arrival(_opened(session, user))
    email = _verified_email(said)
    user = session.scalar(select(User).where(User.email == email))
    if user is None and not create:
        raise IdentityRefused(f"{email} has no account here. Ask an administrator to invite you.")
    is_new = user is None
    user = _opened(session, user or _new_reader(session, email, said))
    _link(session, user, said)
    return Arrival(user, is_linked=True, is_new=is_new)


def recognise(session: Session, email: str) -> User:
    """The account of somebody whom a trusted proxy has signed in, in use from now on.

    Raises IdentityRefused.
    """
    return _opened(session, _proxied(session, email))


def proxied_person(session: Session, email: str) -> Person:
    """Who acts in a request that a trusted proxy vouches for, without a session. Raises IdentityRefused."""
    user = _proxied(session, email)
    if user.status != "active":
        raise IdentityRefused(f"Your account is {user.status}. {ASK}")
    return Person(id=user.id, name=user.name, email=user.email, roles=user.roles)


def connect(session: Session, by: Person, said: Claims) -> Identity:
    """Links the identity to one's own account. Raises IdentityRefused when it is another's already."""
    if by.id is None:
        raise NotAllowed("Only people with an account can connect one.")
    await_turn(session)
    known = session.scalar(select(Identity).where(_is(said)))
    if known is not None and known.user_id != by.id:
        raise IdentityRefused(f"At the provider you are somebody who has another account here. {ASK}")
    return known or _link(session, session.get_one(User, by.id), said)


def list_identities(session: Session, by: Person, user_id: int) -> Sequence[Identity]:
    """Who the person is to providers. Raises NotAllowed."""
    require(by, "manage people", Belonging(user_id))
    rows = select(Identity).where(Identity.user_id == user_id)
    return session.scalars(rows.order_by(Identity.created_at, Identity.issuer, Identity.subject)).all()


def disconnect(session: Session, by: Person, user_id: int, issuer: str = "") -> list[Identity]:
    """The provider's word no longer opens the account; without `issuer`, that of no provider. Who came in
    by it is signed out, but for the browser that asks. Returns who the person was there.

    Nobody locks themselves out: without a password, only somebody else may do it. Raises NotAllowed,
    NotFound.
    """
    held = [each for each in list_identities(session, by, user_id) if issuer in {"", each.issuer}]
    if issuer and not held:
        raise NotFound("No such identity is connected with this account.")
    if held and by.id == user_id and session.get_one(User, user_id).password is None:
        raise NotAllowed("You have no password: nothing would be left to sign in with.")
    for each in held:
        session.delete(each)
    session.flush()
    if held:
        end_sessions(session, user_id, but=by.session_id, method="single sign-on")
    return held


def _is(said: Claims) -> ColumnElement[bool]:
    return and_(Identity.issuer == said.issuer, Identity.subject == said.subject)


def _proxied(session: Session, email: str) -> User:
    # What no address can hold is not even asked for: PostgreSQL refuses a NUL.
    known = select(User).where(User.email == email[:MAX_EMAIL])
    user = session.scalar(known) if email.isprintable() else None
    if user is None:
        raise IdentityRefused(
            f"{email[:MAX_EMAIL]!r} has no account here. Ask an administrator to invite you."
        )
    return user


def _opened(session: Session, user: User) -> User:
    """The account, in use from now on. Who was invited has come, and the invitation no longer works."""
    if user.status == "disabled":
        raise IdentityRefused(f"This account is disabled. {ASK}")
    if user.status == "invited":
        user.status = "active"
        forget_links(session, user.id)
    session.flush()
    return user


def _verified_email(said: Claims) -> str:
    if not said.email:
        raise IdentityRefused(f"The provider tells no e-mail address of yours. {ASK}")
    if not said.is_verified:
        raise IdentityRefused(
            f"The provider does not vouch for {shorten(said.email)}: it does not say that the address is "
            "verified. If you have an account, sign in by password and connect it on your account's page."
        )
    try:
        return validate(Invitation, {"email": said.email}).email
    except InvalidRecord:
        raise IdentityRefused(f"{shorten(said.email)} from the provider is no e-mail address.") from None


def _new_reader(session: Session, email: str, said: Claims) -> User:
    user = new_user(session, email, _name(said.name), "active")
    put_roles(user, ["reader"], Person(name="single sign-on"))
    return user


def _name(text: str) -> str:
    """A name as it may be stored; empty when it may not."""
    try:
        return " ".join(clean_text(text).split())[:MAX_LINE]
    except ValueError:
        return ""


def _has_identity(session: Session, user: User, issuer: str) -> bool:
    mine = select(Identity.subject).where(Identity.user_id == user.id, Identity.issuer == issuer)
    return session.scalar(mine.limit(1)) is not None


def _link(session: Session, user: User, said: Claims) -> Identity:
    if _has_identity(session, user, said.issuer):
        # An address passes on to the next person at some companies; an account does not.
        raise IdentityRefused(f"This account belongs to somebody else at the provider. {ASK}")
    identity = Identity(issuer=said.issuer, subject=said.subject, user_id=user.id, created_at=now())
    session.add(identity)
    session.flush()
    return identity
