"""Who writes anonymously is named to those who may know, and to nobody else: not by what they say or do
beside it either, and whatever they are called since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import String, cast, false, or_, select

from kb.desk.lines import line_of, writers
from kb.desk.model import Handling
from kb.model import Entry, Revision
from kb.people.model import AuditLine
from kb.people.roles import can

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from kb.desk.access import Case
    from kb.people.roles import Person


def veiled_writers(session: Session, refs: Collection[str]) -> dict[str, set[int | str]]:
    """By id of the entries, who wrote a revision anonymously: accounts, and the names that they had then."""
    query = select(Entry.ref, Handling.author_id, Revision.author).select_from(Revision).join(Revision.entry)
    query = query.outerjoin(Handling, Handling.revision_id == Revision.id)
    found: dict[str, set[int | str]] = {ref: set() for ref in refs}
    for ref, account, name in session.execute(query.where(Entry.ref.in_(refs), Revision.anonymous)):
        found[ref] |= {each for each in (account, name) if each}
    return found


def is_told_writer(session: Session, person: Person, case: Case, account: int | None) -> bool:
    """Whether the account wrote a part of what is proposed, and the person may be told so."""
    line = line_of(session, case)
    is_open = can(person, "see authors") or not any(each.revision.anonymous for each in line)
    return is_open and account in writers(line)


def unnamed_lines(person: Person) -> ColumnElement[bool]:
    """Of which lines of the audit log the person is not told who acted, as a condition on AuditLine: what
    somebody did with an entry that they wrote anonymously, before they chose to as well.
    """
    if can(person, "see authors"):
        return false()
    told = (AuditLine.object, cast(AuditLine.detail, String))
    theirs = (
        select(Handling.revision_id)
        .join(Revision, Handling.revision_id == Revision.id)
        .join(Entry, Revision.entry_id == Entry.id)
        .where(Revision.anonymous, Handling.author_id == AuditLine.person_id)
        .where(or_(*(each.contains(Entry.ref) for each in told)))
    )
    return theirs.correlate(AuditLine).exists()
