"""Rate limits, kept in the database so that several processes share them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kb.people.errors import TooMany
from kb.people.model import Allowance
from kb.people.secrets import hashed

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

KEPT_WINDOWS = 2
KEPT_SECONDS = 3_600
"""So long after its stretch of time a row is kept: clocks of several servers differ."""


@dataclass(frozen=True)
class Limit:
    """At most so many times in a stretch of time."""

    what: str
    most: int
    seconds: int
    words: str
    """What a person reads who reached it."""

    def window(self, moment: float) -> int:
        """The number of the stretch that the moment lies in."""
        return int(moment // self.seconds)

    def end(self, window: int) -> int:
        """When that stretch of time is over, in seconds since 1970."""
        return (window + 1) * self.seconds

    def wait(self, moment: float) -> int:
        """Seconds until the next stretch begins."""
        return self.seconds - int(moment % self.seconds)

    def reached(self, moment: float) -> TooMany:
        """The error that says so, and how long to wait."""
        wait = self.wait(moment)
        return TooMany(
            f"{self.words} Wait {wait} {'second' if wait == 1 else 'seconds'}, then try again.", wait
        )


LOGIN_OF_ACCOUNT = Limit("sign in account", 100, 900, "Too many attempts for this account.")
"""From all addresses together. So that nobody locks others out of their account from a single address,
fewer are allowed from one.
"""
LOGIN_OF_BOTH = Limit("sign in both", 10, 900, "Too many attempts for this account.")
"""For one account from one address."""
LOGIN_OF_ADDRESS = Limit("sign in address", 60, 900, "Too many attempts from this address.")
SIGN_IN_BEGUN = Limit("begin sign in", 600, 900, "Too many sign-ins were begun from this address.")
PROXIED = Limit("proxied", 120, 900, "Too many sessions were begun for you: let your browser keep cookies.")
LINK_OF_ADDRESS = Limit("link address", 60, 900, "Too many attempts from this address.")
KEY_OF_ADDRESS = Limit("key address", 120, 900, "Too many keys that do not work came from this address.")
REFUSALS = Limit("refusals", 300, 900, "Too much that is not allowed was tried.")
"""Of a person, or an address: each is a line in the log that somebody has to read."""
LAST_LINE = Limit("last line", 1, 900, "")
SEARCH_OF_PERSON = Limit("search person", 600, 60, "Too many searches in a minute.")
EXPORT_OF_PERSON = Limit("export person", 30, 900, "Too many files in a short time.")
CONVERSION_OF_PERSON = Limit("conversion person", 120, 900, "Too many files in a short time.")
CONVERSION_OF_ADDRESS = Limit(
    "conversion address", 120, 900, "Too many files from this address in a short time."
)
LINKS_OF_PERSON = Limit("links person", 20, 900, "Links were checked many times in a short time.")
IMPORT_OF_PERSON = Limit("import person", 30, 900, "Too many documents in a short time.")
PICTURE_OF_PERSON = Limit("picture person", 120, 900, "Too many pictures in a short time.")
SEARCH_OF_ADDRESS = Limit("search address", 1200, 60, "Too many searches in a minute from this address.")
"""The settings say how many: `Settings.visitor_searches`."""


def take(session: Session, limit: Limit, whom: str, amount: int = 1, moment: float | None = None) -> int:
    """Takes up to `amount` of what is left; returns how much that is. Raises TooMany when nothing is."""
    moment = time.time() if moment is None else moment
    key, window = hashed(f"{limit.what}\0{whom.lower()}"), limit.window(moment)
    mine = (Allowance.key == key) & (Allowance.window == window)
    # The row is made, or met, before it is read and locked: two who come at once must not both be first.
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(Allowance)
    row = insert.values(key=key, window=window, used=0, until=limit.end(window)).on_conflict_do_nothing()
    if session.scalar(row.returning(Allowance.key)) is not None:
        old = Allowance.window <= window - KEPT_WINDOWS
        session.execute(delete(Allowance).where(Allowance.key == key, old))
    used = session.scalars(select(Allowance.used).where(mine).with_for_update()).one()
    granted = min(amount, limit.most - used)
    if granted <= 0:
        raise limit.reached(moment)
    session.execute(update(Allowance).where(mine).values(used=Allowance.used + granted))
    return granted


def give_back_all(session: Session, limit: Limit, whom: str) -> None:
    """Forgets what was used, as after a sign-in that succeeded."""
    session.execute(delete(Allowance).where(Allowance.key == hashed(f"{limit.what}\0{whom.lower()}")))


def forget_used(session: Session, moment: float | None = None) -> int:
    """Deletes what counts no longer, also of keys that nobody uses any more. Returns how many rows."""
    over = int(time.time() if moment is None else moment) - KEPT_SECONDS
    return session.execute(delete(Allowance).where(Allowance.until < over)).rowcount  # type: ignore[attr-defined, no-any-return]
