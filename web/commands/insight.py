"""precedent insight."""

from __future__ import annotations

import json

import click

from web.commands import open_repository
from web.commands.printing import print_columns


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the entries behind each figure.")
def insight(*, as_json: bool) -> None:
    """Print how many published entries need a hand, and in what.

    \b
    Examples:
      precedent insight
      precedent insight --json
    """
    from datetime import datetime

    from kb.insight.activity import opened_entries
    from kb.insight.health import MEASURES, health
    from kb.reading import OPERATOR

    _, database = open_repository()
    with database.read() as session:
        found = health(session, OPERATOR, datetime.now().astimezone().date(), opened_entries(session))
    if as_json:
        items = {name: [vars(item) for item in items] for name, items in found.items.items()}
        click.echo(json.dumps({"total": found.total, "items": items}, ensure_ascii=False))
        return
    rows = [(f"{found.count(name):,}", f"{found.share(name):.0%}", words) for name, words in MEASURES.items()]
    print_columns(("ENTRIES", "SHARE", f"OF {found.total:,} PUBLISHED"), rows)
