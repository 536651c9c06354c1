"""precedent path export, import, cmi5."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from web.commands import noted, open_repository
from web.commands.desk import acting, begin
from web.commands.taking import write

if TYPE_CHECKING:
    from kb.learning.packaging import Package

_FORCE = click.option("--force", is_flag=True, help="Replace the file if it is there.")
_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
def path() -> None:
    """Take learning paths away as files, and bring them back.

    \b
    Examples:
      precedent path export P-0001 contracting.md
      precedent path import contracting.md --as tina@example.org
      precedent path cmi5 P-0001 contracting.zip
    """


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
