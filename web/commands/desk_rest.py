"""precedent drafts, advise, assign, comment, compare, discard, withdraw, reconsider."""

from __future__ import annotations

from pathlib import Path

import click

from web.commands.colleagues import names_at_work
from web.commands.desk import acting, begin, content_of
from web.commands.printing import iso, moment, print_columns, print_json

_ID, _NUMBER = click.argument("ref"), click.argument("number", type=click.IntRange(min=1))


@click.command()
@click.option("--as", "email", required=True, help="Whose drafts, by e-mail.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def drafts(email: str, *, as_json: bool) -> None:
    """Print what a person wrote and readers do not see yet, and who else is at work on the same entries.

    \b
    Example:
      precedent drafts --as anna@example.org
    """
    from kb.desk.lists import own_work
    from kb.desk.reviewing import today

    database, who = begin(email)
    with database.read() as session:
        items = own_work(session, who.person, today())
        others = names_at_work(session, who.person, items)
    rows = [
        (item.view.ref, item.view.number, item.view.state, moment(item.view.created_at),
         ", ".join(names) or "nobody", item.view.title)
        for item, names in zip(items, others, strict=True)
    ]  # fmt: skip
    if as_json:
        print_json("revisions", [
            {"id": item.view.ref, "revision": item.view.number, "state": item.view.state,
             "created_at": iso(item.view.created_at), "title": item.view.title, "others": names}
            for item, names in zip(items, others, strict=True)
        ])  # fmt: skip
    elif rows:
        print_columns(("ENTRY", "REVISION", "STATE", "WRITTEN (UTC)", "ALSO AT WORK", "TITLE"), rows)
    else:
        click.echo("There is none.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def advise(file: Path) -> None:
    """Say what would make a lesson easier to find, believe and follow, and which lessons it looks like.

    \b
    Example:
      precedent advise lesson.md
    """
    from sqlalchemy import select

    from kb.content import to_json
    from kb.desk.linter import advise as advice_on
    from kb.errors import KbError
    from kb.people.model import User
    from kb.reading import OPERATOR
    from kb.recurring import times_learned
    from kb.vocabulary import list_groups
    from search.alike import alike_among, request_for
    from web.commands import open_repository
    from web.commands.finding import open_engine

    kind, content = content_of(file)
    if kind != "lesson":
        raise KbError(f"There is advice on lessons only; {file} is a {kind}.")
    data = to_json(content)
    with open_repository()[1].read() as session:
        groups = list_groups(session)
        names = session.scalars(select(User.name).where(User.status == "active")).all()
    acronyms = {group.terms[0] for group in groups if group.kind == "acronym"}
    for each in advice_on(data, acronyms=acronyms, names=names):
        click.echo(f"{each.field}: {each.words}. {each.reason[:1].upper()}{each.reason[1:]}.")
    request = request_for(data)
    if request is not None:
        found = [hit.entry for hit in alike_among(open_engine()[2].search(request, OPERATOR), data, "")]
        with open_repository()[1].read() as session:
            learned = times_learned(session, [hit.ref for hit in found], OPERATOR)
        for lesson in found:
            times = f" (learned {learned[lesson.ref]} times)" if learned[lesson.ref] > 1 else ""
            click.echo(f"It looks like {lesson.ref}, {lesson.title}{times}: is yours the same again?")


@click.command()
@_ID
@_NUMBER
@click.option("--to", default="", help="E-mail of who is to review it; nobody in particular otherwise.")
@acting
def assign(ref: str, number: int, to: str, email: str) -> None:
    """Say who is to review what is submitted.

    \b
    Example:
      precedent assign L-0045 1 --to vic@example.org
    """
    from kb.desk import reviewing

    person = begin(to)[1].person if to else None
    reviewing.assign(*begin(email), ref.upper(), number, person.id if person else None)
    click.echo(
        f"{ref.upper()}, revision {number}, is to be reviewed by {person.name if person else 'anybody'}."
    )


@click.command()
@_ID
@_NUMBER
@click.argument("text")
@click.option("--field", default="", help="The field that it is about, such as recommendation.")
@acting
def comment(ref: str, number: int, text: str, field: str, email: str) -> None:
    """Say something in the margin of a revision.

    \b
    Example:
      precedent comment L-0045 1 "A role, please" --field recommendation --as vic@example.org
    """
    from kb.desk.comments import CommentText
    from kb.desk.comments import comment as say
    from kb.validation import validate

    said = validate(CommentText, {"text": text, "field": field})
    number_of_it = say(*begin(email), ref.upper(), number, said)
    click.echo(f"Comment {number_of_it} stands at {ref.upper()}, revision {number}.")


@click.command()
@_ID
@click.option("--old", type=click.IntRange(min=1), default=None, help="The earlier revision.")
@click.option("--new", type=click.IntRange(min=1), default=None, help="The later one; the newest otherwise.")
@acting
def compare(ref: str, old: int | None, new: int | None, email: str) -> None:
    """Print what two revisions of an entry say differently, field by field.

    \b
    Examples:
      precedent compare L-0001
      precedent compare L-0001 --old 1 --new 3
    """
    from kb.desk.comparing import compared

    database, who = begin(email)
    with database.read() as session:
        found = compared(session, who.person, ref.upper(), old, new)
    click.echo(f"{found.ref}: revision {found.old.number} and revision {found.new.number}")
    for each in found.fields:
        click.echo(f"\n{each.field}")
        for sign, words in (("-", each.old), ("+", each.new)):
            for line in words.split("\n") if words else ():
                click.echo(f"{sign} {line}")


@click.command()
@_ID
@_NUMBER
@acting
def discard(ref: str, number: int, email: str) -> None:
    """Discard a draft for good, and its entry where it holds nothing else.

    \b
    Example:
      precedent discard L-0045 2 --as anna@example.org
    """
    from kb.desk import writing

    writing.discard(*begin(email), ref.upper(), number)
    click.echo(f"Revision {number} of {ref.upper()} is gone.")


@click.command()
@_ID
@_NUMBER
@acting
def withdraw(ref: str, number: int, email: str) -> None:
    """Take back what is in review: it is a draft again.

    \b
    Example:
      precedent withdraw L-0045 1 --as anna@example.org
    """
    from kb.desk import writing

    saved = writing.withdraw(*begin(email), ref.upper(), number)
    click.echo(f"{saved.ref}, revision {saved.number}, is a draft again.")


@click.command()
@_ID
@_NUMBER
@acting
def reconsider(ref: str, number: int, email: str) -> None:
    """Bring what was sent back or rejected into review again.

    \b
    Example:
      precedent reconsider L-0045 1 --as cleo@example.org
    """
    from kb.desk import reviewing

    saved = reviewing.reconsider(*begin(email), ref.upper(), number)
    click.echo(f"{saved.ref}, revision {saved.number}, is {saved.state} again.")
