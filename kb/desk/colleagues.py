"""Who else is at work on an entry, so that whoever opens it for editing can talk to them first.

Several people may each draft a change of one entry without seeing each other's. That there is one, whose,
since when and how far it is, is told to everybody who may edit the entry; what it says only to those who see
the draft. Whoever wrote any of the entry anonymously is named to those alone who may see authors: a working
copy that bears a name would tell whose the anonymous text beside it is.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - part of a dataclass that API models read
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from kb.desk.access import OPEN, cases, find_cases, is_author, own_id, seen
from kb.desk.lines import is_overtaken
from kb.desk.model import Handling, WorkingCopy
from kb.desk.veiling import veiled_writers
from kb.model import Entry, Revision
from kb.people.model import User
from kb.people.roles import can
from kb.reading import A_CONTRIBUTOR

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.orm import Session

    from kb.desk.access import Case
    from kb.people.roles import Person

UNSAVED = "unsaved"
"""The state of what is typed and not saved as a draft."""


@dataclass(frozen=True)
class OpenWork:
    """What a colleague is doing with an entry."""

    author: str
    is_confidential: bool
    """Whether the author is named to curators alone."""
    state: str
    """`draft`, `submitted`, `changes requested`, or UNSAVED."""
    since: datetime
    """When the first draft of it was saved; of what is UNSAVED when it was last kept."""
    number: int | None
    """The newest revision of it; None where whoever asks may not see that, or there is none."""


def others_at_work(session: Session, person: Person, refs: Collection[str]) -> dict[str, list[OpenWork]]:
    """By id what others than the person have open of these entries, begun last first. Whether the person may
    see the entries is for the caller to ask.
    """
    drafts = [case for case in _open(session, refs) if not is_author(person, case)]
    drafts = [case for case in drafts if not is_overtaken(session, case)]
    copies = _copies(session, person, refs)
    if not drafts and not copies:
        return {}
    named = _Naming(session, person, refs)
    visible, begun = _visible(session, person, drafts), _begun(session, drafts)
    found: dict[str, dict[Any, OpenWork]] = defaultdict(dict)
    for copy, ref, name in copies:
        is_veiled = bool(copy.data.get("anonymous"))
        author = named(ref, copy.user_id, name, is_veiled=is_veiled)
        found[ref][copy.user_id] = OpenWork(*author, UNSAVED, copy.saved_at, None)
    for case in drafts:
        revision, ref = case.revision, case.revision.entry.ref
        author = named(ref, case.author_id, revision.author, is_veiled=revision.anonymous)
        number = revision.number if revision.id in visible else None
        # Where there is a draft, what its author types on top of it is no work of its own.
        found[ref][case.author_id or f"revision {revision.number}"] = OpenWork(
            *author, revision.state, begun[revision.id], number
        )
    return {
        ref: sorted(works.values(), key=lambda work: work.since, reverse=True) for ref, works in found.items()
    }


def at_work(session: Session, person: Person, ref: str) -> list[OpenWork]:
    """The same of one entry."""
    return others_at_work(session, person, {ref}).get(ref, [])


class _Naming:
    """Who is named to the person, and who is "A contributor"."""

    def __init__(self, session: Session, person: Person, refs: Collection[str]) -> None:
        self._is_told = can(person, "see authors")
        self._veiled = veiled_writers(session, refs)

    def __call__(self, ref: str, account: int | None, name: str, *, is_veiled: bool) -> tuple[str, bool]:
        """(name, whether it is confidential)."""
        if not is_veiled and not {account, name} & self._veiled[ref]:
            return name or "Somebody", False
        return (name, True) if self._is_told else (A_CONTRIBUTOR, False)


def _open(session: Session, refs: Collection[str]) -> list[Case]:
    query = cases().where(Entry.ref.in_(refs), Revision.state.in_(OPEN))
    return find_cases(session, query.order_by(Revision.number))


def _copies(session: Session, person: Person, refs: Collection[str]) -> list[tuple[WorkingCopy, str, str]]:
    """(copy, the entry's id, name) of what people with an open account typed."""
    query = (
        select(WorkingCopy, WorkingCopy.place, User.name)
        .join(User, User.id == WorkingCopy.user_id)
        .where(WorkingCopy.place.in_(refs), User.status == "active", User.id != (own_id(person) or 0))
    )
    return list(session.execute(query))


def _visible(session: Session, person: Person, found: list[Case]) -> set[int]:
    """The numbers of those revisions that the person may look at."""
    query = select(Revision.id).join(Revision.entry)
    query = query.outerjoin(Handling, Handling.revision_id == Revision.id)
    wanted = Revision.id.in_([case.revision.id for case in found])
    return set(session.scalars(query.where(wanted, seen(person))))


def _begun(session: Session, found: list[Case]) -> Mapping[int, datetime]:
    """When the first revision of each one's proposal was saved, by the revision's number."""
    begun = {}
    for case in found:
        first = select(func.min(Revision.created_at)).join(Handling, Handling.revision_id == Revision.id)
        first = first.where(Revision.entry_id == case.revision.entry_id)
        thread = case.handling.thread if case.handling else None
        at = session.scalar(first.where(Handling.thread == thread)) if thread else None
        begun[case.revision.id] = at or case.revision.created_at
    return begun
