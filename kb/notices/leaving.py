"""Links in mails that end mails of a kind, without signing in (RFC 8058).

A link names a person, kinds of notices, and proof that we wrote it: HMAC (RFC 2104) by SHA-256 with a key
of this repository, over both and the e-mail address, cut to 128 bits. Whoever has the mail can use it, and
all it can change is how its person hears of those kinds. An address that passes to somebody else ends it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.disks import write_once
from kb.errors import NotAllowed
from kb.people.audit import note
from kb.people.model import User
from kb.people.secrets import same
from kb.people.texts import EVENTS, WAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sqlalchemy.orm import Session

    from kb.config import Settings
    from kb.database import Database
    from kb.people.audit import Origin

FILE = "mail-key"
PATH = "/unsubscribe"
NEVER = "never"
LONGEST_NUMBER = 9
"""Digits of a person's number in a link."""


class LinkRefused(NotAllowed):
    """A link of a mail that we did not write, or whose person has another address by now."""


@dataclass(frozen=True)
class Left:
    """How the person of a link hears of the kinds that it names."""

    ways: Mapping[str, str]
    """By kind, in the order of the kinds."""

    @property
    def is_over(self) -> bool:
        """Whether no mail of these kinds comes any more."""
        return set(self.ways.values()) == {NEVER}


def leave_address(settings: Settings, user_id: int, email: str, events: Iterable[str]) -> str:
    """The address that ends mails of these kinds to the person. Raises OSError where no key can be kept."""
    file = settings.home / FILE
    if not file.exists():
        write_once(file, secrets.token_urlsafe(32))
    named = "~".join(event.replace(" ", "-") for event in EVENTS if event in set(events))
    proof = _proof(file.read_text("utf-8"), user_id, email, named)
    return f"{settings.base_url}{PATH}?link={user_id}.{named}.{proof}"


def look(session: Session, home: Path, link: str) -> Left:
    """What the link is about, and how it stands. Raises LinkRefused."""
    user, events = _read(session, home, link)
    return _left(user, events)


def leave(database: Database, origin: Origin, home: Path, link: str) -> Left:
    """Ends mails of the kinds of the link; returns how they came before. Raises LinkRefused."""
    with database.write_aside() as session:
        user, events = _read(session, home, link, to_change=True)
        before = _left(user, events)
        _set(session, origin, user, dict.fromkeys(events, NEVER))
        return before


def return_to(database: Database, origin: Origin, home: Path, link: str, ways: Mapping[str, str]) -> None:
    """Lets mails of the kinds of the link come again; at once where no other way is said.

    Raises LinkRefused.
    """
    with database.write_aside() as session:
        user, events = _read(session, home, link, to_change=True)
        _set(session, origin, user, {event: _way(ways.get(event, "")) for event in events})


def _way(said: str) -> str:
    return said if said in WAYS and said != NEVER else WAYS[0]


def _left(user: User, events: Iterable[str]) -> Left:
    return Left({event: user.notices.get(event, WAYS[0]) for event in events})


def _set(session: Session, origin: Origin, user: User, ways: dict[str, str]) -> None:
    user.notices = {**user.notices, **ways}
    detail: dict[str, Any] = {event.replace(" ", "_"): way for event, way in ways.items()}
    note(session, origin, "choose mails by link", user.email, person=user.id, **detail)


def _read(session: Session, home: Path, link: str, *, to_change: bool = False) -> tuple[User, list[str]]:
    """Whose link it is, and of which kinds. Raises LinkRefused."""
    number, _, rest = link.partition(".")
    named, _, proof = rest.partition(".")
    is_number = number.isascii() and number.isdecimal() and len(number) <= LONGEST_NUMBER
    file, user = home / FILE, None
    if is_number and file.exists():
        user = session.get(User, int(number), with_for_update=to_change)
    if user is None or user.status != "active":
        raise _refused()
    if not same(proof, _proof(file.read_text("utf-8"), user.id, user.email, named)):
        raise _refused()
    events = [event for event in EVENTS if event.replace(" ", "-") in named.split("~")]
    return user, events


def _proof(key: str, user_id: int, email: str, named: str) -> str:
    said = f"{user_id}\0{email}\0{named}".encode("utf-8", "replace")
    found = hmac.digest(key.encode(), said, hashlib.sha256)
    return base64.urlsafe_b64encode(found[:16]).rstrip(b"=").decode()


def _refused() -> LinkRefused:
    return LinkRefused(
        "This link ends no mails: it is cut off, or your address is another one by now. "
        "Sign in and choose under your name what comes by mail."
    )
