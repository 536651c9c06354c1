"""/api/v1/roles: what each role may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

from pydantic import Field

from kb.people.roles import ACTIONS, PERMISSIONS, SCOPES
from kb.people.texts import Role
from kb.people.tokens import Scope
from web.api.models import Answer

if TYPE_CHECKING:
    from web.parameters import NoParameters


class RolePart(Answer):
    """A role and what it permits beyond what everybody may who has signed in."""

    role: Role
    permissions: list[str]


class ScopePart(Answer):
    """What a token may be used for, as far as its owner may."""

    scope: Scope
    permissions: list[str]


class RolesAnswer(Answer):
    """Roles, scopes of tokens, and the permissions they are made of."""

    roles: list[RolePart]
    scopes: list[ScopePart]
    permissions: Annotated[dict[str, str], Field(description="Each permission in words.")]


def roles(_: NoParameters) -> RolesAnswer:
    """A role is a set of permissions; a token has those of its owner that are within its scopes."""
    return RolesAnswer(
        roles=[RolePart(role=role, permissions=sorted(PERMISSIONS[role])) for role in get_args(Role)],
        scopes=[ScopePart(scope=scope, permissions=sorted(SCOPES[scope])) for scope in get_args(Scope)],
        permissions=dict(ACTIONS),
    )
