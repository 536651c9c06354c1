"""What a step can be made of: published entries with their revisions, as far as somebody may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.masking import SHOWN
from kb.model import Entry, Revision
from kb.neighbours import superseding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy.orm import Session

    from kb.reading import Reader


@dataclass(frozen=True)
class StepMaterial:
    """A published entry as a step of a path."""

    ref: str
    kind: str
    title: str
    number: int
    """The published revision."""
    minutes: int | None
    questions: int
    revisions: tuple[tuple[int, date], ...]
    """(number, day) of each that can be pinned, newest first."""
    superseded_by: tuple[str, ...] = ()


def step_materials(session: Session, refs: Iterable[str], reader: Reader) -> dict[str, StepMaterial]:
    """The published entries among `refs` that the reader may see, by id."""
    wanted = set(refs)
    query = (
        select(Entry.ref, Entry.kind, Revision)
        .join(Revision, Revision.entry_id == Entry.id)
        .where(Entry.ref.in_(wanted), Revision.state.in_(SHOWN), reader.visible)
        .order_by(Revision.number.desc())
    )
    revisions: dict[str, list[tuple[int, date]]] = {}
    standing: dict[str, tuple[str, Revision]] = {}
    for ref, kind, revision in session.execute(query):
        day = (revision.decided_at or revision.created_at).date()
        revisions.setdefault(ref, []).append((revision.number, day))
        if revision.state == "published":
            standing[ref] = (kind, revision)
    instead = superseding(session, set(standing), reader)
    return {
        ref: StepMaterial(
            ref, kind, revision.title, revision.number, revision.content.get("minutes"),
            len(revision.content.get("assessment") or ()), tuple(revisions[ref]), instead.get(ref, ()),
        )
        for ref, (kind, revision) in standing.items()
    }  # fmt: skip
