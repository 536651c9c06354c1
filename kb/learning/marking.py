"""What trainers do with answers: a queue of those that somebody has to read, and results by question."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, true

from kb.assigning.standing import missed
from kb.errors import NotAllowed, NotFound
from kb.kinds import Training
from kb.learning.assessing import HandedIn, bank, close, finish, sitting_of
from kb.learning.model import Answer, Attempt, Enrolment
from kb.learning.questions import Unfit
from kb.model import Entry
from kb.notices.telling import notify
from kb.people.audit import audited
from kb.people.model import User
from kb.people.reader import reader_of
from kb.people.roles import Person, require
from kb.reading import get_entry
from kb.text import clean_text
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.kinds import Question
    from kb.learning.assessing import Sitting
    from kb.people.audit import Origin
    from kb.reading import Reader

TRAIN = "train"
LONGEST_REMARK = 5_000


@dataclass(frozen=True)
class Waiting:
    """An attempt in the queue."""

    id: int
    person: str
    path: str
    step: str
    title: str
    handed_in_at: datetime
    is_own: bool
    """Whether it is the trainer's own, which somebody else has to mark."""
    missed: date | None
    """The day by which it was asked for, where it came later."""


@dataclass(frozen=True)
class ToMark:
    """An attempt that is looked at by a trainer."""

    sitting: Sitting
    person: str
    path: str
    is_own: bool


@dataclass(frozen=True)
class Result:
    """How a question went, over all attempts at one revision."""

    question: Question
    answered: int
    mean: float | None
    """Mean points in percent of what is marked."""
    chosen: tuple[tuple[str, int, bool], ...]
    """Options with how often each was chosen, and whether it is right."""


@dataclass(frozen=True)
class Results:
    """How the questions of one training entry went."""

    ref: str
    title: str
    revision: int
    attempts: int
    people: int
    passed: int
    waiting: int
    questions: tuple[Result, ...]


def queue(session: Session, person: Person, reader: Reader) -> list[Waiting]:
    """The attempts that wait for a trainer, what was handed in first first."""
    require(person, TRAIN)
    query = select(Attempt, User.name).join(Attempt.enrolment).join(User, User.id == Enrolment.user_id)
    query = query.where(Attempt.state == "handed in").order_by(Attempt.handed_in_at, Attempt.id)
    found = []
    for attempt, name in session.execute(query):
        try:
            _, title = bank(session, attempt, reader)
        except NotFound:
            continue  # its questions are hidden from this trainer
        found.append(
            Waiting(
                id=attempt.id,
                person=name,
                path=_path(session, attempt),
                step=attempt.step,
                title=title,
                handed_in_at=attempt.handed_in_at or attempt.started_at,
                is_own=attempt.enrolment.user_id == person.id,
                missed=missed(session, attempt),
            )
        )
    return found


def to_mark(session: Session, person: Person, number: int, reader: Reader) -> ToMark:
    """An attempt with its answers. Raises NotAllowed, NotFound."""
    require(person, TRAIN)
    attempt = session.get(Attempt, number)
    if attempt is None or attempt.state == "open":
        raise NotFound("There is no such attempt to mark.")
    training, title = bank(session, attempt, reader)
    user = session.get_one(User, attempt.enrolment.user_id)
    sitting = sitting_of(session, attempt, training, title)
    return ToMark(sitting, user.name, _path(session, attempt), user.id == person.id)


