"""precedent mentors."""

from __future__ import annotations

import click

from web.commands import open_repository, operator
from web.commands.printing import print_json


@click.command()
@click.argument("ref", required=False, default="")
@click.option("--search", "query", default="", help="What help is wanted with, in place of an entry.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def mentors(ref: str, query: str, *, as_json: bool) -> None:
    """Print who can help with an entry or a topic, and why.

    \b
    Examples:
      precedent mentors L-0001
      precedent mentors --search "permits late"
    """
    from kb.mentoring.finding import find_mentors
    from kb.reading import OPERATOR
    from search.engine import open_engine
    from search.mentors import topic_of_entry, topic_of_search

    if bool(ref) == bool(query):
        raise click.UsageError("Name an entry, or say --search; not both.")
    settings, database = open_repository()
    engine = open_engine(settings, database)
    with database.read() as session:
        if ref:
            topic = topic_of_entry(session, engine, ref.upper(), OPERATOR)
        else:
            topic = topic_of_search(engine, query, OPERATOR)
        found = find_mentors(session, operator(), OPERATOR, topic)
    if as_json:
        print_json("mentors", [vars(each) for each in found])
        return
    for each in found:
        click.echo(f"{each.name}: {'; '.join(each.reasons)}")
    if not found:
        click.echo("Nobody who may be named has written, led or named anything on this.")
