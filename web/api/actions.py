"""/api/v1/actions: what is to become of lessons."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.actions.keeping import add_action, change_action
from kb.actions.listing import ActionFilter, count_actions, get_action, list_actions
from kb.actions.texts import ActionChange, ActionText, State
from kb.people.roles import require
from kb.taxonomy.listing import TEND
from kb.text import Line
from web.api.models import Answer
from web.api.operations import Operation, Reply, number_of
from web.context import current
from web.entries import checked_ref
from web.identity import origin, signed_in
from web.parameters import Parameters, Whole
from web.services import services

if TYPE_CHECKING:
    from kb.actions.listing import ActionView
    from web.parameters import NoParameters

MAX_LIMIT = 200
Which = Literal[
    "open", "overdue", "to check", "identified", "assigned", "embedded", "checked", "dropped", "all"
]  # fmt: skip


class ActionsParameters(Parameters):
    """A stretch of the actions."""

    whose: Annotated[Literal["mine", "all"], Field(description="All, for curators, or of one lesson.")] = (
        "mine"
    )
    which: Which = "open"
    ref: Annotated[Line, Field(max_length=12, description="Only of the lesson with this id.")] = ""
    offset: Annotated[Whole, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = 50


class ActionPart(Answer):
    """Something to be changed because of a lesson, and how far that is."""

    id: int
    ref: Annotated[str, Field(description="The lesson.")]
    title: Annotated[str, Field(description="Of the lesson; empty when it is published no more.")]
    what: str
    state: State
    owner: Annotated[str, Field(description="The name of who is to do it; may be empty.")]
    due_on: date | None
    is_overdue: bool
    embedded_in: Annotated[str, Field(description="Id of the entry that holds it; may be empty.")]
    embedded_words: str
    changed_by: str
    changed_at: datetime
    version: Annotated[int, Field(description="Counted up by every change.")]

    @classmethod
    def of(cls, view: ActionView) -> ActionPart:
        """The action as the API shows it."""
        said = {name: value for name, value in vars(view).items() if name in cls.model_fields}
        return cls.model_validate(said | {"is_overdue": view.is_overdue(current().today)})


class ActionsAnswer(Answer):
    """A stretch of the actions, what is overdue first."""

    total: int
    offset: int
    actions: list[ActionPart]


def actions(parameters: ActionsParameters) -> ActionsAnswer:
    """One's own actions; all of them for curators, and all of a lesson for everybody who may read it."""
    person, here = signed_in(), current()
    if parameters.whose == "all" and not parameters.ref:
        require(person, TEND)
    mine = person.id if parameters.whose == "mine" else None
    wanted = ActionFilter(parameters.which, mine, parameters.ref.upper())
    with services().database.read() as session:
        total = count_actions(session, here.reader, wanted, here.today)
        found = list_actions(session, here.reader, wanted, here.today, parameters.offset, parameters.limit)
    return ActionsAnswer(
        total=total, offset=parameters.offset, actions=[ActionPart.of(each) for each in found]
    )


def get_lesson_action(_: NoParameters, action: str) -> ActionPart:
    """One action."""
    return _part(number_of(action, "action"))


def note_action(_: NoParameters, body: ActionText, ref: str) -> Reply:
    """Notes what is to be changed because of a lesson."""
    number = add_action(services().database, origin(), checked_ref(ref), body)
    return Reply(_part(number), location=f"/actions/{number}")


def change_lesson_action(_: NoParameters, body: ActionChange, action: str) -> ActionPart:
    """Takes an action a step on, or back. `assigned` needs `owner`; `embedded` needs where it is built in."""
    number = number_of(action, "action")
    change_action(services().database, origin(), number, body)
    return _part(number)


def _part(number: int) -> ActionPart:
    with services().database.read() as session:
        return ActionPart.of(get_action(session, current().reader, number))


ACTIONS = (
    Operation("GET", "/actions", actions, ActionsAnswer, "List what is to become of lessons",
              ActionsParameters, own=True),
    Operation("GET", "/actions/<action>", get_lesson_action, ActionPart, "Read an action", own=True),
    Operation("PUT", "/actions/<action>", change_lesson_action, ActionPart, "Take an action a step on",
              body=ActionChange, action="contribute",
              conflict="Somebody has changed the action since `version`."),
    Operation("POST", "/entries/<ref>/actions", note_action, ActionPart, "Note what a lesson should change",
              body=ActionText, action="contribute"),
)  # fmt: skip