def mark(
    database: Database, origin: Origin, number: int, given: Mapping[int, tuple[int, str]], reader: Reader
) -> ToMark:
    """Gives points in percent, and a remark, to each answer that waits for them; who answered is told.

    Raises NotAllowed, also for one's own answers; NotFound; HandedIn when somebody marked them before;
    Unfit naming each answer without points.
    """
    require(origin.person, TRAIN)
    with audited(database, origin, "mark answers", f"attempt {number}") as act:
        attempt = act.session.scalar(select(Attempt).where(Attempt.id == number).with_for_update(of=Attempt))
        if attempt is None or attempt.state == "open":
            raise NotFound("There is no such attempt to mark.")
        user = act.session.get_one(User, attempt.enrolment.user_id)
        act.thing = f"{attempt.step} attempt {attempt.number} of {user.email}"
        if user.id == origin.person.id:
            raise NotAllowed("These are your own answers: another trainer has to mark them.")
        if attempt.state == "marked":
            raise HandedIn("These answers have been marked meanwhile, and the marks stand.")
        training, title = bank(act.session, attempt, reader)
        _give(attempt, given, origin.person.name)
        close(attempt, training)
        act.detail |= {"score": attempt.score, "passed": attempt.passed, "person": user.id}
        finish(act.session, attempt, reader_of(person_of(user)))
        sitting = sitting_of(act.session, attempt, training, title)
        path = _path(act.session, attempt)
        notify(
            act.session, "answers marked", [user.id], by=origin.person, ref=attempt.step,
            words=f"{attempt.score} %, {'passed' if attempt.passed else 'not passed'}.",
            place=f"/learning/{path}/{attempt.step}/questions",
        )  # fmt: skip
        return ToMark(sitting, user.name, path, is_own=False)


def _give(attempt: Attempt, given: Mapping[int, tuple[int, str]], by: str) -> None:
    problems = []
    for answer in attempt.answers:
        if answer.points is not None:
            continue
        points, remark = given.get(answer.question, (None, ""))
        if type(points) is not int or not 0 <= points <= 100:
            problems.append(Problem(f"q{answer.question}", "needs points from 0 to 100"))
        elif len(remark) > LONGEST_REMARK:
            problems.append(Problem(f"q{answer.question}", f"has a remark of more than {LONGEST_REMARK:,}"))
        else:
            answer.points, answer.remark, answer.marked_by = points, clean_text(remark).strip(), by
    if problems:
        raise Unfit(problems)


def results(session: Session, person: Person, ref: str, reader: Reader) -> Results:
    """How the questions of the published revision of a training entry went. Raises NotAllowed, NotFound."""
    require(person, TRAIN)
    view = get_entry(session, ref, reader)
    training = view.content
    if not isinstance(training, Training) or not training.assessment:
        raise NotFound(f"{ref} asks no questions.")
    here = (Attempt.step == ref) & (Attempt.revision == view.number) & (Attempt.state != "open")
    given: dict[int, list[Answer]] = defaultdict(list)
    for answer in session.scalars(select(Answer).join(Attempt, Attempt.id == Answer.attempt_id).where(here)):
        given[answer.question].append(answer)
    count = select(func.count(Attempt.id)).where(here)
    people = select(func.count(Enrolment.user_id.distinct())).join(
        Attempt, Attempt.enrolment_id == Enrolment.id
    )
    return Results(
        ref=ref,
        title=view.title,
        revision=view.number,
        attempts=session.scalar(count) or 0,
        people=session.scalar(people.where(here)) or 0,
        passed=session.scalar(count.where(Attempt.passed == true())) or 0,
        waiting=session.scalar(count.where(Attempt.state == "handed in")) or 0,
        questions=tuple(_result(each, given[place]) for place, each in enumerate(training.assessment)),
    )


def _result(question: Question, answers: list[Answer]) -> Result:
    marked = [each.points for each in answers if each.points is not None]
    chosen: dict[int, int] = defaultdict(int)
    for each in answers:
        if isinstance(each.given, list) and question.type != "order":
            for option in each.given:
                chosen[option] += 1
    shown = question.options if question.type in {"single", "multiple"} else []
    return Result(
        question,
        len(answers),
        sum(marked) / len(marked) if marked else None,
        tuple((option, chosen[at], at in question.answers) for at, option in enumerate(shown)),
    )


def person_of(user: User) -> Person:
    """The owner of an account as who reads."""
    return Person(id=user.id, name=user.name, email=user.email, roles=user.roles)


def _path(session: Session, attempt: Attempt) -> str:
    return session.scalar(select(Entry.ref).where(Entry.id == attempt.enrolment.path_id)) or ""
