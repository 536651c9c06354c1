"""/api/v1/assignments and /api/v1/cohorts: who is to complete which path by when."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.assigning import cohorts as keeping_cohorts
from kb.assigning import keeping
from kb.assigning.listing import AssignmentFilter, get_assignment, list_assignments
from kb.assigning.texts import AssignmentChange, AssignmentText, CohortChange, CohortText
from kb.text import Line
from web.api.models import Answer
from web.api.operations import Operation, Reply, number_of
from web.context import current
from web.identity import origin
from web.parameters import Parameters
from web.services import services

if TYPE_CHECKING:
    from kb.assigning.cohorts import CohortView
    from kb.assigning.listing import AssignmentView
    from web.parameters import NoParameters


class AssignmentsParameters(Parameters):
    """Which assignments."""

    which: Literal["standing", "withdrawn", "all"] = "standing"
    path: Annotated[Line, Field(max_length=12, description="Only of the path with this id.")] = ""


class AskedPart(Answer):
    """Somebody who is asked to complete a path."""

    name: str
    state: Annotated[
        Literal["done", "late", "active", "left", "renew", "new"],
        Field(
            description="`late`: done after the day; `renew`: an earlier completion lapses within the time."
        ),
    ]
    done_on: date | None
    lapses_on: Annotated[date | None, Field(description="When an earlier completion ends.")]
    is_overdue: bool


class AssignmentPart(Answer):
    """An assignment, and how many of those whom it asks at the moment are done with it."""

    id: int
    path: str
    title: str
    is_published: Annotated[bool, Field(description="Nobody can begin a path that is archived.")]
    due_on: date
    note: str
    people: Annotated[list[str], Field(description="Who is asked by name: e-mails.")]
    roles: list[str]
    cohorts: Annotated[list[int], Field(description="Their numbers.")]
    author: str
    changed_by: str
    created_at: datetime
    withdrawn_at: datetime | None
    version: Annotated[int, Field(description="Counted up by every change.")]
    asked: int
    done: int
    overdue: int

    @classmethod
    def of(cls, view: AssignmentView) -> AssignmentPart:
        """The assignment as the API shows it."""
        return cls.model_validate(_said(view))


class AssignmentAnswer(AssignmentPart):
    """An assignment with those whom it asks."""

    standing: list[AskedPart]


class AssignmentsAnswer(Answer):
    """Assignments, what is due first first."""

    assignments: list[AssignmentPart]


class MemberPart(Answer):
    """Somebody in a cohort."""

    email: str
    name: str


class CohortPart(Answer):
    """A list of people that trainers keep."""

    id: int
    name: str
    note: str
    people: list[MemberPart]
    assignments: Annotated[int, Field(description="How many assignments that stand are for it.")]
    author: str
    changed_by: str
    changed_at: datetime
    version: Annotated[int, Field(description="Counted up by every change.")]

    @classmethod
    def of(cls, view: CohortView) -> CohortPart:
        """The cohort as the API shows it."""
        people = [{"email": email, "name": name} for email, name in view.people]
        return cls.model_validate(vars(view) | {"people": people})


class CohortsAnswer(Answer):
    """Every cohort, by name."""

    cohorts: list[CohortPart]


def assignments(parameters: AssignmentsParameters) -> AssignmentsAnswer:
    """The assignments of paths that one may see."""
    wanted = AssignmentFilter(parameters.which, parameters.path.upper())
    with services().database.read() as session:
        found = list_assignments(session, current().person, current().reader, wanted)
    return AssignmentsAnswer(assignments=[AssignmentPart.of(each) for each in found])


def get_path_assignment(_: NoParameters, assignment: str) -> AssignmentAnswer:
    """One assignment, with how far each is whom it asks."""
    return _assignment(number_of(assignment, "assignment"))


def assign_path(_: NoParameters, body: AssignmentText) -> Reply:
    """Asks people, roles and cohorts to complete a published path by a day, and tells them."""
    number = keeping.assign(services().database, origin(), body, current().today)
    return Reply(_assignment(number), location=f"/assignments/{number}")


def change_path_assignment(_: NoParameters, body: AssignmentChange, assignment: str) -> AssignmentAnswer:
    """Asks these from now on, until this day. Who is still asked is told of another day."""
    number = number_of(assignment, "assignment")
    keeping.change_assignment(services().database, origin(), number, body, current().today)
    return _assignment(number)


def withdraw_assignment(_: NoParameters, assignment: str) -> None:
    """Takes the assignment back and tells who was asked; what people did stays."""
    keeping.withdraw(services().database, origin(), number_of(assignment, "assignment"))


def cohorts(_: NoParameters) -> CohortsAnswer:
    """Every cohort."""
    with services().database.read() as session:
        found = keeping_cohorts.list_cohorts(session, current().person)
    return CohortsAnswer(cohorts=[CohortPart.of(each) for each in found])


def get_cohort(_: NoParameters, cohort: str) -> CohortPart:
    """One cohort."""
    return _cohort(number_of(cohort, "cohort"))


def add_cohort(_: NoParameters, body: CohortText) -> Reply:
    """Makes a cohort of people with an open account."""
    number = keeping_cohorts.add_cohort(services().database, origin(), body)
    return Reply(_cohort(number), location=f"/cohorts/{number}")


def change_cohort(_: NoParameters, body: CohortChange, cohort: str) -> CohortPart:
    """Gives it this name and these people. Assignments for it ask newcomers within the hour."""
    number = number_of(cohort, "cohort")
    keeping_cohorts.change_cohort(services().database, origin(), number, body)
    return _cohort(number)


def remove_cohort(_: NoParameters, cohort: str) -> None:
    """Removes the list; its people stay."""
    keeping_cohorts.remove_cohort(services().database, origin(), number_of(cohort, "cohort"))


def _assignment(number: int) -> AssignmentAnswer:
    with services().database.read() as session:
        view = get_assignment(session, current().person, current().reader, number)
    today = current().today
    people = [
        {
            "name": each.name, "state": each.standing.state, "done_on": each.standing.done_on,
            "lapses_on": each.standing.lapses_on,
            "is_overdue": each.standing.is_overdue(view.due_on, today),
        }
        for each in view.asked
    ]  # fmt: skip
    return AssignmentAnswer.model_validate(_said(view) | {"standing": people})


def _said(view: AssignmentView) -> dict[str, object]:
    said = {name: value for name, value in vars(view).items() if name in AssignmentPart.model_fields}
    counted = {"asked": len(view.asked), "done": view.done, "overdue": view.overdue(current().today)}
    lists = {"people": list(view.people), "roles": list(view.roles), "cohorts": list(view.cohorts)}
    return said | counted | lists


def _cohort(number: int) -> CohortPart:
    with services().database.read() as session:
        return CohortPart.of(keeping_cohorts.get_cohort(session, current().person, number))


CHANGED = "Somebody has changed it since `version`"
ASSIGNING = (
    Operation("GET", "/assignments", assignments, AssignmentsAnswer, "List what is assigned",
              AssignmentsParameters, action="train"),
    Operation("POST", "/assignments", assign_path, AssignmentAnswer, "Assign a path", body=AssignmentText,
              action="train"),
    Operation("GET", "/assignments/<assignment>", get_path_assignment, AssignmentAnswer,
              "Read an assignment, and how far people are", action="train"),
    Operation("PUT", "/assignments/<assignment>", change_path_assignment, AssignmentAnswer,
              "Change an assignment", body=AssignmentChange, action="train",
              conflict=f"{CHANGED}, or taken it back."),
    Operation("DELETE", "/assignments/<assignment>", withdraw_assignment, None, "Take an assignment back",
              action="train", conflict="It was taken back before."),
    Operation("GET", "/cohorts", cohorts, CohortsAnswer, "List cohorts", action="train"),
    Operation("POST", "/cohorts", add_cohort, CohortPart, "Make a cohort", body=CohortText, action="train",
              conflict="Another cohort has the name."),
    Operation("GET", "/cohorts/<cohort>", get_cohort, CohortPart, "Read a cohort", action="train"),
    Operation("PUT", "/cohorts/<cohort>", change_cohort, CohortPart, "Change a cohort", body=CohortChange,
              action="train", conflict=f"{CHANGED}, or another has the name."),
    Operation("DELETE", "/cohorts/<cohort>", remove_cohort, None, "Remove a cohort", action="train",
              conflict="An assignment that stands is for it."),
)  # fmt: skip
