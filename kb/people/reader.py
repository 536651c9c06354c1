"""A person as far as reading needs to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.config import MASK_BELOW
from kb.people.roles import VISITOR, can
from kb.reading import Reader
from kb.visibility import PERSON, ROLE

if TYPE_CHECKING:
    from kb.people.roles import Person


def reader_of(person: Person, mask_below: int = MASK_BELOW) -> Reader:
    """What the person may read. Who looks through the eyes of a role or a visitor reads as they do.

    `mask_below` is how many similar projects let a masked source be shown.
    """
    if not person.is_known or person.view_as == VISITOR:
        return Reader(mask_below=mask_below)
    named = {f"{ROLE}{role}" for role in person.seen_roles}
    if person.id is not None and person.view_as is None:
        named.add(f"{PERSON}{person.id}")
    return Reader(
        signed_in=True,
        principals=frozenset(named),
        sees_all=can(person, "see restricted"),
        sees_authors=can(person, "see authors"),
        mask_below=mask_below,
    )
