"""Who may see an entry, decided by somebody: allowed, done and noted in one transaction."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.editing import find_entry
from kb.errors import InvalidRecord, KbError
from kb.people.audit import note
from kb.people.model import User
from kb.people.roles import permissions_of, require
from kb.validation import Problem
from kb.visibility import (
    PERSON,
    RESTRICTED,
    ROLE,
    readers_in_words,
    readers_of,
    set_visibility,
    stated_readers,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin

SET = "set visibility"
EVERYBODY, SIGNED_IN = "everybody", "people who have signed in"


@dataclass(frozen=True)
class Showing:
    """Who may see an entry, and whether it keeps to itself which project it comes from."""

    visibility: str
    readers: tuple[str, ...] = ()
    """As files state them: `role:estimator`, `person:anna@example.org`."""
    mask_source: bool = False

    @property
    def digest(self) -> str:
        """Changes when anything of it does."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Shown:
    """What a change made of it, or would make."""

    before: Showing
    after: Showing
    losing: tuple[str, ...] = ()
    """Who can no longer see the entry, in words."""


class ShowingChanged(KbError):
    """Somebody else decided first."""


def showing_of(session: Session, origin: Origin, ref: str) -> Showing:
    """Who may see the entry as it stands. Raises NotAllowed, NotFound."""
    require(origin.person, SET)
    return _showing(session, ref)


def show_to(
    database: Database,
    origin: Origin,
    ref: str,
    visibility: str,
    readers: Iterable[str] = (),
    *,
    mask_source: bool | None = None,
    was: str = "",
    is_trial: bool = False,
) -> Shown:
    """The entry is for these from now on; what was so already is no change. `was` is the digest of what
    whoever decides has seen; a trial says what would become of it and changes nothing.

    Raises NotAllowed, NotFound, ShowingChanged, and what `set_visibility` raises.
    """
    require(origin.person, SET)
    with database.write() as session:
        before = _showing(session, ref)
        entry = set_visibility(session, ref, visibility, readers)
        if mask_source and entry.kind != "lesson":
            problem = Problem("mask_source", f"is for lessons, and {ref} is a {entry.kind}")
            raise InvalidRecord([problem])
        if mask_source is not None:
            entry.mask_source = mask_source
        session.flush()
        shown = Shown(before, _showing(session, ref))
        if is_trial:
            shown = Shown(before, shown.after, tuple(_losing(session, before, shown.after)))
        if was and was != before.digest and shown.after != before:
            raise ShowingChanged("Somebody else decided who may see this entry while you did.")
        if is_trial or shown.after == before:
            session.rollback()  # no new change stamp either
            return shown
        note(
            session, origin, SET, ref, visibility=visibility, readers=list(shown.after.readers),
            masked=entry.mask_source, before=before.visibility,
        )  # fmt: skip
    return shown


def in_words(session: Session, ref: str) -> str:
    """Who may see the entry, as a sentence ends."""
    entry = find_entry(session, ref)
    if entry.visibility == RESTRICTED:
        return ", ".join(readers_in_words(session, readers_of(session, [ref]).get(ref, ())))
    return EVERYBODY if entry.visibility == "public" else SIGNED_IN


def _showing(session: Session, ref: str) -> Showing:
    entry = find_entry(session, ref)
    readers = stated_readers(session, readers_of(session, [ref]).get(ref, ()))
    return Showing(entry.visibility, tuple(sorted(readers)), entry.mask_source)


def _losing(session: Session, before: Showing, after: Showing) -> Iterable[str]:
    """Visitors, and those with an account, by name where they are few."""
    if before.visibility == "public" != after.visibility:
        yield "visitors who have not signed in"
    users = session.scalars(select(User).where(User.status == "active").order_by(User.name)).all()
    lost = [user.name for user in users if _sees(user, before) and not _sees(user, after)]
    most = 5
    named = lost if len(lost) <= most else [*lost[: most - 1], f"{len(lost) - most + 1:,} more people"]
    yield from named


def _sees(user: User, showing: Showing) -> bool:
    if showing.visibility != RESTRICTED or "see restricted" in permissions_of(user.roles):
        return True
    own = {f"{PERSON}{user.email}", *(f"{ROLE}{role}" for role in user.roles)}
    return bool(own & set(showing.readers))
