"""precedent audit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.errors import KbError
from web.commands import open_repository, operating
from web.commands.printing import moment, print_columns, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from kb.people.audit import AuditFilter
    from kb.people.model import AuditLine
    from web.audit_files import Form

_FILE = click.Path(dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--person", default="", help="A part of the name, or # and a person's number.")
@click.option("--action", default="", help="What was done, such as 'sign in'.")
@click.option("--object", "thing", default="", help="A part of what it was done to.")
@click.option("--outcome", type=click.Choice(["done", "refused"]), default=None)
@click.option("--since", type=_DAY, default=None, help="First day, in UTC.")
@click.option("--until", type=_DAY, default=None, help="Last day, in UTC.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "table", type=_FILE, default=None,
              help="Write all lines that fit to this new file instead, oldest first.")  # fmt: skip
@click.option("--jsonl", "objects", type=_FILE, default=None,
              help="The same, as an object of JSON for each line.")  # fmt: skip
def audit(
    person: str, action: str, thing: str, outcome: str | None, since: datetime | None, until: datetime | None,
    limit: int, *, table: Path | None, objects: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Print the audit log, newest first: who did or tried what. Reading it is a line of it too.

    \b
    Examples:
      precedent audit --outcome refused --since 2026-03-01
      precedent audit --person bea --action "sign in" --limit 10
      precedent audit --since 2026-01-01 --until 2026-12-31 --csv audit-2026.csv
      precedent audit --action "sign in" --outcome refused --jsonl refused.jsonl
    """
    from kb.people.audit import AuditFilter

    if since and until and until < since:
        raise click.UsageError("--until must not be before --since.")
    days = (since.date() if since else None, until.date() if until else None)
    wanted = AuditFilter(person.strip(), action, thing, outcome or "", *days)
    if table is not None and objects is not None:
        raise click.UsageError("Take one file at a time: --csv or --jsonl.")
    if table is not None:
        _write(wanted, table, "csv")
    elif objects is not None:
        _write(wanted, objects, "jsonl")
    else:
        _print(wanted, limit, as_json=as_json)


def _print(wanted: AuditFilter, limit: int, *, as_json: bool) -> None:
    from kb.people.audit import find
    from web.audit_files import as_object

    with operating("read audit log") as now:
        total, lines = find(now.session, wanted, 0, limit)
        now.act.detail |= {"lines": len(lines), "filter": wanted.given}
        if as_json:
            rows = [as_object(line) for line in lines]
        else:
            columns = [_line(line) for line in lines]
    if as_json:
        print_json("lines", rows)
    elif columns:
        print_columns(("TIME (UTC)", "PERSON", "ACTION", "OBJECT", "OUTCOME", "DETAILS"), columns)
        if total > limit:
            click.echo(f"{total - limit:,} older lines are not shown: --limit shows more.", err=True)
    else:
        click.echo("No line is like that.")


def _write(wanted: AuditFilter, file: Path, form: Form) -> None:
    from kb.people.audit import every
    from web.audit_files import write_lines

    _, database = open_repository()
    try:
        file.touch(mode=0o600, exist_ok=False)  # what the log says is not for everybody on this machine
        with file.open("wb") as opened:
            count = write_lines(opened, form, every(database, wanted))
    except FileExistsError:
        raise KbError(f"{file} exists. Nothing was written; name a new file.") from None
    except OSError as error:
        raise KbError(f"{file} cannot be written: {error.strerror}.") from None
    try:
        with operating("export audit log", form) as now:
            now.act.detail |= {"lines": count, "filter": wanted.given}
    except KbError:
        file.unlink()  # nobody takes the log without a line about it
        raise
    click.echo(f"Wrote {count:,} {'line' if count == 1 else 'lines'} to {file}.")


def _line(line: AuditLine) -> tuple[object, ...]:
    from web.audit_views import detail_line

    return moment(line.at), line.person, line.action, line.object, line.outcome, detail_line(line.detail)
