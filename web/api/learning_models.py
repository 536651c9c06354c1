"""The shapes of what the API says of learning."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.learning.questions import LONGEST
from kb.learning.stepping import LONGEST_NOTE
from kb.steps import EntryStep, LinkStep
from kb.strict import Strict
from kb.text import Words
from web.api.models import Answer

if TYPE_CHECKING:
    from kb.learning.assessing import Sitting
    from kb.learning.courses import Course
    from kb.learning.walking import Place

Number = Annotated[int, Field(ge=0, le=10_000)]


class StepPart(Answer):
    """A step, and where one stands with it."""

    step: Annotated[str, Field(description="The id of the step: of its entry, or of its link.")]
    entry: Annotated[str | None, Field(description="None where the step is a link.")]
    link: Annotated[str | None, Field(description="Where it leads; None where the step is an entry.")]
    title: Annotated[str | None, Field(description="None when the entry is not open to you.")]
    kind: Annotated[str | None, Field(description="That of the entry, or `link`.")]
    revision: int | None
    state: Literal["done", "open", "locked", "withheld"]
    required: bool
    completion: str
    minutes: int
    note: Annotated[str, Field(description="What the trainer says.")]
    own_note: str
    questions: int
    completed_at: datetime | None
    passed_at: datetime | None

    @classmethod
    def of(cls, place: Place) -> StepPart:
        """The step as the API shows it."""
        step, mark, material = place.step, place.mark, place.material
        return cls(
            step=step.id, entry=step.entry if isinstance(step, EntryStep) else None,
            link=step.link if isinstance(step, LinkStep) else None,
            title=material.title if material else None,
            kind=material.kind if material else None, revision=material.number if material else None,
            state=place.state, required=step.required, completion=step.completion, minutes=place.minutes,
            note=step.note, own_note=mark.note, questions=material.questions if material else 0,
            completed_at=mark.completed_at, passed_at=mark.passed_at,
        )  # fmt: skip


class StagePart(Answer):
    """A stage of a path."""

    title: str
    ordered: bool
    steps: list[StepPart]


class CoursePart(Answer):
    """A path as one takes it. Of one that is no longer open to you only the id and the state are told."""

    path: str
    title: str | None = None
    revision: int | None = None
    state: Literal["active", "left", "completed"]
    done: int = 0
    total: int = 0
    minutes_left: int = 0
    next: Annotated[str | None, Field(description="Id of the step to take now.")] = None
    enrolled_at: datetime | None = None
    completed_at: datetime | None = None
    valid_until: date | None = None


class CourseAnswer(CoursePart):
    """A path as one takes it, with its steps."""

    stages: list[StagePart]


def course_data(course: Course) -> dict[str, object]:
    """The values of CoursePart."""
    following = course.walk.next
    return {
        "path": course.ref, "title": course.view.title, "revision": course.view.number,
        "state": course.state, "done": course.walk.done, "total": course.walk.total,
        "minutes_left": course.walk.minutes_left, "next": following.step.id if following else None,
        "enrolled_at": course.enrolled_at, "completed_at": course.completed_at,
        "valid_until": course.valid_until,
    }  # fmt: skip


def course_answer(course: Course) -> CourseAnswer:
    """The path with its steps."""
    stages = [
        StagePart(title=each.title, ordered=each.ordered, steps=[StepPart.of(place) for place in each.places])
        for each in course.walk.stages
    ]
    return CourseAnswer.model_validate(course_data(course) | {"stages": stages})


class StepBody(Strict):
    """What becomes of a step; what is left out stays as it is."""

    done: bool | None = None
    note: Annotated[Words, Field(max_length=LONGEST_NOTE)] | None = None


class OptionPart(Answer):
    """An option of a question."""

    number: int
    text: str


class QuestionPart(Answer):
    """A question of an attempt; what came of it once it is handed in."""

    question: Annotated[int, Field(description="The number that answers name.")]
    text: str
    type: Literal["single", "multiple", "order", "short", "case"]
    options: list[OptionPart]
    chosen: list[int] = []
    answer: str = ""
    points: Annotated[int | None, Field(description="Percent; None until it is marked.")] = None
    feedback: str = ""
    remark: Annotated[str, Field(description="What the trainer says about it.")] = ""


class AttemptAnswer(Answer):
    """An attempt, its questions in the order in which they are asked."""

    id: int
    step: str
    number: int
    state: Literal["open", "handed in", "marked"]
    pass_mark: int | None
    score: int | None
    passed: bool | None
    started_at: datetime
    handed_in_at: datetime | None
    missed: Annotated[date | None, Field(description="The day that it was asked for by, if it came later.")]
    questions: list[QuestionPart]


def attempt_answer(sitting: Sitting) -> AttemptAnswer:
    """The attempt as the API shows it: feedback only after it is handed in."""
    return AttemptAnswer(
        id=sitting.id, step=sitting.step, number=sitting.number, state=sitting.state,  # type: ignore[arg-type]
        pass_mark=sitting.training.pass_mark, score=sitting.score, passed=sitting.passed,
        started_at=sitting.started_at, handed_in_at=sitting.handed_in_at, missed=sitting.missed,
        questions=_questions(sitting),
    )  # fmt: skip


def _questions(sitting: Sitting) -> list[QuestionPart]:
    found = []
    for asked in sitting.questions:
        question, answered = asked.question, sitting.answers.get(asked.place)
        told: dict[str, object] = {}
        if answered is not None:
            is_text = isinstance(answered.given, str)
            told = {
                "chosen": [] if is_text else answered.given, "answer": answered.given if is_text else "",
                "points": answered.points, "feedback": question.feedback, "remark": answered.remark,
            }  # fmt: skip
        options = [OptionPart(number=each, text=question.options[each]) for each in asked.options]
        asks = {"question": asked.place, "text": question.text, "type": question.type, "options": options}
        found.append(QuestionPart.model_validate(asks | told))
    return found


class AnswerBody(Strict):
    """The answer to one question: options, or text."""

    question: Number
    chosen: Annotated[list[Number], Field(max_length=1_000)] = []
    text: Annotated[Words, Field(max_length=LONGEST)] = ""


class AnswersBody(Strict):
    """The answers to all questions of an attempt."""

    answers: Annotated[list[AnswerBody], Field(max_length=1_000)]


class MarkBody(Strict):
    """The points of one answer, in percent."""

    question: Number
    points: Annotated[int, Field(ge=0, le=100)]
    remark: Annotated[Words, Field(max_length=5_000)] = ""


class MarksBody(Strict):
    """The marks of all answers that wait for one."""

    marks: Annotated[list[MarkBody], Field(max_length=1_000)]


class WaitingPart(Answer):
    """An attempt that waits for a trainer."""

    id: int
    person: str
    path: str
    step: str
    title: str
    handed_in_at: datetime
    is_own: Annotated[bool, Field(description="Your own: another trainer marks it.")]
    missed: Annotated[date | None, Field(description="The day that it was asked for by, if it came later.")]


class WaitingAnswer(Answer):
    """The attempts that wait, what was handed in first first."""

    attempts: list[WaitingPart]


class OptionResult(Answer):
    """How often an option was chosen."""

    text: str
    chosen: int
    is_right: bool


class QuestionResult(Answer):
    """How a question went."""

    text: str
    answered: int
    mean: Annotated[float | None, Field(description="Points in percent, of what is marked.")]
    options: list[OptionResult]


class ResultsAnswer(Answer):
    """How the questions of a training entry went, at its published revision."""

    training: str
    title: str
    revision: int
    attempts: int
    people: int
    passed: int
    waiting: int
    questions: list[QuestionResult]
