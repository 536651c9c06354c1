"""What is to become of lessons, in the browser: one's own actions, all, and each with its next steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field
from sqlalchemy import select

from kb.actions.keeping import add_action, change_action
from kb.actions.listing import ActionFilter, count_actions, get_action, list_actions
from kb.actions.texts import ActionChange, ActionText
from kb.adoptions.keeping import list_adoptions
from kb.errors import InvalidRecord
from kb.people.model import User
from kb.people.roles import can, require
from kb.validation import validate
from web.context import current
from web.entries import readable_ref, refused_page
from web.forms import Form, read_form, refilled, whole
from web.identity import origin, signed_in
from web.parameters import Parameters, Whole, parse_page
from web.services import services
from web.taxonomy import require_tender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.actions.listing import ActionView
    from kb.adoptions.keeping import AdoptionView

blueprint = Blueprint("actions", __name__)
PAGE_SIZE = 50
LARGEST = 2**31 - 1
Which = Literal[
    "open", "overdue", "to check", "identified", "assigned", "embedded", "checked", "dropped", "all"
]  # fmt: skip
WORDS: dict[Which, str] = {
    "open": "Open", "overdue": "Overdue", "identified": "Nobody’s yet", "to check": "To check",
    "checked": "Checked", "dropped": "Dropped", "all": "All",
}  # fmt: skip
STATE_WORDS = {
    "identified": "Nobody’s yet", "assigned": "Assigned", "embedded": "Built in, to be checked",
    "checked": "Built in and checked", "dropped": "Dropped",
}  # fmt: skip
DONE = {
    "added": "It is noted.", "assigned": "It is given, and the person is told.",
    "embedded": "It is built in, and waits to be checked by somebody else.",
    "checked": "It is built in and checked.", "dropped": "It is dropped.", "identified": "It is open again.",
}  # fmt: skip


class ActionsParameters(Parameters):
    """Whose actions, which of them, and which page."""

    whose: Literal["mine", "all"] = "mine"
    which: Which = "open"
    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1


class ActionParameters(Parameters):
    """What was just done."""

    done: Annotated[str, Field(max_length=20)] = ""


@dataclass(frozen=True)
class ActionsView:
    """A page of actions, what is overdue first."""

    asked: ActionsParameters
    total: int
    actions: Sequence[ActionView]
    adopted: Sequence[AdoptionView] = ()
    """The lessons that the person goes by."""

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-self.total // PAGE_SIZE))

    def url(self, page: int) -> str:
        """The address of another page of the same list."""
        whose = self.asked.whose if self.asked.whose != "mine" else None
        which = self.asked.which if self.asked.which != "open" else None
        return url_for("actions.actions", whose=whose, which=which, page=page if page > 1 else None)


@blueprint.get("/actions")
def actions() -> str:
    """Renders one's own actions, or for curators all."""
    person, asked = signed_in(), parse_page(ActionsParameters, request.args)
    if asked.whose == "all":
        require_tender()
    here = current()
    wanted = ActionFilter(asked.which, person.id if asked.whose == "mine" else None)
    with services().database.read() as session:
        total = count_actions(session, here.reader, wanted, here.today)
        start = (asked.page - 1) * PAGE_SIZE
        found = list_actions(session, here.reader, wanted, here.today, start, PAGE_SIZE)
        adopted = (
            list_adoptions(session, here.reader, user_id=person.id or 0) if asked.whose == "mine" else []
        )
    view = ActionsView(asked, total, found, adopted)
    return render_template("actions/list.html", view=view, words=WORDS, state_words=STATE_WORDS)


@blueprint.post("/entries/<ref>/actions")
def add(ref: str) -> BaseResponse:
    """Notes what is to be changed because of a lesson."""
    require(signed_in(), "contribute")
    ref = readable_ref(ref)
    try:
        number = add_action(services().database, origin(), ref, read_form(ActionText))
    except InvalidRecord as error:
        return refused_page(ref, "actions", refilled(error), 400)
    return redirect(url_for("actions.action", number=number, done="added"), 303)


@blueprint.get("/actions/<int:number>")
def action(number: int) -> str:
    """Renders an action with its next steps."""
    signed_in()
    return _page(number, parse_page(ActionParameters, request.args).done)


@blueprint.post("/actions/<int:number>")
def change(number: int) -> BaseResponse:
    """Takes an action a step on, or back."""
    require(signed_in(), "contribute")
    try:
        said = validate(ActionChange, _sent())
        change_action(services().database, origin(), min(number, LARGEST), said)
    except InvalidRecord as error:
        return Response(_page(number, form=refilled(error)), status=400)
    return redirect(url_for("actions.action", number=number, done=said.state), 303)


def _sent() -> dict[str, Any]:
    """What the form says: fields that are empty are not said."""
    names = ("state", "owner", "due_on", "embedded_in", "embedded_words")
    given = {name: value for name in names if (value := request.form.get(name, "").strip())}
    if "embedded_in" in given:
        given["embedded_in"] = given["embedded_in"].upper()
    return given | {"version": whole(request.form.get("version", ""))}


def _page(number: int, done: str = "", form: Form | None = None) -> str:
    person, here = signed_in(), current()
    with services().database.read() as session:
        found = get_action(session, here.reader, min(number, LARGEST))
        names = select(User.email, User.name).where(User.status == "active").order_by(User.name, User.email)
        people = [tuple(row) for row in session.execute(names)] if can(person, "tend repository") else []
    return render_template(
        "actions/action.html", action=found, done=DONE.get(done, ""), form=form or Form(), people=people,
        state_words=STATE_WORDS, is_mine=found.owner_id is not None and found.owner_id == person.id,
    )  # fmt: skip
