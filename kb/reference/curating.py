"""Changes of the reference tables by somebody: allowed, done and noted in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.people.audit import note
from kb.people.roles import require
from kb.reference import rows
from kb.reference.files import fields_of
from kb.reference.rows import Changes, Row, RowChanged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.database import Database
    from kb.people.audit import Origin
    from kb.reference.texts import RowText, Table

EDIT = "edit figures"


def add(database: Database, origin: Origin, table: Table, text: RowText) -> Row:
    """A new row. Raises NotAllowed, and what `rows.add_row` raises."""
    require(origin.person, EDIT)
    with database.write() as session:
        row = rows.add_row(session, table, text, author=origin.person.name)
        note(session, origin, f"add {table.row}", str(row), says=_line(row))
    return row


def change(
    database: Database, origin: Origin, table: Table, number: int, text: RowText, *, version: int
) -> Row:
    """The row says something else; what says the same is no change. Raises NotAllowed, NotFound, and
    what `rows.change_row` raises.
    """
    require(origin.person, EDIT)
    with database.write() as session:
        before = rows.get_row(session, table, number)
        row = rows.change_row(session, table, number, text, version=version, author=origin.person.name)
        if row == before:
            session.rollback()
        else:
            note(session, origin, f"change {table.row}", str(row), says=_line(row), before=_line(before))
    return row


def put(database: Database, origin: Origin, table: Table, text: RowText) -> tuple[str, Row]:
    """Adds the row, or changes the one about the same, whatever it says; (what was done, the row).

    Raises NotAllowed, Taken.
    """
    require(origin.person, EDIT)
    with database.read() as session:
        standing = rows.find_row(session, table, text)
    if standing is None:
        return "added", add(database, origin, table, text)
    row = change(database, origin, table, standing.id, text, version=standing.version)
    return ("unchanged" if row == standing else "changed"), row


def remove(database: Database, origin: Origin, table: Table, number: int, *, version: int) -> Row:
    """The row as it was; it is gone. Raises NotAllowed, NotFound, RowChanged."""
    require(origin.person, EDIT)
    with database.write() as session:
        row = rows.get_row(session, table, number)
        rows.remove_row(session, table, number, version=version)
        note(session, origin, f"remove {table.row}", str(row), before=_line(row))
    return row


def load(
    database: Database, origin: Origin, table: Table, texts: Sequence[RowText], *,
    replacing: bool = False, agreed: Sequence[str] | None = None,
) -> Changes:  # fmt: skip
    """The table has these rows, if that loses just the rows that somebody agreed to (`overwritten`).

    Raises NotAllowed, InvalidRecord, RowChanged.
    """
    require(origin.person, EDIT)
    with database.write() as session:
        changes = rows.load_rows(session, table, texts, author=origin.person.name, replacing=replacing)
        if agreed is not None and changes.overwritten != list(agreed):
            raise RowChanged("The table was changed meanwhile. Nothing was loaded; try again.")
        if not changes:
            session.rollback()  # no new change stamp either
        else:
            note(
                session, origin, f"load {table.title.lower()}", f"{len(texts):,} rows",
                added=len(changes.created), changed=len(changes.updated),
                removed=[each.name for each in changes.removed],
            )  # fmt: skip
    return changes


def preview(
    database: Database, origin: Origin, table: Table, texts: Sequence[RowText], *, replacing: bool = False
) -> Changes:
    """What `load` would change: done, and taken back. Raises NotAllowed, InvalidRecord."""
    require(origin.person, EDIT)
    with database.write() as session:
        changes = rows.load_rows(session, table, texts, author=origin.person.name, replacing=replacing)
        session.rollback()
    return changes


def _line(row: Row) -> str:
    fields = fields_of(row.text, row.table)
    return "; ".join(f"{name} {value}" for name, value in fields.items() if value)
