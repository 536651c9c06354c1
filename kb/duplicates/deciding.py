"""Deciding about two entries that look alike: kept apart, or one a recurrence of the other or superseded.

Merging deletes nothing. A recurrence keeps its own text, date, project and impact, and says of which entry
it is one; what is superseded stays readable, and the entry in its place says so. Either is a link in a
typographic revision (`kb.retouching`) of the entry that states it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kb.content import Link
from kb.desk.superseding import published_entry, tell_superseded
from kb.duplicates.model import PairDecision
from kb.errors import KbError, NotAllowed, NotFound
from kb.linking import state_link, unstate_link
from kb.people.audit import note
from kb.people.clock import now
from kb.people.roles import require
from kb.strict import Strict
from kb.taxonomy.listing import TEND
from kb.text import Ref

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.model import Entry
    from kb.people.audit import Origin

Decision = Literal["apart", "recurrence", "superseded"]


class PairDecided(KbError):
    """Somebody has decided about the pair before."""


class Verdict(Strict):
    """What is decided: that `ref` and `other` are kept apart, or that `ref` stays and `other` recurs it or
    is superseded by it.
    """

    ref: Ref
    other: Ref
    decision: Decision


def decide(database: Database, origin: Origin, said: Verdict) -> PairDecision:
    """Remembers it, and states it in the entries where they are merged.

    Raises NotAllowed, NotFound, PairDecided, and EditConflict when somebody is at work on the entry that
    would have to say it.
    """
    require(origin.person, TEND)
    with database.write() as session:
        kept, other = (published_entry(session, origin, ref) for ref in (said.ref, said.other))
        if kept.id == other.id:
            raise NotAllowed("An entry is no duplicate of itself.")
        if _row(session, kept, other) is not None:
            raise PairDecided(f"Somebody has decided about {kept.ref} and {other.ref} already.")
        if said.decision != "apart":
            if kept.kind != other.kind:
                raise NotAllowed(f"A {kept.kind} and a {other.kind} cannot be merged: link one to the other.")
            _state(session, origin, kept, other, said.decision)
        first, second = sorted((kept.id, other.id))
        row = PairDecision(
            first_id=first, second_id=second, decision=said.decision, author=origin.person.name, at=now(),
            kept_id=None if said.decision == "apart" else kept.id,
        )  # fmt: skip
        session.add(row)
        named = f"{kept.ref}, {other.ref}"
        note(session, origin, "decide on duplicates", named, decision=said.decision)
        return row


def reconsider(database: Database, origin: Origin, ref: str, other: str) -> None:
    """Takes a decision back: the pair is listed again, and a link that it made is taken out.

    Raises NotAllowed, NotFound, and EditConflict when somebody is at work on the entry that says it.
    """
    require(origin.person, TEND)
    with database.write() as session:
        first, second = (published_entry(session, origin, each) for each in (ref, other))
        row = _row(session, first, second)
        if row is None:
            raise NotFound(f"Nothing has been decided about {ref} and {other}.")
        if row.kept_id is not None:
            kept, gone = (first, second) if row.kept_id == first.id else (second, first)
            _unstate(session, origin, kept, gone, row.decision)
        note(session, origin, "reconsider duplicates", f"{ref}, {other}", decision=row.decision)
        session.delete(row)


def _row(session: Session, one: Entry, other: Entry) -> PairDecision | None:
    return session.get(PairDecision, tuple(sorted((one.id, other.id))))


def _place(kept: Entry, other: Entry, decision: str) -> tuple[Entry, Link]:
    """The entry that states the link, and the link."""
    if decision == "recurrence":
        return other, Link(to=kept.ref, relation="recurrence of")
    return kept, Link(to=other.ref, relation="supersedes")


def _state(session: Session, origin: Origin, kept: Entry, other: Entry, decision: str) -> None:
    entry, link = _place(kept, other, decision)
    if state_link(session, entry, link, by=origin.person.name) and decision == "superseded":
        tell_superseded(session, origin, other, kept)


def _unstate(session: Session, origin: Origin, kept: Entry, other: Entry, decision: str) -> None:
    entry, link = _place(kept, other, decision)
    unstate_link(session, entry, link, by=origin.person.name)
