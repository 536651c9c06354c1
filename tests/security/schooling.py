"""What learners and trainers have said and done."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.assigning.model import Assignment, Cohort, CohortMember, Target
from kb.learning.model import Answer, Attempt, Enrolment, KeptStep, LinkCheck, Rating, StepMark
from kb.mentoring.model import MentorRequest
from kb.model import Entry, Revision
from kb.people.clock import now
from kb.statements.making import Happening, Teller
from kb.statements.model import LearnerName, Statement
from kb.steps import stored_steps
from tests.security.world import COPIES, MOST_LINE, World

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LINKING = ("training", "path")
"""Kinds of entries that hold links."""


def learn(session: Session, world: World, user_id: int) -> None:
    """On the first path, with notes, and an attempt at the questions of its step that waits for a mark."""
    path = session.scalars(select(Entry).where(Entry.ref == "P-0001")).one()
    enrolment = Enrolment(
        user_id=user_id, path_id=path.id, revision=2, state="active", enrolled_at=now(),
        marks=[StepMark(step="M-0001", revision=2, note="\n".join(world.packs[0]))],
    )  # fmt: skip
    kept = KeptStep(path_id=path.id, step="M-0001", about="gone", kept_by=world.line(3), at=now())
    session.merge(kept)
    said = {"is_reached": False, "said": world.line(4), "checked_by": world.line(5), "checked_at": now()}
    for content in session.scalars(select(Revision.content).join(Entry).where(Entry.kind.in_(LINKING))):
        for address in (content.get("url"), *(step.get("link") for step in stored_steps(content))):
            if address:
                session.merge(LinkCheck(key=hashlib.sha256(address.encode()).hexdigest(), **said))
    session.add(enrolment)
    session.flush()
    _ask_for_help(session, world, user_id, path.id)
    _tell_store(session, world, user_id, enrolment.id)
    said = {"remark": world.line(2), "marked_by": world.line(1), "points": 50}
    for number, state in ((1, "marked"), (2, "handed in")):
        answer = Answer(question=1, given=world.line(number), **(said if number == 1 else {}))
        attempt = Attempt(
            enrolment_id=enrolment.id, step="M-0001", number=number, revision=2, state=state,
            started_at=now(), handed_in_at=now(), answers=[answer],
            score=50 if number == 1 else None, passed=False if number == 1 else None,
        )  # fmt: skip
        session.add(attempt)
        session.flush()
        world.attempts.append(attempt.id)


def _ask_for_help(session: Session, world: World, user_id: int, path_id: int) -> None:
    """Requests in every state, of the person and to them."""
    for number, state in enumerate(("open", "accepted", "declined", "withdrawn", "open")):
        sides = (user_id, world.people[0]) if number < 4 else (world.people[0], user_id)
        asked = MentorRequest(
            asker_id=sides[0], mentor_id=sides[1], entry_id=path_id if number % 2 else None,
            topic=world.line(number)[:MOST_LINE], words="\n".join(world.packs[number]), state=state,
            answer=world.line(number + 1), asked_at=now(), answered_at=None if state == "open" else now(),
        )  # fmt: skip
        session.add(asked)


def _tell_store(session: Session, world: World, user_id: int, enrolment_id: int) -> None:
    """What a record store is told of them, in every state."""
    session.add(LearnerName(user_id=user_id, name=f"{user_id:032}"))
    for number, state in ((1, "waiting"), (2, "given up"), (3, "sent")):
        made = Happening("failed", enrolment_id, user_id, "P-0001", 2, now(), now(), "M-0001", number, 50)
        titles = dict.fromkeys(("P-0001", "M-0001"), world.line(number))
        body = Teller("http://127.0.0.1", titles).statement(made, {"name": world.line(number)})
        told = Statement(
            name=made.name("http://127.0.0.1"), user_id=user_id, enrolment_id=enrolment_id, verb="failed",
            step="M-0001", number=number, body=body, state=state, created_at=now(), due_at=now(), attempts=1,
            problem=world.line(number),
        )  # fmt: skip
        session.add(told)


def assign(session: Session, world: World) -> None:
    """Cohorts, and the first path asked of one of them, of a role and of a person."""
    path = session.scalars(select(Entry.id).where(Entry.ref == "P-0001")).one()
    for number in range(COPIES):
        line, by = world.line(number), world.line(number + 1)
        said = {"author": by, "changed_by": by, "version": 1, "created_at": now()}
        cohort = Cohort(
            name=f"{number} {line}"[:MOST_LINE], note=by, changed_at=now(), **said,
            members=[CohortMember(user_id=each) for each in world.people],
        )  # fmt: skip
        session.add(cohort)
        session.flush()
        targets = [Target(cohort_id=cohort.id), Target(role="reader"), Target(user_id=world.people[number])]
        gone = {"withdrawn_at": now(), "withdrawn_by": line} if number % 4 == 3 else {}
        due_on = date(2020 if number % 2 else 2099, 1, 31)
        session.add(
            Assignment(path_id=path, due_on=due_on, note=line, set_at=now(), targets=targets, **said, **gone)
        )
    session.flush()
    for number in range(3):
        done = {"state": "completed", "enrolled_at": now(), "completed_at": now()}
        enrolment = Enrolment(user_id=world.people[number + 3], path_id=path, revision=2, **done)
        session.add(enrolment)
        session.flush()
        session.add(
            Rating(enrolment_id=enrolment.id, stars=5, words="\n".join(world.packs[number]), at=now())
        )
    session.flush()
