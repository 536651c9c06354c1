"""What people look for in vain: searches that mean the same, put together, and given to somebody to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import delete, func, select

from kb.errors import KbError, NotFound
from kb.notices.telling import notify
from kb.people.accounts import find_user
from kb.people.audit import note
from kb.people.clock import now
from kb.people.model import User
from kb.people.roles import require
from kb.taxonomy.listing import TEND
from kb.usage.model import Demand, SearchCount

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin

MOST = 200
"""Demands that are kept open."""


class DemandChanged(KbError):
    """Somebody has decided about it before."""


@dataclass(frozen=True)
class Cluster:
    """Searches without result that mean the same."""

    words: str
    queries: tuple[tuple[str, int], ...]

    @property
    def searches(self) -> int:
        """How often nothing was found."""
        return sum(count for _, count in self.queries)


@dataclass(frozen=True)
class DemandView:
    """A demand, as a curator sees it."""

    id: int
    words: str
    queries: tuple[tuple[str, int], ...]
    searches: int
    state: str
    given_to: str
    author: str
    at: datetime


def failed_searches(session: Session) -> list[tuple[str, int]]:
    """Searches for which nothing was found, with how often, the most frequent first."""
    total = func.sum(SearchCount.empty)
    query = select(SearchCount.query, total).group_by(SearchCount.query).having(total > 0)
    return [
        (text, int(count)) for text, count in session.execute(query.order_by(total.desc(), SearchCount.query))
    ]


def decided(session: Session) -> list[Cluster]:
    """The demands that somebody has decided about: what is searched like them is no new demand."""
    rows = session.scalars(select(Demand).where(Demand.state != "open"))
    return [Cluster(row.words, tuple((text, count) for text, count in row.queries)) for row in rows]


def replace_open(session: Session, clusters: Sequence[Cluster]) -> int:
    """What was found anew takes the place of the demands that nobody has decided about."""
    kept = {row.words: row for row in session.scalars(select(Demand).where(Demand.state == "open"))}
    for cluster in clusters[:MOST]:
        row = kept.pop(cluster.words, None)
        if row is None:
            row = Demand(words=cluster.words, state="open", author="", at=now())
            session.add(row)
        row.queries, row.searches = [list(each) for each in cluster.queries], cluster.searches
    session.flush()
    if kept:
        session.execute(delete(Demand).where(Demand.id.in_([row.id for row in kept.values()])))
    return min(len(clusters), MOST)


def list_demands(session: Session, state: str = "open", limit: int = 100) -> list[DemandView]:
    """The demands in a state, the most wanted first."""
    query = select(Demand, User.name).outerjoin(User, User.id == Demand.user_id).where(Demand.state == state)
    rows = session.execute(query.order_by(Demand.searches.desc(), Demand.id).limit(limit))
    return [_view(row, name) for row, name in rows]


def give(database: Database, origin: Origin, number: int, email: str) -> DemandView:
    """Gives a demand to somebody to write about, who is told. Raises NotAllowed, NotFound, DemandChanged."""
    require(origin.person, TEND)
    with database.write_aside() as session:
        row = _row(session, number, "open")
        user = find_user(session, email)
        if user.status != "active":
            raise NotFound(f"{user.email} has no open account here.")
        row.state, row.user_id, row.author, row.at = "given", user.id, origin.person.name, now()
        times = "once" if row.searches == 1 else f"{row.searches:,} times"
        words = f"Nobody wrote about “{row.words}”, which was searched for {times}."
        place = f"/search?q={quote(row.words, safe='')}"[:300]
        notify(session, "task given", [user.id], by=origin.person, words=words, place=place)
        note(session, origin, "give demand", row.words, to=user.email, demand=row.id)
        return _view(row, user.name)


def settle(database: Database, origin: Origin, number: int, state: str) -> DemandView:
    """Says that a demand is `answered`, is none (`dismissed`), or is `open` again.

    Raises NotAllowed, NotFound, and DemandChanged where it is in this state already.
    """
    require(origin.person, TEND)
    with database.write_aside() as session:
        row = _row(session, number, *({"open", "given", "answered", "dismissed"} - {state}))
        row.state, row.author, row.at = state, origin.person.name, now()
        if state == "open":
            row.user_id = None
        session.flush()
        note(session, origin, "settle demand", row.words, state=state, demand=row.id)
        user = session.get(User, row.user_id) if row.user_id else None
        return _view(row, user.name if user else "")


def _row(session: Session, number: int, *states: str) -> Demand:
    row = session.get(Demand, number)
    if row is None:
        raise NotFound("There is no such demand; it may have been put together anew.")
    if row.state not in states:
        raise DemandChanged(f"“{row.words}” is {row.state} already.")
    return row


def _view(row: Demand, name: str | None) -> DemandView:
    queries = tuple((str(text), int(count)) for text, count in row.queries)
    return DemandView(row.id, row.words, queries, row.searches, row.state, name or "", row.author, row.at)
