"""Bulk actions: one change of many entries, looked at first, done in one transaction, undone within days.

What is done with each entry is what its own verb does, and stands in the audit log like that.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field

from kb.desk.bulk_steps import STEPS
from kb.desk.model import BulkChange
from kb.errors import InvalidRecord, KbError, NotFound
from kb.people.audit import note
from kb.people.clock import now
from kb.people.roles import can, require
from kb.strict import Strict
from kb.taxonomy.listing import TEND
from kb.text import Line, Ref, Tag
from kb.validation import Problem

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.desk.bulk_steps import Left, Planned
    from kb.people.audit import Origin
    from kb.people.roles import Person

Action = Literal["archive", "verify", "assign", "add tag", "remove tag"]
NEEDS: dict[str, str] = {
    "archive": "archive", "verify": "verify", "assign": "review", "add tag": TEND, "remove tag": TEND,
}  # fmt: skip
"""The permission that each needs: the one of its verb for a single entry."""
MOST = 200
UNDO_DAYS = 7
"""So long a change can be undone."""


class BulkChanged(KbError):
    """What was looked at, or is to be undone, is no longer so."""


_OF_TAGS: dict[str, Any] = {
    "if": {"properties": {"action": {"enum": ["add tag", "remove tag"]}}},
    "then": {"required": ["tag"], "properties": {"tag": {"type": "string"}}},
}


class Wanted(Strict):
    """What is to be done with which entries."""

    model_config = ConfigDict(json_schema_extra=_OF_TAGS)

    action: Action
    entries: Annotated[list[Ref], Field(min_length=1, max_length=MOST)]
    tag: Annotated[Tag | None, Field(description="Of `add tag` and `remove tag`.")] = None
    reviewer: Annotated[
        int | None, Field(ge=1, le=2**31 - 1, description="Of `assign`: number of a person who may review.")
    ] = None
    reason: Annotated[Line, Field(description="Of `archive`: why, for the log.")] = ""


@dataclass(frozen=True)
class Plan:
    """Exactly what would change."""

    wanted: Wanted
    entries: tuple[Planned, ...]
    left_out: tuple[Left, ...]
    """Those of the entries with which nothing happens, and why."""
    fingerprint: str
    """Stands for all of it: what is agreed to is done, or nothing."""


@dataclass(frozen=True)
class ChangeView:
    """A change that was made."""

    number: int
    action: str
    words: str
    entries: tuple[str, ...]
    author: str
    at: datetime
    undone_by: str | None
    undone_at: datetime | None
    can_be_undone: bool
    left: tuple[str, ...] = field(default=())
    """Of one that was just undone: entries that somebody has changed since, which stay as they are."""


def plan(database: Database, origin: Origin, wanted: Wanted) -> Plan:
    """What the change would do. Raises NotAllowed, NotFound, InvalidRecord."""
    _check(origin.person, wanted)
    with database.read() as session:
        return _plan(session, origin, wanted)


def apply(database: Database, origin: Origin, wanted: Wanted, fingerprint: str | None = None) -> ChangeView:
    """Does what `plan` showed, or without a fingerprint whatever it comes to.

    Raises BulkChanged when that is no longer what would happen or nothing would, NotAllowed, NotFound,
    InvalidRecord.
    """
    _check(origin.person, wanted)
    with database.write() as session:
        planned = _plan(session, origin, wanted)
        if fingerprint is not None and planned.fingerprint != fingerprint:
            raise BulkChanged("Entries have changed since you looked. Nothing was done: look at it again.")
        if not planned.entries:
            raise BulkChanged("With none of the entries anything would happen.")
        step = STEPS[wanted.action]
        row = BulkChange(
            action=wanted.action, said=wanted.model_dump(mode="json", exclude={"entries", "action"}),
            touched=[], author_id=origin.person.id, author=origin.person.name, at=now(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        row.touched = [step.do(session, origin, wanted, each, row.id) for each in planned.entries]
        step.tell(session, origin, wanted, len(planned.entries))
        note(
            session, origin, "bulk change", f"{wanted.action}: {len(planned.entries):,} entries",
            bulk=row.id, entries=[each.ref for each in planned.entries], left_out=len(planned.left_out),
        )  # fmt: skip
        return _view(row, origin.person)


def undo(database: Database, origin: Origin, number: int) -> ChangeView:
    """Gives each entry back what it was, unless somebody has changed that since.

    Raises NotAllowed, NotFound, and BulkChanged when it was undone already, or too long ago.
    """
    with database.write() as session:
        row = _find(session, origin.person, number)
        require(origin.person, NEEDS[row.action])
        if row.undone_at is not None:
            raise BulkChanged(f"{row.undone_by} has undone this change already.")
        if not _is_fresh(row):
            raise BulkChanged(f"It was made more than {UNDO_DAYS} days ago: change the entries one by one.")
        step = STEPS[row.action]
        left = [each[0] for each in row.touched if not step.undo(session, origin, each)]
        row.undone_by, row.undone_at = origin.person.name, now()
        note(
            session, origin, "undo bulk change", f"{row.action}: {len(row.touched):,} entries", bulk=row.id,
            entries=[each[0] for each in row.touched if each[0] not in left], left=left,
        )  # fmt: skip
        return _view(row, origin.person, left)


def changes(session: Session, person: Person, limit: int = 20) -> list[ChangeView]:
    """The latest changes: one's own, and for who tends the repository those of others; newest first."""
    from sqlalchemy import select

    require(person, "review")
    query = select(BulkChange).order_by(BulkChange.id.desc()).limit(limit)
    if not can(person, TEND):
        query = query.where(BulkChange.author_id == (person.id or 0))
    return [_view(row, person) for row in session.scalars(query)]


def find_change(session: Session, person: Person, number: int) -> ChangeView:
    """One change, as `changes` shows it. Raises NotFound."""
    return _view(_find(session, person, number), person)


def _find(session: Session, person: Person, number: int) -> BulkChange:
    """The change, if it is the person's own or they tend the repository. Raises NotAllowed, NotFound."""
    require(person, "review")
    row = session.get(BulkChange, number)
    if row is None or not (can(person, TEND) or (person.id is not None and row.author_id == person.id)):
        raise NotFound("There is no such change.")
    return row


def _check(person: Person, wanted: Wanted) -> None:
    """Raises NotAllowed, and InvalidRecord for what is missing."""
    require(person, NEEDS[wanted.action])
    is_of_tags = wanted.action in ("add tag", "remove tag")
    if is_of_tags and wanted.tag is None:
        raise InvalidRecord([Problem("tag", "is needed: say which")])


def _plan(session: Session, origin: Origin, wanted: Wanted) -> Plan:
    entries, left_out = STEPS[wanted.action].plan(session, origin, wanted)
    # The reason may be said after the look.
    state = [
        wanted.model_dump(mode="json", exclude={"reason"}),
        [vars(each) for each in (*entries, *left_out)],
    ]
    fingerprint = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]
    return Plan(wanted, tuple(entries), tuple(left_out), fingerprint)


def _is_fresh(row: BulkChange) -> bool:
    return (now() - row.at).days < UNDO_DAYS


def _view(row: BulkChange, person: Person, left: list[str] | None = None) -> ChangeView:
    return ChangeView(
        row.id, row.action, STEPS[row.action].words(row.said), tuple(each[0] for each in row.touched),
        row.author, row.at, row.undone_by, row.undone_at,
        row.undone_at is None and _is_fresh(row) and can(person, NEEDS[row.action]), tuple(left or ()),
    )  # fmt: skip
