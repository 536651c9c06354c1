"""One's own account: profile, notifications, password, sessions, tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.errors import InvalidRecord, NotAllowed
from kb.people import accounts, acts
from kb.people.errors import SignInRefused
from kb.people.once import SentAlready
from kb.people.roles import SCOPES, VISITOR
from kb.people.texts import EVENTS, WAYS, Profile
from kb.people.tokens import TokenText
from kb.validation import Problem, validate
from web.account_views import account_view
from web.forms import Form, refilled, sent, whole
from web.identity import origin, set_session, signed_in
from web.labels import EVENT_WORDS, SCOPE_WORDS
from web.parameters import Parameters, parse_page
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.people.roles import Person

blueprint = Blueprint("account", __name__)
DAYS = (7, 30, 90, 180, 365)
"""How long a token may last."""
SENT_AGAIN = (
    "This form was sent before: its token was made then, and no other was made now. A token is shown only "
    "once. If you did not copy it, revoke it and make another."
)
DONE = {
    "profile": ("profile", "Your profile is saved."),
    "notices": ("notices", "Your choice is saved."),
    "password": ("password", "Your password is changed. Other browsers are signed out."),
    "session": ("sessions", "That browser is signed out."),
    "sessions": ("sessions", "All other browsers are signed out."),
    "sent": ("tokens", SENT_AGAIN),
    "token": ("tokens", "The token is revoked. Programs that send it are refused from now on."),
}
"""What was done, as the address names it: the section where it says so, and the words."""


class AccountParameters(Parameters):
    """What was just done."""

    done: Annotated[str, Field(max_length=20)] = ""


@blueprint.get("/account")
def account() -> str:
    """Renders the account of the person who asks."""
    return _page(myself(), done=parse_page(AccountParameters, request.args).done)


@blueprint.post("/account/profile")
def save_profile() -> BaseResponse:
    """Changes name, skills, interests, and what others are told."""
    person = myself()
    try:
        profile = _profile(
            person,
            name=request.form.get("name", ""),
            skills=listed(request.form.get("skills", "")),
            interests=listed(request.form.get("interests", "")),
            mentors=request.form.get("mentors") == "yes",
            private_learning=request.form.get("private_learning") == "yes",
        )
    except InvalidRecord as error:
        return _refused(person, "profile", refilled(error))
    acts.change_profile(services().database, origin(), person.id or 0, profile)
    return _done("profile")


@blueprint.post("/account/notices")
def save_notices() -> BaseResponse:
    """Changes what to be told about, and how."""
    person = myself()
    try:
        chosen = {event: request.form[event] for event in EVENTS if event in request.form}
        profile = _profile(person, notices=chosen)
    except InvalidRecord as error:
        return _refused(person, "notices", refilled(error))
    acts.change_profile(services().database, origin(), person.id or 0, profile, "change notifications")
    return _done("notices")


@blueprint.post("/account/password")
def change_password() -> BaseResponse:
    """Changes the password."""
    person = myself()
    old, new = request.form.get("old_password", ""), request.form.get("password", "")
    try:
        secret = acts.change_password(services().database, origin(), old, new)
    except InvalidRecord as error:
        return _refused(person, "password", refilled(error))
    except SignInRefused:
        problem = Problem("old_password", "is not this one")
        return _refused(person, "password", Form(problems=[problem]))
    set_session(secret)
    return _done("password")


@blueprint.post("/account/sessions/<int:number>/end")
def end_session(number: int) -> BaseResponse:
    """Signs one browser out."""
    person = myself()
    acts.end_session(services().database, origin(), person.id or 0, number)
    return _done("session")


@blueprint.post("/account/sessions/end")
def end_others() -> BaseResponse:
    """Signs all other browsers out."""
    person = myself()
    acts.end_sessions(services().database, origin(), person.id or 0)
    return _done("sessions")


@blueprint.post("/account/tokens")
def make_token() -> str | BaseResponse:
    """Makes a token and shows it, this once: it is in the answer to this request and nowhere else."""
    person = myself()
    data = {
        "name": request.form.get("name", ""),
        "scopes": ["read", *request.form.getlist("scopes")],
        "days": whole(request.form.get("days", "")),
    }
    try:
        text = validate(TokenText, data)
    except InvalidRecord as error:
        return _refused(person, "tokens", refilled(error))
    try:
        _, secret = acts.make_token(services().database, origin(), text, sent())
    except SentAlready:
        return _done("sent")
    return _page(person, secret=secret)


@blueprint.post("/account/tokens/<int:number>/revoke")
def revoke_token(number: int) -> BaseResponse:
    """Revokes a token."""
    person = myself()
    acts.revoke_token(services().database, origin(), person.id or 0, number)
    return _done("token")


def listed(text: str) -> list[str]:
    """What stands one a line, or with commas between; each once."""
    parts = (part.strip() for part in re.split(r"[,;\n]", text.replace("\r", "\n")))
    return list(dict.fromkeys(part for part in parts if part))


def myself() -> Person:
    """The person who asks, in a browser. Raises SignInNeeded, NotAllowed."""
    person = signed_in()
    if person.token_id is not None:
        raise NotAllowed("This page is for people in a browser, and programs use the API.")
    if person.view_as == VISITOR:
        raise NotAllowed("You are looking as a visitor, who has no account; stop that to see yours.")
    return person


def _profile(person: Person, **changes: Any) -> Profile:
    """The person's profile with these changes. Raises InvalidRecord."""
    with services().database.read() as session:
        user = accounts.find_user(session, person.id or 0)
        kept = {
            "name": user.name,
            "skills": user.skills,
            "interests": user.interests,
            "notices": user.notices,
        }
    return validate(Profile, kept | changes)


def _done(what: str) -> BaseResponse:
    return redirect(url_for("account.account", done=what, _anchor=DONE[what][0]), 303)


def _refused(person: Person, section: str, form: Form) -> Response:
    return Response(_page(person, forms={section: form}), status=400)


def _page(person: Person, **shown: Any) -> str:
    view = account_view(person, **shown)
    offered = [scope for scope, allowed in SCOPES.items() if scope == "read" or allowed & person.permissions]
    return render_template(
        "people/account.html", view=view, done=DONE.get(view.done, ("", "")), events=EVENT_WORDS, ways=WAYS,
        scopes={scope: SCOPE_WORDS[scope] for scope in offered}, days=DAYS,
        single_sign_on=urlsplit(services().settings.oidc_issuer).netloc,
        store=urlsplit(services().settings.xapi_endpoint).netloc, store_names=services().settings.xapi_email,
    )  # fmt: skip
