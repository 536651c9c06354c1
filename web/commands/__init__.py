"""The commands of the command line: parse, call one verb, print."""

from __future__ import annotations

import getpass
import logging
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from kb.config import Settings
from kb.database import Database, open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from indexer.embedder import Embedder
    from indexer.sync import IndexWriter, SyncReport
    from kb.people.audit import Act
    from kb.people.roles import Person


@dataclass(frozen=True)
class Operation:
    """Something the operator does."""

    settings: Settings
    by: Person
    act: Act

    @property
    def session(self) -> Session:
        """The transaction."""
        return self.act.session


logger = logging.getLogger(__name__)


def open_repository() -> tuple[Settings, Database]:
    """The settings and the database, made or migrated when needed."""
    settings = Settings.from_env()
    return settings, open_database(settings.database_url)


def login_name() -> str:
    """Who runs the command, as the machine knows them; empty for an account without a name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # as in some containers
        return ""


def operator() -> Person:
    """Whoever runs the command: they may do everything, under a name that says who they are here."""
    from kb.people.roles import OPERATOR

    login = login_name()
    return replace(OPERATOR, name=f"{OPERATOR.name} ({login})") if login else OPERATOR


@contextmanager
def operating(action: str, thing: str = "") -> Iterator[Operation]:
    """Work of the operator in one transaction; it stands in the audit log, done or refused."""
    from kb.people.audit import Origin, audited

    settings, database = open_repository()
    by = operator()
    with audited(database, Origin(by), action, thing) as act:
        yield Operation(settings, by, act)


def noted(database: Database, action: str, thing: str, **detail: Any) -> None:
    """A line in the audit log about what the operator has done. Where it cannot be written, a warning: what
    was taken from a disk that is full must not be lost for it.
    """
    from kb.errors import KbError
    from kb.people.audit import Origin, note

    try:
        with database.write_aside() as session:
            note(session, Origin(operator()), action, thing, **detail)
    except KbError as error:
        click.echo(f"warning: this has no line in the audit log: {error}", err=True)


def open_embedder(settings: Settings) -> Embedder:
    """The encoder. Raises EncoderMissing."""
    from indexer.embedder import default_encoder_folder, load_embedder

    return load_embedder(settings.encoder or default_encoder_folder())


def open_embedder_if_any(settings: Settings) -> Embedder | None:
    """The encoder; None, and a warning, when there is none: words are indexed all the same."""
    from indexer.embedder import EncoderMissing

    try:
        return open_embedder(settings)
    except EncoderMissing as error:
        logger.warning("%s Indexing words only.", error)
        return None


@contextmanager
def progress_bar(unit: str, label: str, *, scale: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar with the time left where standard error is a terminal; nothing for short work."""
    from tqdm import tqdm

    with tqdm(
        unit=f" {unit}",
        desc=label,
        file=sys.stderr,
        delay=0.5,
        leave=False,
        disable=None,
        dynamic_ncols=True,
        unit_scale=scale,
    ) as bar:

        def update(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield update


def index_writer(settings: Settings, database: Database) -> IndexWriter:
    """The writer of the repository's index; of words alone where there is no encoder."""
    from indexer.sync import IndexWriter

    return IndexWriter(settings, database, open_embedder_if_any(settings))


def index_now(writer: IndexWriter, *, rebuild: bool = False) -> SyncReport:
    """Brings the index up to date, with a progress bar."""
    with progress_bar("entries", "Indexing") as progress:
        return writer.rebuild(progress) if rebuild else writer.sync(progress)


def index_sentence(report: SyncReport) -> str:
    """What a pass did, in a sentence."""
    if not report.changed:
        return f"The index is up to date ({report.unchanged:,} entries)."
    lacking = f" The encoder failed on {report.unembedded:,} passages." if report.unembedded else ""
    return (
        f"Indexed {report.added:,} entries, removed {report.removed:,}, "
        f"left {report.unchanged:,} as they were; "
        f"{report.embedded:,} passages embedded; {report.seconds:.1f} s.{lacking}"
    )
