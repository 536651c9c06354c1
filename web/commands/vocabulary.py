"""precedent vocabulary list, add, change, remove, load, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.errors import KbError
from web.commands import login_name, open_repository, operator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kb.people.audit import Origin
    from kb.vocabulary import Changes, Group

_KIND = click.Choice(["acronym", "synonyms"])
_NAMED = 20
"""Groups that are named one by one in a question."""


@click.group()
def vocabulary() -> None:
    """See and change the terms that mean the same to a search.

    A group is an acronym and its long forms, or synonyms. Searches see a change at once.

    \b
    Examples:
      precedent vocabulary list supplier
      precedent vocabulary add UAT "user acceptance testing" --kind acronym
      precedent vocabulary change supplier --add vendor
      precedent vocabulary load --dry-run vocabulary.csv
    """


def _author(command: Callable[..., None]) -> Callable[..., None]:
    text = "Who changes it; the login name otherwise."
    return click.option("--author", default=lambda: login_name() or "command line", help=text)(command)


def _yes(question: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option("--yes", is_flag=True, help=f"{question} without asking.")


@vocabulary.command("list")
@click.argument("words", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(words: tuple[str, ...], *, as_json: bool) -> None:
    """Print the groups, or those that hold some words.

    \b
    Examples:
      precedent vocabulary list
      precedent vocabulary list acceptance --json
    """
    from kb.vocabulary import list_groups, matching

    _, database = open_repository()
    with database.read() as session:
        groups = matching(list_groups(session), " ".join(words))
    if as_json:
        click.echo(json.dumps({"groups": [_as_json(group) for group in groups]}, ensure_ascii=False))
    elif groups:
        click.echo("\n".join(_line(group) for group in groups))
    else:
        click.echo("No group has these words." if words else "The vocabulary is empty.")


@vocabulary.command()
@click.argument("terms", nargs=-1, required=True)
@click.option("--kind", type=_KIND, default="synonyms", show_default=True)
@click.option("--note", default="", help="What a curator should know.")
@_author
def add(terms: tuple[str, ...], kind: str, note: str, author: str) -> None:
    """Add a group of terms. Of an acronym the short form comes first.

    \b
    Examples:
      precedent vocabulary add go-live cut-over cutover
      precedent vocabulary add RAID "risks, assumptions, issues and dependencies" --kind acronym
    """
    from kb import curating

    text = _text(kind, terms, note)
    _, database = open_repository()
    group = curating.add(database, _origin(), text, author=author)
    click.echo(f"Added: {_line(group)}")


@vocabulary.command()
@click.argument("term")
@click.option("--add", "added", multiple=True, help="A further term (repeatable).")
@click.option("--drop", "dropped", multiple=True, help="A term to take out (repeatable).")
@click.option("--kind", type=_KIND, default=None, help="Say what kind of group it is.")
@click.option("--note", default=None, help="Another note; an empty one takes it away.")
@_author
def change(
    term: str,
    added: tuple[str, ...],
    dropped: tuple[str, ...],
    kind: str | None,
    note: str | None,
    author: str,
) -> None:
    """Change the group that has TERM.

    \b
    Examples:
      precedent vocabulary change supplier --add vendor --drop provider
      precedent vocabulary change UAT --note "Run by the business, not by the supplier"
    """
    from kb import curating
    from kb.vocabulary import find_group

    _, database = open_repository()
    with database.read() as session:
        group = find_group(session, term)
    terms = [*_without(group, dropped), *added]
    text = _text(kind or group.kind, terms, group.note if note is None else note)
    changed = curating.change(database, _origin(), group.id, text, version=group.version, author=author)
    click.echo(f"{'Unchanged' if changed == group else 'Changed'}: {_line(changed)}")


@vocabulary.command()
@click.argument("term")
@_yes("Remove")
def remove(term: str, *, yes: bool) -> None:
    """Remove the group that has TERM, with all its terms.

    \b
    Example:
      precedent vocabulary remove vendor
    """
    from kb import curating
    from kb.vocabulary import find_group

    _, database = open_repository()
    with database.read() as session:
        group = find_group(session, term)
    if not yes:
        click.confirm(f"Remove the group {group}?", abort=True)
    curating.remove(database, _origin(), group.id, version=group.version)
    click.echo(f"Removed: {_line(group)}")


@vocabulary.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--delimiter", default=",", show_default=True, help="Delimiter of the file.")
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the file, such as cp1252.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@_yes("Remove the groups that the file lacks")
@_author
def load(file: Path, delimiter: str, encoding: str, author: str, *, dry_run: bool, yes: bool) -> None:
    """Make the vocabulary what a CSV file says: columns kind, terms (with | between them) and note.

    Groups that the file lacks are removed. When a line is wrong, nothing is changed.

    \b
    Examples:
      precedent vocabulary load --dry-run vocabulary.csv
      precedent vocabulary load --delimiter ';' --encoding cp1252 vocabulary.csv
    """
    from kb import curating
    from kb.formats import LoadOptions
    from kb.vocabulary_loading import read_file

    options = LoadOptions(delimiter=delimiter, encoding=encoding)
    _, database = open_repository()
    groups = read_file(file, options)
    changes = curating.preview(database, _origin(), groups)
    if not dry_run:
        if changes.removed and not yes:
            click.confirm(f"Remove {_names(changes.removals)}?", abort=True)
        agreed = changes.removals
        changes = curating.load(database, _origin(), groups, removing=agreed, author=author)
    click.echo(f"{'Would have: ' if dry_run else ''}{_sentence(changes)}")


@vocabulary.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_yes("Replace the file")
def export(file: Path, *, yes: bool) -> None:
    """Write the vocabulary as a CSV file, to be edited and loaded again.

    \b
    Example:
      precedent vocabulary export vocabulary.csv
    """
    from kb.formats.vocabulary import write
    from kb.vocabulary import list_groups

    _, database = open_repository()
    with database.read() as session:
        groups = list_groups(session)
    if file.exists() and not yes:
        click.confirm(f"{file} exists. Replace it?", abort=True)
    try:
        file.write_text(write(groups, history=False), encoding="utf-8", newline="")
    except OSError as error:
        raise KbError(f"{file} cannot be written: {error.strerror}.") from None
    click.echo(f"Wrote {_count(groups)} to {file}.")


def _origin() -> Origin:
    """Who acts, for the audit log."""
    from kb.people.audit import Origin

    return Origin(operator())


def _text(kind: str, terms: Sequence[str], note: str) -> Any:
    from kb.validation import validate
    from kb.vocabulary_text import GroupText

    return validate(GroupText, {"kind": kind, "terms": list(terms), "note": note})


def _without(group: Group, dropped: tuple[str, ...]) -> list[str]:
    """The group's terms but those dropped. Raises KbError for one that it has not."""
    from kb.vocabulary_text import term_key

    keys = {term_key(term): term for term in dropped}
    kept = [term for term in group.terms if keys.pop(term_key(term), None) is None]
    if keys:
        raise KbError(f"The group {group} has no term {', '.join(keys.values())}.")
    return kept


def _line(group: Group) -> str:
    return f"{group}  ({group.kind})" + (f"  {group.note}" if group.note else "")


def _as_json(group: Group) -> dict[str, Any]:
    head = {"kind": group.kind, "terms": list(group.terms), "note": group.note, "version": group.version}
    return head | {"author": group.author, "changed_at": group.changed_at.isoformat()}


def _sentence(changes: Changes) -> str:
    return (
        f"{len(changes.created):,} created, {len(changes.updated):,} updated, "
        f"{len(changes.removed):,} removed, {len(changes.unchanged):,} unchanged."
    )


def _names(names: list[str]) -> str:
    more = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{_count(names)}: {shown}"


def _count(groups: Sequence[object]) -> str:
    return f"{len(groups):,} {'group' if len(groups) == 1 else 'groups'}"
