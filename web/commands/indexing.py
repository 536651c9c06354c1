"""precedent sync, rebuild, encoder."""

from __future__ import annotations

from pathlib import Path

import click

from web.commands import index_now, index_sentence, open_embedder, open_repository


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
    click.echo(index_sentence(index_now(settings, database)))
    if watch:
        from indexer.sync import IndexWriter
        from web.serve import stop_on_signals

        stopped = stop_on_signals()
        writer = IndexWriter(settings, database, open_embedder(settings))
        writer.watch(stopped.is_set, lambda report: click.echo(index_sentence(report)))


@click.command()
def rebuild() -> None:
    """Make the search index anew. Vectors of unchanged text are kept.

    \b
    Example:
      precedent rebuild
    """
    settings, database = open_repository()
    click.echo(index_sentence(index_now(settings, database, rebuild=True)))


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
