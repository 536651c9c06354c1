"""What trainers see first: every path with how many take it, and every question bank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.learning.model import Attempt, Enrolment
from kb.model import PUBLISHED, Entry, Revision
from kb.people.roles import require

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from kb.people.roles import Person
    from kb.reading import Reader


@dataclass(frozen=True)
class PathLine:
    """A path, and how many take, left and completed it."""

    ref: str
    title: str
    is_published: bool
    active: int = 0
    left: int = 0
    completed: int = 0


@dataclass(frozen=True)
class BankLine:
    """A training entry that asks questions, and how often they were answered."""

    ref: str
    title: str
    questions: int
    attempts: int


def paths(session: Session, person: Person, reader: Reader) -> list[PathLine]:
    """Every path that is published, or that somebody takes, by its id. Raises NotAllowed."""
    require(person, "train")
    counted: dict[str, dict[str, int]] = {}
    query = select(Entry.ref, Enrolment.state, func.count()).join(Enrolment, Enrolment.path_id == Entry.id)
    for ref, state, count in session.execute(query.group_by(Entry.ref, Enrolment.state)):
        counted.setdefault(ref, {})[state] = count
    found = path_titles(session, reader)
    return [
        PathLine(ref, title, is_published, **counted.get(ref, {}))
        for ref, (title, is_published) in found.items()
        if is_published or ref in counted
    ]


def path_titles(
    session: Session, reader: Reader, refs: Iterable[str] | None = None
) -> dict[str, tuple[str, bool]]:
    """(title, whether it is published) of the paths, or those of them, that are or were published and that
    the reader may see, by their ids.
    """
    query = (
        select(Entry.ref, Revision.title, Revision.state)
        .join(Revision, Revision.entry_id == Entry.id)
        .where(Entry.kind == "path", Revision.state.in_(("published", "archived")), reader.visible)
        .order_by(func.length(Entry.ref), Entry.ref, Revision.number)
    )
    if refs is not None:
        query = query.where(Entry.ref.in_(set(refs)))
    found: dict[str, tuple[str, bool]] = {}
    for ref, title, state in session.execute(query):
        if not found.get(ref, ("", False))[1]:
            found[ref] = (title, state == "published")
    return found


def banks(session: Session, person: Person, reader: Reader) -> list[BankLine]:
    """Every published training entry that asks questions. Raises NotAllowed."""
    require(person, "train")
    count = select(Attempt.step, func.count()).where(Attempt.state != "open").group_by(Attempt.step)
    attempts = dict(session.execute(count).all())
    query = select(Entry.ref, Revision.title, Revision.content).join(Revision)
    query = query.where(Entry.kind == "training", PUBLISHED, reader.visible)
    rows = session.execute(query.order_by(func.length(Entry.ref), Entry.ref))
    return [
        BankLine(ref, title, len(content["assessment"]), attempts.get(ref, 0))
        for ref, title, content in rows
        if content.get("assessment")
    ]
