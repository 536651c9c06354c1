"""What is typed into the editor's form and not saved: kept, brought back, dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.desk import copies
from web.context import current
from web.services import services

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.people.roles import Person
    from web.desk.sheets import Sheet


def place_of(sheet: Sheet) -> str:
    """Where what is typed into the form is kept: the entry's id or, for a new one, its kind."""
    return sheet.ref or copies.NEW + sheet.kind


def recover(session: Session, person: Person, sheet: Sheet) -> None:
    """Puts in what was typed here and not saved."""
    copy = copies.find(session, person, place_of(sheet))
    if copy is None:
        return
    held = copy.typed
    sheet.data, sheet.base = held.data, held.base or sheet.base
    sheet.anonymous, sheet.mask_source, sheet.note = held.anonymous, held.mask_source, held.note
    sheet.recovered_at = copy.saved_at


def keep(sheet: Sheet) -> datetime:
    """Keeps what was typed; returns when."""
    held = copies.Typed(sheet.data, sheet.base, sheet.anonymous, sheet.mask_source, sheet.note)
    return copies.keep(services().database, current().person, place_of(sheet), held)


def drop(sheet: Sheet) -> None:
    """It is saved, or not wanted."""
    copies.drop(services().database, current().person, place_of(sheet))
