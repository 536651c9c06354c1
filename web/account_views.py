"""What the page of one's own account shows, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.people import accounts, identities, sessions, tokens
from web.agents import agent_words
from web.forms import Form
from web.holders import lifetimes
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.people.model import SessionRow, Token
    from kb.people.roles import Person

METHODS = {"password": "with the password", "single sign-on": "by single sign-on", "proxy": "by the proxy"}
"""How a session began, in words."""


@dataclass(frozen=True)
class SessionView:
    """A browser in which a person has signed in."""

    id: int
    words: str
    address: str
    method: str
    began: datetime
    seen: datetime
    is_this: bool

    @classmethod
    def of(cls, row: SessionRow, this: int | None) -> SessionView:
        """The session of the row; `this` is the one that asks."""
        words, method = agent_words(row.agent), METHODS[row.method]
        return cls(row.id, words, row.address, method, row.created_at, row.seen_at, row.id == this)


@dataclass(frozen=True)
class TokenView:
    """A token, without its secret."""

    id: int
    name: str
    hint: str
    scopes: Sequence[str]
    made: datetime
    expires: datetime
    used: datetime | None
    revoked: datetime | None
    is_usable: bool

    @classmethod
    def of(cls, token: Token) -> TokenView:
        """The token of the row."""
        return cls(
            token.id, token.name, token.hint, token.scopes, token.created_at, token.expires_at, token.used_at,
            token.revoked_at, tokens.is_usable(token),
        )  # fmt: skip


@dataclass(frozen=True)
class IdentityView:
    """Who a person is to a provider that signs people in."""

    issuer: str
    subject: str
    since: datetime


@dataclass(frozen=True)
class Keys:
    """The sessions that are open, the tokens and the outside identities of a person."""

    sessions: Sequence[SessionView]
    tokens: Sequence[TokenView]
    identities: Sequence[IdentityView]

    @property
    def usable(self) -> list[TokenView]:
        """Tokens that work."""
        return [token for token in self.tokens if token.is_usable]

    @property
    def over(self) -> list[TokenView]:
        """Tokens that were revoked or have expired."""
        return [token for token in self.tokens if not token.is_usable]


@dataclass(frozen=True)
class AccountView:
    """Everything the template shows of an account."""

    name: str
    email: str
    roles: Sequence[str]
    has_password: bool
    skills: Sequence[str]
    interests: Sequence[str]
    notices: Mapping[str, str]
    mentors: bool
    private_learning: bool
    keys: Keys
    forms: Mapping[str, Form] = field(default_factory=dict)
    """Forms that were sent and refused, by their section."""
    done: str = ""
    secret: str = field(default="", repr=False)
    """The token that was just made: shown now and never again."""

    def form(self, section: str) -> Form:
        """The form as it was sent, or an empty one."""
        return self.forms.get(section, Form())


def account_view(
    person: Person, forms: Mapping[str, Form] | None = None, done: str = "", secret: str = ""
) -> AccountView:
    """The account of the person who asks."""
    with services().database.read() as session:
        user = accounts.find_user(session, person.id or 0)
        keys = keys_of(session, person, user.id)
        return AccountView(
            user.name, user.email, sorted(user.roles), user.password is not None, user.skills, user.interests,
            user.notices, user.mentors, user.private_learning, keys, forms or {}, done, secret,
        )  # fmt: skip


def keys_of(session: Session, person: Person, user_id: int) -> Keys:
    """The open sessions, tokens and identities of a user, for somebody who may know. Raises NotAllowed."""
    limits = lifetimes(services().settings)
    rows = [row for row in sessions.list_sessions(session, person, user_id) if limits.is_open(row)]
    return Keys(
        [SessionView.of(row, person.session_id) for row in rows],
        [TokenView.of(token) for token in tokens.list_tokens(session, person, user_id)],
        [
            IdentityView(each.issuer, each.subject, each.created_at)
            for each in identities.list_identities(session, person, user_id)
        ],
    )
