"""precedent doctor."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(*, as_json: bool) -> None:
    """Check settings, rights, disk, encoder, database and index. Exit status 1 when something is wrong.

    Nothing is changed. The index is compared with the database, and its vectors with both.

    \b
    Examples:
      precedent doctor
      precedent doctor --json
    """
    from web.diagnosis import diagnose

    found = []
    for check in diagnose():
        found.append(check)
        if not as_json:
            verdict = click.style("ok   ", fg="green") if check.ok else click.style("WRONG", fg="red")
            click.echo(f"{verdict}  {check.name:9}  {check.detail}")
    good = all(check.ok for check in found)
    if as_json:
        click.echo(json.dumps({"ok": good, "checks": [asdict(check) for check in found]}, ensure_ascii=False))
    sys.exit(0 if good else 1)
