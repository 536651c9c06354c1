"""Who asks: found from a token or a session's cookie, once per request."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import g, redirect, request, url_for

from kb.errors import KbError, NotWritable
from kb.people import identities, sessions
from kb.people.audit import Origin, audited, note_refusal
from kb.people.errors import KeyRefused
from kb.people.limits import KEY_OF_ADDRESS, PROXIED, take
from kb.people.secrets import new_secret
from web.context import current
from web.cookies import given_cookie, gives_cookies, send_cookies, set_cookie
from web.holders import Holder, lifetimes, note_use, of_cookie, of_token
from web.proxies import HeaderRefused, client_address, client_network, proxied_email
from web.services import services

if TYPE_CHECKING:
    from flask import Flask, Response
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response as BaseResponse

    from kb.config import Settings
    from kb.people.model import User
    from kb.people.roles import Person

logger = logging.getLogger(__name__)
ANONYMOUS_BY_NATURE = {"static", "health.healthz", "health.readyz", "health.metrics"}
"""Endpoints that never ask who it is: they answer while the database is down."""
OPEN_TO_ALL = ANONYMOUS_BY_NATURE | {
    "signing.sign_in",
    "signing.sign_in_now",
    "signing.welcome",
    "signing.welcome_now",
    "unsubscribing.look",
    "unsubscribing.stop",
    "unsubscribing.undo",
    "badges.badge",
    "badges.download",
    "badges.key",
    "badges.keys",
    "badges.issuer",
    "badges.revoked",
    "badges.check",
    "badges.check_now",
    "single_sign_on.begin",
    "single_sign_on.callback",
}
"""Endpoints that answer even where reading needs signing in."""
LONGEST_NEXT = 2_000
"""Characters of an address to come back to after signing in."""
SAFE = {"GET", "HEAD", "OPTIONS"}
API_PREFIX = "/api/"


REASONS = {
    "needed": "Sign in to go on.",
    "closed": "This repository is only for people who have signed in.",
    "ended": "Your session has ended. Sign in again.",
}
"""Why somebody is asked to sign in. The address names the reason only: its words are never a visitor's."""


class SignInNeeded(KbError):
    """The page or answer is for people who have signed in."""

    def __init__(self, reason: str) -> None:
        super().__init__(REASONS[reason])
        self.reason = reason


def install_identity(app: Flask) -> None:
    """Every request learns who asks, and is refused where only signed-in people may read."""
    app.before_request(_identify)
    app.after_request(_finish)


def origin() -> Origin:
    """Who acts in this request and from where, for the audit log."""
    return Origin(current().person, client_address(), current().request_id)


def signed_in() -> Person:
    """The person who asks. Raises SignInNeeded."""
    person = current().person
    if not person.is_known:
        raise SignInNeeded("ended" if current().notice else "needed")
    return person


def to_sign_in(error: SignInNeeded) -> BaseResponse:
    """Where a page sends somebody who has not signed in; afterwards they come back to it."""
    here = request.full_path.rstrip("?") if request.method in SAFE else url_for("home.home")
    here = here if len(here) <= LONGEST_NEXT else url_for("home.home")
    return redirect(f"{url_for('signing.sign_in')}?{urlencode({'next': here, 'why': error.reason})}", 303)


def cookie_name(settings: Settings) -> str:
    """The prefix makes browsers refuse the cookie without TLS or for other paths and hosts."""
    return "__Host-precedent" if settings.is_secure else "precedent"


def visitor_cookie_name(settings: Settings) -> str:
    """The cookie of browsers in which nobody has signed in. The prefix keeps other sites of the same domain
    from choosing it.
    """
    return f"{cookie_name(settings)}-visitor"


def set_session(secret: str | None) -> None:
    """The answer gives the browser this session, or takes its session away."""
    settings = services().settings
    set_cookie(cookie_name(settings), secret, settings.session_hours * 3600)


def begin_session(session: Session, user: User, method: str) -> str:
    """A new session for this browser; one that it had ends, so that no secret outlives a sign-in."""
    settings = services().settings
    before = current().person
    if before.session_id is not None:
        sessions.end_session(session, before, before.session_id)
    secret = sessions.start_session(
        session,
        user,
        method=method,
        address=client_address(),
        agent=request.headers.get("User-Agent", ""),
        lifetimes=lifetimes(settings),
    )
    set_session(secret)
    return secret


def form_secret() -> str:
    """What forms of this browser are signed with: its session, or a cookie of a visitor's own."""
    context = current()
    g.is_for_one = True
    if context.cookie_secret:
        return context.cookie_secret
    name = visitor_cookie_name(services().settings)
    held = request.cookies.get(name) or given_cookie(name)
    if not held:
        held = new_secret()
        set_cookie(name, held)
    return held


