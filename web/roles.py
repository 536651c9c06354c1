"""What each role may do, and looking through the eyes of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flask import Blueprint, redirect, render_template, request, url_for

from kb.people import sessions
from kb.people.audit import audited
from kb.people.roles import ACTIONS, PERMISSIONS, ROLES, VISITOR, can
from kb.people.texts import Role
from kb.strict import Strict
from web.context import current
from web.forms import read_form
from web.identity import LONGEST_NEXT, SAFE, origin, signed_in
from web.labels import ROLE_USE
from web.services import services
from web.signing import safe_next

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.people.roles import Person

blueprint = Blueprint("roles", __name__)


class Look(Strict):
    """Through whose eyes to look; nothing means one's own."""

    role: Role | Literal["visitor", ""] = ""


@dataclass(frozen=True)
class RoleView:
    """A role in words."""

    name: str
    use: str
    allows: Sequence[str]
    """What it permits beyond what everybody may who has signed in."""
    may_grant: bool
    """Whether the person who asks may give it to others."""


def role_views(person: Person) -> list[RoleView]:
    """All roles, as the person may use them."""
    return [
        RoleView(
            role, ROLE_USE[role], [ACTIONS[action] for action in ACTIONS if action in PERMISSIONS[role]],
            can(person, "grant", role),
        )
        for role in ROLES
    ]  # fmt: skip


def looks(person: Person) -> list[str]:
    """Through whose eyes the person may look."""
    return [role for role in (VISITOR, *ROLES) if can(person, "view as", role)]


def here() -> str:
    """The address to come back to after a form of the frame: this page, where it can be asked for again."""
    address = request.full_path.rstrip("?")
    is_usable = request.method in SAFE and len(address) <= LONGEST_NEXT
    return address if is_usable else url_for("home.home")


@blueprint.get("/roles")
def roles() -> str:
    """Renders the table of roles."""
    return render_template("people/roles.html", roles=role_views(current().person))


@blueprint.post("/view-as")
def view_as() -> BaseResponse:
    """Looks through the eyes of a role, or again through one's own; one stays where one was."""
    person = signed_in()
    role = read_form(Look).role or None
    with audited(services().database, origin(), "view as", role or "oneself") as act:
        sessions.look_as(act.session, person, role)
    return redirect(safe_next(request.form.get("next", "")), 303)
