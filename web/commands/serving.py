"""precedent serve."""

from __future__ import annotations

import click

from kb.config import Settings


@click.command()
@click.option("--host", default=None, help="Address to listen on (PRECEDENT_HOST).")
@click.option(
    "--port", type=click.IntRange(1, 65_535), default=None, help="Port to listen on (PRECEDENT_PORT)."
)
@click.option(
    "--sample/--no-sample", default=True, help="Load the sample corpus when the repository is empty."
)
def serve(host: str | None, port: int | None, *, sample: bool) -> None:
    """Serve the pages and the API, with the index writer beside them. Ctrl-C stops both.

    \b
    Examples:
      precedent serve
      precedent serve --port 9000 --no-sample
    """
    from dataclasses import replace

    from web.serve import run

    settings = Settings.from_env()
    run(replace(settings, host=host or settings.host, port=port or settings.port), sample=sample)
