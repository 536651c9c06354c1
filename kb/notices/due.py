"""The daily look at what is due for verification: whoever looks after it is told, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.model import PUBLISHED, Entry, Revision
from kb.notices.model import Notice
from kb.notices.telling import notify, people_meant, people_with
from kb.reading import add_months

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

EVENT = "entry due"


def tell_due(session: Session, today: date) -> int:
    """Tells the verifier of each published entry that is due, else its owner; returns how many notices.

    Where neither has an account curators hear once a week how many there are, not of each.
    """
    query = select(Entry.ref, Entry.verified_on, Entry.verify_months, Entry.verifier, Entry.owner)
    query = query.join(Revision).where(PUBLISHED, Entry.verified_on.is_not(None)).order_by(Entry.id)
    before = set(session.scalars(select(Notice.once).where(Notice.event == EVENT)))
    meant: dict[str, list[int]] = {}
    told = nobodys = 0
    for ref, verified_on, months, verifier, owner in session.execute(query).all():
        due_on = add_months(verified_on or today, months)
        once = f"due {ref} {due_on}"
        if due_on > today or once in before:
            continue
        for name in {verifier, owner} - meant.keys():
            meant[name] = people_meant(session, name)
        to = meant[verifier] or meant[owner]
        if to:
            told += notify(session, EVENT, to, ref=ref, once=once)
        nobodys += not to
    if nobodys:
        told += _tell_curators(session, nobodys, today)
    return told


def _tell_curators(session: Session, count: int, today: date) -> int:
    what = "An entry is" if count == 1 else f"{count:,} entries are"
    words = f"{what} due for verification, and neither verifier nor owner has an account here."
    year, week, _ = today.isocalendar()
    curators = people_with(session, "curator")
    place = "/search?verified=overdue"
    return notify(session, EVENT, curators, words=words, place=place, once=f"due {year}-W{week:02}")
