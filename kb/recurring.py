"""How often a lesson was learned: each time with its day, its project and what it cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.kinds import Lesson
from kb.model import PUBLISHED, Entry, Reference, Revision
from kb.neighbours import titles_of
from kb.published import get_revisions

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

    from kb.reading import EntryView, Reader


@dataclass(frozen=True)
class Occurrence:
    """One time that it happened."""

    ref: str
    title: str
    on: date | None
    source: str | None
    """Id of the project or review that it comes from, where the reader is told."""
    where: str
    """The source's title, else the unit or programme."""
    cost: float | None
    """Negative: lost."""
    currency: str
    days: float | None


@dataclass(frozen=True)
class Recurring:
    """A lesson that was learned more than once."""

    times: Sequence[Occurrence]
    """The lesson itself and all that say they are recurrences of it, earliest first."""

    @property
    def costs(self) -> list[tuple[str, float]]:
        """(currency, sum) of what is known, negative where it was lost; currencies are not converted."""
        sums: Counter[str] = Counter()
        for each in self.times:
            if each.cost is not None:
                sums[each.currency] += each.cost  # type: ignore[assignment]
        return sorted(sums.items())

    @property
    def days(self) -> float | None:
        """The sum of the days, negative where they were lost; None where none are known."""
        known = [each.days for each in self.times if each.days is not None]
        return sum(known) if known else None


def recurring(session: Session, view: EntryView, reader: Reader) -> Recurring | None:
    """How often a published lesson was learned, of what the reader may see; None where it was but once."""
    again = (
        select(Revision.id)
        .join(Entry)
        .join(Reference, Reference.revision_id == Revision.id)
        .where(Reference.target == view.ref, Reference.relation == "recurrence of", PUBLISHED)
    )
    found = [view, *get_revisions(session, session.scalars(again).all(), reader).values()]
    lessons = [(each, each.content) for each in found if isinstance(each.content, Lesson)]
    if len(lessons) < 2:
        return None
    titles = titles_of(session, {content.source for _, content in lessons if content.source}, reader)
    times = [_occurrence(each, content, titles) for each, content in lessons]
    return Recurring(sorted(times, key=lambda each: (each.on or date.max, each.ref)))


def times_learned(session: Session, refs: Collection[str], reader: Reader) -> dict[str, int]:
    """How often each of these lessons was learned, itself included, of what the reader may see."""
    again = (
        select(Reference.target, func.count(Entry.id.distinct()))
        .join(Revision, Revision.id == Reference.revision_id)
        .join(Entry, Entry.id == Revision.entry_id)
        .where(Reference.target.in_(refs), Reference.relation == "recurrence of", PUBLISHED, reader.visible)
        .group_by(Reference.target)
    )
    counted = dict(session.execute(again).all())
    return {ref: 1 + counted.get(ref, 0) for ref in refs}


def _occurrence(view: EntryView, content: Lesson, titles: dict[str, tuple[str, str]]) -> Occurrence:
    impact = content.impact
    named = titles.get(content.source or "")
    return Occurrence(
        ref=view.ref, title=view.title, on=content.occurred_on, source=content.source if named else None,
        where=named[1] if named else content.unit or content.programme,
        cost=impact.cost if impact else None, currency=(impact.currency if impact else None) or "",
        days=impact.days if impact else None,
    )  # fmt: skip
