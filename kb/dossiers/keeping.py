"""Dossiers kept, continued, closed and found, by somebody who may: noted in the audit log.

What was asked and answered is stored as it came; this module does not read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from kb.dossiers.model import DossierRow, DossierVersionRow
from kb.errors import KbError, NotFound, Taken
from kb.people.audit import note
from kb.people.clock import now
from kb.people.roles import can, require
from kb.validation import Problem

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin
    from kb.people.roles import Person

KEEP, SEE = "save estimates", "see estimates"
PREFIX = "E"
_REF = re.compile(rf"{PREFIX}-([0-9]{{4,9}})")


class DossierChanged(KbError):
    """Somebody added a version first."""


@dataclass(frozen=True)
class Version:
    """What was asked and answered at one moment."""

    number: int
    request: dict[str, Any]
    answer: dict[str, Any]
    note: str
    author: str
    created_at: datetime


@dataclass(frozen=True)
class Dossier:
    """A kept estimate with all its versions, the newest last."""

    ref: str
    title: str
    owner: str
    owner_id: int | None
    created_at: datetime
    versions: tuple[Version, ...]
    actual: float | None
    closed_at: datetime | None
    closed_by: str
    closed_version: int | None

    @property
    def newest(self) -> Version:
        """The version that stands."""
        return self.versions[-1]

    def version(self, number: int | None) -> Version:
        """The version of this number, the newest for None. Raises NotFound."""
        if number is None:
            return self.newest
        for each in self.versions:
            if each.number == number:
                return each
        raise NotFound(f"{self.ref} has no version {number}.")


def keep(
    database: Database, origin: Origin, title: str, request: dict[str, Any], answer: dict[str, Any],
    words: str = "",
) -> Dossier:  # fmt: skip
    """A new dossier. Raises NotAllowed."""
    person = origin.person
    require(person, KEEP)
    with database.write_aside() as session:
        row = DossierRow(title=title, owner_id=person.id, owner=person.name, created_at=now(), actual=None)
        row.versions = [_version(1, request, answer, words, person)]
        session.add(row)
        session.flush()
        note(session, origin, "save estimate", _ref(row), title=title)
        return _dossier(row)


def continue_(
    database: Database, origin: Origin, ref: str, request: dict[str, Any], answer: dict[str, Any],
    words: str = "", *, after: int,
) -> Dossier:  # fmt: skip
    """The dossier with another version after the one that was seen.

    Raises NotAllowed, NotFound, DossierChanged, and Taken once it is closed.
    """
    require(origin.person, KEEP)
    with database.write_aside() as session:
        row = _row(session, origin.person, ref)
        if row.versions[-1].number != after:
            raise DossierChanged(f"{ref} has version {row.versions[-1].number} by now. Look at it first.")
        if row.actual is not None:
            raise Taken([Problem("", f"{ref} is closed: its outcome is known")])
        row.versions.append(_version(after + 1, request, answer, words, origin.person))
        session.flush()
        note(session, origin, "save estimate", ref, version=after + 1)
        return _dossier(row)


def close(database: Database, origin: Origin, ref: str, actual: float) -> Dossier:
    """What it really was is known, and held against the newest version; a wrong figure is entered anew.

    Raises NotAllowed, NotFound.
    """
    require(origin.person, KEEP)
    with database.write_aside() as session:
        row = _row(session, origin.person, ref)
        before = row.actual
        row.actual, row.closed_at, row.closed_by = actual, now(), origin.person.name
        row.closed_version = row.versions[-1].number
        session.flush()
        note(session, origin, "enter outcome", ref, actual=actual, before=before)
        return _dossier(row)


def find(session: Session, person: Person, ref: str) -> Dossier:
    """The dossier. Raises NotFound, also for one that the person may not see."""
    return _dossier(_row(session, person, ref))


def every(session: Session, person: Person, offset: int = 0, limit: int = 1_000) -> tuple[int, list[Dossier]]:
    """How many dossiers the person may see, and a stretch of them, the newest first."""
    total = session.scalar(select(func.count(DossierRow.id)).where(_seen(person))) or 0
    query = select(DossierRow).where(_seen(person)).order_by(DossierRow.id.desc())
    return total, [_dossier(row) for row in session.scalars(query.offset(offset).limit(limit))]


def may_change(person: Person, dossier: Dossier) -> bool:
    """Whether the person may add versions and the outcome: its maker, and who sees all and may keep."""
    return can(person, KEEP) and (dossier.owner_id == person.id or can(person, SEE))


def _seen(person: Person) -> ColumnElement[bool]:
    if can(person, SEE):
        return DossierRow.id > 0
    return DossierRow.owner_id == (person.id or -1)


def _row(session: Session, person: Person, ref: str) -> DossierRow:
    match = _REF.fullmatch(ref.upper())
    row = None
    if match:
        row = session.scalar(select(DossierRow).where(DossierRow.id == int(match[1]), _seen(person)))
    if row is None:
        raise NotFound(f"There is no dossier {ref[:20]} that you may see; ids look like E-0001.")
    return row


def _ref(row: DossierRow) -> str:
    return f"{PREFIX}-{row.id:04}"


def _version(
    number: int, request: dict[str, Any], answer: dict[str, Any], words: str, person: Person
) -> DossierVersionRow:
    return DossierVersionRow(
        number=number, request=request, answer=answer, note=words, author=person.name, created_at=now()
    )


def _dossier(row: DossierRow) -> Dossier:
    versions = tuple(
        Version(each.number, each.request, each.answer, each.note, each.author, each.created_at)
        for each in row.versions
    )
    return Dossier(
        _ref(row), row.title, row.owner, row.owner_id, row.created_at, versions, row.actual, row.closed_at,
        row.closed_by or "", row.closed_version,
    )  # fmt: skip
