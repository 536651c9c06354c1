"""Counting searches and what is opened, as added up elsewhere, and forgetting the counts in time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from kb.model import Entry
from kb.text import clean_text
from kb.usage.model import EntryCount, SearchCount

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sqlalchemy.orm import Session

LONGEST, MOST_WORDS = 200, 12
ENTRY_MONTHS = 24
_PERSONAL = re.compile(r"@|\d{6}")


def normalised(query: str) -> str:
    """A search as it is counted: small letters, one space between words.

    Empty for what is not kept: long texts that somebody pasted, and what may name a person or an account,
    such as an e-mail address or a number of six digits.
    """
    try:
        text = " ".join(clean_text(query).casefold().split())
    except ValueError:
        return ""
    if len(text) > LONGEST or len(text.split()) > MOST_WORDS or _PERSONAL.search(text):
        return ""
    return text


def add_searches(session: Session, day: date, counts: Mapping[str, tuple[int, int]]) -> None:
    """Adds (searches, of them without result) by normalised query."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(SearchCount)
    for query, (searches, empty) in sorted(counts.items()):
        row = insert.values(day=day, query=query, searches=searches, empty=empty)
        added = {"searches": SearchCount.searches + searches, "empty": SearchCount.empty + empty}
        session.execute(row.on_conflict_do_update(index_elements=["day", "query"], set_=added))


def add_uses(session: Session, day: date, counts: Mapping[str, tuple[int, int]]) -> None:
    """Adds (surfaced, opened) by the id of the entry; those that are not there are passed over."""
    numbers = dict(session.execute(select(Entry.ref, Entry.id).where(Entry.ref.in_(counts))).all())
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(EntryCount)
    for ref, number in sorted(numbers.items()):
        surfaced, opened = counts[ref]
        row = insert.values(month=day.replace(day=1), entry_id=number, surfaced=surfaced, opened=opened)
        added = {"surfaced": EntryCount.surfaced + surfaced, "opened": EntryCount.opened + opened}
        session.execute(row.on_conflict_do_update(index_elements=["month", "entry_id"], set_=added))


def opened(session: Session, today: date) -> dict[str, int]:
    """How often each entry was opened within a year, by its id; without those that nobody opened."""
    total = func.sum(EntryCount.opened)
    query = select(Entry.ref, total).join(EntryCount, EntryCount.entry_id == Entry.id)
    query = query.where(EntryCount.month > today - timedelta(days=365)).group_by(Entry.ref)
    return dict(session.execute(query.having(total > 0)).all())


def forget_counts(session: Session, today: date, search_days: int) -> None:
    """Removes searches that are older than so many days (0: all), and what was opened years ago."""
    session.execute(delete(SearchCount).where(SearchCount.day <= today - timedelta(days=search_days)))
    session.execute(delete(EntryCount).where(EntryCount.month < today - timedelta(days=31 * ENTRY_MONTHS)))
