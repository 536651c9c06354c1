"""Lessons that were learned several times and are on no path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.model import PUBLISHED, Entry, Reference, Revision
from kb.steps import stored_entries

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from kb.reading import Reader

MOST = 20


@dataclass(frozen=True)
class Recurring:
    """A lesson that recurs."""

    ref: str
    title: str
    times: int
    """How often it was learned, the first time included."""


def uncovered(session: Session, reader: Reader, besides: Collection[str] = ()) -> list[Recurring]:
    """Lessons with recurrences that no published path holds, nor `besides`, most often learned first.

    Only what the reader may see counts: recurrences, and paths.
    """
    again = (
        select(Reference.target, Entry.ref)
        .join(Revision, Reference.revision_id == Revision.id)
        .join(Entry, Revision.entry_id == Entry.id)
        .where(Reference.relation == "recurrence of", Entry.kind == "lesson", PUBLISHED, reader.visible)
    )
    told: dict[str, set[str]] = {}
    for target, ref in session.execute(again):
        told.setdefault(target, set()).add(ref)
    covered = set(besides) | _on_paths(session, reader)
    # Whoever learns one of the recurrences learns the lesson.
    open_ones = [ref for ref, others in told.items() if not covered & {ref, *others}]
    query = select(Entry.ref, Revision.title).join(Revision)
    query = query.where(Entry.ref.in_(open_ones), Entry.kind == "lesson", PUBLISHED, reader.visible)
    found = [Recurring(ref, title, len(told[ref]) + 1) for ref, title in session.execute(query)]
    return sorted(found, key=lambda each: (-each.times, each.ref))[:MOST]


def _on_paths(session: Session, reader: Reader) -> set[str]:
    """The entries that are steps of published paths."""
    query = select(Revision.content).join(Entry, Revision.entry_id == Entry.id)
    rows = session.scalars(query.where(Entry.kind == "path", PUBLISHED, reader.visible))
    return set[str]().union(*(stored_entries(content) for content in rows))
