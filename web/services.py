"""What the pages work with: opened once per application, replaceable by tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

from flask import current_app

from kb.database import open_database
from kb.rendering import Renderer
from search.estimates.answering import Estimates
from web.conversions import Conversions
from web.examples import Examples
from web.jobs import Jobs
from web.limits import Leases
from web.provider import Provider
from web.usage import Usage

if TYPE_CHECKING:
    from kb.config import Settings
    from kb.database import Database
    from kb.reading import Reader
    from search.estimates.descriptions import Descriptions
    from search.results import Hit, SearchPage, SearchRequest
    from search.status import IndexStatus

EXTENSION = "precedent"


class Finder(Protocol):
    """The part of `search.engine.Engine` that pages use."""

    def search(self, request: SearchRequest, reader: Reader) -> SearchPage:
        """The answer to a search; a ranking that failed is named in it, not raised."""

    def similar(self, ref: str, reader: Reader, limit: int = 6) -> list[Hit]:
        """The entries nearest in meaning to one entry, nearest first, without itself."""

    @property
    def descriptions(self) -> Descriptions:
        """What reads descriptions of projects, with the same encoder."""

    @property
    def knows_meaning(self) -> bool:
        """Whether there is an encoder, and it has not failed of late."""

    def status(self, reader: Reader) -> IndexStatus:
        """How much of what the reader may see is indexed, and how far that is behind the repository."""


@dataclass(frozen=True)
class Services:
    """The repository, the search engine, the estimates and the Markdown renderer of one application."""

    settings: Settings
    database: Database
    engine: Finder
    estimates: Estimates
    renderer: Renderer
    examples: Examples = field(default_factory=Examples)
    leases: Leases = field(default_factory=Leases)
    conversions: Conversions = field(default_factory=Conversions)
    jobs: Jobs = field(default_factory=Jobs)
    usage: Usage | None = None
    """What counts searches and what is opened."""
    provider: Provider | None = None
    """Who signs people in besides us, where one is set."""

    @classmethod
    def open(cls, settings: Settings, engine: Finder | None = None) -> Services:
        """Opens the database (and migrates it); the real engine unless one is given.

        Raises DatabaseUnavailable or DatabaseTooNew.
        """
        database = open_database(settings.database_url)
        engine = engine or _real_engine(settings, database)
        provider = Provider(settings) if settings.oidc_issuer else None
        estimates = Estimates(database, lambda: engine.descriptions)
        usage = Usage(database, counts_searches=settings.search_days > 0)
        renderer = Renderer(database)
        return cls(settings, database, engine, estimates, renderer, usage=usage, provider=provider)


def _real_engine(settings: Settings, database: Database) -> Finder:
    from search.opening import ServedEngine

    return ServedEngine(settings, database)


def services() -> Services:
    """The services of the application that answers this request."""
    return cast("Services", current_app.extensions[EXTENSION])
