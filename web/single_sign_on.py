"""Signing in by an OpenID Connect provider, and connecting an account with one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb.errors import NotFound
from kb.people import accounts, acts, identities, pending
from kb.people.audit import audited, note, note_refusal
from kb.people.errors import KeyRefused, SignInRefused
from kb.people.identities import IdentityRefused
from kb.people.limits import LOGIN_OF_ADDRESS, SIGN_IN_BEGUN, take
from kb.people.secrets import same
from kb.validation import Problem
from web.account import myself
from web.cookies import set_cookie
from web.forms import Form
from web.identity import begin_session, origin
from web.outbound import OutboundFailed
from web.provider import CALLBACK, state_of
from web.proxies import client_network
from web.services import services
from web.signing import safe_next, sign_in_page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.errors import KbError
    from kb.people.identities import Claims
    from kb.people.model import PendingSignIn
    from web.provider import Provider

blueprint = Blueprint("single_sign_on", __name__)
ANSWER = ("code", "error", "iss")
"""What of the provider's answer is read besides the state."""


@blueprint.post("/sign-in/provider")
def begin() -> BaseResponse:
    """Sends the browser to the provider."""
    return _leave("provider", request.form.get("next", ""))


@blueprint.get(CALLBACK)
def callback() -> BaseResponse:
    """Takes the provider's answer. It works once, and in the browser that was sent there."""
    provider, secret = _provider(), request.cookies.get(_cookie_name(), "")
    begun = None
    try:
        begun = _finish(secret)
        answer = {name: request.args[name] for name in ANSWER if name in request.args}
        claims = provider.claims(secret, answer)
        return _connect(begun, claims) if begun.step == "connect" else _sign_in(begun, claims)
    except (KeyRefused, OutboundFailed, IdentityRefused) as error:
        return _refused(error, begun.step if begun else "provider")


@blueprint.get("/account/single-sign-on")
def connections() -> str:
    """Renders who one is to the provider, and how to change that."""
    return _connections_page(Form())


@blueprint.post("/account/single-sign-on/connect")
def connect() -> BaseResponse:
    """Sends the browser to the provider, to connect whoever signs in there with this account."""
    person = myself()
    try:
        accounts.confirm(services().database, person, request.form.get("password", ""), client_network())
    except SignInRefused as error:
        note_refusal(services().database, origin(), "connect identity", person.email, error)
        return Response(_connections_page(Form({}, [Problem("password", str(error))])), status=403)
    return _leave("connect", url_for("single_sign_on.connections"), person.id)


@blueprint.post("/account/single-sign-on/disconnect")
def disconnect() -> BaseResponse:
    """The provider's word no longer opens this account."""
    person, issuer = myself(), _provider().settings.oidc_issuer
    acts.disconnect(services().database, origin(), person.id or 0, issuer)
    return redirect(url_for("single_sign_on.connections"), 303)


def _provider() -> Provider:
    provider = services().provider
    if provider is None:
        raise NotFound("People sign in by password here: single sign-on is not set up.")
    return provider


def _cookie_name() -> str:
    """Of the cookie that holds the secret of a sign-in under way."""
    return "__Host-precedent-sign-in" if services().settings.is_secure else "precedent-sign-in"


def _leave(step: str, next_address: str, user_id: int | None = None) -> BaseResponse:
    """A page that leads to the provider at once.

    Not a redirect: the policy of our pages lets no form end at another site, not even by a redirect.
    """
    provider, after = _provider(), safe_next(next_address)
    try:
        provider.discover()
    except OutboundFailed as error:
        return _refused(error, step)
    with services().database.write_aside() as session:
        take(session, SIGN_IN_BEGUN, client_network())
        secret = pending.begin(session, step, next_address=after[: pending.MAX_NEXT], user_id=user_id)
    set_cookie(_cookie_name(), secret, int(pending.LASTS.total_seconds()))
    address = provider.address(secret)
    page = render_template("people/leaving.html", address=address, host=urlsplit(address).netloc)
    return Response(page, headers={"Refresh": f"0; url={address}"})


def _finish(secret: str) -> PendingSignIn:
    """The sign-in that this browser began and the answer belongs to. Raises KeyRefused."""
    if not secret:
        here = services().settings.base_url
        raise KeyRefused(f"No sign-in is under way in this browser. Begin again at {here}/sign-in.")
    if not same(request.args.get("state", ""), state_of(secret)):
        raise KeyRefused("This answer belongs to another sign-in than the one under way here. Begin again.")
    set_cookie(_cookie_name(), None)
    with services().database.write_aside() as session:
        return pending.finish(session, secret)


def _sign_in(begun: PendingSignIn, said: Claims) -> BaseResponse:
    settings = services().settings
    with audited(services().database, origin(), "sign in", said.email or said.subject) as act:
        act.detail |= {"method": "single sign-on", "issuer": said.issuer, "subject": said.subject}
        arrival = identities.arrive(act.session, said, create=settings.oidc_create)
        user = arrival.user
        act.thing, act.detail["person"] = user.email, user.id
        if arrival.is_new:
            note(act.session, origin(), "create account", user.email, by="single sign-on")
        if arrival.is_linked:
            note(act.session, origin(), "connect identity", user.email, subject=said.subject)
        begin_session(act.session, user, "single sign-on")
    return redirect(safe_next(begun.next), 303)


def _connect(begun: PendingSignIn, said: Claims) -> BaseResponse:
    person = myself()
    if person.id != begun.user_id:
        raise KeyRefused("Somebody else has signed in to this browser meanwhile. Begin again.")
    with audited(services().database, origin(), "connect identity", person.email) as act:
        act.detail |= {"issuer": said.issuer, "subject": said.subject}
        identities.connect(act.session, person, said)
    return redirect(begun.next, 303)


def _refused(error: KbError, step: str) -> BaseResponse:
    """The page that signing in began on, with what went wrong; a line in the log, unless there is one."""
    database = services().database
    with database.write_aside() as session:
        take(session, LOGIN_OF_ADDRESS, client_network())
    if not error.is_noted:
        action = "connect identity" if step == "connect" else "sign in"
        note_refusal(database, origin(), action, "", error, method="single sign-on")
    status = {KeyRefused: 400, IdentityRefused: 403}.get(type(error), 502)
    form = Form({}, [Problem("", str(error))])
    page = _connections_page(form) if step == "connect" else sign_in_page(form)
    return Response(page, status=status)


def _connections_page(form: Form) -> str:
    person, settings = myself(), _provider().settings
    with services().database.read() as session:
        user = accounts.find_user(session, person.id or 0)
        has_password = user.password is not None
        listed = [
            (each.issuer, each.subject, each.created_at)
            for each in identities.list_identities(session, person, user.id)
        ]
    return render_template(
        "people/connections.html",
        form=form,
        has_password=has_password,
        connected=[each for each in listed if each[0] == settings.oidc_issuer],
        host=urlsplit(settings.oidc_issuer).netloc,
    )
