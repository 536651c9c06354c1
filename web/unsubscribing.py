"""Where the links of mails lead that end mails of a kind: looked at, done at once, and taken back.

A mail program posts to the address by itself, without cookies and without a form of ours (RFC 8058): the
link is what says that it may. Asking for the page changes nothing, as programs that look at links do so.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from flask import Blueprint, redirect, render_template, request, url_for
from pydantic import Field

from kb.notices import leaving
from kb.notices.leaving import LinkRefused
from kb.people.audit import note_refusal
from kb.people.limits import LINK_OF_ADDRESS, take
from kb.people.texts import WAYS
from web.identity import origin
from web.labels import EVENT_WORDS
from web.parameters import Parameters, parse_page
from web.proxies import client_network
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from werkzeug.wrappers import Response as BaseResponse

blueprint = Blueprint("unsubscribing", __name__)


class LinkParameters(Parameters):
    """The link of a mail, and what has just been done by it."""

    link: Annotated[str, Field(max_length=500)] = ""
    done: Annotated[str, Field(max_length=20)] = ""


@blueprint.get("/unsubscribe")
def look() -> str:
    """Renders what the link would end, or has ended."""
    asked = parse_page(LinkParameters, request.args)
    return _page(asked.link, done=asked.done)


@blueprint.post("/unsubscribe")
def stop() -> str:
    """Ends mails of the kinds of the link."""
    link = parse_page(LinkParameters, request.args).link
    with _noted():
        before = leaving.leave(services().database, origin(), services().settings.home, link)
    return _page(link, before.ways, done="stopped")


@blueprint.post("/unsubscribe/undo")
def undo() -> BaseResponse:
    """Lets them come again, as they came before."""
    link = request.form.get("link", "")
    ways = {event: request.form.get(event.replace(" ", "-"), "") for event in EVENT_WORDS}
    with _noted():
        leaving.return_to(services().database, origin(), services().settings.home, link, ways)
    return redirect(url_for("unsubscribing.look", link=link, done="back"), 303)


@contextmanager
def _noted() -> Iterator[None]:
    """A link that is none is a line in the log, and who tries many is told to wait."""
    try:
        yield
    except LinkRefused as error:
        with services().database.write_aside() as session:
            take(session, LINK_OF_ADDRESS, client_network())
        note_refusal(services().database, origin(), "use link of a mail", "", error)
        raise


def _page(link: str, before: Mapping[str, str] | None = None, done: str = "") -> str:
    with _noted(), services().database.read() as session:
        left = leaving.look(session, services().settings.home, link)
    known = {event: way for event, way in (before or {}).items() if way != leaving.NEVER}
    return render_template(
        "notices/unsubscribe.html", link=link, left=left, before=known, done=done, events=EVENT_WORDS,
        ways=[way for way in WAYS if way != leaving.NEVER],
    )  # fmt: skip
