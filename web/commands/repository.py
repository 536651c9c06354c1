"""precedent load, export, migrate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from kb.formats import LoadOptions
from kb.kinds import KINDS
from web.commands import (
    index_now,
    index_sentence,
    index_writer,
    noted,
    open_repository,
    operator,
    progress_bar,
)
from web.commands.documents import Choices, documents_among, load_documents, parse_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.load_report import LoadReport
    from web.commands.importing import ByMapping

_SHOWN = 200
"""Problems printed one by one; a file of the wrong kind has thousands."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "form", default=None,
              type=click.Choice(["markdown", "jsonl", "csv", "llis", "document"]),
              help="Format of the files; told by their endings otherwise.")  # fmt: skip
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default=None,
    help="Kind of records that state none; CSV rows are projects otherwise.",
)
@click.option("--delimiter", default=",", show_default=True, help="Delimiter of CSV files.")
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of CSV files, such as cp1252.")
@click.option(
    "--map",
    "mapping",
    metavar="FILE|NAME",
    help="What the columns of a table of projects are: a file, or a mapping that is kept.",
)
@click.option("--propose-map", is_flag=True, help="Print a mapping of the table, to be edited; load nothing.")
@click.option("--save-map", metavar="NAME", help="Keep the mapping under this name.")
@click.option("--all-or-nothing", is_flag=True, help="Load no row of a table with a mapping if one is wrong.")
@click.option("--as", "shape", type=click.Choice(["review", "lessons", "template", "training"]), default=None,
              help="What a document becomes; guessed otherwise.")  # fmt: skip
@click.option("--put", "pairs", multiple=True, metavar="NAME=PLACE",
              help="Where a heading or column of a document goes: Observation=happened.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@click.option("--no-index", is_flag=True, help="Leave indexing to `precedent sync` or a running server.")
@click.pass_context
def load(
    context: click.Context, paths: tuple[Path, ...], *, form: str | None, kind: str | None, delimiter: str,
    encoding: str, mapping: str | None, save_map: str | None, shape: str | None, pairs: tuple[str, ...],
    propose_map: bool, all_or_nothing: bool, dry_run: bool, no_index: bool,
) -> None:  # fmt: skip
    """Load records: Markdown files or folders, JSONL, CSV, NASA's lessons, or any table of projects.

    Loading the same files again changes nothing. A broken record is named with file, line and
    field, the rest is loaded, and the exit status is 1.

    Documents (.docx, .pptx, .xlsx, .pdf, .html, and with --format document also .md and .csv) become
    drafts, with the original attached; --dry-run shows where each section would go.

    \b
    Examples:
      precedent load lessons/ projects.csv
      precedent load --dry-run --delimiter ';' --encoding cp1252 register.csv
      precedent load --format llis lessons.jsonl
      precedent load --propose-map finished.xlsx > finished.json
      precedent load --map finished.json finished.xlsx
      precedent load --dry-run closing-report.docx
      precedent load log.xlsx --put Thema=title --put "Was tun=recommendation"
    """
    from web.commands.importing import ByMapping, propose_mapping

    is_said = context.get_parameter_source("delimiter") is not ParameterSource.DEFAULT
    if propose_map:
        propose_mapping(paths, delimiter if is_said else None, encoding)
        return
    documents = [] if mapping else documents_among(paths, is_said=form == "document")
    records = [path for path in paths if path not in documents]
    failed = load_documents(documents, Choices(shape, parse_pairs(pairs)), dry_run=dry_run)
    if not records:
        sys.exit(1 if failed else 0)
    form = None if form == "document" else form
    options = LoadOptions(format=form, kind=kind, delimiter=delimiter, encoding=encoding, dry_run=dry_run)
    by = ByMapping(mapping, save_map, all_or_nothing, delimiter if is_said else None) if mapping else None
    report = _load_records(records, options, by, index=not (dry_run or no_index))
    sys.exit(1 if failed else report.exit_status)


def _load_records(
    paths: Sequence[Path], options: LoadOptions, by: ByMapping | None, *, index: bool
) -> LoadReport:
    from kb.loading import load as load_files
    from web.commands.importing import load_by_mapping

    settings, database = open_repository()
    if by:
        report = load_by_mapping(database, paths, by, options)
    else:
        with progress_bar("B", "Loading", scale=True) as progress:
            report = load_files(database, paths, options, progress)
        if not options.dry_run:
            names = ", ".join(path.name or str(path.resolve()) for path in paths)
            noted(database, "load records", names, **report.counts)
    _print(report)
    if index:
        click.echo(index_sentence(index_now(index_writer(settings, database))))
    return report


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def export(folder: Path) -> None:
    """Write every entry, with its history, as Markdown and CSV, and the figures that curators changed.

    Loading the folder into an empty repository gives an identical one.

    \b
    Example:
      precedent export backup/2026-11
    """
    from kb.exporting import export as export_all

    _, database = open_repository()
    with progress_bar("revisions", "Exporting") as progress:
        report = export_all(database, folder, progress)
    entries = sum(report.kinds.values())
    noted(database, "export repository", str(report.folder), entries=entries, revisions=report.revisions)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in report.kinds.items()) or "no entries"
    figures = f" and {report.figures:,} changed figures" if report.figures else ""
    click.echo(f"Wrote {kinds} ({report.revisions:,} revisions){figures} to {report.folder}.")


