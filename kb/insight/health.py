"""Which published entries need a hand: unverified, due, without links, leading nowhere, advising nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.clauses import stale_clauses
from kb.model import PUBLISHED, Entry, Reference, Revision
from kb.reading import add_months

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from kb.reading import Reader

SOON = 60
"""Days ahead in which verification runs out soon."""
MEASURES = {
    "verified": "Verified",
    "due": f"Verification runs out within {SOON} days",
    "overdue": "Verification overdue",
    "unverified": "Never verified",
    "orphans": "Linked to nothing, by nothing",
    "broken": "Link to entries that are not there",
    "silent": "Lessons without a recommendation",
    "clauses": "Templates with clauses whose lesson no longer stands",
    "unopened": "Never opened since counting began",
}
"""What is counted, in words."""


@dataclass(frozen=True)
class Item:
    """A published entry behind a figure."""

    ref: str
    kind: str
    title: str
    detail: str = ""


@dataclass
class Health:
    """The published entries that the reader may see, by what they need."""

    total: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    items: dict[str, list[Item]] = field(default_factory=lambda: {name: [] for name in MEASURES})

    def count(self, measure: str, kind: str = "") -> int:
        """How many entries a measure finds, of a kind if one is named."""
        return sum(not kind or item.kind == kind for item in self.items[measure])

    def share(self, measure: str) -> float:
        """The same, of all entries; 0 where there are none."""
        return self.count(measure) / self.total if self.total else 0.0


@dataclass(frozen=True)
class _Row:
    id: int
    ref: str
    kind: str
    title: str
    due_on: date | None
    advises: bool


def health(session: Session, reader: Reader, today: date, opened: Iterable[int] = ()) -> Health:
    """All figures at once. `opened` are the numbers of entries that somebody has opened."""
    rows = _rows(session, reader)
    seen, targets = {row.ref for row in rows}, _links(session, reader)
    linked = set[str]().union(*targets.values()) | set(targets)
    found, used = Health(total=len(rows)), set(opened)
    for row in rows:
        found.kinds[row.kind] = found.kinds.get(row.kind, 0) + 1
        for measure, detail in _needs(row, today, targets.get(row.ref, ()), seen):
            found.items[measure].append(Item(row.ref, row.kind, row.title, detail))
        if row.ref not in linked:
            found.items["orphans"].append(Item(row.ref, row.kind, row.title))
        if row.id not in used:
            found.items["unopened"].append(Item(row.ref, row.kind, row.title))
    found.items["clauses"] = _clauses(session, reader)
    return found


def _clauses(session: Session, reader: Reader) -> list[Item]:
    """Each template once, with what happened to which lesson."""
    details: dict[tuple[str, str], list[str]] = {}
    for each in stale_clauses(session, reader):
        words = f"{each.clause} ({each.because} was {each.why})"
        details.setdefault((each.ref, each.title), []).append(words)
    return [Item(ref, "template", title, "; ".join(words)) for (ref, title), words in details.items()]


def _needs(row: _Row, today: date, targets: Sequence[str], seen: set[str]) -> Iterable[tuple[str, str]]:
    if row.due_on is None:
        yield "unverified", ""
    elif today > row.due_on:
        yield "overdue", f"since {row.due_on.isoformat()}"
    else:
        yield "verified", f"until {row.due_on.isoformat()}"
        if row.due_on - today <= timedelta(days=SOON):
            yield "due", f"on {row.due_on.isoformat()}"
    gone = sorted(target for target in targets if target not in seen)
    if gone:
        yield "broken", ", ".join(gone[:10])
    if row.kind == "lesson" and not row.advises:
        yield "silent", ""


def _rows(session: Session, reader: Reader) -> list[_Row]:
    advice = func.coalesce(Revision.content["recommendation"].as_string(), "")
    columns = (
        Entry.id, Entry.ref, Entry.kind, Revision.title, Entry.verified_on, Entry.verify_months, advice != "",
    )  # fmt: skip
    query = select(*columns).join(Revision, Revision.entry_id == Entry.id).where(PUBLISHED, reader.visible)
    return [
        _Row(number, ref, kind, title, add_months(on, months) if on else None, bool(advises))
        for number, ref, kind, title, on, months, advises in session.execute(query.order_by(Entry.id))
    ]


def _links(session: Session, reader: Reader) -> dict[str, list[str]]:
    """Which entries each published entry links to."""
    query = select(Entry.ref, Reference.target).select_from(Reference).distinct()
    query = query.join(Revision, Reference.revision_id == Revision.id).join(
        Entry, Revision.entry_id == Entry.id
    )
    found: dict[str, list[str]] = defaultdict(list)
    for ref, target in session.execute(query.where(PUBLISHED, reader.visible)):
        found[ref].append(target)
    return found
