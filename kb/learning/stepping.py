"""Taking the steps of a path: opening, doing, noting; and noticing when all is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.errors import InvalidRecord, NotAllowed, NotFound
from kb.learning.courses import Course, Hidden, course_of, learner
from kb.learning.enrolling import taken
from kb.learning.model import StepMark
from kb.people.clock import now
from kb.text import clean_text
from kb.validation import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.learning.model import Enrolment
    from kb.learning.walking import Place
    from kb.people.audit import Origin
    from kb.reading import Reader

LONGEST_NOTE = 20_000
"""Characters of what somebody notes on a step."""


def do_step(
    database: Database, origin: Origin, ref: str, step: str, reader: Reader, *, done: bool = True
) -> bool:
    """The step is done, or not yet after all; says whether that completes the path.

    Raises NotFound for a step that the path has not or the person may not see, NotAllowed for one that is
    locked.
    """
    with database.write_aside() as session:
        enrolment = taken(session, learner(origin), ref)
        place = place_of(session, enrolment, step, reader)
        mark = mark_of(enrolment, step)
        mark.completed_at = (mark.completed_at or now()) if done else None
        if done and place.material is not None:
            mark.revision = place.material.number
        return settle(session, enrolment, reader)


def note_step(database: Database, origin: Origin, ref: str, step: str, reader: Reader, note: str) -> None:
    """What the person notes on a step for themselves, whether or not they have completed the path.

    Raises NotFound, InvalidRecord.
    """
    try:
        text = clean_text(note).strip()
    except ValueError as error:
        raise InvalidRecord([Problem("note", str(error))]) from None
    if len(text) > LONGEST_NOTE:
        words = f"is too long: it has {len(text):,} characters, at most {LONGEST_NOTE:,} fit"
        raise InvalidRecord([Problem("note", words)])
    with database.write_aside() as session:
        enrolment = taken(session, learner(origin), ref)
        place_of(session, enrolment, step, reader, locked=True)
        mark_of(enrolment, step).note = text


def open_step(database: Database, origin: Origin, ref: str, step: str, reader: Reader) -> None:
    """Notes when the person opened a step of a path that they take for the first time.

    Raises NotFound, NotAllowed.
    """
    with database.write_aside() as session:
        enrolment = taken(session, learner(origin), ref)
        place_of(session, enrolment, step, reader)
        mark = mark_of(enrolment, step)
        mark.opened_at = mark.opened_at or now()


def place_of(
    session: Session, enrolment: Enrolment, step: str, reader: Reader, *, locked: bool = False
) -> Place:
    """The step as the person finds it. Raises NotFound, and NotAllowed unless it may be `locked`."""
    course = _course(session, enrolment, reader)
    place = course.walk.find(step)
    if place is None:
        raise NotFound(f"{course.ref} has no step {step}.")
    if place.state == "withheld":
        raise NotFound(WITHHELD)
    if place.state == "locked" and not locked:
        raise NotAllowed(f"{step} comes later: the steps of this stage are taken in order.")
    return place


WITHHELD = (
    "This step is not open to you, or no longer published. Go on with the others, and tell the trainer of "
    "the path."
)


def mark_of(enrolment: Enrolment, step: str) -> StepMark:
    """What is kept of a step; made when there is nothing yet."""
    found = next((each for each in enrolment.marks if each.step == step), None)
    if found is None:
        found = StepMark(step=step, note="")
        enrolment.marks.append(found)
    return found


def settle(session: Session, enrolment: Enrolment, reader: Reader) -> bool:
    """Completes the path when everything that counts is done; says whether it does."""
    session.flush()
    course = course_of(session, enrolment, reader)
    if isinstance(course, Hidden) or enrolment.state != "active" or not course.walk.is_complete:
        return False
    enrolment.state, enrolment.completed_at = "completed", now()
    session.flush()
    return True


def _course(session: Session, enrolment: Enrolment, reader: Reader) -> Course:
    course = course_of(session, enrolment, reader)
    if isinstance(course, Hidden):
        raise NotFound(f"{course.ref} is no longer open to you.")
    return course
