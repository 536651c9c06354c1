"""When a key holds: neither expired nor from a future that a changed clock left behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kb.people.errors import KeyRefused

SKEW = timedelta(minutes=5)
"""How far clocks of servers of one repository may differ."""


def now() -> datetime:
    """This moment, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def check_time(what: str, created: datetime, expires: datetime, again: str, at: datetime) -> None:
    """Raises KeyRefused unless the key holds at that moment. `again` says what to do."""
    if at >= expires:
        raise KeyRefused(f"This {what} has expired. {again}")
    if created > at + SKEW:
        raise KeyRefused(f"This {what} was made at a time that has not come yet: the clock changed. {again}")
