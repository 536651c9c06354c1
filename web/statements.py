"""What the record store is told, in the browser: how it goes, each statement, and why it was given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flask import Blueprint, redirect, render_template, request, url_for

from kb.people.roles import require
from kb.statements import outbox
from web.identity import origin, signed_in
from web.outboxes import LARGEST, PAGE_SIZE, OutboxPage, OutboxParameters
from web.parameters import parse_page
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.statements.outbox import StatementView

blueprint = Blueprint("statements", __name__)
DONE = {
    "retry": "The record store is told again as soon as may be.",
    "drop": "The record store is not told this any more.",
}
State = Literal["", "waiting", "sent", "given up"]
STATES: dict[State, str] = {"": "All", "waiting": "Waiting", "given up": "Given up", "sent": "Told"}


class StatementParameters(OutboxParameters):
    """Which statements, which page of them, and what was just done."""

    state: State = ""


@dataclass(frozen=True)
class StatementsPage(OutboxPage):
    """Everything the template shows."""

    endpoint = "statements.statements"
    statements: Sequence[StatementView]


@blueprint.get("/statements")
def statements() -> str:
    """Renders how telling goes, and a page of the statements."""
    require(signed_in(), "see operation")
    asked = parse_page(StatementParameters, request.args)
    with services().database.read() as session:
        found = outbox.list_statements(session, asked.state, asked.start, PAGE_SIZE)
        view = StatementsPage(asked, services().settings, outbox.look(session), found)
    return render_template("people/statements.html", view=view, done=DONE.get(asked.done, ""), states=STATES)


@blueprint.post("/statements/<int:number>/retry")
def retry(number: int) -> BaseResponse:
    """Tells the store a statement again."""
    require(signed_in(), outbox.MANAGE)
    with services().database.write_aside() as session:
        outbox.retry(session, origin(), min(number, LARGEST))
    return _done("retry")


@blueprint.post("/statements/<int:number>/drop")
def drop(number: int) -> BaseResponse:
    """Gives a statement up that waits."""
    require(signed_in(), outbox.MANAGE)
    with services().database.write_aside() as session:
        outbox.drop(session, origin(), min(number, LARGEST))
    return _done("drop")


def _done(what: str) -> BaseResponse:
    return redirect(url_for("statements.statements", done=what), 303)
