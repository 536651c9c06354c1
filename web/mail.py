"""The outbox in the browser: how sending goes, each mail and why it was given up, and a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb.errors import InvalidRecord
from kb.notices import outbox
from kb.people.roles import require
from kb.validation import Problem
from web.forms import Form, refilled
from web.identity import origin, signed_in
from web.mailing.link import MailPutOff, MailRefused, MailServerDown
from web.mailing.sending import MailNotSetUp, send_test
from web.outboxes import LARGEST, PAGE_SIZE, OutboxPage, OutboxParameters
from web.parameters import parse_page
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.notices.outbox import MailView

blueprint = Blueprint("mail", __name__)
DONE = {
    "test": "The mail server has taken the test mail.",
    "retry": "The mail is sent as soon as may be.",
    "drop": "The mail is given up. What it was to tell stays under the person's notifications.",
}
State = Literal["", "waiting", "sent", "needless", "given up"]
STATES: dict[State, str] = {
    "": "All", "waiting": "Waiting", "given up": "Given up", "sent": "Sent", "needless": "Needless",
}  # fmt: skip


class MailParameters(OutboxParameters):
    """Which mails, which page of them, and what was just done."""

    state: State = ""


@dataclass(frozen=True)
class MailPage(OutboxPage):
    """Everything the template shows."""

    endpoint = "mail.mail"
    mails: Sequence[MailView]
    form: Form


@blueprint.get("/mail")
def mail() -> str:
    """Renders the state of sending, and a page of the mails."""
    require(signed_in(), "see operation")
    return _page(parse_page(MailParameters, request.args))


@blueprint.post("/mail/test")
def test() -> BaseResponse:
    """Sends one mail to see whether it goes."""
    require(signed_in(), "manage mail")
    here = services()
    try:
        send_test(here.settings, here.database, origin(), request.form.get("email", ""))
    except InvalidRecord as error:
        return Response(_page(MailParameters(), refilled(error)), status=400)
    except (MailNotSetUp, MailServerDown, MailPutOff, MailRefused) as error:
        form = Form(problems=[Problem("", str(error))])
        return Response(_page(MailParameters(), form), status=409 if isinstance(error, MailNotSetUp) else 502)
    return _done("test")


@blueprint.post("/mail/<int:number>/retry")
def retry(number: int) -> BaseResponse:
    """Sends a mail again."""
    require(signed_in(), "manage mail")
    with services().database.write_aside() as session:
        outbox.retry(session, origin(), min(number, LARGEST))
    return _done("retry")


@blueprint.post("/mail/<int:number>/drop")
def drop(number: int) -> BaseResponse:
    """Gives a mail up that waits."""
    require(signed_in(), "manage mail")
    with services().database.write_aside() as session:
        outbox.drop(session, origin(), min(number, LARGEST))
    return _done("drop")


def _done(what: str) -> BaseResponse:
    return redirect(url_for("mail.mail", done=what), 303)


def _page(asked: MailParameters, form: Form | None = None) -> str:
    with services().database.read() as session:
        found = outbox.list_mails(session, asked.state, asked.start, PAGE_SIZE)
        view = MailPage(asked, services().settings, outbox.look(session), found, form or Form())
    return render_template("people/mail.html", view=view, done=DONE.get(asked.done, ""), states=STATES)
