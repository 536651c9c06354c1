"""precedent load, export, migrate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.kinds import KINDS
from web.commands import index_now, index_sentence, open_repository, progress_bar

if TYPE_CHECKING:
    from kb.loading import LoadReport

_SHOWN = 200
"""Problems printed one by one; a file of the wrong kind has thousands."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "form", type=click.Choice(["markdown", "jsonl", "csv", "llis"]), default=None,
              help="Format of the files; told by their endings otherwise.")  # fmt: skip
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default=None,
    help="Kind of records that state none; CSV rows are projects otherwise.",
)
@click.option("--delimiter", default=",", show_default=True, help="Delimiter of CSV files.")
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of CSV files, such as cp1252.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@click.option("--no-index", is_flag=True, help="Leave indexing to `precedent sync` or a running server.")
def load(
    paths: tuple[Path, ...], form: str | None, kind: str | None, delimiter: str, encoding: str, *,
    dry_run: bool, no_index: bool,
) -> None:  # fmt: skip
    """Load records: Markdown files or folders, JSONL, CSV, or NASA's lessons.

    Loading the same files again changes nothing. A broken record is named with file, line and
    field, the rest is loaded, and the exit status is 1.

    \b
    Examples:
      precedent load lessons/ projects.csv
      precedent load --dry-run --delimiter ';' --encoding cp1252 register.csv
      precedent load --format llis lessons.jsonl
    """
    from kb.formats import LoadOptions
    from kb.loading import load as load_files

    options = LoadOptions(format=form, kind=kind, delimiter=delimiter, encoding=encoding, dry_run=dry_run)
    settings, database = open_repository()
    with progress_bar("B", "Loading", scale=True) as progress:
        report = load_files(database, paths, options, progress)
    _print(report)
    if not (dry_run or no_index):
        click.echo(index_sentence(index_now(settings, database)))
    sys.exit(report.exit_status)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def export(folder: Path) -> None:
    """Write every entry, with its history, as Markdown and CSV.

    Loading the folder into an empty repository gives an identical one.

    \b
    Example:
      precedent export backup/2026-11
    """
    from kb.exporting import export as export_all

    _, database = open_repository()
    with progress_bar("revisions", "Exporting") as progress:
        report = export_all(database, folder, progress)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in report.kinds.items()) or "no entries"
    click.echo(f"Wrote {kinds} ({report.revisions:,} revisions) to {report.folder}.")


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
    counts = f"{report.created:,} created, {report.updated:,} updated, {report.unchanged:,} unchanged"
    click.echo(f"{would}{counts}, {report.failed:,} failed.")
    if report.vocabulary:
        groups = ", ".join(f"{count:,} {outcome}" for outcome, count in report.vocabulary.items())
        click.echo(f"{would}Vocabulary: {groups}.")
