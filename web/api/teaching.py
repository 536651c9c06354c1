"""/api/v1/teaching: answers that wait for a trainer, and how questions went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.learning import marking
from web.api.learning_models import (
    AttemptAnswer,
    OptionResult,
    QuestionResult,
    ResultsAnswer,
    WaitingAnswer,
    WaitingPart,
    attempt_answer,
)
from web.api.operations import number_of
from web.context import current
from web.entries import checked_ref
from web.identity import origin
from web.services import services

if TYPE_CHECKING:
    from web.api.learning_models import MarksBody
    from web.parameters import NoParameters


def waiting_attempts(_: NoParameters) -> WaitingAnswer:
    """The attempts with answers that somebody has to read."""
    with services().database.read() as session:
        found = marking.queue(session, current().person, current().reader)
    return WaitingAnswer(attempts=[WaitingPart.model_validate(each, from_attributes=True) for each in found])


def mark_attempt(_: NoParameters, body: MarksBody, waiting: str) -> AttemptAnswer:
    """Gives points to each answer that waits for them. Nobody marks their own."""
    given = {each.question: (each.points, each.remark) for each in body.marks}
    number = number_of(waiting, "attempt")
    found = marking.mark(services().database, origin(), number, given, current().reader)
    return attempt_answer(found.sitting)


def question_results(_: NoParameters, training: str) -> ResultsAnswer:
    """How each question of a training entry went."""
    with services().database.read() as session:
        found = marking.results(session, current().person, checked_ref(training), current().reader)
    questions = [
        QuestionResult(
            text=each.question.text, answered=each.answered, mean=each.mean,
            options=[OptionResult(text=text, chosen=count, is_right=right)
                     for text, count, right in each.chosen],
        )
        for each in found.questions
    ]  # fmt: skip
    return ResultsAnswer(
        training=found.ref, title=found.title, revision=found.revision, attempts=found.attempts,
        people=found.people, passed=found.passed, waiting=found.waiting, questions=questions,
    )  # fmt: skip
