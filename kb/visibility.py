"""Who may see an entry: everybody, who has signed in, or named roles and people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.editing import find_entry
from kb.errors import InvalidRecord
from kb.model import VISIBILITIES, Audience, Entry
from kb.people.model import User
from kb.people.roles import ROLES
from kb.validation import Problem, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from kb.meta import Meta

RESTRICTED = "restricted"
ROLE, PERSON = "role:", "person:"
UNNAMED = "a restricted entry names who may see it, such as role:estimator or person:anna@example.org"
UNRESTRICTED = "only an entry with visibility restricted names its readers; restrict it or remove them"
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def audiences(session: Session) -> dict[int, tuple[str, ...]]:
    """Who may see each restricted entry, by the entry's number, in a fixed order."""
    found: dict[int, list[str]] = {}
    for entry_id, principal in session.execute(select(Audience.entry_id, Audience.principal)):
        found.setdefault(entry_id, []).append(principal)
    return {entry_id: tuple(sorted(named)) for entry_id, named in found.items()}


def readers_of(session: Session, refs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Who may see those of the entries that are restricted, by the entry's id."""
    found: dict[str, tuple[str, ...]] = {}
    if refs:
        query = select(Entry.ref, Audience.principal).join(Audience, Audience.entry_id == Entry.id)
        for ref, principal in session.execute(query.where(Entry.ref.in_(refs)).order_by(Audience.principal)):
            found[ref] = (*found.get(ref, ()), principal)
    return found


def principals_named(session: Session) -> frozenset[str]:
    """Every role and person that some entry is restricted to; see `kb.reading.Reader.among`."""
    return frozenset(session.scalars(select(Audience.principal).distinct()))


def set_visibility(session: Session, ref: str, visibility: str, readers: Iterable[str] = ()) -> Entry:
    """From now on the entry is for these. `readers` are as files state them: `role:estimator`,
    `person:anna@example.org`.

    Raises NotFound, and InvalidRecord for a restricted entry without readers, readers of another one,
    a role or person that is not known.
    """
    if visibility not in VISIBILITIES:
        known = ", ".join(VISIBILITIES)
        raise InvalidRecord([Problem("visibility", f"must be one of {known}, not {shorten(visibility)}")])
    stated = list(dict.fromkeys(readers))
    if problem := mismatch(visibility, stated):
        raise InvalidRecord([problem])
    entry = find_entry(session, ref)
    _set(session, entry, visibility, principals(session, stated))
    return entry


def mismatch(visibility: str, readers: Sequence[str]) -> Problem | None:
    """What is wrong with naming these readers under this visibility."""
    if (visibility == RESTRICTED) == bool(readers):
        return None
    return Problem("readers", UNRESTRICTED if readers else UNNAMED)


def take_visibility(session: Session, entry: Entry, meta: Meta) -> bool:
    """Sets what a record states of it; says whether anything changed. Raises InvalidRecord."""
    if "visibility" not in meta.model_fields_set:
        return False
    return _set(session, entry, meta.visibility, principals(session, meta.readers))


def _set(session: Session, entry: Entry, visibility: str, wanted: Sequence[str]) -> bool:
    held = {each.principal: each for each in entry.readers}
    if entry.visibility == visibility and held.keys() == set(wanted):
        return False
    entry.visibility = visibility
    entry.readers = [held.get(name) or Audience(principal=name) for name in wanted]
    session.flush()
    return True


def checked_reader(stated: str) -> str:
    """A reader as a file may state it. Raises ValueError saying what is wrong with its form."""
    name, _, value = stated.partition(":")
    value = value.strip()
    if name == "role" and value in ROLES:
        return f"{ROLE}{value}"
    if name == "role":
        raise ValueError(f"is not a role: {shorten(value)}; roles are {', '.join(ROLES)}")
    if name == "person" and ("@" in value or _NUMBER.fullmatch(value)):
        return f"{PERSON}{value.lower()}"
    raise ValueError(f"must be role:NAME or person:E-MAIL, not {shorten(stated)}")


def principals(session: Session, readers: Iterable[str]) -> list[str]:
    """What is stored of the readers that a file states: of people their number instead of the e-mail.

    Raises InvalidRecord naming each that is not known.
    """
    found, problems = [], []
    for place, stated in enumerate(readers, 1):
        try:
            found.append(_principal(session, checked_reader(stated)))
        except ValueError as error:
            problems.append(Problem(f"readers.{place}", str(error)))
    if problems:
        raise InvalidRecord(problems)
    return sorted(set(found))


def _principal(session: Session, reader: str) -> str:
    if reader.startswith(ROLE):
        return reader
    who = reader.removeprefix(PERSON)
    is_number = User.id == int(who) if _NUMBER.fullmatch(who) else User.email == who
    number = session.scalar(select(User.id).where(is_number))
    if number is None:
        raise ValueError(f"nobody here has the account {shorten(who)}; invite them first, or name a role")
    return f"{PERSON}{number}"


def stated_readers(session: Session, stored: Iterable[str]) -> list[str]:
    """The readers as files state them; of somebody whose account is gone the number stays."""
    names = list(stored)
    people = _people(session, names)
    return [f"{PERSON}{people[name].email}" if name in people else name for name in names]


def all_stated_readers(session: Session) -> dict[int, list[str]]:
    """The readers of every restricted entry as files state them, by the entry's number."""
    stored = audiences(session)
    names = sorted(set().union(*stored.values()))
    stated = dict(zip(names, stated_readers(session, names), strict=True))
    return {entry_id: sorted(stated[name] for name in held) for entry_id, held in stored.items()}


def readers_in_words(session: Session, stored: Iterable[str]) -> list[str]:
    """The readers as a page names them: `estimators`, `Anna Berg`."""
    names = list(stored)
    people = _people(session, names)
    roles = [f"{name.removeprefix(ROLE)}s" for name in names if name.startswith(ROLE)]
    return roles + [
        people[name].name if name in people else "somebody without an account"
        for name in names
        if name.startswith(PERSON)
    ]


def _people(session: Session, stored: Sequence[str]) -> dict[str, User]:
    numbers = [int(name.removeprefix(PERSON)) for name in stored if name.startswith(PERSON)]
    if not numbers:
        return {}
    return {f"{PERSON}{user.id}": user for user in session.scalars(select(User).where(User.id.in_(numbers)))}
