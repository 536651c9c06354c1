"""People: who has an account, inviting, and what administrators do with accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.errors import InvalidRecord
from kb.people import accounts, acts
from kb.people.clock import now
from kb.people.errors import LastAdministrator
from kb.people.finding import PeopleFilter
from kb.people.links import LASTS
from kb.people.model import STATUSES
from kb.people.once import SentAlready
from kb.people.roles import ROLES, require
from kb.people.texts import Invitation, Role
from kb.text import Line
from kb.validation import Problem
from web.context import current
from web.forms import Form, read_form, refilled, sent
from web.identity import origin, set_session, signed_in
from web.mailing.sending import send_link
from web.parameters import Parameters, Whole, parse_page
from web.people_views import people_view, person_view
from web.roles import role_views
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.database import Database
    from kb.people.audit import Origin
    from kb.people.model import User

blueprint = Blueprint("people", __name__)
SENT_AGAIN = (
    "This form was sent before: its link was made then, and no other was made now. A link is shown only "
    "once. If nobody has it, make a new one below."
)
DONE = {
    "sent": ("person", SENT_AGAIN),
    "roles": ("roles", "The roles are saved, and the person is signed out everywhere."),
    "disabled": ("state", "The account is disabled. Sessions, tokens and links have ended."),
    "enabled": ("state", "The account is open again."),
    "sessions": ("keys", "The person is signed out everywhere."),
    "tokens": ("keys", "All tokens are revoked."),
    "disconnected": ("identities", "The provider's word no longer opens the account."),
}
"""What was done, as the address names it: the section where it says so, and the words."""


class PeopleParameters(Parameters):
    """Which people, and which page of them."""

    q: Annotated[Line, Field(max_length=200)] = ""
    role: Role | Literal[""] = ""
    status: Literal["", "invited", "active", "disabled"] = ""
    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1


class PersonParameters(Parameters):
    """What was just done."""

    done: Annotated[str, Field(max_length=20)] = ""


@blueprint.before_request
def _may_see_people() -> None:
    """Who may not even see people learns nothing of whether there is one with this number."""
    require(signed_in(), "invite")


@blueprint.get("/people")
def people() -> str:
    """Renders a page of the list."""
    given = parse_page(PeopleParameters, request.args)
    view = people_view(PeopleFilter(given.q, given.role, given.status), given.page)
    return render_template("people/list.html", view=view, roles=ROLES, statuses=STATUSES)


@blueprint.get("/people/invite")
def invite() -> str:
    """Renders the form."""
    return _invite_page(Form())


@blueprint.post("/people/invite")
def invite_now() -> str | BaseResponse:
    """Makes the account and its link, which is shown this once."""
    try:
        text = read_form(Invitation, lists=["roles"])
        user, secret = acts.invite(*_acting(), text, sent())
    except InvalidRecord as error:
        return Response(_invite_page(refilled(error)), status=400)
    except SentAlready:
        return _sent_again(text.email)
    return _link_page(user, secret)


@blueprint.get("/people/<int:number>")
def person(number: int) -> str:
    """Renders a person's page."""
    return _page(number, done=parse_page(PersonParameters, request.args).done)


@blueprint.post("/people/<int:number>/roles")
def set_roles(number: int) -> BaseResponse:
    """Gives the roles that are ticked and takes the others."""
    try:
        _, secret = acts.set_roles(*_acting(), number, request.form.getlist("roles"))
    except (InvalidRecord, LastAdministrator) as error:
        return _refused(number, "roles", error)
    if secret is not None:
        set_session(secret)
    return _done(number, "roles")


@blueprint.post("/people/<int:number>/link")
def make_link(number: int) -> str | BaseResponse:
    """Makes a link to come in by, which is shown this once."""
    try:
        return _link_page(*acts.make_link(*_acting(), number, sent()))
    except SentAlready:
        return _done(number, "sent")


@blueprint.post("/people/<int:number>/disable")
def disable(number: int) -> BaseResponse:
    """Closes the account."""
    try:
        acts.disable(*_acting(), number)
    except LastAdministrator as error:
        return _refused(number, "state", error)
    return _done(number, "disabled")


@blueprint.post("/people/<int:number>/enable")
def enable(number: int) -> BaseResponse:
    """Opens the account again."""
    acts.enable(*_acting(), number)
    return _done(number, "enabled")


@blueprint.post("/people/<int:number>/sessions/end")
def end_sessions(number: int) -> BaseResponse:
    """Signs the person out everywhere."""
    acts.end_sessions(*_acting(), number)
    return _done(number, "sessions")


@blueprint.post("/people/<int:number>/tokens/revoke")
def revoke_tokens(number: int) -> BaseResponse:
    """Revokes all tokens of the person."""
    acts.revoke_tokens(*_acting(), number)
    return _done(number, "tokens")


@blueprint.post("/people/<int:number>/identities/disconnect")
def disconnect(number: int) -> BaseResponse:
    """The word of one provider no longer opens the account."""
    acts.disconnect(*_acting(), number, request.form.get("issuer", ""))
    return _done(number, "disconnected")


def _acting() -> tuple[Database, Origin]:
    return services().database, origin()


def _sent_again(email: str) -> BaseResponse:
    with services().database.read() as session:
        return _done(accounts.find_user(session, email).id, "sent")


def _done(number: int, what: str) -> BaseResponse:
    return redirect(url_for("people.person", number=number, done=what, _anchor=DONE[what][0]), 303)


def _refused(number: int, section: str, error: InvalidRecord | LastAdministrator) -> Response:
    problems = error.problems if isinstance(error, InvalidRecord) else [Problem("", str(error))]
    page = _page(number, forms={section: Form(problems=problems)})
    return Response(page, status=400 if isinstance(error, InvalidRecord) else 409)


def _page(number: int, **shown: Any) -> str:
    view = person_view(number, **shown)
    done = DONE.get(view.done, ("", ""))
    sends_mail = services().settings.sends_mail
    return render_template(
        "people/person.html", view=view, done=done, roles=role_views(current().person), sends_mail=sends_mail
    )


def _invite_page(form: Form) -> str:
    sends_mail = services().settings.sends_mail
    roles = role_views(current().person)
    return render_template("people/invite.html", form=form, roles=roles, sends_mail=sends_mail)


def _link_page(user: User, secret: str) -> str:
    purpose = "invitation" if user.status == "invited" else "reset"
    here, is_invitation = services(), purpose == "invitation"
    link = f"{here.settings.base_url}{url_for('signing.welcome', link=secret)}"
    until, wanted = now() + LASTS[purpose], here.settings.sends_mail and "mail" in request.form
    problem = ""
    if wanted:
        problem = send_link(
            here.settings, here.database, origin(), user.email, link, is_invitation=is_invitation
        )
    return render_template(
        "people/link.html", user=user, purpose=purpose, link=link, until=until, problem=problem,
        is_mailed=wanted and not problem, sends_mail=here.settings.sends_mail,
    )  # fmt: skip
