"""/api/v1/me: the account of whoever calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.people import accounts, acts
from kb.people.roles import ACTIONS
from web.api.operations import Reply, number_of
from web.api.people import identities_of, sessions_of, tokens_of
from web.api.people_models import (
    IdentitiesAnswer,
    MeAnswer,
    NewTokenAnswer,
    SessionsAnswer,
    TokensAnswer,
    person_data,
    token_data,
)
from web.identity import origin, signed_in
from web.services import services

if TYPE_CHECKING:
    from kb.people.texts import Profile
    from kb.people.tokens import TokenText
    from web.api.people import IdentityParameters
    from web.parameters import NoParameters


def me(_: NoParameters) -> MeAnswer:
    """The account, its roles, and what this call may do."""
    person = signed_in()
    with services().database.read() as session:
        user = accounts.find_user(session, _number())
        data = person_data(user) | {
            "skills": list(user.skills),
            "interests": list(user.interests),
            "notices": dict(user.notices),
            "mentors": user.mentors,
            "private_learning": user.private_learning,
            "permissions": [action for action in ACTIONS if action in person.permissions],
            "scopes": None if person.scopes is None else sorted(person.scopes),
        }
    return MeAnswer.model_validate(data)


def change_profile(parameters: NoParameters, body: Profile) -> MeAnswer:
    """Name, skills, interests and notifications are these from now on; so is what others are told, where it
    is said.
    """
    acts.change_profile(services().database, origin(), _number(), body)
    return me(parameters)


def my_sessions(_: NoParameters) -> SessionsAnswer:
    """The browsers in which the account is signed in."""
    return sessions_of(_number())


def end_my_sessions(_: NoParameters) -> None:
    """Signs out everywhere; a browser that calls stays signed in."""
    acts.end_sessions(services().database, origin(), _number())


def end_my_session(_: NoParameters, number: str) -> None:
    """Signs one browser out."""
    acts.end_session(services().database, origin(), _number(), number_of(number, "session"))


def my_tokens(_: NoParameters) -> TokensAnswer:
    """The keys with which programs act for the account."""
    return tokens_of(_number())


def make_token(_: NoParameters, body: TokenText) -> Reply:
    """Makes a key for a program. Only a browser can: no token makes another."""
    token, secret = acts.make_token(services().database, origin(), body)
    made = NewTokenAnswer.model_validate(token_data(token) | {"secret": secret})
    return Reply(made, location="/me/tokens")


def revoke_my_token(_: NoParameters, number: str) -> None:
    """The token no longer works, also the one that makes this call. Revoking it again is no error."""
    acts.revoke_token(services().database, origin(), _number(), number_of(number, "token"))


def my_identities(_: NoParameters) -> IdentitiesAnswer:
    """Who one is to the providers that sign people in."""
    return identities_of(_number())


def disconnect_me(parameters: IdentityParameters) -> None:
    """The provider's word no longer opens the account; only who has a password can do it for themselves."""
    acts.disconnect(services().database, origin(), _number(), parameters.issuer)


def _number() -> int:
    return signed_in().id or 0
