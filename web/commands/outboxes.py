"""What the commands of both outboxes share: which rows are meant, and how sending goes in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from web.commands import open_repository, operator
from web.commands.printing import iso, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from kb.outbox import Outbox
    from kb.people.audit import Origin

NUMBERS = click.argument("numbers", nargs=-1, type=click.IntRange(1, 2**31 - 1))


def each(
    verb: Callable[[Session, Origin, int], Any], numbers_of: Callable[[Session, str], Sequence[int]],
    numbers: Sequence[int], of_state: str, what: str,
) -> int:  # fmt: skip
    """Does it with the rows that are numbered, or with all in a state; returns with how many."""
    from kb.people.audit import Origin

    if bool(numbers) == bool(of_state):
        raise click.UsageError(f"Name the {what} by their numbers, or say --all.")
    _, database = open_repository()
    with database.write_aside() as session:
        chosen = numbers or numbers_of(session, of_state)
        for number in chosen:
            verb(session, Origin(operator()), number)
    return len(chosen)


def sentence(outbox: Outbox, what: str, told: str, late: str) -> str:
    """How sending goes: how many are in each state, when the last went, and what stands in the way."""
    counts = ", ".join(f"{count:,} {state}" for state, count in outbox.counts.items())
    overdue = f" {outbox.overdue:,} should {late} by now." if outbox.overdue else ""
    problem = f" {outbox.problem}" if outbox.problem else ""
    return f"{what}: {counts}. Last {told} (UTC): {moment(outbox.last_sent)}.{overdue}{problem}"


def as_json(view: object) -> dict[str, object]:
    """A row for programs."""
    return vars(view) | {name: iso(getattr(view, name)) for name in ("created_at", "due_at", "sent_at")}
