"""precedent new, edit, submit, review, publish, refuse, archive, supersede, republish, verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.errors import KbError
from web.commands import open_repository, operator
from web.commands.colleagues import names_at_work, tell_others
from web.commands.printing import print_columns, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.content import Content
    from kb.database import Database
    from kb.people.audit import Origin

_AS = "Act as this person, by e-mail; the command line otherwise."


def acting(command: Callable[..., None]) -> Callable[..., None]:
    """The option that says who acts."""
    return click.option("--as", "email", default="", help=_AS)(command)


def begin(email: str) -> tuple[Database, Origin]:
    """The repository, and who acts: a person with their own rights, or whoever runs the command."""
    from sqlalchemy import select

    from kb.people.accounts import as_person
    from kb.people.audit import Origin
    from kb.people.model import User

    _, database = open_repository()
    if not email:
        return database, Origin(operator())
    with database.read() as session:
        user = session.scalar(select(User).where(User.email == email.lower(), User.status == "active"))
        if user is None:
            raise KbError(f"Nobody active here has the account {email}.")
        return database, Origin(as_person(user))


def content_of(file: Path, kind: str | None = None) -> tuple[str, Content]:
    """What a Markdown file says; what it says of itself, such as its state, is passed over."""
    from kb.formats import LoadOptions, RawRecord, markdown
    from kb.meta import Meta
    from kb.records import parse_record

    found = next(iter(markdown.read(file, LoadOptions(), "md:command")))
    if not isinstance(found, RawRecord):
        raise KbError(str(found))
    said = {
        name: value for name, value in found.data.items() if name not in Meta.model_fields or name == "id"
    }
    record = parse_record(said | ({"kind": kind} if kind and "kind" not in said else {}))
    return record.kind, record.content


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--anonymous", is_flag=True, help="Tell nobody but curators who wrote it.")
@acting
def new(file: Path, email: str, *, anonymous: bool) -> None:
    """Make a draft of a new entry from a Markdown file with front matter.

    \b
    Example:
      precedent new lesson.md --as anna@example.org
    """
    from kb.desk import writing

    database, who = begin(email)
    kind, content = content_of(file)
    saved = writing.create(database, who, kind, content, writing.Manner(anonymous))
    click.echo(f"{saved.ref} is a draft, revision {saved.number}.")


@click.command()
@click.argument("ref")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--base", type=click.IntRange(min=1), required=True, help="The revision that the file was made from."
)
@click.option("--note", default="", help="What was changed, in a sentence.")
@acting
def edit(ref: str, file: Path, base: int, note: str, email: str) -> None:
    """Make a draft of a change from a Markdown file. Where somebody else was first, nothing is written.

    \b
    Example:
      precedent edit L-0001 lesson.md --base 3 --note "New figures"
    """
    from kb.desk import writing

    database, who = begin(email)
    _, content = content_of(file)
    saved = writing.save(database, who, ref.upper(), content, base=base, manner=writing.Manner(note=note))
    click.echo(
        f"{saved.ref} has a draft, revision {saved.number}." if saved.is_new else "Nothing has changed."
    )
    tell_others(database, who, saved.ref)


@click.command()
@click.argument("ref")
@click.argument("number", type=click.IntRange(min=1))
@acting
def submit(ref: str, number: int, email: str) -> None:
    """Send a draft to review.

    \b
    Example:
      precedent submit L-0045 1 --as anna@example.org
    """
    from kb.clauses import deleted_clauses
    from kb.content import make_content
    from kb.desk import writing
    from kb.desk.access import find_case
    from kb.people.reader import reader_of

    database, origin = begin(email)
    with database.read() as session:
        found = find_case(session, origin.person, ref.upper(), number).revision
        content = make_content(found.entry.kind, found.content)
        deleted = deleted_clauses(session, ref.upper(), content, reader_of(origin.person))
    saved = writing.submit(database, origin, ref.upper(), number)
    for each in deleted:
        why = f"exists because of {each.because}, {each.title}, which still stands"
        click.echo(f"It leaves out “{each.clause}”, which {why}.", err=True)
    click.echo(f"{saved.ref}, revision {saved.number}, is {saved.state}.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@acting
def review(email: str, *, as_json: bool) -> None:
    """Print what waits for review, what should be decided first at the top.

    \b
    Examples:
      precedent review
      precedent review --json
    """
    from kb.desk.lists import queue
    from kb.desk.reviewing import today

    database, who = begin(email)
    with database.read() as session:
        items = queue(session, who.person, today())
        others = names_at_work(session, who.person, items)
    if as_json:
        print_json("revisions", [_as_json(item, names) for item, names in zip(items, others, strict=True)])
        return
    rows = [
        (item.view.ref, item.view.number, item.age, item.due_on, item.assignee or "nobody",
         ", ".join(names) or "nobody", item.view.title)
        for item, names in zip(items, others, strict=True)
    ]  # fmt: skip
    if rows:
        print_columns(
            ("ENTRY", "REVISION", "WORKING DAYS", "DECIDE BY", "REVIEWER", "ALSO AT WORK", "TITLE"), rows
        )
    else:
        click.echo("Nothing waits for review.")


@click.command()
@click.argument("ref")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--typographic", is_flag=True, help="The meaning is the same: the verification stands.")
@click.option("--verify", is_flag=True, help="Vouch that it holds, as of today.")
@acting
def publish(ref: str, number: int, email: str, *, typographic: bool, verify: bool) -> None:
    """Publish what is submitted. Author and approver are different people.

    \b
    Example:
      precedent publish L-0045 1 --verify --as cleo@example.org
    """
    from kb.desk import reviewing

    judgement = reviewing.Judgement(typographic, verify)
    saved = reviewing.publish(*begin(email), ref.upper(), number, judgement)
    click.echo(f"{saved.ref}, revision {saved.number}, is published.")


@click.command()
@click.argument("ref")
@click.argument("number", type=click.IntRange(min=1))
@click.argument("reason")
@click.option("--reject", is_flag=True, help="Reject it, in place of asking for changes.")
@acting
def refuse(ref: str, number: int, reason: str, email: str, *, reject: bool) -> None:
    """Send what is submitted back to its author, with the reason.

    \b
    Examples:
      precedent refuse L-0045 1 "Who is to do it?"
      precedent refuse L-0045 1 "It is L-0012 in other words" --reject
    """
    from kb.desk import reviewing

    to = reviewing.REJECTED if reject else reviewing.CHANGES
    saved = reviewing.refuse(*begin(email), ref.upper(), number, to=to, reason=reason)
    click.echo(f"{saved.ref}, revision {saved.number}: {saved.state}.")


@click.command()
@click.argument("ref")
@click.option("--reason", default="", help="Why, for the log.")
@acting
def archive(ref: str, reason: str, email: str) -> None:
    """Take an entry out of the readers' sight; `republish` brings it back.

    \b
    Example:
      precedent archive L-0045 --reason "The law has changed"
    """
    from kb.desk import reviewing

    saved = reviewing.archive(*begin(email), ref.upper(), reason=reason)
    click.echo(f"{saved.ref} is archived; `precedent republish {saved.ref} {saved.number}` brings it back.")


@click.command()
@click.argument("ref")
@click.argument("by")
@click.option("--reason", default="", help="Why, for those who built on it and for the log.")
@click.option("--undo", is_flag=True, help="Take it back.")
@acting
def supersede(ref: str, by: str, reason: str, email: str, *, undo: bool) -> None:
    """Let the entry BY stand in the place of REF, and tell those who built on REF.

    \b
    Examples:
      precedent supersede L-0045 L-0061 --reason "The law has changed"
      precedent supersede L-0045 L-0061 --undo
    """
    from kb.desk import superseding

    database, who = begin(email)
    if undo:
        superseding.reinstate(database, who, ref.upper(), by.upper())
        click.echo(f"{ref.upper()} is no longer superseded by {by.upper()}.")
        return
    done = superseding.supersede(database, who, ref.upper(), by.upper(), reason=reason)
    told = f"{done.told:,} {'person was' if done.told == 1 else 'people were'} told"
    click.echo(f"{done.ref} is superseded by {done.by}; {told}." if done.is_new else "It is so already.")


@click.command()
@click.argument("ref")
@click.argument("number", type=click.IntRange(min=1))
@acting
def republish(ref: str, number: int, email: str) -> None:
    """Publish the text of an earlier or archived revision again.

    \b
    Example:
      precedent republish L-0045 2
    """
    from kb.desk import reviewing

    saved = reviewing.restore(*begin(email), ref.upper(), number)
    click.echo(f"{saved.ref} shows the text of revision {number}, as revision {saved.number}.")


@click.command()
@click.argument("ref")
@acting
def verify(ref: str, email: str) -> None:
    """Vouch that what is published still holds, as of today.

    \b
    Example:
      precedent verify L-0001 --as vic@example.org
    """
    from kb.desk import reviewing

    reviewing.verify(*begin(email), ref.upper())
    click.echo(f"{ref.upper()} is verified as of today.")


def _as_json(item: Any, others: list[str]) -> dict[str, Any]:
    return {
        "id": item.view.ref, "revision": item.view.number, "title": item.view.title,
        "submitted_on": item.submitted_on, "working_days": item.age, "decide_by": item.due_on,
        "priority": item.priority, "reviewer": item.assignee, "others": others,
    }  # fmt: skip
