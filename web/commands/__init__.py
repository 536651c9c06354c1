"""The commands of the command line: parse, call one verb, print."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kb.config import Settings
from kb.database import Database, open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer.embedder import Embedder
    from indexer.sync import SyncReport


def open_repository() -> tuple[Settings, Database]:
    """The settings and the database, made or migrated when needed."""
    settings = Settings.from_env()
    return settings, open_database(settings.database_url)


def open_embedder(settings: Settings) -> Embedder:
    """The encoder. Raises EncoderMissing."""
    from indexer.embedder import default_encoder_folder, load_embedder

    return load_embedder(settings.encoder or default_encoder_folder())


@contextmanager
def progress_bar(unit: str, label: str, *, scale: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error with the time left; nothing for short work."""
    from tqdm import tqdm

    with tqdm(
        unit=f" {unit}",
        desc=label,
        file=sys.stderr,
        delay=0.5,
        leave=False,
        dynamic_ncols=True,
        unit_scale=scale,
    ) as bar:

        def update(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield update


def index_now(settings: Settings, database: Database, *, rebuild: bool = False) -> SyncReport:
    """Brings the index up to date, with a progress bar."""
    from indexer.sync import IndexWriter

    writer = IndexWriter(settings, database, open_embedder(settings))
    with progress_bar("entries", "Indexing") as progress:
        return writer.rebuild(progress) if rebuild else writer.sync(progress)


def index_sentence(report: SyncReport) -> str:
    """What a pass did, in a sentence."""
    if not report.changed:
        return f"The index is up to date ({report.unchanged:,} entries)."
    return (
        f"Indexed {report.added:,} entries, removed {report.removed:,}, "
        f"left {report.unchanged:,} as they were; "
        f"{report.embedded:,} passages embedded; {report.seconds:.1f} s."
    )
