"""precedent document, fill."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import click

from kb.kinds import KINDS
from web.commands import open_repository, operator

if TYPE_CHECKING:
    from kb.documents.conversion import Form
    from web.taking import FileForm, Taken, Wanted

FORMS = ("md", "docx", "pdf", "csv", "xlsx")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("refs", nargs=-1)
@click.option("--search", "query", default="", help="Entries that this search finds, in place of ids.")
@click.option(
    "--kind", type=click.Choice(list(KINDS)), multiple=True, help="Only entries of this kind (repeatable)."
)
@click.option("--report", is_flag=True, help="A report of the lessons among them, for people who decide.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def document(
    file: Path, refs: tuple[str, ...], query: str, kind: tuple[str, ...], *, report: bool, force: bool
) -> None:
    """Write entries to a file: Markdown, Word, PDF, or a table as CSV or XLSX, by the file's ending.

    \b
    Examples:
      precedent document L-0001.docx L-0001
      precedent document lessons.xlsx --kind lesson
      precedent document permits.pdf --search "permits late" --report
    """
    from search.query import Filter
    from search.results import SearchRequest
    from web.taking import Wanted

    form = _checked_form(file)
    if refs and (query or kind):
        raise click.UsageError("Name ids, or say what to search for; not both.")
    if file.exists() and not force:
        raise click.UsageError(f"{file} is there already; add --force to replace it.")
    request = SearchRequest(query, tuple(Filter("kind", name) for name in kind))
    taken = _take(file, Wanted(form, tuple(ref.upper() for ref in refs), request, report))
    rest = f" of {taken.total:,}" if taken.count < taken.total else ""
    click.echo(f"Wrote {taken.count:,}{rest} {'entry' if taken.count == 1 else 'entries'} to {file}.")


@click.command()
@click.argument("ref")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--set", "pairs", multiple=True, metavar="NAME=TEXT", help="What goes into a field (repeatable)."
)
@click.option(
    "--from", "values", type=click.File(encoding="utf-8"), help="JSON file of texts by the fields' names."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def fill(ref: str, file: Path, pairs: tuple[str, ...], values: IO[str] | None, *, force: bool) -> None:
    """Fill in a template and write the document: Markdown, Word or PDF, by the file's ending.

    \b
    Examples:
      precedent fill T-0002 case.docx --set "sponsor=Director of resident services"
      precedent fill T-0002 case.pdf --from case.json
    """
    form = file.suffix.lower().removeprefix(".")
    if form not in FORMS[:3]:
        raise click.UsageError(f"{file.name} does not say what to write; end it in .md, .docx or .pdf.")
    if file.exists() and not force:
        raise click.UsageError(f"{file} is there already; add --force to replace it.")
    given = _values(pairs, values)
    write(file, _filled(ref.upper(), given, cast("Form", form)))
    click.echo(
        f"Wrote {ref.upper()} with {len(given):,} {'field' if len(given) == 1 else 'fields'} to {file}."
    )


def _values(pairs: tuple[str, ...], file: IO[str] | None) -> dict[str, str]:
    given: dict[str, str] = {}
    if file is not None:
        try:
            found = json.load(file)
        except ValueError as error:
            raise click.UsageError(f"{file.name} is no JSON: {error}.") from None
        if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
            raise click.UsageError(f'{file.name} must hold texts by name, such as {{"sponsor": "Director"}}.')
        given |= found
    for pair in pairs:
        name, is_pair, text = pair.partition("=")
        if not is_pair:
            raise click.UsageError(f"--set takes NAME=TEXT, not {pair}.")
        given[name.strip()] = text
    return given


def _filled(ref: str, values: dict[str, str], form: Form) -> bytes:
    from kb.documents.filling import fill as fill_in
    from kb.documents.making import setting_for
    from kb.reading import OPERATOR, get_entry
    from kb.rendering import Renderer

    settings, database = open_repository()
    with database.read() as session:
        view = get_entry(session, ref, OPERATOR)
    with closing(Renderer(database)) as renderer:
        setting = setting_for(database, renderer, OPERATOR, [view], settings.base_url)
        return fill_in(view, values, setting, form)


def _checked_form(file: Path) -> FileForm:
    form = file.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise click.UsageError(f"{file.name} does not say what to write; end it in .{', .'.join(FORMS)}.")
    return cast("FileForm", form)


def _take(file: Path, wanted: Wanted) -> Taken:
    """Makes the file and writes it; that stands in the audit log."""
    from kb.people.audit import Origin, audited
    from kb.reading import OPERATOR
    from kb.rendering import Renderer
    from search.engine import open_engine
    from web.taking import Source, take_away

    settings, database = open_repository()
    today = datetime.now().astimezone().date()
    with closing(Renderer(database)) as renderer:
        engine = open_engine(settings, database)
        source = Source(database, renderer, engine, OPERATOR, settings.base_url, today)
        with audited(database, Origin(operator()), "take document", file.name) as act:
            taken = take_away(source, wanted)
            act.detail |= {"entries": taken.count, "report": wanted.is_report}
            write(file, taken.data)
    return taken


def write(file: Path, data: bytes) -> None:
    """Writes all or nothing. Raises KbError."""
    from kb.errors import KbError

    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise KbError(f"{file} cannot be written: {error.strerror}.") from None
