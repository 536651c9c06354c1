"""precedent attach: files of an entry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.errors import KbError
from web.commands.desk import acting, begin
from web.commands.printing import print_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.attachments.reading import AttachmentView
    from kb.attachments.removing import RemovedView


@click.command()
@click.argument("ref")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--remove", metavar="NAME", default="", help="Take this file away instead, by its name.")
@click.option("--restore", metavar="NAME", default="", help="Bring back this file that was taken away.")
@click.option("--delete", metavar="NAME", default="", help="Delete for good this file that was taken away.")
@acting
def attach(ref: str, file: Path | None, remove: str, restore: str, delete: str, email: str) -> None:
    """Attach a file to an entry; without a file, list what is attached and what was taken away.

    \b
    Examples:
      precedent attach L-0001 report.docx
      precedent attach L-0001
      precedent attach L-0001 --remove report.docx
      precedent attach L-0001 --restore report.docx
    """
    from kb.attachments import attaching, removing

    database, who = begin(email)
    ref = ref.upper()
    if sum(bool(each) for each in (file, remove, restore, delete)) > 1:
        raise KbError("Name a file to attach, or one to remove, restore or delete, not both.")
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
        removed = removing.removed_files(session, who.person, ref)
    if remove:
        name = removing.detach(database, who, ref, _named(files, remove, f"{ref} has", "attached"))
        click.echo(f"{name} is no longer attached to {ref}. `--restore` brings it back.")
    elif restore:
        digest = _named(removed, restore, f"From {ref} was taken away", "taken away")
        click.echo(f"{removing.bring_back(database, who, ref, digest).name} is attached to {ref} again.")
    elif delete:
        digest = _named(removed, delete, f"From {ref} was taken away", "taken away")
        click.echo(f"{removing.erase(database, who, ref, digest)} is deleted for good.")
    else:
        _print(ref, files, removed)


def _named(files: Sequence[AttachmentView | RemovedView], name: str, begin_words: str, what: str) -> str:
    """The digest of the one file of that name or digest. Raises KbError."""
    named = [each for each in files if name in {each.name, each.digest}]
    if len(named) == 1:
        return named[0].digest
    held = ", ".join(each.name for each in files) or "nothing"
    few = "several files" if named else "no file"
    raise KbError(f"{begin_words} {few} of that name; {what}: {held}.")


def _print(ref: str, files: Sequence[AttachmentView], removed: Sequence[RemovedView]) -> None:
    if files:
        rows = [[each.name, each.media, f"{each.size:,}", each.digest[:12]] for each in files]
        print_columns(["file", "kind", "bytes", "digest"], rows)
    else:
        click.echo(f"Nothing is attached to {ref}.")
    if removed:
        gone = [[each.name, each.media, f"{each.size:,}", f"{each.kept_until:%Y-%m-%d}"] for each in removed]
        print_columns(["taken away", "kind", "bytes", "kept until"], gone)
