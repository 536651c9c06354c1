"""What people look for in vain, in the browser: a list, given to somebody to write about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, redirect, render_template, request, url_for
from pydantic import Field
from sqlalchemy import select

from kb.people.model import User
from kb.usage.demand import give, list_demands, settle
from web.identity import origin
from web.parameters import Parameters, parse_page
from web.services import services
from web.taxonomy import require_tender

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

blueprint = Blueprint("demand", __name__)
State = Literal["open", "given", "answered", "dismissed"]
STATES: dict[State, str] = {
    "open": "Open", "given": "Given to somebody", "answered": "Answered", "dismissed": "Dismissed",
}  # fmt: skip
LARGEST = 2**31 - 1


class DemandParameters(Parameters):
    """Which demands, and what was just done."""

    state: State = "open"
    done: Annotated[str, Field(max_length=20)] = ""


@blueprint.get("/demand")
def demand() -> str:
    """Renders the demands in a state."""
    require_tender()
    asked = parse_page(DemandParameters, request.args)
    with services().database.read() as session:
        found = list_demands(session, asked.state)
        people = session.execute(
            select(User.email, User.name).where(User.status == "active").order_by(User.name, User.email)
        ).all()
    return render_template(
        "tending/demand.html", demands=found, asked=asked, states=STATES,
        people=[tuple(row) for row in people], days=services().settings.search_days,
    )  # fmt: skip


@blueprint.post("/demand/<int:number>/give")
def give_now(number: int) -> BaseResponse:
    """Gives a demand to somebody to write about."""
    require_tender()
    give(services().database, origin(), min(number, LARGEST), request.form.get("email", ""))
    return redirect(url_for("demand.demand", done="given"), 303)


@blueprint.post("/demand/<int:number>/settle")
def settle_now(number: int) -> BaseResponse:
    """Says that a demand is answered, or none, or open again."""
    require_tender()
    wanted = parse_page(DemandParameters, request.form).state
    settle(services().database, origin(), min(number, LARGEST), wanted)
    return redirect(url_for("demand.demand", done=wanted), 303)
