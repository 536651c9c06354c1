"""The shapes of what the API says of people, their sessions and tokens."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.people import tokens
from kb.people.texts import Role
from kb.people.tokens import Scope  # noqa: TC001 - pydantic reads it
from kb.strict import Strict
from web.api.models import Answer

if TYPE_CHECKING:
    from kb.people.model import Identity, SessionRow, Token, User

Status = Literal["invited", "active", "disabled"]
Purpose = Literal["invitation", "reset"]
Way = Literal["at once", "daily", "weekly", "never"]


class PersonPart(Answer):
    """A person with an account."""

    id: int
    email: str
    name: str
    status: Annotated[Status, Field(description="`invited` until the person has chosen a password.")]
    roles: list[Role]
    created_at: datetime
    seen_at: datetime | None

    @classmethod
    def of(cls, user: User) -> PersonPart:
        """The person as the API shows them."""
        return cls.model_validate(person_data(user))


def person_data(user: User) -> dict[str, object]:
    """The values of PersonPart."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "status": user.status,
        "roles": sorted(user.roles),
        "created_at": user.created_at,
        "seen_at": user.seen_at,
    }


class PeopleAnswer(Answer):
    """A stretch of the people, by name."""

    total: int
    offset: int
    people: list[PersonPart]


class LinkAnswer(Answer):
    """A link to come in by. It is shown this once and works once."""

    person: PersonPart
    purpose: Annotated[
        Purpose,
        Field(description="To accept the invitation, or to choose another password."),
    ]
    link: Annotated[str, Field(description="To be sent to the person, who opens it in a browser.")]
    expires_at: datetime


class RolesBody(Strict):
    """The roles that a person holds from now on."""

    roles: Annotated[list[Role], Field(max_length=9)]


class StatusBody(Strict):
    """Whether the account is open."""

    status: Literal["active", "disabled"]


class SessionPart(Answer):
    """A browser in which a person has signed in."""

    id: int
    agent: Annotated[str, Field(description="What the browser says it is.")]
    address: str
    method: Literal["password", "single sign-on", "proxy"]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_this: Annotated[bool, Field(description="Whether it is the session that makes this call.")]

    @classmethod
    def of(cls, row: SessionRow, this: int | None) -> SessionPart:
        """The session as the API shows it; `this` is the one that asks."""
        names = ("id", "agent", "address", "method", "created_at", "seen_at", "expires_at")
        return cls.model_validate({name: getattr(row, name) for name in names} | {"is_this": row.id == this})


class SessionsAnswer(Answer):
    """The sessions of a person that are open, the latest used first."""

    sessions: list[SessionPart]


class TokenPart(Answer):
    """A token, without its secret."""

    id: int
    name: str
    hint: Annotated[str, Field(description="How the secret begins.")]
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    is_usable: bool

    @classmethod
    def of(cls, token: Token) -> TokenPart:
        """The token as the API shows it."""
        return cls.model_validate(token_data(token))


def token_data(token: Token) -> dict[str, object]:
    """The values of TokenPart."""
    names = ("id", "name", "hint", "scopes", "created_at", "expires_at", "used_at", "revoked_at")
    return {name: getattr(token, name) for name in names} | {"is_usable": tokens.is_usable(token)}


class TokensAnswer(Answer):
    """All tokens of a person, the newest first; those that were revoked or have expired too."""

    tokens: list[TokenPart]


class NewTokenAnswer(TokenPart):
    """A token that was just made."""

    secret: Annotated[
        str, Field(description="Sent as `Authorization: Bearer SECRET`. It is shown this once.")
    ]


class IdentityPart(Answer):
    """Who a person is to a provider that signs people in."""

    issuer: str
    subject: Annotated[str, Field(description="What the provider calls the person.")]
    connected_at: datetime

    @classmethod
    def of(cls, row: Identity) -> IdentityPart:
        """The identity as the API shows it."""
        return cls(issuer=row.issuer, subject=row.subject, connected_at=row.created_at)


class IdentitiesAnswer(Answer):
    """The identities by whose word the account opens."""

    identities: list[IdentityPart]


class MeAnswer(PersonPart):
    """The account of whoever calls, and what this call may do."""

    skills: list[str]
    interests: list[str]
    notices: Annotated[
        dict[str, Way],
        Field(description="What to be told about, and how; `at once` unless it says otherwise."),
    ]
    mentors: Annotated[bool, Field(description="Whether others are told that they can help.")]
    private_learning: Annotated[bool, Field(description="Whether no record store is told what they learn.")]
    permissions: Annotated[list[str], Field(description="What the roles allow, within the token's scopes.")]
    scopes: Annotated[list[Scope] | None, Field(description="Those of the token; null in a browser.")]
