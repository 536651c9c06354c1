"""precedent copies list, show, keep, drop."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kb.errors import KbError
from web.commands.desk import begin, content_of
from web.commands.printing import iso, moment, print_columns, print_json

_PLACE = click.argument("place")
_AS = click.option("--as", "email", required=True, help="Whose copies, by e-mail.")
_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def copies() -> None:
    """See what a person has typed into the editor and not saved, keep more of it, and drop it.

    PLACE is an entry's id or, for a new entry, `new:` and its kind.

    \b
    Examples:
      precedent copies list --as anna@example.org
      precedent copies show new:lesson --as anna@example.org
    """


@copies.command("list")
@_AS
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(email: str, *, as_json: bool) -> None:
    """Print what a person has typed and not saved, latest first.

    \b
    Example:
      precedent copies list --as anna@example.org
    """
    from kb.desk.copies import own_copies

    database, who = begin(email)
    with database.read() as session:
        found = own_copies(session, who.person)
    if as_json:
        print_json("copies", [
            {"place": each.place, "kind": each.kind, "title": each.title, "base": each.typed.base,
             "saved_at": iso(each.saved_at)}
            for each in found
        ])  # fmt: skip
    elif found:
        rows = [(each.place, moment(each.saved_at), each.kind, each.title) for each in found]
        print_columns(("PLACE", "KEPT (UTC)", "KIND", "TITLE"), rows)
    else:
        click.echo("There is none.")


@copies.command()
@_PLACE
@_AS
def show(place: str, email: str) -> None:
    """Print what a person has typed there, as JSON: it may break the rules of its kind.

    \b
    Example:
      precedent copies show L-0001 --as anna@example.org
    """
    from kb.desk.copies import find, place_of

    database, who = begin(email)
    with database.read() as session:
        found = find(session, who.person, place_of(place))
    if found is None:
        raise _nothing(place)
    said = {"place": found.place, "kind": found.kind, "saved_at": iso(found.saved_at)}
    click.echo(json.dumps(said | vars(found.typed), ensure_ascii=False, indent=2))


@copies.command()
@_PLACE
@_FILE
@_AS
@click.option(
    "--base", type=click.IntRange(min=0), default=0, help="The revision that the file goes on from."
)
@click.option("--note", default="", help="What is changed, in a sentence.")
def keep(place: str, file: Path, email: str, base: int, note: str) -> None:
    """Keep a Markdown file for the editor, where its person finds it. Nothing is saved as a draft.

    \b
    Example:
      precedent copies keep new:lesson lesson.md --as anna@example.org
    """
    from kb.content import to_json
    from kb.desk.copies import Typed, keep_of_kind, place_of

    database, who = begin(email)
    at = place_of(place)
    kind, content = content_of(file)
    keep_of_kind(database, who.person, at, kind, Typed(to_json(content), base, note=note))
    click.echo(f"What {file} says is kept at {at}.")


@copies.command()
@_PLACE
@_AS
def drop(place: str, email: str) -> None:
    """Drop what a person has typed there. What was saved as a draft stays.

    \b
    Example:
      precedent copies drop new:lesson --as anna@example.org
    """
    from kb.desk.copies import drop as drop_copy
    from kb.desk.copies import place_of

    database, who = begin(email)
    if not drop_copy(database, who.person, place_of(place)):
        raise _nothing(place)
    click.echo(f"What was typed at {place_of(place)} is dropped.")


def _nothing(place: str) -> KbError:
    return KbError(f"Nothing of theirs is typed and unsaved at {place}.")
