"""The pairs that look alike and that nobody has decided about, as a curator may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, insert, not_, or_, select
from sqlalchemy.orm import aliased

from kb.duplicates.model import LikePair, PairDecision
from kb.model import PUBLISHED, Entry, Reference, Revision
from kb.people.clock import now

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from kb.reading import Reader

_BATCH = 500
_JOINING = ("recurrence of", "supersedes")
"""Relations that say how two entries stand to each other: nothing is left to decide."""


@dataclass(frozen=True)
class Side:
    """One of two entries."""

    ref: str
    kind: str
    title: str


@dataclass(frozen=True)
class PairView:
    """Two entries that look alike."""

    first: Side
    second: Side
    meaning: float
    words: float
    score: float


@dataclass(frozen=True)
class DecisionView:
    """What was decided about two entries."""

    first: Side
    second: Side
    decision: str
    kept: str | None
    """The id of the one that the other recurs, or is superseded by."""
    author: str
    at: datetime


@dataclass(frozen=True)
class Found:
    """Two entries, by their numbers, and how much alike they are."""

    first_id: int
    second_id: int
    meaning: float
    words: float
    score: float


def replace_pairs(session: Session, found: Iterable[Found]) -> int:
    """What a look over the whole repository found takes the place of what the last one did."""
    rows = [vars(pair) | {"found_at": now()} for pair in found]
    session.execute(delete(LikePair))
    for start in range(0, len(rows), _BATCH):
        session.execute(insert(LikePair), rows[start : start + _BATCH])
    return len(rows)


def looked_at(session: Session) -> datetime | None:
    """When the repository was last looked through; None when it found nothing, or never was."""
    return session.scalar(select(func.max(LikePair.found_at)))


def list_pairs(
    session: Session, reader: Reader, offset: int = 0, limit: int = 50
) -> tuple[int, list[PairView]]:
    """How many pairs wait for a decision, and a stretch of them, the most alike first.

    Both entries are published, and the reader may see both.
    """
    first, second = _sides(LikePair.first_id, LikePair.second_id)
    decided = select(PairDecision.first_id).where(
        PairDecision.first_id == LikePair.first_id, PairDecision.second_id == LikePair.second_id
    )
    wanted = and_(
        not_(decided.exists()), _shows(reader, LikePair.first_id), _shows(reader, LikePair.second_id),
        not_(_linked(first, second)),
    )  # fmt: skip
    columns = (
        *_columns(first), *_columns(second), LikePair.meaning, LikePair.words, LikePair.score,
    )  # fmt: skip
    query = select(*columns).select_from(LikePair)
    for entry, revision, number in ((*first, LikePair.first_id), (*second, LikePair.second_id)):
        query = query.join(entry, entry.id == number).join(
            revision, and_(revision.entry_id == entry.id, revision.state == "published")
        )
    query = query.where(wanted)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (LikePair.score.desc(), LikePair.first_id, LikePair.second_id)
    rows = session.execute(query.order_by(*order).offset(offset).limit(limit))
    return total, [_pair(row) for row in rows]


def list_decisions(session: Session, reader: Reader, limit: int = 50) -> list[DecisionView]:
    """The latest decisions about entries that the reader may see, newest first."""
    first, second, kept = aliased(Entry), aliased(Entry), aliased(Entry)
    query = (
        select(PairDecision, first.ref, first.kind, second.ref, second.kind, kept.ref)
        .join(first, first.id == PairDecision.first_id)
        .join(second, second.id == PairDecision.second_id)
        .outerjoin(kept, kept.id == PairDecision.kept_id)
        .where(_shows(reader, PairDecision.first_id), _shows(reader, PairDecision.second_id))
        .order_by(PairDecision.at.desc(), PairDecision.first_id.desc(), PairDecision.second_id.desc())
        .limit(limit)
    )
    found = session.execute(query).all()
    refs = {row[1] for row in found} | {row[3] for row in found}
    titles = select(Entry.ref, Revision.title).join(Revision).where(PUBLISHED, Entry.ref.in_(refs))
    named = dict(session.execute(titles).all())
    return [
        DecisionView(
            Side(ref, kind, named.get(ref, ref)), Side(other, its_kind, named.get(other, other)),
            row.decision, kept_ref, row.author, row.at,
        )
        for row, ref, kind, other, its_kind, kept_ref in found
    ]  # fmt: skip


def _shows(reader: Reader, number: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether the reader may see the entry. Asked of each pair: given a list of all that may be seen, SQLite
    would try each entry with each other one.
    """
    return select(Entry.id).where(Entry.id == number, reader.visible).exists()


def _pair(row: Any) -> PairView:
    ref, kind, title, other, its_kind, its_title, meaning, words, score = row
    return PairView(Side(ref, kind, title), Side(other, its_kind, its_title), meaning, words, score)


def _sides(*numbers: object) -> list[tuple[type[Entry], type[Revision]]]:
    return [(aliased(Entry), aliased(Revision)) for _ in numbers]


def _columns(side: tuple[type[Entry], type[Revision]]) -> tuple[ColumnElement[str], ...]:
    entry, revision = side
    return entry.ref, entry.kind, revision.title  # type: ignore[return-value]


def _linked(
    first: tuple[type[Entry], type[Revision]], second: tuple[type[Entry], type[Revision]]
) -> ColumnElement[bool]:
    """Whether one of the two says that it recurs or supersedes the other."""
    joining = Reference.relation.in_(_JOINING)
    return or_(
        *(
            select(Reference.revision_id)
            .where(Reference.revision_id == here[1].id, Reference.target == there[0].ref, joining)
            .exists()
            for here, there in ((first, second), (second, first))
        )
    )
