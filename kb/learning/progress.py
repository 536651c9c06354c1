"""How people get on with a path: who is where, at which step they stop, and after how many days.

What is stored of a step is the moment at which it was done, so days are days since somebody began, not time
spent reading. Everybody is measured against the steps that stand now, by what they did of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.assigning.cohorts import get_cohort
from kb.assigning.listing import get_assignment
from kb.assigning.model import CohortMember
from kb.errors import NotFound
from kb.kinds import Path
from kb.learning.courses import materials
from kb.learning.model import Attempt, Enrolment
from kb.learning.rating import Said, ratings
from kb.learning.walking import Mark, walk
from kb.model import Entry, Revision
from kb.people.model import User
from kb.people.roles import require
from kb.reading import as_shown, revisions_seen, view_of
from kb.steps import LinkStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.learning.walking import Material, Place, Walk
    from kb.people.roles import Person
    from kb.reading import EntryView, Reader

TRAIN = "train"
DAY = 86_400.0


@dataclass(frozen=True)
class Whom:
    """Whose progress: of everybody, of a cohort, or of those whom an assignment asks."""

    cohort: int = 0
    assignment: int = 0


@dataclass(frozen=True)
class Learner:
    """Somebody who takes or took the path, in their last enrolment."""

    id: int
    name: str
    state: str
    done: int
    total: int
    began_at: datetime
    last_at: datetime
    """When they did something last."""
    completed_at: datetime | None
    walk: Walk = field(repr=False)


@dataclass(frozen=True)
class StepLine:
    """A step, and how many got so far."""

    step: str
    """The id of the step (see kb/steps.py)."""
    title: str
    address: str
    """Where it leads, if it is a link; else empty."""
    counts: bool
    """Whether the path is complete with it only."""
    has_questions: bool
    done: int
    here: int
    """Who is on the path and has this step to take now."""
    left_here: int
    """Who left when this was the step to take."""
    days: float | None
    """Median days from beginning to doing it."""


@dataclass(frozen=True)
class Progress:
    """How a path goes."""

    view: EntryView
    is_published: bool
    of: str
    """Whose progress it is, in words; empty: everybody's."""
    learners: Sequence[Learner]
    steps: Sequence[StepLine]
    ratings: Sequence[Said]

    @property
    def counts(self) -> Counter[str]:
        """How many are in each state."""
        return Counter(each.state for each in self.learners)

    @property
    def days(self) -> float | None:
        """Median days from beginning to completing."""
        return _median(
            (each.completed_at - each.began_at).total_seconds() / DAY
            for each in self.learners if each.completed_at
        )  # fmt: skip

    @property
    def mean(self) -> float | None:
        """Mean of the ratings."""
        found = [each.stars for each in self.ratings]
        return sum(found) / len(found) if found else None

    def share(self, step: StepLine) -> float:
        """Part of the learners who did a step, 0 to 1."""
        return step.done / len(self.learners) if self.learners else 0.0


def progress(session: Session, person: Person, reader: Reader, ref: str, whom: Whom = Whom()) -> Progress:
    """How a path goes that is or was published. Raises NotAllowed, NotFound."""
    require(person, TRAIN)
    view, is_published = _path(session, ref, reader)
    path = view.content
    assert isinstance(path, Path)  # noqa: S101 - `_path` reads paths only
    of, people = _people(session, person, reader, ref, whom)
    held = materials(session, path, reader)
    learners = _learners(session, ref, path, held, people)
    places = list(walk(path, {}, held).places)
    return Progress(
        view, is_published, of, learners, [_step(each, learners) for each in places],
        [] if of else ratings(session, ref),
    )  # fmt: skip


def _path(session: Session, ref: str, reader: Reader) -> tuple[EntryView, bool]:
    """The revision that stands, or stood last."""
    query = revisions_seen(reader).where(Entry.ref == ref, Entry.kind == "path")
    query = query.where(Revision.state.in_(("published", "archived"))).order_by(Revision.number.desc())
    found = session.scalars(query).all()
    if not found:
        raise NotFound(f"There is no learning path {ref}.")
    chosen = next((each for each in found if each.state == "published"), found[0])
    (view,) = as_shown(session, [view_of(chosen)], reader)
    return view, chosen.state == "published"


def _people(
    session: Session, person: Person, reader: Reader, ref: str, whom: Whom
) -> tuple[str, set[int] | None]:
    """Whose progress is asked for, in words and as numbers; None for everybody."""
    if whom.assignment:
        found = get_assignment(session, person, reader, whom.assignment)
        if found.path != ref:
            raise NotFound("There is no such assignment of this path.")
        return f"those who are asked by {found.due_on.isoformat()}", {each.id for each in found.asked}
    if whom.cohort:
        name = get_cohort(session, person, whom.cohort).name
        members = select(CohortMember.user_id).where(CohortMember.cohort_id == whom.cohort)
        return f"the cohort {name}", set(session.scalars(members))
    return "", None


def _learners(
    session: Session, ref: str, path: Path, held: dict[str, Material], people: set[int] | None
) -> list[Learner]:
    latest = select(func.max(Enrolment.id)).join(Entry, Entry.id == Enrolment.path_id)
    latest = latest.where(Entry.ref == ref).group_by(Enrolment.user_id)
    query = select(Enrolment, User.name).join(User, User.id == Enrolment.user_id)
    query = query.where(Enrolment.id.in_(latest))
    rows = session.execute(query.order_by(func.lower(User.name), User.id)).all()
    waiting = select(Attempt.enrolment_id, Attempt.step).where(
        Attempt.state == "handed in", Attempt.enrolment_id.in_(latest)
    )
    waits = {(number, step) for number, step in session.execute(waiting)}
    return [
        _learner(row, name, path, held, waits)
        for row, name in rows
        if people is None or row.user_id in people
    ]


def _learner(
    row: Enrolment, name: str, path: Path, held: dict[str, Material], waits: set[tuple[int, str]]
) -> Learner:
    marks = {each.step: Mark(each.completed_at, each.passed_at, each.revision) for each in row.marks}
    for number, step in waits:
        if number == row.id:
            marks[step] = replace(marks.get(step, Mark()), is_waiting=True)
    where = walk(path, marks, held)
    moments = [at for each in marks.values() for at in (each.completed_at, each.passed_at) if at]
    return Learner(
        row.user_id, name, row.state, where.done, where.total, row.enrolled_at,
        max([row.enrolled_at, *moments, *([row.completed_at] if row.completed_at else [])]),
        row.completed_at, where,
    )  # fmt: skip


def _step(place: Place, learners: Sequence[Learner]) -> StepLine:
    step = place.step
    found_at = ((each, each.walk.find(step.id)) for each in learners)
    done = [(each, found) for each, found in found_at if found and found.state == "done"]
    stopped = [each.state for each in learners if each.walk.next and each.walk.next.step.id == step.id]
    days = [
        (at - each.began_at).total_seconds() / DAY
        for each, found in done
        if (at := found.mark.passed_at or found.mark.completed_at)
    ]
    return StepLine(
        step.id, place.title, step.link if isinstance(step, LinkStep) else "", place.counts,
        bool(place.material and place.material.questions), len(done), stopped.count("active"),
        stopped.count("left"), _median(days),
    )  # fmt: skip


def _median(values: Iterable[float]) -> float | None:
    found = [max(each, 0.0) for each in values]
    return median(found) if found else None
