"""Working days: Monday to Friday; what an organisation keeps free besides is not known here."""

from __future__ import annotations

from datetime import date, timedelta

SATURDAY = 5


def add_working_days(day: date, count: int) -> date:
    """The day that many working days later."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < SATURDAY
    return day


def working_days_between(start: date, end: date) -> int:
    """How many working days have passed after `start`, up to `end`."""
    if end <= start:
        return 0
    weeks, rest = divmod((end - start).days, 7)
    days = (start + timedelta(days=weeks * 7 + each) for each in range(1, rest + 1))
    return weeks * SATURDAY + sum(day.weekday() < SATURDAY for day in days)
