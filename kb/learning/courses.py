"""A path as one person takes it: what it says, what they did, and what is there for them to read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from kb.errors import NotAllowed, NotFound
from kb.kinds import Path
from kb.learning.model import Attempt, Enrolment
from kb.learning.walking import Mark, Material, walk
from kb.masking import SHOWN
from kb.model import PUBLISHED, Entry, Revision
from kb.people.roles import require_scope
from kb.reading import add_months, as_shown, get_entry, list_entries, revisions_seen, view_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from kb.learning.walking import Walk
    from kb.people.audit import Origin
    from kb.reading import EntryView, Reader

SCOPE = "learn"
MOST = 500
"""Paths that a page lists."""
FOLLOWED = (*SHOWN, "archived")
"""States of a path's revisions in which those who began it may go on."""


@dataclass(frozen=True)
class Course:
    """A path as one person takes it."""

    id: int
    """Number of the enrolment."""
    user_id: int
    view: EntryView
    """The revision that the person follows."""
    walk: Walk
    state: str
    enrolled_at: datetime
    left_at: datetime | None
    completed_at: datetime | None
    published: int | None
    """The revision that newcomers follow; None when the path is archived."""

    @property
    def ref(self) -> str:
        """The path's id."""
        return self.view.ref

    @property
    def path(self) -> Path:
        """What the path says."""
        assert isinstance(self.view.content, Path)  # noqa: S101 - `load_course` reads paths only
        return self.view.content

    @property
    def is_behind(self) -> bool:
        """Whether a newer revision of the path stands."""
        return self.published is not None and self.published > self.view.number

    @property
    def valid_until(self) -> date | None:
        """The last day on which the completion counts; None when it does for good, or is not reached."""
        if self.completed_at is None or self.path.validity_months is None:
            return None
        return add_months(self.completed_at.date(), self.path.validity_months)

    def has_lapsed(self, today: date) -> bool:
        """Whether the completion no longer counts."""
        return self.valid_until is not None and self.valid_until < today


@dataclass(frozen=True)
class Hidden:
    """A path that somebody began and may no longer see."""

    ref: str
    state: str


@dataclass(frozen=True)
class Offer:
    """A published path as somebody finds it who does not take it."""

    view: EntryView
    walk: Walk

    @property
    def ref(self) -> str:
        """The path's id."""
        return self.view.ref

    @property
    def path(self) -> Path:
        """What the path says."""
        assert isinstance(self.view.content, Path)  # noqa: S101 - `offer` reads paths only
        return self.view.content


def offer(session: Session, ref: str, reader: Reader) -> Offer:
    """The published path with nothing done of it. Raises NotFound."""
    view = get_entry(session, ref, reader)
    if not isinstance(view.content, Path):
        raise NotFound(f"{ref} is no learning path.")
    return Offer(view, walk(view.content, {}, materials(session, view.content, reader)))


def offers(session: Session, reader: Reader) -> list[Offer]:
    """Every published path that the reader may see, by its id."""
    found = []
    for view in list_entries(session, reader, "path", 0, MOST):
        assert isinstance(view.content, Path)  # noqa: S101 - asked for paths
        found.append(Offer(view, walk(view.content, {}, materials(session, view.content, reader))))
    return found


def learner(origin: Origin) -> int:
    """Whose learning it is. Raises NotAllowed for who has no account, or whose token is for other things."""
    if origin.person.id is None:
        raise NotAllowed("Only people with an account take learning paths.")
    require_scope(origin.person, SCOPE)
    return origin.person.id


def load_course(session: Session, user_id: int, ref: str, reader: Reader) -> Course:
    """The path as the person takes or took it last. Raises NotFound."""
    enrolment = latest(session, user_id, ref)
    found = course_of(session, enrolment, reader) if enrolment else None
    if not isinstance(found, Course):
        raise NotFound(f"You do not take a path {ref}, or it is no longer open to you.")
    return found


