"""Tokens: keys with which programs act for a person, shown once, within scopes, for a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import func, select, update

from kb.errors import NotAllowed, NotFound
from kb.people.clock import check_time, now
from kb.people.errors import KeyRefused
from kb.people.model import Token, User
from kb.people.roles import Belonging, Person, can, require
from kb.people.secrets import hashed, new_secret
from kb.strict import Strict
from kb.text import SOMETHING, Described, Line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

PREFIX = "prc_"
"""Makes a token that slipped into a text recognisable."""
SHOWN = 10
MOST = 50
TOUCH = timedelta(minutes=1)
Scope = Literal["read", "write", "curate", "learn", "people", "operate"]


class TokenText(Strict):
    """What a new token is to be."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=100), Described("pattern", SOMETHING)]
    scopes: Annotated[list[Scope], Field(min_length=1)] = ["read"]
    days: Annotated[int, Field(ge=1, le=365)] = 90


def issue_token(session: Session, by: Person, text: TokenText) -> tuple[Token, str]:
    """The token and its secret, which is never shown again. Raises NotAllowed."""
    if by.id is None:
        raise NotAllowed("Only people with an account can have tokens.")
    if by.token_id is not None:
        raise NotAllowed("A token cannot make tokens: sign in to make one.")
    made = now()
    usable = [row for row in list_tokens(session, by, by.id) if is_usable(row, made)]
    if len(usable) >= MOST:
        raise NotAllowed(f"You have {MOST} tokens in use: revoke one first.")
    secret = new_secret(PREFIX)
    token = Token(
        user_id=by.id,
        name=text.name,
        secret=hashed(secret),
        hint=secret[:SHOWN],
        scopes=sorted({"read", *text.scopes}),
        created_at=made,
        expires_at=made + timedelta(days=text.days),
    )
    session.add(token)
    session.flush()
    return token, secret


def resolve_token(session: Session, secret: str, at: datetime | None = None) -> Token:
    """The token with its person. Raises KeyRefused when unknown, revoked, expired or its person disabled."""
    token = session.scalar(select(Token).where(Token.secret == hashed(secret)))
    if token is None:
        raise KeyRefused("This token is not known here.")
    if token.revoked_at is not None:
        raise KeyRefused("This token has been revoked. Make a new one.")
    if token.user.status != "active":
        raise KeyRefused("The account of this token is disabled. Ask an administrator.")
    check_time("token", token.created_at, token.expires_at, "Make a new one.", at or now())
    return token


def touch_token(session: Session, token_id: int) -> None:
    """Notes that the token is in use."""
    session.execute(update(Token).where(Token.id == token_id).values(used_at=now()))


def is_usable(token: Token, at: datetime | None = None) -> bool:
    """Whether the token still works, as far as it depends on itself."""
    return token.revoked_at is None and token.expires_at > (at or now())


def list_tokens(session: Session, by: Person, user_id: int) -> Sequence[Token]:
    """A person's tokens, newest first, revoked and expired ones too. Raises NotAllowed."""
    require(by, "manage people", Belonging(user_id))
    return session.scalars(select(Token).where(Token.user_id == user_id).order_by(Token.id.desc())).all()


def list_all_tokens(session: Session, by: Person) -> Sequence[Token]:
    """Everybody's tokens, newest first, revoked and expired ones too. Raises NotAllowed."""
    require(by, "manage people")
    return session.scalars(select(Token).order_by(Token.id.desc())).all()


def revoke_token(session: Session, by: Person, token_id: int) -> Token:
    """The token no longer works. What is not there, or not one's own to revoke, is not found."""
    token = session.get(Token, token_id)
    if token is None or not can(by, "manage people", Belonging(token.user_id)):
        raise NotFound("There is no such token.")
    token.revoked_at = token.revoked_at or now()
    session.flush()
    return token


def revoke_all_tokens(session: Session, by: Person, user_id: int) -> int:
    """None of the person's tokens works any longer. Returns how many did. Raises NotAllowed."""
    require(by, "manage people", Belonging(user_id))
    return revoke_tokens(session, user_id)


def revoke_tokens(session: Session, user_id: int) -> int:
    """None of the person's tokens works any longer, whoever asks. Returns how many were not revoked yet."""
    unrevoked = update(Token).where(Token.user_id == user_id, Token.revoked_at.is_(None))
    return session.execute(unrevoked.values(revoked_at=now())).rowcount  # type: ignore[attr-defined, no-any-return]


def count_usable(session: Session) -> int:
    """Tokens that still work, of everybody whose account is open."""
    usable = (Token.revoked_at.is_(None)) & (Token.expires_at > now()) & (User.status == "active")
    return session.scalar(select(func.count(Token.id)).join(User).where(usable)) or 0


def person_of(token: Token) -> Person:
    """Who acts with this token."""
    user: User = token.user
    return Person(
        id=user.id, name=user.name, email=user.email, roles=user.roles, scopes=frozenset(token.scopes),
        token_id=token.id,
    )  # fmt: skip
