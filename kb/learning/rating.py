"""What learners say of a path that they completed: one to five, and words, which trainers read unnamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from sqlalchemy import func, select

from kb.errors import NotAllowed
from kb.learning.courses import learner
from kb.learning.model import Enrolment, Rating
from kb.model import Entry
from kb.people.clock import now
from kb.reading import get_entry
from kb.strict import Strict
from kb.text import Words

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin
    from kb.reading import Reader

LONGEST = 2_000
FEWEST = 3
"""From so many ratings on the average is shown to everybody."""


class RatingText(Strict):
    """What somebody says of a path."""

    stars: Annotated[int, Field(ge=1, le=5)]
    words: Annotated[Words, Field(max_length=LONGEST)] = ""


@dataclass(frozen=True)
class Said:
    """A rating, without who gave it."""

    stars: int
    words: str
    at: datetime


def rate(database: Database, origin: Origin, ref: str, said: RatingText, reader: Reader) -> None:
    """Keeps what the person says of their last completion of a path, in place of what they said before.

    Raises NotFound, and NotAllowed for a path that is not completed.
    """
    user_id = learner(origin)
    with database.write_aside() as session:
        query = select(Enrolment).join(Entry, Entry.id == Enrolment.path_id)
        query = query.where(Enrolment.user_id == user_id, Entry.ref == ref, Enrolment.state == "completed")
        last = query.order_by(Enrolment.id.desc()).limit(1).with_for_update(of=Enrolment)
        enrolment = session.scalar(last.where(reader.visible))
        if enrolment is None:
            get_entry(session, ref, reader)  # what is not there, or not for them, is not found
            raise NotAllowed(f"Complete {ref} first: then say how it was.")
        row = session.get(Rating, enrolment.id)
        if row is None:
            row = Rating(enrolment_id=enrolment.id)
            session.add(row)
        row.stars, row.words, row.at = said.stars, said.words, now()


def rating_of(session: Session, enrolment_id: int) -> Said | None:
    """What was said of one completion."""
    row = session.get(Rating, enrolment_id)
    return Said(row.stars, row.words, row.at) if row else None


def ratings(session: Session, ref: str) -> list[Said]:
    """What was said of a path, the last of each person, the newest first."""
    latest = (
        select(func.max(Rating.enrolment_id))
        .join(Enrolment, Enrolment.id == Rating.enrolment_id)
        .join(Entry, Entry.id == Enrolment.path_id)
        .where(Entry.ref == ref)
        .group_by(Enrolment.user_id)
    )
    rows = session.scalars(
        select(Rating).where(Rating.enrolment_id.in_(latest)).order_by(Rating.at.desc(), Rating.enrolment_id)
    )
    return [Said(row.stars, row.words, row.at) for row in rows]


def average(session: Session, ref: str) -> tuple[float, int] | None:
    """The mean of the ratings of a path, and how many; None while they are few."""
    found = [each.stars for each in ratings(session, ref)]
    return (sum(found) / len(found), len(found)) if len(found) >= FEWEST else None
