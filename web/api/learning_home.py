"""The shape of a learner's page as the API says it."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.learning.courses import Course
from web.api.learning_models import CoursePart, course_data
from web.api.models import Answer

if TYPE_CHECKING:
    from kb.learning.home import Home


class DuePart(Answer):
    """A path that one is asked to complete."""

    path: str
    title: str
    due_on: date
    days_left: Annotated[int, Field(description="Negative when it is overdue.")]
    state: Literal["active", "left", "renew", "new"]
    by: Annotated[str, Field(description="Who asks.")]
    note: str
    is_published: Annotated[bool, Field(description="Nobody can begin a path that is archived.")]


class SuggestedPart(Answer):
    """A path that fits one, and why."""

    path: str
    title: str
    reasons: list[str]


class RenewalPart(Answer):
    """A completion that has lapsed, or soon will."""

    path: str
    title: str
    valid_until: date


class NextPart(Answer):
    """The one step to take now."""

    path: str
    step: str
    title: str


class LearningAnswer(Answer):
    """Everything that one takes or took, what was begun last first; what is due, fits, is to be renewed."""

    courses: list[CoursePart]
    due: list[DuePart]
    next: NextPart | None
    recommended: list[SuggestedPart]
    renewals: list[RenewalPart]


def learning_answer(home: Home, today: date) -> LearningAnswer:
    """A learner's page as the API shows it."""
    courses = [
        CoursePart.model_validate(
            course_data(each) if isinstance(each, Course) else {"path": each.ref, "state": each.state}
        )
        for each in home.courses
    ]
    asked = [
        {
            "path": each.path, "title": each.title, "due_on": each.due_on, "state": each.standing.state,
            "days_left": each.days_left(today), "by": each.by, "note": each.note,
            "is_published": each.is_published,
        }
        for each in home.due
    ]  # fmt: skip
    first = home.next
    place = first.walk.next if first else None
    step = NextPart(path=first.ref, step=place.step.id, title=place.title) if first and place else None
    return LearningAnswer(
        courses=courses, due=[DuePart.model_validate(each) for each in asked], next=step,
        recommended=[
            SuggestedPart(path=each.offer.ref, title=each.offer.view.title, reasons=list(each.reasons))
            for each in home.suggested
        ],
        renewals=[
            RenewalPart(path=each.ref, title=each.view.title, valid_until=each.valid_until)
            for each in home.renewals if each.valid_until
        ],
    )  # fmt: skip
