"""precedent bulk archive, verify, assign, tag, untag, list, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from web.commands.desk import acting, begin
from web.commands.printing import print_columns

if TYPE_CHECKING:
    from collections.abc import Callable

_DRY = "Say what would change, and change nothing."


@click.group()
def bulk() -> None:
    """Change many entries at once, and undo it within days.

    \b
    Examples:
      precedent bulk archive L-0003 L-0007 --reason "The law has changed" --dry-run
      precedent bulk tag procurement L-0003 L-0007
      precedent bulk undo 12
    """


def _common(command: Callable[..., None]) -> Callable[..., None]:
    ids = click.argument("refs", nargs=-1, required=True)
    return ids(click.option("--dry-run", is_flag=True, help=_DRY)(acting(command)))


@bulk.command()
@_common
@click.option("--reason", default="", help="Why, for the log.")
def archive(refs: tuple[str, ...], email: str, reason: str, *, dry_run: bool) -> None:
    """Take entries out of the readers' sight.

    \b
    Example:
      precedent bulk archive L-0003 L-0007 --reason "The law has changed"
    """
    _change(email, dry_run, action="archive", entries=refs, reason=reason)


@bulk.command()
@_common
def verify(refs: tuple[str, ...], email: str, *, dry_run: bool) -> None:
    """Vouch that entries still hold, as of today.

    \b
    Example:
      precedent bulk verify L-0003 L-0007 --as vic@example.org
    """
    _change(email, dry_run, action="verify", entries=refs)


@bulk.command()
@_common
@click.option("--to", default="", help="E-mail of who is to review them; nobody in particular otherwise.")
def assign(refs: tuple[str, ...], email: str, to: str, *, dry_run: bool) -> None:
    """Say who is to review what waits of entries.

    \b
    Example:
      precedent bulk assign L-0045 L-0046 --to vic@example.org
    """
    reviewer = begin(to)[1].person.id if to else None
    _change(email, dry_run, action="assign", entries=refs, reviewer=reviewer)


@bulk.command()
@click.argument("tag")
@_common
def tag(tag: str, refs: tuple[str, ...], email: str, *, dry_run: bool) -> None:
    """Add a tag.

    \b
    Example:
      precedent bulk tag procurement L-0003 L-0007
    """
    _change(email, dry_run, action="add tag", entries=refs, tag=tag)


@bulk.command()
@click.argument("tag")
@_common
def untag(tag: str, refs: tuple[str, ...], email: str, *, dry_run: bool) -> None:
    """Remove a tag.

    \b
    Example:
      precedent bulk untag procurement L-0003 L-0007
    """
    _change(email, dry_run, action="remove tag", entries=refs, tag=tag)


@bulk.command("list")
@acting
def list_(email: str) -> None:
    """Print the latest changes of many entries.

    \b
    Example:
      precedent bulk list
    """
    from kb.desk.bulk import changes

    database, who = begin(email)
    with database.read() as session:
        found = changes(session, who.person)
    rows = [
        (each.number, len(each.entries), each.words, each.author, each.at.date(), each.undone_by or "")
        for each in found
    ]
    if rows:
        print_columns(("NUMBER", "ENTRIES", "WHAT", "BY", "ON", "UNDONE BY"), rows)
    else:
        click.echo("No entries were changed together yet.")


@bulk.command()
@click.argument("number", type=click.IntRange(min=1))
@acting
def undo(number: int, email: str) -> None:
    """Give each entry back what it was, unless somebody has changed that since.

    \b
    Example:
      precedent bulk undo 12
    """
    from kb.desk.bulk import undo as take_back

    done = take_back(*begin(email), number)
    left = f" Changed since, and left as they are: {', '.join(done.left)}." if done.left else ""
    count = len(done.entries) - len(done.left)
    click.echo(f"Undone for {count:,} {'entry' if count == 1 else 'entries'}.{left}")


def _change(email: str, dry_run: bool, **said: Any) -> None:
    from kb.desk.bulk import Wanted, apply, plan
    from kb.validation import validate

    wanted = validate(Wanted, said | {"entries": [ref.upper() for ref in said["entries"]]})
    database, who = begin(email)
    planned = plan(database, who, wanted)
    for each in planned.entries:
        click.echo(f"{each.ref}  {each.title}: {each.change}")
    for left in planned.left_out:
        click.echo(f"{left.ref}  stays as it is: {left.why}", err=True)
    if dry_run:
        return
    done = apply(database, who, wanted, planned.fingerprint)
    count = f"{len(done.entries):,} {'entry' if len(done.entries) == 1 else 'entries'}"
    click.echo(f"{count} {done.words}; `precedent bulk undo {done.number}` takes it back.")
