"""Whose a session or token is, and that it is in use."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from kb.errors import DatabaseUnavailable
from kb.people import sessions, tokens
from kb.people.clock import now
from web.services import services

if TYPE_CHECKING:
    from kb.config import Settings
    from kb.people.roles import Person

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Holder:
    """Whom a cookie or token opens the door to."""

    person: Person
    method: str
    is_stale: bool
    """Whether it has not been noted for a while that it is in use."""


def lifetimes(settings: Settings) -> sessions.Lifetimes:
    """How long sessions last here."""
    return sessions.Lifetimes(timedelta(hours=settings.idle_hours), timedelta(hours=settings.session_hours))


def of_cookie(cookie: str) -> Holder:
    """Whose session that is. Raises KeyRefused."""
    with services().database.read() as session:
        row = sessions.resume_session(session, cookie, lifetimes(services().settings))
        return Holder(sessions.person_of(row), row.method, now() - row.seen_at >= sessions.TOUCH)


def of_token(secret: str) -> Holder:
    """Whose token that is. Raises KeyRefused."""
    with services().database.read() as session:
        token = tokens.resolve_token(session, secret)
        is_stale = token.used_at is None or now() - token.used_at >= tokens.TOUCH
        return Holder(tokens.person_of(token), "token", is_stale)


def note_use(held: Holder) -> None:
    """Notes that session or token is in use, if it is time, unless that takes long or fails: reading must
    not.
    """
    if not held.is_stale:
        return

    try:
        with services().database.write_cache() as session:
            if held.person.token_id is not None:
                tokens.touch_token(session, held.person.token_id)
            elif held.person.session_id is not None:
                sessions.touch_session(session, held.person.session_id)
    except DatabaseUnavailable as error:
        logger.warning("that somebody is here was not noted: %s", error)
