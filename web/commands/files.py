"""precedent attach: files of an entry."""

from __future__ import annotations

from pathlib import Path

import click

from kb.errors import KbError
from web.commands.desk import acting, begin
from web.commands.printing import print_columns


@click.command()
@click.argument("ref")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--remove", metavar="NAME", default="", help="Take this file away instead, by its name.")
@acting
def attach(ref: str, file: Path | None, remove: str, email: str) -> None:
    """Attach a file to an entry; without a file, list what is attached.

    \b
    Examples:
      precedent attach L-0001 report.docx
      precedent attach L-0001
      precedent attach L-0001 --remove report.docx
    """
    from kb.attachments import attaching

    database, who = begin(email)
    ref = ref.upper()
    if file is not None and remove:
        raise KbError("Name a file to attach, or one to remove, not both.")
    if file is not None:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise KbError(f"{file} cannot be read: {error.strerror}") from None
        found = attaching.attach(database, who, ref, file.name, data)
        click.echo(f"{found.name} is attached to {ref}.")
        return
    with database.read() as session:
        files = attaching.files_of(session, who.person, ref)
    if remove:
        named = [each for each in files if remove in {each.name, each.digest}]
        if len(named) != 1:
            held = ", ".join(each.name for each in files) or "nothing"
            few = "several files" if named else "no file"
            raise KbError(f"{ref} has {few} of that name; attached: {held}.")
        click.echo(f"{attaching.detach(database, who, ref, named[0].digest)} is no longer attached to {ref}.")
    elif files:
        rows = [[each.name, each.media, f"{each.size:,}", each.digest[:12]] for each in files]
        print_columns(["file", "kind", "bytes", "digest"], rows)
    else:
        click.echo(f"Nothing is attached to {ref}.")
