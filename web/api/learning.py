"""/api/v1/learning: the paths that whoever calls takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.learning import assessing, courses, enrolling, stepping
from kb.learning.home import learning_home
from web.api.learning_home import LearningAnswer, learning_answer
from web.api.learning_models import (
    AttemptAnswer,
    CourseAnswer,
    attempt_answer,
    course_answer,
)
from web.api.operations import Reply, number_of
from web.context import current
from web.entries import checked_ref, checked_step
from web.identity import origin
from web.services import services

if TYPE_CHECKING:
    from kb.learning.assessing import Sitting
    from web.api.learning_models import AnswersBody, StepBody
    from web.parameters import NoParameters


def my_learning(_: NoParameters) -> LearningAnswer:
    """The paths that one takes, left or completed; what is due, recommended, and to be renewed."""
    here = current()
    with services().database.read() as session:
        found = learning_home(session, courses.learner(origin()), here.reader, here.today)
    return learning_answer(found, here.today)


def enrol(_: NoParameters, path: str) -> Reply:
    """Takes the path at the revision that is published now. Who left it comes back to where they were; who
    completed it takes it anew.
    """
    ref = checked_ref(path)
    enrolling.enrol(services().database, origin(), ref, current().reader)
    return Reply(_course(ref), location=f"/learning/{ref}")


def my_course(_: NoParameters, path: str) -> CourseAnswer:
    """The steps of the path, and where one stands with each."""
    return _course(checked_ref(path))


def leave(_: NoParameters, path: str) -> None:
    """One no longer takes it; what was done is kept."""
    enrolling.leave(services().database, origin(), checked_ref(path))


def change_step(_: NoParameters, body: StepBody, path: str, step: str) -> CourseAnswer:
    """The step is done or not, and noted on it is this."""
    ref, at, reader = checked_ref(path), checked_step(step), current().reader
    if body.note is not None:
        stepping.note_step(services().database, origin(), ref, at, reader, body.note)
    if body.done is not None:
        stepping.do_step(services().database, origin(), ref, at, reader, done=body.done)
    return _course(ref)


def begin_attempt(_: NoParameters, path: str, training: str) -> Reply:
    """Begins an attempt at the questions of a step, or goes on with the one that was begun."""
    ref, at = checked_ref(path), checked_ref(training)
    number = assessing.begin(services().database, origin(), ref, at, current().reader)
    with services().database.read() as session:
        found = assessing.sittings(session, courses.learner(origin()), ref, at, current().reader)
    sitting = next(each for each in found if each.id == number)
    return Reply(attempt_answer(sitting), location=f"/learning/{ref}/attempts/{number}")


def hand_in(_: NoParameters, body: AnswersBody, path: str, attempt: str) -> AttemptAnswer:
    """Answers every question of the attempt. What is not a matter of choice may wait for a trainer."""
    given = {each.question: each.chosen or each.text for each in body.answers}
    sitting: Sitting
    sitting, _complete = assessing.hand_in(
        services().database, origin(), checked_ref(path), number_of(attempt, "attempt"), given,
        current().reader,
    )  # fmt: skip
    return attempt_answer(sitting)


def _course(ref: str) -> CourseAnswer:
    with services().database.read() as session:
        found = courses.load_course(session, courses.learner(origin()), ref, current().reader)
    return course_answer(found)
