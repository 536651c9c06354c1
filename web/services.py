"""What the pages work with: opened once per application, replaceable by tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

from flask import current_app

from kb.database import open_database
from kb.rendering import Renderer
from web.examples import Examples

if TYPE_CHECKING:
    from kb.config import Settings
    from kb.database import Database
    from kb.reading import Reader
    from search.engine import IndexStatus
    from search.results import Hit, SearchPage, SearchRequest

EXTENSION = "precedent"


class Finder(Protocol):
    """The part of `search.engine.Engine` that pages use."""

    def search(self, request: SearchRequest, reader: Reader) -> SearchPage:
        """The answer to a search; a ranking that failed is named in it, not raised."""

    def similar(self, ref: str, reader: Reader, limit: int = 6) -> list[Hit]:
        """The entries nearest in meaning to one entry, nearest first, without itself."""

    def status(self) -> IndexStatus:
        """How much is indexed, and how far the index is behind the repository."""


@dataclass(frozen=True)
class Services:
    """The repository, the search engine and the Markdown renderer of one application."""

    settings: Settings
    database: Database
    engine: Finder
    renderer: Renderer
    examples: Examples = field(default_factory=Examples)

    @classmethod
    def open(cls, settings: Settings, engine: Finder | None = None) -> Services:
        """Opens the database (and migrates it); the real engine unless one is given.

        Raises DatabaseUnavailable or DatabaseTooNew.
        """
        database = open_database(settings.database_url)
        return cls(settings, database, engine or _real_engine(settings, database), Renderer(database))


def _real_engine(settings: Settings, database: Database) -> Finder:
    from search.engine import open_engine

    return open_engine(settings, database)


def services() -> Services:
    """The services of the application that answers this request."""
    return cast("Services", current_app.extensions[EXTENSION])
