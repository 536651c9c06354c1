"""Telling those who adopted a lesson that it says something else, or no longer stands: looked at hourly, so
that it makes no difference by which way the lesson changed. Where somebody decides that it is superseded they
are told at once (`kb.desk.superseding`), under the same `told_once`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from kb.adoptions.model import Adoption
from kb.desk.model import Handling
from kb.model import PUBLISHED, Entry, Reference, Revision
from kb.notices.telling import notify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session


def tell_adopters(session: Session) -> int:
    """Tells each of them once of each change; returns how many notices."""
    adopted: dict[int, dict[int, int]] = {}
    query = select(Adoption.entry_id, Adoption.user_id, func.max(Adoption.number))
    for entry, user, number in session.execute(query.group_by(Adoption.entry_id, Adoption.user_id)).all():
        adopted.setdefault(entry, {})[user] = number
    if not adopted:
        return 0
    named = session.execute(select(Entry.id, Entry.ref).where(Entry.id.in_(adopted)))
    refs = dict(named.all())
    standing = _standing(session, adopted)
    gone = _superseded(session, list(refs.values()))
    told = 0
    for entry, people in adopted.items():
        ref, is_gone = refs[entry], entry not in standing
        if is_gone or ref in gone:
            once = f"adopted {ref} archived" if is_gone else told_once(ref, gone[ref])
            told += notify(session, "lesson superseded", people, ref=ref, once=once)
            continue
        number = standing[entry]
        behind = [user for user, seen in people.items() if seen < number]
        once = f"adopted {ref} revision {number}"
        told += notify(session, "lesson changed", behind, ref=ref, once=once)
    return told


def told_once(ref: str, by: Iterable[str]) -> str:
    """Under what somebody is told a single time that these entries stand in the place of a lesson."""
    return f"adopted {ref} by {','.join(sorted(by))}"[:100]


def adopters_of(session: Session, entry: Entry) -> set[int]:
    """The accounts of those who adopted a lesson."""
    return set(session.scalars(select(Adoption.user_id).where(Adoption.entry_id == entry.id)))


def _standing(session: Session, adopted: Iterable[int]) -> dict[int, int]:
    """Of each lesson that is published the number of the text that last said something else; 0: none did.

    What was only put in order says nothing else: a correction, or a term that was merged, which keeps the
    moment of the judgement before it.
    """
    columns: tuple[Any, ...] = (
        Revision.entry_id, Revision.number, Revision.state, Revision.decided_at, Handling.typographic,
    )  # fmt: skip
    query = select(*columns).outerjoin(Handling, Handling.revision_id == Revision.id)
    query = query.where(Revision.entry_id.in_(adopted), Revision.state.in_(("published", "superseded")))
    found: dict[int, int] = {}
    stands: set[int] = set()
    decided: dict[int, object] = {}
    for entry, number, state, at, is_typographic in session.execute(query.order_by(Revision.number)).all():
        if state == "published":
            stands.add(entry)
        is_retouched = is_typographic is None and decided.get(entry) == at
        if not is_typographic and not is_retouched:
            found[entry] = number
        decided[entry] = at
    return {entry: found.get(entry, 0) for entry in stands}


def _superseded(session: Session, refs: Iterable[str]) -> dict[str, set[str]]:
    """Which published entries take the place of which."""
    query = select(Reference.target, Entry.ref).join(Revision, Reference.revision_id == Revision.id)
    query = query.join(Entry, Entry.id == Revision.entry_id)
    query = query.where(PUBLISHED, Reference.relation == "supersedes", Reference.target.in_(refs))
    found: dict[str, set[str]] = {}
    for target, ref in session.execute(query).all():
        found.setdefault(target, set()).add(ref)
    return found