def _identify() -> None:
    if request.endpoint in ANONYMOUS_BY_NATURE:
        return
    email, header = _named_by_proxy(), request.headers.get("Authorization")
    cookie = request.cookies.get(cookie_name(services().settings), "")
    if header is not None:
        g.context = replace(current(), person=_bearer(header))
    elif email is not None:
        _come_by_proxy(email, cookie)
    elif cookie:
        _resume(cookie)
    may_read = services().settings.public_reading or current().person.is_known
    if not may_read and request.endpoint not in OPEN_TO_ALL:
        raise SignInNeeded("ended" if current().notice else "closed")


def _named_by_proxy() -> str | None:
    try:
        return proxied_email()
    except HeaderRefused as error:
        note_refusal(services().database, origin(), "use proxy header", request.path, error)
        raise


def _come_by_proxy(email: str, cookie: str) -> None:
    """Goes on with the session of whom the proxy names, or begins one; anybody else's ends."""
    try:
        held = of_cookie(cookie)
    except KeyRefused:
        held = None
    if held is not None and held.person.email == email:
        _go_on(held, cookie)
        return
    is_safe = request.method in SAFE
    # A program that keeps no cookies would begin a session with each question.
    if cookie or not is_safe or not request.path.startswith(API_PREFIX):
        try:
            _change_by_proxy(email, held)
        except NotWritable:
            if not is_safe:
                raise
            set_session(None)  # it was not begun: reading goes without
        else:
            return
    try:
        with services().database.read() as session:
            g.context = replace(current(), person=identities.proxied_person(session, email))
    except identities.IdentityRefused as error:
        note_refusal(services().database, origin(), "sign in", email, error, method="proxy")
        raise


def _change_by_proxy(email: str, held: Holder | None) -> None:
    """Ends the session that is held and begins one for whom the proxy names."""
    database = services().database
    if held is not None:
        with audited(database, origin(), "sign out", held.person.email) as act:
            act.detail["why"] = f"the proxy names {email}"
            sessions.end_session(act.session, held.person, held.person.session_id or 0)
    with audited(database, origin(), "sign in", email) as act:
        act.detail["method"] = "proxy"
        take(act.session, PROXIED, email)
        user = identities.recognise(act.session, email)
        act.detail["person"] = user.id
        secret = begin_session(act.session, user, "proxy")
        row = sessions.resume_session(act.session, secret, lifetimes(services().settings))
        context = replace(current(), person=sessions.person_of(row), cookie_secret=secret)
    g.context = context


def _resume(cookie: str) -> None:
    try:
        held = of_cookie(cookie)
        if held.method == "proxy":
            _end_stray(held)
            raise KeyRefused("The proxy that signed you in no longer says who you are. Sign in again.")
    except KeyRefused as error:
        set_session(None)
        _note_refusal("resume session", error)
        g.context = replace(current(), notice=str(error))
        return
    _go_on(held, cookie)


def _end_stray(held: Holder) -> None:
    try:
        with services().database.write_aside() as session:
            sessions.end_session(session, held.person, held.person.session_id or 0)
    except NotWritable as error:  # it opens nothing all the same
        logger.warning("a session without its proxy was not ended: %s", error)


def _go_on(held: Holder, cookie: str) -> None:
    g.context = replace(current(), person=held.person, cookie_secret=cookie)
    note_use(held)


def _bearer(header: str) -> Person:
    scheme, _, secret = header.partition(" ")
    try:
        if scheme.lower() != "bearer" or not secret.strip():
            raise KeyRefused("Send the token as `Authorization: Bearer TOKEN`.")
        held = of_token(secret.strip())
    except KeyRefused as error:
        _note_refusal("use token", error)
        raise
    note_use(held)
    return held.person


def _note_refusal(action: str, error: KeyRefused) -> None:
    """A line in the log; who sends one bad key after another is told to wait instead."""
    try:
        with services().database.write_aside() as session:
            take(session, KEY_OF_ADDRESS, client_network())
        note_refusal(services().database, origin(), action, "", error)
    except NotWritable as other:  # as a visitor one may read all the same
        logger.warning("that somebody could not %s (%s) is not in the audit log: %s", action, error, other)


def _finish(response: Response) -> Response:
    if request.endpoint not in ANONYMOUS_BY_NATURE:
        response.vary.update(("Cookie", "Authorization"))
        if services().settings.proxy_header:
            response.vary.add(services().settings.proxy_header)
        if current().person.is_known or "is_for_one" in g or gives_cookies():
            response.headers["Cache-Control"] = "private, no-store"
    return send_cookies(response)