@click.command()
@click.argument("ref")
@click.argument("level", type=click.Choice(["public", "signed-in", "restricted"]))
@click.option(
    "--to", "readers", multiple=True, help="role:NAME or person:E-MAIL who may see it (repeatable)."
)
@click.option(
    "--mask/--no-mask", default=None, help="Withhold which project a lesson comes from, or no longer."
)
def visibility(ref: str, level: str, readers: tuple[str, ...], *, mask: bool | None) -> None:
    """Say who may see an entry: everybody, people who have signed in, or those named with --to.

    \b
    Examples:
      precedent visibility L-0001 public
      precedent visibility L-0026 restricted --to role:estimator --to "role:project manager"
    """
    from kb.masking import told_in_texts
    from kb.people.audit import Origin
    from kb.reading import OPERATOR
    from kb.showing import in_words, show_to

    _, database = open_repository()
    ref = ref.upper()
    show_to(database, Origin(operator()), ref, level, readers, mask_source=mask)
    with database.read() as session:
        click.echo(f"{ref} is visible to {in_words(session, ref)}.")
        told = told_in_texts(session, ref, OPERATOR)
    if told:
        click.echo(f"The words of {', '.join(told)} link it with where it comes from: edit them.", err=True)


@click.command()
def migrate() -> None:
    """Bring the database to this version's schema. Every command does this by itself.

    \b
    Example:
      precedent migrate
    """
    _, database = open_repository()
    click.echo(f"The database has schema version {database.version()}.")


def _print(report: LoadReport) -> None:
    for notice in report.notices[:_SHOWN]:
        click.echo(f"note: {notice}", err=True)
    for problem in report.problems[:_SHOWN]:
        click.echo(f"error: {problem}", err=True)
    for name, found in (("notes", report.notices), ("errors", report.problems)):
        if len(found) > _SHOWN:
            click.echo(f"... and {len(found) - _SHOWN:,} further {name}", err=True)
    would = "Would have: " if report.dry_run else ""
    if report.is_taken_back:
        click.echo("Nothing was loaded: all rows were to be loaded or none.")
    counts = f"{report.created:,} created, {report.updated:,} updated, {report.unchanged:,} unchanged"
    click.echo(f"{would}{counts}, {report.failed:,} failed.")
    for what, outcomes in (("Vocabulary", report.vocabulary), ("Reference tables", report.figures)):
        if outcomes:
            words = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.items())
            click.echo(f"{would}{what}: {words}.")
