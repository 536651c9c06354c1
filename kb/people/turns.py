"""Changes of people wait for each other: what one of them checked still holds when it commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_PEOPLE = 0x70656F706C65  # "people", for pg_advisory_xact_lock


def await_turn(session: Session) -> None:
    """Returns when no other transaction is changing people; the turn ends with this transaction.

    Without it two administrators who disable each other at once would both see the other one left, and
    two who invite the same person would both make the account. On SQLite writers queue anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_PEOPLE)))
