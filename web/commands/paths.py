"""precedent path steps, decide, suggest, links, export, import, cmi5."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.errors import NotFound
from web.commands import noted, open_repository
from web.commands.desk import acting, begin
from web.commands.printing import print_columns, print_json
from web.commands.taking import write

if TYPE_CHECKING:
    from kb.database import Database
    from kb.learning.keeping import Worn
    from kb.learning.packaging import Package
    from kb.people.audit import Origin

_FORCE = click.option("--force", is_flag=True, help="Replace the file if it is there.")
_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
def path() -> None:
    """Keep learning paths alive, take them away as files, and bring them back.

    \b
    Examples:
      precedent path steps
      precedent path decide P-0001 L-0002 adopt
      precedent path suggest P-0001
      precedent path export P-0001 contracting.md
      precedent path import contracting.md --as tina@example.org
      precedent path cmi5 P-0001 contracting.zip
    """


@path.command()
@acting
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def steps(email: str, *, as_json: bool) -> None:
    """Print the steps whose entry has changed since it was pinned, is replaced, or is gone, and those whose
    link was not reached.

    \b
    Example:
      precedent path steps --json
    """
    from kb.learning.keeping import worn_steps
    from kb.people.reader import reader_of

    database, who = begin(email)
    with database.read() as session:
        found = worn_steps(session, who.person, reader_of(who.person))
    if as_json:
        print_json("steps", [vars(each) for each in found])
    elif found:
        rows = [(each.path, each.step, _what(each), each.title) for each in found]
        print_columns(("PATH", "STEP", "WHAT HAPPENED", "TITLE"), rows)
    else:
        click.echo("No step waits for a decision.")


def _what(worn: Worn) -> str:
    if worn.why == "changed":
        return f"pinned at {worn.pinned}, {worn.current} stands"
    if worn.why == "unreached":
        return f"{worn.address} not reached"
    return f"replaced by {worn.by}" if worn.why == "replaced" else "gone"


@path.command()
@click.argument("ref")
@click.argument("step")
@click.argument("decision", type=click.Choice(["adopt", "keep", "replace"]))
@click.option("--by", default="", help="The entry that takes its place; of a link, also another address.")
@click.option("--current", type=click.IntRange(1), default=None, help="Only if this revision still stands.")
@acting
def decide(ref: str, step: str, decision: str, by: str, current: int | None, email: str) -> None:
    """Decide about a step of a path whose entry has changed, or whose link was not reached.

    `adopt` pins the revision that stands, `replace` takes another entry or address: both write a draft of the
    path. `keep` leaves the step, and is remembered until the entry changes, or the link fails, again.

    \b
    Examples:
      precedent path decide P-0001 L-0002 adopt --as tom@example.org
      precedent path decide P-0001 L-0003 replace --by L-0007
      precedent path decide P-0001 L-0002 keep --current 4
      precedent path decide P-0001 W-0123456789 replace --by https://www.example.org/page
    """
    from kb.learning.deciding import Decision, as_target
    from kb.learning.deciding import decide as decide_on
    from kb.validation import validate

    database, who = begin(email)
    said = {"decision": decision, "current": current} | ({"by": as_target(by)} if by else {})
    done = decide_on(database, who, ref.upper(), step.upper(), validate(Decision, said))
    if done.draft is None:
        click.echo(f"{done.step} stays in {done.path} as it is.")
    else:
        click.echo(f"Revision {done.draft} of {done.path}, a draft, says so: `precedent submit` it.")


@path.command()
@click.argument("ref")
@acting
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def suggest(ref: str, email: str, *, as_json: bool) -> None:
    """Print material that fits a path and is not in it, and lessons that recur and are on no path.

    \b
    Example:
      precedent path suggest P-0001
    """
    from kb.people.reader import reader_of
    from search.material import suggest as suggest_for
    from web.commands.finding import open_engine

    database, who = begin(email)
    stored = _stored(database, who, ref.upper())
    found = suggest_for(database, open_engine()[2], stored, ref.upper(), reader_of(who.person))
    material = [(hit.entry.ref, hit.entry.kind, hit.entry.title) for hit in found.material]
    recurring = [(each.ref, f"learned {each.times} times", each.title) for each in found.recurring]
    if as_json:
        listed = [dict(zip(("ref", "why", "title"), each, strict=True)) for each in (*material, *recurring)]
        print_json("suggestions", listed)
    elif rows := [*material, *recurring]:
        print_columns(("ENTRY", "WHY", "TITLE"), rows)
    else:
        click.echo("Nothing more fits it.")


@path.command()
@click.argument("ref")
@_FILE
@_FORCE
def export(ref: str, file: Path, *, force: bool) -> None:
    """Write a path as one Markdown file that people can read and edit.

    \b
    Example:
      precedent path export P-0001 contracting.md
    """
    from kb.learning.path_files import path_as_text
    from kb.reading import OPERATOR

    _check_free(file, force)
    _, database = open_repository()
    with database.read() as session:
        text = path_as_text(session, ref.upper(), OPERATOR)
    write(file, text.encode())
    click.echo(f"Wrote {ref.upper()} to {file}.")


@path.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--revise", is_flag=True, help="Make the next revision of the path that the file names.")
@acting
def bring(file: Path, email: str, *, revise: bool) -> None:
    """Make a draft of the path that a Markdown file says.

    \b
    Examples:
      precedent path import contracting.md
      precedent path import contracting.md --revise --as tina@example.org
    """
    from kb.learning.path_files import bring_path

    database, who = begin(email)
    saved = bring_path(database, who, file.read_bytes(), revises=revise)
    click.echo(f"{saved.ref} is a draft, revision {saved.number}.")


@path.command()
@click.argument("ref")
@_FILE
@_FORCE
def cmi5(ref: str, file: Path, *, force: bool) -> None:
    """Write a path as a cmi5 package, for learning systems.

    What is restricted to some goes into it too: mind who gets the file.

    \b
    Example:
      precedent path cmi5 P-0001 contracting.zip
    """
    _check_free(file, force)
    made = _package(ref.upper())
    write(file, made.data)
    left = f"; {made.left_out:,} left out, which are not published" if made.left_out else ""
    click.echo(
        f"Wrote {ref.upper()} with {made.units:,} {'step' if made.units == 1 else 'steps'} to {file}{left}."
    )


def _package(ref: str) -> Package:
    from kb.learning.packaging import make_package
    from kb.reading import OPERATOR
    from kb.rendering import Renderer

    settings, database = open_repository()
    with closing(Renderer(database)) as renderer:
        _, made = make_package(database, renderer, ref, OPERATOR, settings.base_url)
    noted(database, "take path as package", ref, units=made.units, left_out=made.left_out)
    return made


def _check_free(file: Path, force: bool) -> None:
    if file.exists() and not force:
        raise click.UsageError(f"{file} is there already; add --force to replace it.")


@path.command()
@click.argument("ref")
@click.option("--check", is_flag=True, help="Ask each of them now.")
@acting
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def links(ref: str, email: str, *, check: bool, as_json: bool) -> None:
    """Print the links of a path's steps, and whether they answered when they were last checked.

    They are the steps that lead elsewhere, and the links of training. Only hosts that PRECEDENT_LINK_HOSTS
    names are asked.

    \b
    Examples:
      precedent path links P-0001
      precedent path links P-0001 --check
    """
    from kb.config import Settings
    from kb.learning.step_links import links_of
    from kb.people.reader import reader_of
    from kb.steps import stored_steps
    from web.link_checks import check_links

    database, who = begin(email)
    steps = stored_steps(_stored(database, who, ref.upper()))
    if check:
        found = check_links(database, who, Settings.from_env().link_hosts, steps)
    else:
        with database.read() as session:
            found = links_of(session, steps, reader_of(who.person))
    if as_json:
        print_json("links", [vars(each) for each in found])
    elif found:
        words = {None: "not checked", True: "reached", False: "not reached"}
        rows = [(each.step, words[each.is_reached], each.address, each.said) for each in found]
        print_columns(("STEP", "LINK", "ADDRESS", "WHAT IT SAID"), rows)
    else:
        click.echo("None of its steps has a link.")


def _stored(database: Database, who: Origin, ref: str) -> dict[str, Any]:
    """The path in the person's own draft, where there is one, else as published. Raises NotFound."""
    from kb.desk.lines import start_of_edit

    with database.read() as session:
        case = start_of_edit(session, who.person, ref)
        if case is None or case.revision.entry.kind != "path":
            raise NotFound(f"There is no path {ref}.")
        return dict(case.revision.content)
