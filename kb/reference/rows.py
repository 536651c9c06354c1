"""The rows of the reference tables, and the verbs that change them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.editing import now
from kb.errors import InvalidRecord, KbError, NotFound, Taken
from kb.model import ReferenceRow
from kb.reference.texts import TABLES, RowText, Table
from kb.validation import Problem, shorten, validate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

MAX_KEY = 700
MAX_ROWS = 5_000
"""Of one table."""


class RowChanged(KbError):
    """Somebody changed or removed the row first."""


@dataclass(frozen=True)
class Row:
    """A row as it stands."""

    id: int
    table: Table
    text: RowText
    version: int
    author: str
    changed_at: datetime

    def __str__(self) -> str:
        return self.text.name


@dataclass(frozen=True)
class Change:
    """What becomes of a row: how it was, None if it is new, and what it says then, None if it goes."""

    before: Row | None
    after: RowText | None

    @property
    def name(self) -> str:
        """What the row is about."""
        return self.after.name if self.after else str(self.before)


@dataclass
class Changes:
    """What a load does, by what becomes of the rows."""

    created: list[Change] = field(default_factory=list)
    updated: list[Change] = field(default_factory=list)
    removed: list[Change] = field(default_factory=list)
    unchanged: list[Change] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.removed)

    @property
    def overwritten(self) -> list[str]:
        """The rows that are lost as they are, each with its version: what somebody has to agree to."""
        lost = [*self.updated, *self.removed]
        return [f"{each.before.id}:{each.before.version}" for each in lost if each.before]


def table_of(name: str) -> Table:
    """The table of this name. Raises NotFound."""
    if name not in TABLES:
        raise NotFound(f"There is no table {shorten(name)}. Tables: {', '.join(TABLES)}.")
    return TABLES[name]


def list_rows(session: Session, table: Table) -> list[Row]:
    """Every row, in the order of what they are about."""
    found = session.scalars(select(ReferenceRow).where(ReferenceRow.table_name == table.name))
    return sorted((_row(each) for each in found), key=lambda row: row.text.key)


def get_row(session: Session, table: Table, number: int) -> Row:
    """The row with this number. Raises NotFound."""
    row = session.get(ReferenceRow, number)
    if row is None or row.table_name != table.name:
        raise NotFound(f"There is no such {table.row}; it may have been removed.")
    return _row(row)


def find_row(session: Session, table: Table, text: RowText) -> Row | None:
    """The row that is about the same, if there is one."""
    found = _holder(session, table, text)
    return None if found is None else _row(found)


def add_row(session: Session, table: Table, text: RowText, *, author: str) -> Row:
    """A new row. Raises Taken when there is one about the same, or no room."""
    _check_free(session, table, text, None)
    of_table = select(func.count()).where(ReferenceRow.table_name == table.name)
    if (session.scalar(of_table) or 0) >= MAX_ROWS:
        raise Taken([Problem("", f"the table has {MAX_ROWS:,} rows: there is no room")])
    return _row(_write(session, table, None, text, author))


def change_row(
    session: Session, table: Table, number: int, text: RowText, *, version: int, author: str
) -> Row:
    """The row says something else from now on; nothing happens when it says that already.

    Raises RowChanged when `version` no longer stands, Taken when another row is about the same.
    """
    row = _standing(session, table, number, version)
    if _row(row).text == text:
        return _row(row)
    _check_free(session, table, text, row)
    return _row(_write(session, table, row, text, author))


def restore_row(
    session: Session, table: Table, text: RowText, version: int, author: str, changed_at: datetime
) -> None:
    """The row says this, with the history that it had elsewhere; it is added where there is none."""
    row = _holder(session, table, text) or ReferenceRow(table_name=table.name)
    session.add(row)
    row.key, row.content = _key(text), text.model_dump(mode="json", exclude_defaults=True)
    row.version, row.author, row.changed_at = version, author[:300], changed_at
    session.flush()


def remove_row(session: Session, table: Table, number: int, *, version: int) -> None:
    """The row is gone. Raises RowChanged as `change_row` does."""
    session.delete(_standing(session, table, number, version))
    session.flush()


def load_rows(
    session: Session, table: Table, texts: Sequence[RowText], *, author: str, replacing: bool = False
) -> Changes:
    """Adds rows, and changes those that are about the same. `replacing` also removes all others.

    Raises InvalidRecord, its fields counted as in `3.key`, when two texts are about the same.
    """
    standing = {
        row.key: row
        for row in session.scalars(select(ReferenceRow).where(ReferenceRow.table_name == table.name))
    }
    changes, seen = Changes(), dict[str, int]()
    problems = []
    for place, text in enumerate(texts, 1):
        first = seen.setdefault(_key(text), place)
        if first != place:
            problems.append(Problem(str(place), f"is about the same as row {first}: {text.name}"))
    if len(standing.keys() | seen) > MAX_ROWS:
        problems.append(Problem("", f"there would be more than {MAX_ROWS:,} rows"))
    if problems:
        raise InvalidRecord(problems)
    for text in texts:
        row = standing.get(_key(text))
        before = _row(row) if row is not None else None
        if before is not None and before.text == text:
            changes.unchanged.append(Change(before, text))
            continue
        (changes.created if before is None else changes.updated).append(Change(before, text))
        _write(session, table, row, text, author)
    for key in (standing.keys() - seen.keys()) if replacing else ():
        changes.removed.append(Change(_row(standing[key]), None))
        session.delete(standing[key])
    session.flush()
    changes.removed.sort(key=lambda change: change.name)
    return changes


def _key(text: RowText) -> str:
    """What the row is about, bounded: small letters can be three times as many."""
    key = text.key
    return key if len(key) <= MAX_KEY else f"{key[:600]}{hashlib.sha256(key.encode()).hexdigest()}"


def _standing(session: Session, table: Table, number: int, version: int) -> ReferenceRow:
    row = session.get(ReferenceRow, number)
    if row is None or row.table_name != table.name:
        raise RowChanged(f"The {table.row} was removed by somebody else. Nothing was changed.")
    if row.version != version:
        raise RowChanged(
            f"The {table.row} was changed by somebody else ({row.author or 'unnamed'}). "
            "Nothing was changed; look at it and try again."
        )
    return row


def _holder(session: Session, table: Table, text: RowText) -> ReferenceRow | None:
    about = (ReferenceRow.table_name == table.name) & (ReferenceRow.key == _key(text))
    return session.scalar(select(ReferenceRow).where(about))


def _check_free(session: Session, table: Table, text: RowText, own: ReferenceRow | None) -> None:
    other = _holder(session, table, text)
    if other is not None and other is not own:
        raise Taken([Problem("", f"there is a row about {text.name} already: change that one")])


def _write(
    session: Session, table: Table, row: ReferenceRow | None, text: RowText, author: str
) -> ReferenceRow:
    if row is None:
        row = ReferenceRow(table_name=table.name, version=0)
        session.add(row)
    row.key, row.content = _key(text), text.model_dump(mode="json", exclude_defaults=True)
    row.version, row.author, row.changed_at = row.version + 1, author[:300], now()
    session.flush()
    return row


def _row(row: ReferenceRow) -> Row:
    table = TABLES[row.table_name]
    text = validate(table.model, row.content)
    return Row(row.id, table, text, row.version, row.author, row.changed_at)
