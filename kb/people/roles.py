"""Roles as sets of permissions, and the one question `can(person, action, thing)`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.errors import NotAllowed

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLES = (
    "reader", "contributor", "project manager", "trainer", "estimator", "verifier", "curator", "admin",
    "auditor",
)  # fmt: skip

ACTIONS: Mapping[str, str] = {
    "see restricted": "Read entries that are restricted to others",
    "see authors": "See who wrote what was written anonymously, and masked sources",
    "see drafts": "See what others write before they submit it",
    "contribute": "Write entries and submit them for review",
    "review": "Review what others submit: send it back, reject it, publish it",
    "verify": "Vouch that what is published still holds",
    "archive": "Take entries out of sight, and bring earlier revisions back",
    "edit vocabulary": "Change the vocabulary",
    "tend repository": "Merge terms and duplicates, and see how the repository does",
    "edit figures": "Change exchange rates, price indices and published uplifts",
    "load projects": "Load finished projects from tables",
    "save estimates": "Keep estimates as dossiers, and enter what it really was",
    "see estimates": "See the estimates that others keep",
    "set visibility": "Decide who may see an entry",
    "train": "See how people get on with learning paths, and mark their answers",
    "view as": "Look through the eyes of another role",
    "invite": "Invite people and give them roles",
    "manage people": "Change roles, reset passwords, disable people, end their sessions and tokens",
    "see audit": "Read and export the audit log",
    "see operation": "See settings in force, versions, health and the outbox",
    "manage mail": "Try mails again, drop them, and send one as a test",
    "manage statements": "Tell the record store again what people learned, or no more",
}
"""What needs a permission, in words. Reading, and everything about one's own account, needs none."""

EVERYBODY = frozenset({"contribute"})
"""What whoever has signed in may do, whatever their roles."""

PERMISSIONS: Mapping[str, frozenset[str]] = {
    "reader": frozenset(),
    "contributor": frozenset(),
    "project manager": frozenset({"save estimates"}),
    "trainer": frozenset({"train"}),
    "estimator": frozenset({"save estimates", "see estimates"}),
    "verifier": frozenset({"review", "verify"}),
    "curator": frozenset(
        {
            "see restricted",
            "see authors",
            "see drafts",
            "review",
            "verify",
            "archive",
            "edit vocabulary",
            "tend repository",
            "edit figures",
            "load projects",
            "save estimates",
            "see estimates",
            "set visibility",
            "train",
            "view as",
            "invite",
        }
    ),
    "admin": frozenset(ACTIONS),
    "auditor": frozenset({"see restricted", "see estimates", "see audit", "see operation"}),
}

SCOPES: Mapping[str, frozenset[str]] = {
    "read": frozenset({"see restricted", "see authors", "see drafts", "see estimates"}),
    "write": EVERYBODY | {"save estimates"},
    "curate": frozenset(
        {"review", "verify", "archive", "edit vocabulary", "tend repository", "edit figures", "load projects"}
    )
    | {"set visibility"},
    "learn": frozenset({"train"}),
    "people": frozenset({"invite", "manage people"}),
    "operate": frozenset({"see audit", "see operation", "manage mail", "manage statements"}),
}
"""What a token may be used for, as far as its owner may. Every token can read what its owner can."""

VISITOR = "visitor"
"""What a curator may view as besides a role: somebody who has not signed in."""


@dataclass(frozen=True)
class Person:
    """Who asks: a person with an account, or nobody known."""

    id: int | None = None
    name: str = ""
    email: str = ""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    """Those of the token; None in a browser."""
    session_id: int | None = None
    token_id: int | None = None
    view_as: str | None = None
    """The role (or VISITOR) through whose eyes a curator looks."""
    is_operator: bool = field(default=False, compare=False)

    @property
    def is_known(self) -> bool:
        """Whether the person has signed in."""
        return self.id is not None or self.is_operator

    @property
    def seen_roles(self) -> frozenset[str]:
        """The roles that count at the moment: those held, or the one looked through."""
        if self.view_as is None:
            return self.roles
        return frozenset() if self.view_as == VISITOR else frozenset({self.view_as})

    @property
    def permissions(self) -> frozenset[str]:
        """What the person may do at the moment."""
        if self.is_operator:
            return frozenset(ACTIONS)
        held = frozenset[str]().union(*(PERMISSIONS[role] for role in self.seen_roles))
        if self.view_as is not None:
            held &= permissions_of(self.roles)
        if self.is_known and self.view_as != VISITOR:
            held |= EVERYBODY
        if self.scopes is not None:
            held &= frozenset[str]().union(*(SCOPES[scope] for scope in self.scopes))
        return held


NOBODY = Person()
OPERATOR = Person(name="command line", is_operator=True)
"""Whoever runs the command line on the server's own machine."""


@dataclass(frozen=True)
class Belonging:
    """Something of a person's own: a session, a token, a profile."""

    owner_id: int


def permissions_of(roles: frozenset[str]) -> frozenset[str]:
    """What the roles allow together."""
    return frozenset[str]().union(*(PERMISSIONS[role] for role in roles))


def can(person: Person, action: str, thing: str | Belonging | None = None) -> bool:
    """Whether the person may do it, to this thing where the action has one.

    `grant`, to a role: nobody grants a role that allows more than their own. `manage people`, to a
    belonging: its owner may too, with a token only if that is for people. `view as`, to a role: it
    allows no more than one's own.
    """
    match action, thing:
        case "grant", str(role):
            return "invite" in person.permissions and PERMISSIONS[role] <= person.permissions
        case "view as", str(role):
            may = person.scopes is None and "view as" in permissions_of(person.roles)
            return may and (role == VISITOR or PERMISSIONS[role] <= permissions_of(person.roles))
        case "manage people", Belonging(owner_id=owner) if owner == person.id:
            return person.scopes is None or "people" in person.scopes
        case _:
            return action in person.permissions


def require(person: Person, action: str, thing: str | Belonging | None = None) -> None:
    """Raises NotAllowed, in words, unless the person can."""
    if can(person, action, thing):
        return
    if person.view_as is not None:
        raise NotAllowed(f"You are looking as {person.view_as}; stop that to do it as yourself.")
    if action == "grant":
        raise NotAllowed(f"You cannot grant the role {thing}: it allows more than your own roles do.")
    if person.scopes is not None:
        raise NotAllowed(f"This token does not allow it: {ACTIONS[action].lower()}.")
    raise NotAllowed(f"Your roles do not allow it: {ACTIONS[action].lower()}.")


def require_scope(person: Person, scope: str) -> None:
    """Raises NotAllowed when a token acts that is not for this."""
    if person.scopes is not None and scope not in person.scopes:
        raise NotAllowed(f"This token does not allow it: it needs the scope {scope}.")
