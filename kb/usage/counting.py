"""Counting searches and what is opened, as added up elsewhere, and forgetting the counts in time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

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
    rows = [
        {"day": day, "query": query, "searches": searches, "empty": empty}
        for query, (searches, empty) in sorted(counts.items())
    ]
    _add(session, SearchCount, ["day", "query"], ["searches", "empty"], rows)


def add_uses(session: Session, day: date, counts: Mapping[str, tuple[int, int]]) -> None:
    """Adds (surfaced, opened) by the id of the entry; those that are not there are passed over."""
    numbers = dict(session.execute(select(Entry.ref, Entry.id).where(Entry.ref.in_(counts))).all())
    rows = [
        {
            "month": day.replace(day=1),
            "entry_id": number,
            "surfaced": counts[ref][0],
            "opened": counts[ref][1],
        }
        for ref, number in sorted(numbers.items())
    ]
    _add(session, EntryCount, ["month", "entry_id"], ["surfaced", "opened"], rows)


def _add(
    session: Session,
    table: type[SearchCount | EntryCount],
    key: list[str],
    counted: list[str],
    rows: list[dict[str, Any]],
) -> None:
    """Adds to the rows that are there, and makes those that are not: one statement for all of them."""
    if rows:
        insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(table)
        added = {name: getattr(table, name) + insert.excluded[name] for name in counted}
        session.connection().execute(insert.on_conflict_do_update(index_elements=key, set_=added), rows)


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
