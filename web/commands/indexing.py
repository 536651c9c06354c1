"""precedent sync, rebuild, encoder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from web.commands import index_now, index_sentence, index_writer, open_embedder_if_any, open_repository
from web.logs import configure, teller

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.config import Settings
    from kb.database import Database

LOOK_SECONDS = 5.0
"""How often the index writer looks for an encoder that is missing."""
TELL_SECONDS = 10.0


@click.command()
@click.option("--watch", is_flag=True, help="Stay, and index every change within a second.")
def sync(*, watch: bool) -> None:
    """Bring the search index up to date with the records.

    \b
    Examples:
      precedent sync
      precedent sync --watch
    """
    settings, database = open_repository()
    if watch:
        _watch(settings, database)
    else:
        click.echo(index_sentence(index_now(index_writer(settings, database))))


def _watch(settings: Settings, database: Database) -> None:
    from indexer.sync import IndexWriter
    from web.chores import start_chores
    from web.serve import stop_on_signals

    configure(settings.log)
    tell = teller(settings.log)
    stopped = stop_on_signals()
    start_chores(settings, database, stopped)
    while not stopped.is_set():
        embedder = open_embedder_if_any(settings)
        over = stopped.is_set if embedder else _once_there(settings, stopped.is_set)
        writer = IndexWriter(settings, database, embedder)
        writer.watch(over, lambda report: tell(index_sentence(report)), _now_and_then(tell))


def _now_and_then(tell: Callable[[str], None]) -> Callable[[int, int], None]:
    """Tells how far a long pass has come, a line every TELL_SECONDS."""
    told = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told
        if not done:
            told = time.monotonic()
        elif time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            tell(f"Indexing: {done:,} of {total:,} entries.")

    return progress


def _once_there(settings: Settings, stopped: Callable[[], bool]) -> Callable[[], bool]:
    """Whether to stop, or the encoder that was missing has come."""
    from indexer.embedder import EncoderMissing, default_encoder_folder, read_manifest

    looked = time.monotonic()

    def over() -> bool:
        nonlocal looked
        if stopped():
            return True
        if time.monotonic() - looked < LOOK_SECONDS:
            return False
        looked = time.monotonic()
        try:
            read_manifest(settings.encoder or default_encoder_folder())
        except EncoderMissing:
            return False
        return True

    return over


@click.command()
def rebuild() -> None:
    """Make the search index anew. Vectors of unchanged text are kept.

    \b
    Example:
      precedent rebuild
    """
    settings, database = open_repository()
    click.echo(index_sentence(index_now(index_writer(settings, database), rebuild=True)))


@click.command()
@click.option(
    "--model",
    type=click.Path(exists=True, path_type=Path),
    default=None,
    help="Folder of another sentence-transformers model.",
)
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), default=None, help="Where to write the encoder."
)
def encoder(model: Path | None, folder: Path | None) -> None:
    """Export the text encoder, once. `make install` does this.

    \b
    Examples:
      precedent encoder
      precedent encoder --model ~/models/multilingual --to ~/encoders/multilingual
    """
    from indexer.embedder import default_encoder_folder
    from indexer.export import export_encoder
    from kb.config import Settings

    target = folder or Settings.from_env().encoder or default_encoder_folder()
    manifest = export_encoder(target, model)
    agreed = manifest.agreement
    agreement = "" if agreed is None else f" (agreement with the original {agreed:.3f})"
    click.echo(f"The encoder {manifest.model} is in {target}{agreement}.")
