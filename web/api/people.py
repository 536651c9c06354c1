"""/api/v1/people: who has an account, inviting, and what administrators do with accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from flask import url_for
from pydantic import Field

from kb.people import accounts, acts, finding, identities, sessions, tokens
from kb.people.clock import now
from kb.people.finding import PeopleFilter
from kb.people.links import LASTS
from kb.people.texts import Role
from kb.text import Line
from web.api.operations import Reply, number_of
from web.api.people_models import (
    IdentitiesAnswer,
    IdentityPart,
    LinkAnswer,
    PeopleAnswer,
    PersonPart,
    Purpose,
    RolesBody,
    SessionPart,
    SessionsAnswer,
    StatusBody,
    TokenPart,
    TokensAnswer,
)
from web.context import current
from web.holders import lifetimes
from web.identity import origin, set_session
from web.parameters import Parameters, Whole
from web.services import services

if TYPE_CHECKING:
    from kb.people.model import User
    from kb.people.texts import Invitation
    from web.parameters import NoParameters

MAX_LIMIT = 500


class PeopleParameters(Parameters):
    """A stretch of the people, or of those that fit."""

    q: Annotated[Line, Field(max_length=200, description="Words of the name or the e-mail.")] = ""
    role: Role | None = None
    status: Literal["invited", "active", "disabled"] | None = None
    offset: Annotated[Whole, Field(ge=0, le=100_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = 50


class IdentityParameters(Parameters):
    """Which provider."""

    issuer: Annotated[
        Line, Field(max_length=300, description="Address of the provider; all of them when not given.")
    ] = ""


def people(parameters: PeopleParameters) -> PeopleAnswer:
    """The people who have an account, by name."""
    wanted = PeopleFilter(parameters.q, parameters.role or "", parameters.status or "")
    with services().database.read() as session:
        total, found = finding.find_people(
            session, current().person, wanted, parameters.offset, parameters.limit
        )
        parts = [PersonPart.of(user) for user in found]
    return PeopleAnswer(total=total, offset=parameters.offset, people=parts)


def invite_person(_: NoParameters, body: Invitation) -> Reply:
    """Makes an account that waits for its owner, and the link to send them. Who was invited before and has
    not come gets a new link, and the old one no longer works.
    """
    user, secret = acts.invite(services().database, origin(), body)
    return Reply(_link(user, secret), location=f"/people/{user.id}")


def get_person(_: NoParameters, person: str) -> PersonPart:
    """One person."""
    with services().database.read() as session:
        return PersonPart.of(accounts.find_user(session, number_of(person, "person")))


def set_person_roles(_: NoParameters, body: RolesBody, person: str) -> PersonPart:
    """Gives these roles and takes the others. The person's sessions end, so that none carries old rights."""
    number = number_of(person, "person")
    user, secret = acts.set_roles(services().database, origin(), number, body.roles)
    if secret is not None:
        set_session(secret)
    return PersonPart.of(user)


def set_person_status(_: NoParameters, body: StatusBody, person: str) -> PersonPart:
    """`disabled` closes the account: sessions, tokens and links end at once. `active` opens it again; who
    never chose a password is `invited` then.
    """
    act = acts.disable if body.status == "disabled" else acts.enable
    return PersonPart.of(act(services().database, origin(), number_of(person, "person")))


def make_person_link(_: NoParameters, person: str) -> Reply:
    """A new link, to accept the invitation or to choose another password; older ones no longer work."""
    user, secret = acts.make_link(services().database, origin(), number_of(person, "person"))
    return Reply(_link(user, secret), location=f"/people/{user.id}")


def person_sessions(_: NoParameters, person: str) -> SessionsAnswer:
    """The browsers in which the person has signed in."""
    return sessions_of(number_of(person, "person"))


def end_person_sessions(_: NoParameters, person: str) -> None:
    """Signs the person out everywhere; oneself everywhere else."""
    acts.end_sessions(services().database, origin(), number_of(person, "person"))


def end_person_session(_: NoParameters, person: str, number: str) -> None:
    """Signs one browser out."""
    row = number_of(number, "session")
    acts.end_session(services().database, origin(), number_of(person, "person"), row)


def person_tokens(_: NoParameters, person: str) -> TokensAnswer:
    """The keys with which programs act for the person."""
    return tokens_of(number_of(person, "person"))


def revoke_person_tokens(_: NoParameters, person: str) -> None:
    """None of the person's tokens works any longer."""
    acts.revoke_tokens(services().database, origin(), number_of(person, "person"))


def revoke_person_token(_: NoParameters, person: str, number: str) -> None:
    """The token no longer works. Revoking it again is no error."""
    row = number_of(number, "token")
    acts.revoke_token(services().database, origin(), number_of(person, "person"), row)


def person_identities(_: NoParameters, person: str) -> IdentitiesAnswer:
    """Who the person is to the providers that sign people in."""
    return identities_of(number_of(person, "person"))


def disconnect_person(parameters: IdentityParameters, person: str) -> None:
    """The provider's word no longer opens the account, and browsers that came in by it are signed out."""
    acts.disconnect(services().database, origin(), number_of(person, "person"), parameters.issuer)


def sessions_of(user_id: int) -> SessionsAnswer:
    """The open sessions of a person. Raises NotFound, NotAllowed."""
    limits, by = lifetimes(services().settings), current().person
    with services().database.read() as session:
        accounts.find_user(session, user_id)
        rows = sessions.list_sessions(session, by, user_id)
        parts = [SessionPart.of(row, by.session_id) for row in rows if limits.is_open(row)]
    return SessionsAnswer(sessions=parts)


def tokens_of(user_id: int) -> TokensAnswer:
    """The tokens of a person. Raises NotFound, NotAllowed."""
    with services().database.read() as session:
        accounts.find_user(session, user_id)
        rows = tokens.list_tokens(session, current().person, user_id)
        return TokensAnswer(tokens=[TokenPart.of(row) for row in rows])


def identities_of(user_id: int) -> IdentitiesAnswer:
    """The outside identities of a person. Raises NotFound, NotAllowed."""
    with services().database.read() as session:
        accounts.find_user(session, user_id)
        rows = identities.list_identities(session, current().person, user_id)
        return IdentitiesAnswer(identities=[IdentityPart.of(row) for row in rows])


def _link(user: User, secret: str) -> LinkAnswer:
    purpose: Purpose = "invitation" if user.status == "invited" else "reset"
    return LinkAnswer(
        person=PersonPart.of(user),
        purpose=purpose,
        link=f"{services().settings.base_url}{url_for('signing.welcome', link=secret)}",
        expires_at=now() + LASTS[purpose],
    )
