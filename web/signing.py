"""Signing in and out, and coming in by a link."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.errors import InvalidRecord
from kb.people import accounts, admission, links, sessions
from kb.people.audit import audited, note_refusal
from kb.people.errors import KeyRefused, SignInRefused, TooMany
from kb.people.limits import (
    LAST_LINE,
    LINK_OF_ADDRESS,
    LOGIN_OF_ACCOUNT,
    LOGIN_OF_ADDRESS,
    LOGIN_OF_BOTH,
    give_back_all,
    take,
)
from kb.people.texts import Administrator, Invitation, Newcomer
from kb.validation import Problem, validate
from web.context import current
from web.forms import Form, read_form, refilled
from web.identity import LONGEST_NEXT, REASONS, begin_session, origin, set_session, signed_in
from web.parameters import Parameters, parse_page
from web.proxies import client_network
from web.services import services

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response as BaseResponse

    from kb.people.model import OneTimeLink, User

blueprint = Blueprint("signing", __name__)


class SignInParameters(Parameters):
    """Where to go afterwards, and why signing in was asked for."""

    next: Annotated[str, Field(max_length=LONGEST_NEXT)] = ""
    why: Literal["", "needed", "closed", "ended"] = ""


class LinkParameters(Parameters):
    """The secret of a one-time link."""

    link: Annotated[str, Field(max_length=200)] = ""


@blueprint.get("/sign-in")
def sign_in() -> str | BaseResponse:
    """Renders the form; who has signed in goes on."""
    parameters = parse_page(SignInParameters, request.args)
    if current().person.is_known:
        return redirect(safe_next(parameters.next), 303)
    return sign_in_page(Form({"next": parameters.next}), REASONS.get(parameters.why) or current().notice)


@blueprint.post("/sign-in")
def sign_in_now() -> BaseResponse:
    """Checks e-mail and password; the answer and its time are the same for whom nobody knows."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    database = services().database
    _count_attempt(email)
    try:
        user_id = accounts.check_password(database, email, password)
    except SignInRefused as error:
        note_refusal(database, origin(), "sign in", _named(email), error)
        form = Form({"email": email, "next": request.form.get("next", "")}, [Problem("", str(error))])
        return Response(sign_in_page(form), status=401)
    with audited(database, origin(), "sign in", email.strip()) as act:
        give_back_all(act.session, LOGIN_OF_BOTH, f"{client_network()} {email.strip()}")
        begin_session(act.session, accounts.find_user(act.session, user_id), "password")
        act.detail["person"] = user_id
    return redirect(safe_next(request.form.get("next", "")), 303)


@blueprint.post("/sign-out")
def sign_out() -> BaseResponse:
    """Ends the session of this browser."""
    person = signed_in()
    with audited(services().database, origin(), "sign out", person.email) as act:
        sessions.end_session(act.session, person, person.session_id or 0)
    set_session(None)
    return redirect(url_for("home.home"), 303)


@blueprint.get("/welcome")
def welcome() -> str:
    """Renders what a one-time link is for; it stays good until the form is sent."""
    secret = parse_page(LinkParameters, request.args).link
    return _welcome_page(secret, _read_link(secret), Form())


@blueprint.post("/welcome")
def welcome_now() -> str | BaseResponse:
    """Uses the link: an account with its password, and a session."""
    secret = request.form.get("link", "")
    link = _read_link(secret)
    try:
        with audited(services().database, origin(), f"use {link.purpose} link") as act:
            user = _admit(act.session, secret, link)
            act.thing, act.detail["person"] = user.email, user.id
            begin_session(act.session, user, "password")
    except InvalidRecord as error:
        return Response(_welcome_page(secret, link, refilled(error)), status=400)
    return redirect(url_for("home.home"), 303)


def safe_next(address: str) -> str:
    """The address when it is a path of this site, else the home page."""
    is_path = address.startswith("/") and address[1:2] not in {"/", "\\"} and address.isprintable()
    return address if is_path and len(address) <= LONGEST_NEXT else url_for("home.home")


def _count_attempt(email: str) -> None:
    """Raises TooMany where there were too many; the log says so once, and not of each that follows."""
    database, both = services().database, f"{client_network()} {email.strip()}"
    try:
        with database.write_aside() as session:
            take(session, LOGIN_OF_ADDRESS, client_network())
            take(session, LOGIN_OF_BOTH, both)
            take(session, LOGIN_OF_ACCOUNT, email.strip())
    except TooMany as error:
        with suppress(TooMany):
            with database.write_aside() as session:
                take(session, LAST_LINE, f"sign in {both}")
            note_refusal(database, origin(), "sign in", _named(email), error)
        raise


def _named(email: str) -> str:
    """What the log says of whom somebody tried to sign in as: who types a password there by mistake does
    not find it in the log.
    """
    try:
        return validate(Invitation, {"email": email}).email
    except InvalidRecord:
        return "(no e-mail address)"


def _read_link(secret: str) -> OneTimeLink:
    """The link, unused. A wrong one is noted, and who tries many is told to wait."""
    database = services().database
    try:
        with database.read() as session:
            link = links.read_link(session, secret)
            session.expunge(link)
            return link
    except KeyRefused as error:
        with database.write_aside() as session:
            take(session, LINK_OF_ADDRESS, client_network())
        note_refusal(database, origin(), "use link", "", error)
        raise


def _admit(session: Session, secret: str, link: OneTimeLink) -> User:
    match link.purpose:
        case "administrator":
            return admission.become_administrator(session, secret, read_form(Administrator))
        case "invitation":
            return admission.accept(session, secret, read_form(Newcomer))
        case _:
            return admission.reset_password(session, secret, request.form.get("password", ""))


def sign_in_page(form: Form, why: str = "") -> str:
    """The form, with what is wrong or why it is shown."""
    settings = services().settings
    provider = settings.oidc_name if settings.oidc_issuer else ""
    return render_template("people/sign_in.html", form=form, why=why, provider=provider)


def _welcome_page(secret: str, link: OneTimeLink, form: Form) -> str:
    user = None
    if link.user_id is not None:
        with services().database.read() as session:
            found = accounts.find_user(session, link.user_id)
            user = (found.name, found.email)
    return render_template("people/welcome.html", secret=secret, purpose=link.purpose, user=user, form=form)
