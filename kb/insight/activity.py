"""Who contributes, how long publishing takes, and what is used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.masking import SHOWN
from kb.meta import IMPORTER
from kb.model import PUBLISHED, Entry, Revision
from kb.reading import A_CONTRIBUTOR
from kb.usage.model import EntryCount, SearchCount

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.reading import Reader


@dataclass(frozen=True)
class Used:
    """How often a published entry was found and opened."""

    ref: str
    kind: str
    title: str
    surfaced: int
    opened: int


@dataclass(frozen=True)
class Quarter:
    """What was published in three months."""

    name: str
    """Such as `2026 Q3`."""
    published: int
    days: float | None
    """Median days from the first draft to publishing, of what was written here; None where nothing was."""


def most_used(session: Session, reader: Reader, limit: int = 20) -> list[Used]:
    """The entries that are opened most, since counting began."""
    surfaced, opened = func.sum(EntryCount.surfaced), func.sum(EntryCount.opened)
    query = (
        select(Entry.ref, Entry.kind, Revision.title, surfaced, opened)
        .join(EntryCount, EntryCount.entry_id == Entry.id)
        .join(Revision, Revision.entry_id == Entry.id)
        .where(PUBLISHED, reader.visible)
        .group_by(Entry.id, Entry.ref, Entry.kind, Revision.title)
        .having(opened > 0)
        .order_by(opened.desc(), surfaced.desc(), Entry.id)
        .limit(limit)
    )
    return [
        Used(ref, kind, title, int(found), int(read))
        for ref, kind, title, found, read in session.execute(query)
    ]


def opened_entries(session: Session) -> set[int]:
    """The numbers of all entries that were opened."""
    return set(session.scalars(select(EntryCount.entry_id).where(EntryCount.opened > 0).distinct()))


def top_searches(session: Session, limit: int = 20) -> list[tuple[str, int, int]]:
    """What is searched for most: words, how often, and how often no hit held them."""
    searches, empty = func.sum(SearchCount.searches), func.sum(SearchCount.empty)
    query = select(SearchCount.query, searches, empty).group_by(SearchCount.query)
    rows = session.execute(query.order_by(searches.desc(), SearchCount.query).limit(limit))
    return [(words, int(count), int(failed)) for words, count, failed in rows]


def contributors(session: Session, reader: Reader, limit: int = 50) -> list[tuple[str, int]]:
    """Who wrote what is or was published, and how many entries. Who wrote anonymously is in nobody's figure
    by name, whoever looks: the sum would tell.
    """
    query = select(Entry.id, Revision.author, Revision.anonymous).join(Entry, Revision.entry_id == Entry.id)
    rows = session.execute(query.where(Revision.state.in_(SHOWN), reader.visible).distinct())
    named = {(number, A_CONTRIBUTOR if anonymous else author) for number, author, anonymous in rows}
    counted = Counter(author or "nobody named" for _, author in named)
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:limit]


def quarters(session: Session, reader: Reader, limit: int = 12) -> list[Quarter]:
    """What was first published in each quarter up to the last in which something was, oldest first: those in
    which nothing was too, so that time runs evenly.
    """
    query = select(Entry.id, Entry.created_at, Revision.decided_at, Revision.author, Revision.reviewer)
    query = query.join(Revision, Revision.entry_id == Entry.id)
    query = query.where(Revision.state.in_(SHOWN), Revision.decided_at.is_not(None), reader.visible)
    counted: Counter[int] = Counter()
    took: dict[int, list[float]] = {}
    seen: set[int] = set()
    for number, created, decided, author, reviewer in session.execute(query.order_by(Revision.number)):
        if number in seen or decided is None:
            continue
        seen.add(number)
        quarter = decided.year * 4 + (decided.month - 1) // 3
        counted[quarter] += 1
        if IMPORTER not in (author, reviewer):
            took.setdefault(quarter, []).append((decided - created).total_seconds() / 86_400)
    last = max(counted, default=0)
    shown = range(max(min(counted, default=1), last - limit + 1), last + 1)
    return [
        Quarter(f"{each // 4} Q{each % 4 + 1}", counted[each], median(took[each]) if each in took else None)
        for each in shown
    ]
