"""Who sees which revision: readers what is published, authors their own, reviewers what is submitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, false, or_, select, true
from sqlalchemy.orm import aliased, contains_eager

from kb.desk.model import Handling
from kb.errors import NotAllowed, NotFound
from kb.masking import SHOWN
from kb.model import Entry, Revision
from kb.people.reader import reader_of
from kb.people.roles import can, require

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from kb.people.roles import Person

OPEN = ("draft", "submitted", "changes requested")
"""States of what is still worked on."""
IN_REVIEW = ("submitted", "changes requested", "rejected")
"""States that reviewers see."""
ONCE_PUBLISHED = ("published", "superseded", "archived")


@dataclass(frozen=True)
class Case:
    """A revision with what the desk knows of it."""

    revision: Revision
    handling: Handling | None

    @property
    def author_id(self) -> int | None:
        """The account that wrote it, where one did."""
        return self.handling.author_id if self.handling else None

    @property
    def follows(self) -> int | None:
        """The revision whose text was edited, where that is known."""
        return self.handling.follows if self.handling else None

    @property
    def was_published(self) -> bool:
        """Whether readers see it, or once did."""
        return self.revision.state in ONCE_PUBLISHED


def own_id(person: Person) -> int | None:
    """The account whose own work is shown: none while looking through the eyes of another."""
    return person.id if person.view_as is None else None


def is_author(person: Person, case: Case) -> bool:
    """Whether this account wrote it. What no account wrote belongs to whom it names, on the command line."""
    if case.author_id is not None:
        return case.author_id == own_id(person)
    return person.is_operator and person.name == case.revision.author


def seen(person: Person) -> ColumnElement[bool]:
    """Which revisions the person sees, as a condition over `cases`."""
    me = own_id(person)
    mine = or_(Handling.author_id == me, _takes_part(me)) if me is not None else false()
    if can(person, "see drafts"):
        states: ColumnElement[bool] = true()
    else:
        states = Revision.state.in_((*SHOWN, *(IN_REVIEW if can(person, "review") else ())))
    return or_(mine, and_(states, reader_of(person).visible))


def _takes_part(me: int) -> ColumnElement[bool]:
    """Whether the account wrote another revision of the same proposal."""
    other, others = aliased(Revision), aliased(Handling)
    return exists().where(
        other.entry_id == Revision.entry_id,
        others.revision_id == other.id,
        others.author_id == me,
        others.thread == Handling.thread,
    )


def cases() -> Select[Revision, Handling]:
    """(revision, handling) of everything, with the entry."""
    return (
        select(Revision, Handling)
        .join(Revision.entry)
        .outerjoin(Handling, Handling.revision_id == Revision.id)
        .options(contains_eager(Revision.entry))
    )


def find_cases(session: Session, query: Select[Revision, Handling]) -> list[Case]:
    """What a query over `cases` finds."""
    return [Case(revision, handling) for revision, handling in session.execute(query).all()]


def find_case(session: Session, person: Person, ref: str, number: int) -> Case:
    """The revision, if the person sees it. Raises NotFound."""
    found = find_cases(
        session, cases().where(Entry.ref == ref, Revision.number == number, seen(person)).limit(1)
    )
    if not found:
        raise NotFound(f"There is no revision {number} of {ref}.")
    return found[0]


def find_readable(session: Session, person: Person, ref: str) -> Entry:
    """The entry, if it is one that the person may read. Raises NotFound."""
    entry = session.scalar(select(Entry).where(Entry.ref == ref, reader_of(person).visible))
    if entry is None:
        raise NotFound(f"There is no entry {ref}.")
    return entry


def handling_of(session: Session, case: Case) -> Handling:
    """The row of the revision, made when there is none."""
    if case.handling is not None:
        return case.handling
    handling = Handling(revision_id=case.revision.id, typographic=False)
    session.add(handling)
    session.flush()
    return handling


def require_author(person: Person, case: Case) -> None:
    """Raises NotAllowed unless the person wrote it, or may see to what others have not submitted."""
    require(person, "contribute")
    if not is_author(person, case) and not can(person, "see drafts"):
        raise NotAllowed("Only its author can do that with this revision.")


def require_reviewer(person: Person, writers: set[int | str], action: str = "review") -> None:
    """Raises NotAllowed unless the person may review, and wrote nothing of it: `writers` are accounts, or
    names where there is none.
    """
    require(person, action)
    me = person.name if person.id is None else person.id
    if me in writers or (person.id is not None and person.name in writers):
        raise NotAllowed("Author and approver must be different people: ask somebody else to decide.")
