"""What a revision started from: the line of edits back to the text that was published.

Several people may each draft a change of one entry without seeing each other's. A revision names the one
whose text was edited; going back along these, one comes to the published text on which it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import aliased

from kb.desk.access import ONCE_PUBLISHED, OPEN, Case, cases, find_cases, is_author, own_id, seen
from kb.desk.model import Handling
from kb.errors import EditConflict
from kb.masking import SHOWN
from kb.model import PUBLISHED, Revision
from kb.people.roles import can

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from kb.model import Entry
    from kb.people.roles import Person


def line_of(session: Session, case: Case) -> list[Case]:
    """The revision and those that it was made from, newest first, down to one that was published."""
    entry_id, line = case.revision.entry_id, [case]
    while not line[-1].was_published:
        before = _before(session, entry_id, line[-1])
        if before is None:
            break
        line.append(before)
    return line


def _before(session: Session, entry_id: int, case: Case) -> Case | None:
    """What the text was edited from. Where nobody noted it, what was published last before it."""
    query = cases().where(Revision.entry_id == entry_id, Revision.number < case.revision.number)
    if case.handling is not None:
        query = query.where(Revision.number == case.follows)
    else:
        query = query.where(Revision.state.in_((*SHOWN, "archived"))).order_by(Revision.number.desc())
    found = find_cases(session, query.limit(1))
    return found[0] if found else None


def wrote_all(session: Session, person: Person, case: Case) -> bool:
    """Whether the person wrote the revision and each that it goes back to: nothing of it is another's."""
    entry_id = case.revision.entry_id
    while is_author(person, case):
        if case.follows is None:
            return True
        of_entry = cases().where(Revision.entry_id == entry_id, Revision.number == case.follows)
        before = find_cases(session, of_entry)
        if not before:
            return False
        case = before[0]
    return False


def standing_on(line: list[Case]) -> int | None:
    """The number of the published text that a line stands on; None where nothing was published."""
    return line[-1].revision.number if line[-1].was_published else None


def writers(line: list[Case]) -> set[int | str]:
    """Who wrote what is not published yet of a line: accounts, or names where there is none."""
    open_part = [case for case in line if not case.was_published] or line[:1]
    return {case.revision.author if case.author_id is None else case.author_id for case in open_part}


def published_number(session: Session, entry: Entry) -> int | None:
    """The number of the revision that readers see."""
    return session.scalar(select(Revision.number).where(Revision.entry_id == entry.id, PUBLISHED))


def check_base(session: Session, person: Person, line: list[Case]) -> None:
    """Raises EditConflict where an edit of this line's newest revision would pass over what somebody else
    (or oneself, in another window) has saved or published meanwhile.
    """
    base = line[0].revision
    newer = _newest_child(session, person, line[0])
    if newer is not None:
        raise EditConflict(base.entry.ref, newer, base.number)
    check_published(session, line)


def check_published(session: Session, line: list[Case]) -> None:
    """Raises EditConflict where something else was published since the line began."""
    entry, stands = line[0].revision.entry, standing_on(line)
    current = published_number(session, entry)
    if current is not None and current not in (stands, line[0].revision.number):
        raise EditConflict(entry.ref, current, stands)


def _newest_child(session: Session, person: Person, case: Case) -> int | None:
    """The newest edit of this very revision that the person knows of.

    Of a published text others draft changes of their own: those are no conflict until one is published.
    """
    query = cases().where(
        Revision.entry_id == case.revision.entry_id, Handling.follows == case.revision.number,
        Revision.state.in_(OPEN), seen(person),
    )  # fmt: skip
    if case.was_published:
        query = query.where(Handling.author_id == own_id(person))
    found = find_cases(session, query.order_by(Revision.number.desc()).limit(1))
    return found[0].revision.number if found else None


def is_overtaken(session: Session, case: Case) -> bool:
    """Whether a later revision of the same proposal is there, or the author began anew from later."""
    thread = case.handling.thread if case.handling else None
    later = select(Revision.id).join(Handling, Handling.revision_id == Revision.id)
    later = later.where(Revision.entry_id == case.revision.entry_id, Revision.number > case.revision.number)
    mine = or_(Handling.thread == thread, Handling.author_id == case.author_id)
    return session.scalar(later.where(mine).limit(1)) is not None


def is_behind(session: Session, line: list[Case]) -> bool:
    """Whether another text was published since the line began, so that both have to be put together."""
    standing = published_number(session, line[0].revision.entry)
    numbers = {case.revision.number for case in line}
    return standing is not None and not line[0].was_published and standing not in numbers


def is_archived(line: list[Case]) -> bool:
    """Whether the text on which a line stands was archived: to publish the line brings the entry back."""
    return not line[0].was_published and line[-1].revision.state == "archived"


def next_number(session: Session, entry: Entry) -> int:
    """The number of the entry's next revision."""
    return (session.scalar(select(func.max(Revision.number)).where(Revision.entry_id == entry.id)) or 0) + 1


def start_of_edit(session: Session, person: Person, ref: str) -> Case | None:
    """Where the person goes on with an entry: their own newest open revision, else what is published,
    else the newest of all that they see.
    """
    from kb.model import Entry

    of_entry = cases().where(Entry.ref == ref, seen(person)).order_by(Revision.number.desc()).limit(1)
    mine = of_entry.where(
        Revision.state.in_(OPEN), Handling.author_id == own_id(person), ~_is_published_since()
    )
    choices = [mine] if own_id(person) is not None else []
    choices += [of_entry.where(PUBLISHED)]
    choices += [of_entry] if can(person, "contribute") else []
    for query in choices:
        if found := find_cases(session, query):
            return _newest_of_line(session, found[0])
    return None


def _is_published_since() -> ColumnElement[bool]:
    """Whether a later revision of the same proposal was published: the draft is only how it came about."""
    later, others = aliased(Revision), aliased(Handling)
    return exists().where(
        later.entry_id == Revision.entry_id, later.number > Revision.number,
        later.state.in_(ONCE_PUBLISHED), others.revision_id == later.id, others.thread == Handling.thread,
    )  # fmt: skip


def _newest_of_line(session: Session, case: Case) -> Case:
    """Where a curator has gone on from it, that."""
    if case.was_published:
        return case
    while True:
        query = cases().where(
            Revision.entry_id == case.revision.entry_id, Handling.follows == case.revision.number,
            Revision.state.in_(OPEN),
        )  # fmt: skip
        later = find_cases(session, query.order_by(Revision.number.desc()).limit(1))
        if not later:
            return case
        case = later[0]