def all_courses(session: Session, user_id: int, reader: Reader) -> list[Course | Hidden]:
    """Everything that the person took or takes, what was begun last first."""
    query = select(Enrolment).where(Enrolment.user_id == user_id)
    rows = session.scalars(query.order_by(Enrolment.enrolled_at.desc(), Enrolment.id.desc()))
    return [course_of(session, row, reader) for row in rows]


def latest(session: Session, user_id: int, ref: str, *, lock: bool = False) -> Enrolment | None:
    """The person's last enrolment in a path; `lock` keeps others from changing it meanwhile."""
    query = select(Enrolment).join(Entry, Entry.id == Enrolment.path_id)
    query = query.where(Enrolment.user_id == user_id, Entry.ref == ref)
    query = query.order_by(Enrolment.id.desc()).limit(1)
    return session.scalar(query.with_for_update(of=Enrolment) if lock else query)


def course_of(session: Session, enrolment: Enrolment, reader: Reader) -> Course | Hidden:
    """An enrolment with its path, as far as the person may see that."""
    query = revisions_seen(reader).where(Entry.id == enrolment.path_id)
    which = or_(Revision.number == enrolment.revision, PUBLISHED)
    revisions = session.scalars(query.where(which, Revision.state.in_(FOLLOWED))).all()
    followed = [each for each in revisions if each.number == enrolment.revision]
    if not followed:
        ref = session.scalar(select(Entry.ref).where(Entry.id == enrolment.path_id))
        return Hidden(ref or "", enrolment.state)
    (view,) = as_shown(session, [view_of(followed[0])], reader)
    path = view.content
    assert isinstance(path, Path)  # noqa: S101 - enrolments are in paths
    marks = {
        mark.step: Mark(mark.completed_at, mark.passed_at, mark.revision, mark.note, mark.opened_at)
        for mark in enrolment.marks
    }
    handed_in = select(Attempt.step).where(Attempt.enrolment_id == enrolment.id, Attempt.state == "handed in")
    for step in session.scalars(handed_in.distinct()):
        marks[step] = replace(marks.get(step, Mark()), is_waiting=True)
    newer = [each for each in revisions if each.number > followed[0].number]
    adopted = _shown_by(session, newer[0], reader) if newer else {}
    return Course(
        id=enrolment.id,
        user_id=enrolment.user_id,
        view=view,
        walk=walk(path, marks, materials(session, path, reader), adopted),
        state=enrolment.state,
        enrolled_at=enrolment.enrolled_at,
        left_at=enrolment.left_at,
        completed_at=enrolment.completed_at,
        published=next((each.number for each in revisions if each.state == "published"), None),
    )


def _shown_by(session: Session, revision: Revision, reader: Reader) -> dict[str, int]:
    """The revision of each entry that a newer revision of the path shows, by the ids of its steps."""
    path = view_of(revision).content
    assert isinstance(path, Path)  # noqa: S101 - a revision of a path
    shown = materials(session, path, reader)
    return {step: material.number for step, material in shown.items() if material.number is not None}


def materials(session: Session, path: Path, reader: Reader) -> dict[str, Material]:
    """What there is of a path's steps, by their ids: the entries that the reader may see, each in the
    revision that it is pinned at, and the links, which are there for whoever sees the path.
    """
    pinned = {step.entry: step.revision for step in path.entry_steps if step.revision is not None}
    query = select(Entry.ref, Entry.kind, Revision.number, Revision.title, Revision.state, Revision.content)
    query = query.join(Revision, Revision.entry_id == Entry.id).where(
        Entry.ref.in_({step.entry for step in path.entry_steps}),
        Revision.state.in_(SHOWN),
        or_(PUBLISHED, Revision.number.in_(set(pinned.values()))),
        reader.visible,
    )
    found = {step.id: Material("link", step.title, None) for step in path.link_steps}
    for ref, kind, number, title, state, content in session.execute(query):
        if pinned.get(ref, number if state == "published" else 0) == number:
            questions = len(content.get("assessment") or ())
            found[ref] = Material(kind, title, number, content.get("minutes"), questions)
    return found
