"""Badges: the public page of each, what programs need to check them, and checking one that somebody shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for

from kb.errors import InvalidRecord
from kb.learning import badges, courses
from kb.learning.signing import BadgeRefused, Signer
from kb.people.roles import require
from web.context import current
from web.entries import checked_ref
from web.forms import Form, refilled, typed
from web.identity import origin, signed_in
from web.services import services
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

blueprint = Blueprint("badges", __name__)


@blueprint.get("/badges/<name>")
def badge(name: str) -> str:
    """Renders a badge for whoever knows its address: who holds it, for what, and whether it counts."""
    with services().database.read() as session:
        found = badges.find_badge(session, name, signer())
    prepare_markdown([found.criteria])
    return render_template("badges/badge.html", badge=found)


@blueprint.get("/badges/<name>.jwt")
def download(name: str) -> Response:
    """The signed badge itself, for wallets."""
    with services().database.read() as session:
        found = badges.find_badge(session, name, signer())
    response = Response(found.signed, content_type="application/vc+jwt")
    response.headers["Content-Disposition"] = f'attachment; filename="badge-{found.name[:8]}.jwt"'
    return response


@blueprint.get("/badges/key")
def key() -> Response:
    """The public key as a JWK: signatures name this address."""
    return jsonify(signer().public_key)


@blueprint.get("/.well-known/jwks.json")
def keys() -> Response:
    """The public keys as a set (RFC 7517)."""
    return jsonify({"keys": [signer().public_key]})


@blueprint.get("/badges/issuer")
def issuer() -> Response:
    """Who issues, as an Open Badges profile."""
    return jsonify(badges.issuer(signer()))


@blueprint.get("/badges/revoked.json")
def revoked() -> Response:
    """Badges that no longer count."""
    with services().database.read() as session:
        return jsonify(badges.revocations(session, signer()))


@blueprint.get("/badges/check")
def check() -> str:
    """Renders the form that takes a badge."""
    return render_template("badges/check.html", form=Form(), badge=None, refusal="")


@blueprint.post("/badges/check")
def check_now() -> str | BaseResponse:
    """Says whether a badge is one of ours, and counts. A forged one is refused in words."""
    form = Form(typed())
    try:
        with services().database.read() as session:
            found = badges.check_badge(session, request.form.get("badge", ""), signer())
    except BadgeRefused as error:
        page = render_template("badges/check.html", form=form, badge=None, refusal=str(error))
        return Response(page, status=400)
    return render_template("badges/check.html", form=form, badge=found, refusal="")


@blueprint.post("/learning/<path>/badge")
def issue(path: str) -> BaseResponse:
    """Makes the badge of a completed path, and goes to it."""
    signed_in()
    name = badges.issue(services().database, origin(), checked_ref(path), current().reader, signer())
    return redirect(url_for("badges.badge", name=name), 303)


@blueprint.get("/teaching/badges")
def list_badges() -> str:
    """Renders every badge that was issued."""
    require(signed_in(), "train")
    return _list(Form())


@blueprint.post("/teaching/badges/<int:number>/revoke")
def revoke(number: int) -> str | BaseResponse:
    """Revokes a badge, with the reason."""
    require(signed_in(), "train")
    try:
        badges.revoke(services().database, origin(), number, request.form.get("reason", ""))
    except InvalidRecord as error:
        return Response(_list(refilled(error)), status=400)
    return redirect(url_for("badges.list_badges"), 303)


def signer() -> Signer:
    """Signs with the key in PRECEDENT_HOME."""
    settings = services().settings
    return Signer(settings.home, settings.base_url)


def name_of(course: courses.Course) -> str:
    """The name of the badge of a completion; empty while its holder has not asked for one."""
    with services().database.read() as session:
        found = badges.badge_of(session, course.id)
        return found.name if found else ""


def _list(form: Form) -> str:
    with services().database.read() as session:
        found = badges.all_badges(session, current().person, signer())
    return render_template("badges/list.html", badges=found, form=form)
