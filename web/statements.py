"""What the record store is told, in the browser: how it goes, each statement, and why it was given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, redirect, render_template, request, url_for
from pydantic import Field

from kb.people.roles import require
from kb.statements import outbox
from web.identity import origin, signed_in
from web.parameters import Parameters, Whole, parse_page
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.config import Settings
    from kb.outbox import Outbox
    from kb.statements.outbox import StatementView

blueprint = Blueprint("statements", __name__)
PAGE_SIZE = 50
LARGEST = 2**31 - 1
DONE = {
    "retry": "The record store is told again as soon as may be.",
    "drop": "The record store is not told this any more.",
}
State = Literal["", "waiting", "sent", "given up"]
STATES: dict[State, str] = {"": "All", "waiting": "Waiting", "given up": "Given up", "sent": "Told"}


class StatementParameters(Parameters):
    """Which statements, which page of them, and what was just done."""

    state: State = ""
    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    done: Annotated[str, Field(max_length=20)] = ""


@dataclass(frozen=True)
class StatementsPage:
    """Everything the template shows."""

    asked: StatementParameters
    settings: Settings
    outbox: Outbox
    statements: Sequence[StatementView]

    @property
    def total(self) -> int:
        """How many statements there are of this kind."""
        counts = self.outbox.counts
        return counts[self.asked.state] if self.asked.state else sum(counts.values())

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-self.total // PAGE_SIZE))

    def url(self, page: int) -> str:
        """The address of another page of the same list."""
        state = self.asked.state or None
        return url_for("statements.statements", state=state, page=page if page > 1 else None)


@blueprint.get("/statements")
def statements() -> str:
    """Renders how telling goes, and a page of the statements."""
    require(signed_in(), "see operation")
    asked = parse_page(StatementParameters, request.args)
    with services().database.read() as session:
        start = (asked.page - 1) * PAGE_SIZE
        found = outbox.list_statements(session, asked.state, start, PAGE_SIZE)
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
