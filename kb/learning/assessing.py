"""Answering the questions of a training entry, as a step of a path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from kb.assigning.standing import missed
from kb.errors import KbError, NotAllowed, NotFound
from kb.kinds import Training
from kb.learning.courses import FOLLOWED, learner
from kb.learning.enrolling import taken
from kb.learning.model import Answer, Attempt, Enrolment
from kb.learning.questions import asked, checked_all, is_passed, points, score
from kb.learning.stepping import mark_of, place_of, settle
from kb.model import Entry, Revision
from kb.people.clock import now
from kb.reading import as_shown, revisions_seen, view_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.kinds import Question
    from kb.learning.questions import Asked
    from kb.people.audit import Origin
    from kb.reading import Reader


class HandedIn(KbError):
    """The answers were handed in before: they stand."""


@dataclass(frozen=True)
class Answered:
    """A question with what was answered to it."""

    question: Question
    given: Any
    points: int | None
    remark: str

    @property
    def chosen(self) -> list[str]:
        """The options that were chosen, in words; the text of a written answer."""
        if isinstance(self.given, str):
            return [self.given]
        return [self.question.options[each] for each in self.given if each < len(self.question.options)]


@dataclass(frozen=True)
class Sitting:
    """One attempt with its questions."""

    id: int
    step: str
    number: int
    state: str
    started_at: datetime
    handed_in_at: datetime | None
    score: int | None
    passed: bool | None
    training: Training
    title: str
    answers: Mapping[int, Answered]
    missed: date | None
    """The day by which it was asked for, where it was handed in later."""

    @property
    def questions(self) -> list[Asked]:
        """The questions in the order of this attempt: the same whenever it is looked at."""
        return asked(self.training.assessment, f"attempt {self.id}")

    @property
    def waits(self) -> int:
        """How many answers a trainer has still to mark."""
        return sum(each.points is None for each in self.answers.values())


def begin(database: Database, origin: Origin, ref: str, step: str, reader: Reader) -> int:
    """Begins an attempt, or goes on with the one that was begun; its number in the database.

    Raises NotFound for a step without questions, NotAllowed for one that is locked.
    """
    user_id = learner(origin)
    with database.write_aside() as session:
        enrolment = taken(session, user_id, ref)
        place = place_of(session, enrolment, step, reader)
        material = place.material
        if material is None or material.number is None or not material.questions:
            raise NotFound(f"{step} asks no questions.")
        standing = _attempts(session, enrolment, step)
        if standing and standing[-1].state == "open":
            return standing[-1].id
        attempt = Attempt(
            enrolment=enrolment, step=step, number=len(standing) + 1, revision=material.number,
            state="open", started_at=now(),
        )  # fmt: skip
        session.add(attempt)
        session.flush()
        return attempt.id


def hand_in(
    database: Database, origin: Origin, ref: str, number: int, given: Mapping[int, Any], reader: Reader
) -> tuple[Sitting, bool]:
    """Scores what can be scored; what a trainer has to read waits for one. The attempt, and whether that
    completes the path.

    Raises Unfit naming each question that is not answered, HandedIn, NotFound, NotAllowed.
    """
    user_id = learner(origin)
    with database.write_aside() as session:
        enrolment = taken(session, user_id, ref)
        attempt = session.get(Attempt, number)
        if attempt is None or attempt.enrolment_id != enrolment.id:
            raise NotFound("There is no such attempt.")
        if attempt.state != "open":
            raise HandedIn("These answers were handed in before, and stand. You may begin another attempt.")
        training, _ = bank(session, attempt, reader)
        for place, answer in checked_all(training, given).items():
            question = training.assessment[place]
            attempt.answers.append(Answer(question=place, given=answer, points=points(question, answer)))
        attempt.handed_in_at = now()
        close(attempt, training)
        is_complete = finish(session, attempt, reader)
        return _sitting(session, attempt, reader), is_complete


def close(attempt: Attempt, training: Training) -> None:
    """The attempt's score once all its answers have points; it waits for a trainer until then."""
    found = [each.points for each in attempt.answers if each.points is not None]
    if len(found) < len(attempt.answers):
        attempt.state = "handed in"
        return
    attempt.state, attempt.score = "marked", score(found)
    attempt.passed = is_passed(attempt.score, training.pass_mark)


def finish(session: Session, attempt: Attempt, reader: Reader) -> bool:
    """What a passed attempt does for its step; says whether that completes the path."""
    if not attempt.passed:
        return False
    mark = mark_of(attempt.enrolment, attempt.step)
    mark.passed_at = mark.passed_at or now()
    mark.revision = mark.revision or attempt.revision
    return settle(session, attempt.enrolment, reader)


def sittings(session: Session, user_id: int, ref: str, step: str, reader: Reader) -> list[Sitting]:
    """The person's attempts at a step of a path in their last enrolment, the last one first."""
    query = select(Enrolment).join(Entry, Entry.id == Enrolment.path_id)
    query = query.where(Enrolment.user_id == user_id, Entry.ref == ref)
    enrolment = session.scalar(query.order_by(Enrolment.id.desc()).limit(1))
    if enrolment is None:
        raise NotFound(f"You do not take a path {ref}.")
    found = _attempts(session, enrolment, step)
    return [_sitting(session, attempt, reader) for attempt in reversed(found)]


def bank(session: Session, attempt: Attempt, reader: Reader) -> tuple[Training, str]:
    """The questions of an attempt and the title of their entry. Raises NotFound when the entry is hidden."""
    query = revisions_seen(reader).where(Entry.ref == attempt.step)
    is_it = (Revision.number == attempt.revision) & Revision.state.in_(FOLLOWED)
    revision = session.scalar(query.where(is_it))
    if revision is None:
        raise NotFound(f"The questions of {attempt.step} are no longer open to you.")
    (view,) = as_shown(session, [view_of(revision)], reader)
    if not isinstance(view.content, Training):
        raise NotAllowed(f"{attempt.step} asks no questions.")
    return view.content, view.title


def _attempts(session: Session, enrolment: Enrolment, step: str) -> Sequence[Attempt]:
    query = select(Attempt).where(Attempt.enrolment_id == enrolment.id, Attempt.step == step)
    return session.scalars(query.order_by(Attempt.number)).all()


def count_waiting(session: Session) -> int:
    """How many attempts wait for a trainer."""
    return session.scalar(select(func.count(Attempt.id)).where(Attempt.state == "handed in")) or 0


def _sitting(session: Session, attempt: Attempt, reader: Reader) -> Sitting:
    training, title = bank(session, attempt, reader)
    return sitting_of(session, attempt, training, title)


def sitting_of(session: Session, attempt: Attempt, training: Training, title: str) -> Sitting:
    """The attempt as pages show it."""
    answers = {
        each.question: Answered(training.assessment[each.question], each.given, each.points, each.remark)
        for each in attempt.answers
        if each.question < len(training.assessment)
    }
    return Sitting(
        id=attempt.id, step=attempt.step, number=attempt.number, state=attempt.state,
        started_at=attempt.started_at, handed_in_at=attempt.handed_in_at, score=attempt.score,
        passed=attempt.passed, training=training, title=title, answers=answers,
        missed=missed(session, attempt),
    )  # fmt: skip
