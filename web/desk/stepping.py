"""The smaller steps of a form, which change what is typed and save nothing: rows, links, stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from web.desk import building
from web.desk.reading_forms import with_row
from web.entries import checked_ref

if TYPE_CHECKING:
    from web.desk.sheets import Sheet

ROW_STEPS = ("add", "remove", "up")
OFFER = "offer"
"""Asks for the form as it is filled in: what one field says, another offers."""


def is_stepped(sheet: Sheet, do: str, path: str) -> bool:
    """Does what a button of the form asks for; says whether it is one of these steps."""
    if sheet.kind == building.KIND and building.is_about(do, path):
        building.build(sheet, do, path)
    elif do == "again":
        sheet.data = _as_recurrence(sheet.data, path)
    elif do in ROW_STEPS:
        sheet.data = with_row(sheet.data, path, do)
    else:
        return do == OFFER
    return True


def _as_recurrence(data: dict[str, Any], ref: str) -> dict[str, Any]:
    """The data with a link that says that the same has happened again."""
    again = {"to": checked_ref(ref), "relation": "recurrence of"}
    return data | {"links": [*(each for each in data.get("links", []) if each != again), again]}
