"""precedent backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.config import Settings
from web.commands import noted, operator, progress_bar

if TYPE_CHECKING:
    from kb.backups.archive import Manifest
    from kb.backups.restoring import RestoreReport

FIRST_WITH_LOG = "0003"
"""Version of the schema. A backup does not migrate the database that it is made of."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Write over FILE when it exists.")
def backup(file: Path, *, force: bool) -> None:
    """Write the whole repository to one file, verified. The server may go on working.

    It holds entries with their history, people, the audit log and the key that badges are signed with:
    keep it as safe as the database.

    \b
    Examples:
      precedent backup /backups/precedent-2026-11-26.backup
      precedent backup --force latest.backup
    """
    from kb.backups.making import back_up
    from kb.database import Database

    settings = Settings.from_env()
    with progress_bar("B", "Backing up", scale=True) as progress:
        report = back_up(settings.database_url, file, home=settings.home, force=force, told=progress)
    if report.manifest.schema_version >= FIRST_WITH_LOG:
        database, entries = Database(settings.database_url), report.manifest.counts.get("entries", 0)
        noted(database, "back up", str(report.file), bytes=report.size, entries=entries)
        database.dispose()
    size = report.size / 2**20
    click.echo(f"Wrote {report.file} ({size:.1f} MiB): {_contents(report.manifest)}. Verified.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Put it in the place of a repository that holds entries.")
@click.option("--dry-run", is_flag=True, help="Verify all of it and change nothing.")
def restore(file: Path, *, replace: bool, dry_run: bool) -> None:
    """Put a backup in the place of the repository. Stop the server first.

    All is verified before anything is touched, and the database that was there is kept. Whoever was
    signed in has to sign in again.

    \b
    Examples:
      precedent restore --dry-run precedent-2026-11-26.backup
      precedent restore --replace precedent-2026-11-26.backup
    """
    from kb.backups import restoring

    settings = Settings.from_env()
    with progress_bar("B", "Restoring", scale=True) as progress:
        if dry_run:
            manifest = restoring.rehearse(settings, file, progress)
            click.echo(f"{file} is good: {_contents(manifest)}, {_origin(manifest)}. Nothing was changed.")
            return
        from indexer.sync import without_index

        report = restoring.restore(
            settings,
            file,
            replace=replace,
            around=lambda: without_index(settings),
            told=progress,
            by=operator(),
        )
    _tell(report)


def _tell(report: RestoreReport) -> None:
    click.echo(f"Restored {_contents(report.manifest)}, {_origin(report.manifest)}.")
    for table, number in report.ended.items():
        if number:
            click.echo(f"Ended: {number:,} {'unused links' if table == 'links' else table}.")
    if report.kept:
        click.echo(f"The database that was here is kept as {report.kept}.")
    if report.has_key:
        click.echo("The key of badges is restored too.")
    if report.kept_key:
        click.echo(f"The other key that was here is kept as {report.kept_key}.")
    click.echo("The index is made anew by the next `precedent serve` or `precedent sync`.")


def _contents(manifest: Manifest) -> str:
    return ", ".join(f"{manifest.counts.get(name, 0):,} {name}" for name in ("entries", "revisions", "users"))


def _origin(manifest: Manifest) -> str:
    return f"of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, by {manifest.made_by} from {manifest.database}"
