"""Taking a path: enrolling, leaving, and following a newer revision of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.errors import NotAllowed, NotFound
from kb.kinds import PREFIXES, Path
from kb.learning.courses import latest, learner
from kb.learning.model import Enrolment
from kb.model import Entry
from kb.neighbours import titles_of
from kb.people.clock import now
from kb.people.model import User
from kb.prerequisites import find_cycle, published_prerequisites
from kb.reading import get_entry

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin
    from kb.reading import EntryView, Reader


def enrol(database: Database, origin: Origin, ref: str, reader: Reader) -> bool:
    """Takes a path, at the revision that is published now. Who takes it goes on; who left comes back to where
    they were; who completed it takes it anew, and the completion stays. Says whether anything changed.

    Raises NotFound for what is no published path, NotAllowed when it cannot be begun yet.
    """
    user_id = learner(origin)
    with database.write_aside() as session:
        # One at a time for each person, so that two clicks make one enrolment.
        session.execute(select(User.id).where(User.id == user_id).with_for_update())
        standing = latest(session, user_id, ref)
        if standing is not None and standing.state == "active":
            return False
        if standing is not None and standing.state == "left":
            standing.state, standing.left_at = "active", None
            return True
        view = _published_path(session, ref, reader)
        _check_start(session, user_id, view, reader)
        session.add(
            Enrolment(
                user_id=user_id,
                path_id=session.scalars(select(Entry.id).where(Entry.ref == ref)).one(),
                revision=view.number,
                state="active",
                enrolled_at=now(),
            )
        )
    return True


def leave(database: Database, origin: Origin, ref: str) -> None:
    """Stops taking a path; what was done of it is kept. Raises NotFound, NotAllowed."""
    user_id = learner(origin)
    with database.write_aside() as session:
        standing = taken(session, user_id, ref)
        standing.state, standing.left_at = "left", now()


def move(database: Database, origin: Origin, ref: str, reader: Reader) -> None:
    """Follows the published revision of the path; what was done of its steps counts. Raises NotFound."""
    user_id = learner(origin)
    with database.write_aside() as session:
        taken(session, user_id, ref).revision = _published_path(session, ref, reader).number


def taken(session: Session, user_id: int, ref: str) -> Enrolment:
    """The enrolment that the person can work on, locked for others. Raises NotFound, NotAllowed."""
    standing = latest(session, user_id, ref, lock=True)
    if standing is None:
        raise NotFound(f"You do not take a path {ref}. Start it first.")
    if standing.state == "left":
        raise NotAllowed(f"You have left {ref}. Come back to it first: what you did is kept.")
    if standing.state == "completed":
        raise NotAllowed(f"You have completed {ref} already. Take it anew to work on it again.")
    return standing


def missing_first(session: Session, user_id: int, path: Path) -> list[str]:
    """The paths that the person has to complete before this one."""
    wanted = [ref for ref in path.prerequisites if ref.startswith(PREFIXES["path"])]
    query = select(Entry.ref).join(Enrolment, Enrolment.path_id == Entry.id)
    query = query.where(Enrolment.user_id == user_id, Enrolment.state == "completed")
    completed = set(session.scalars(query.where(Entry.ref.in_(wanted))))
    return [ref for ref in wanted if ref not in completed]


def _published_path(session: Session, ref: str, reader: Reader) -> EntryView:
    view = get_entry(session, ref, reader)
    if view.kind != "path":
        raise NotFound(f"{ref} is no learning path.")
    return view


def _check_start(session: Session, user_id: int, view: EntryView, reader: Reader) -> None:
    path = view.content
    assert isinstance(path, Path)  # noqa: S101 - `_published_path` has looked
    if not any(step.completion != "NotApplicable" for step in path.steps):
        raise NotAllowed(f"{view.ref} has no steps to take yet. Ask {view.owner or 'its trainer'} for them.")
    missing = missing_first(session, user_id, path)
    if not missing:
        return
    if circle := find_cycle(view.ref, published_prerequisites(session)):
        raise NotAllowed(
            f"{view.ref} cannot be begun: {' needs '.join(circle)}. Ask a trainer to take one of these "
            "out of the prerequisites."
        )
    titles = titles_of(session, missing, reader)
    words = [f"{titles[ref][1]} ({ref})" for ref in missing if ref in titles]
    if len(words) < len(missing):
        words.append("a path that is not open to you: ask a trainer")
    raise NotAllowed(f"Before {view.ref} comes: {'; '.join(words)}. Complete that first.")
