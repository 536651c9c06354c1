"""The first page: what is here, what to do first, and questions that find something."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import Blueprint, render_template

from indexer.snapshot import IndexMissing
from kb import reading
from search.query import Filter
from search.results import SearchRequest
from web.context import current
from web.links import SearchState
from web.services import services

if TYPE_CHECKING:
    from kb.reading import EntryView, Reader
    from search.results import Facet
    from search.status import IndexStatus
    from web.services import Finder

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True)
class HomeView:
    """Everything the home template shows."""

    counts: dict[str, int]
    newest: list[EntryView]
    paths: list[EntryView]
    status: IndexStatus | None
    """None while there is no index."""
    questions: tuple[str, ...]
    facets: dict[str, Facet]
    state: SearchState = field(default_factory=SearchState)

    @property
    def total(self) -> int:
        """How many entries the reader may see."""
        return sum(self.counts.values())

    def narrowed(self, name: str, value: str) -> str:
        """The address of all entries that hold one value."""
        return self.state.url_adding(Filter(name, value))


@blueprint.get("/")
def home() -> str:
    """Renders what a newcomer needs to see."""
    reader, engine = current().reader, services().engine
    with services().database.read() as session:
        counts = reading.counts(session, reader)
        newest = reading.newest(session, reader, limit=6)
        paths = reading.list_entries(session, reader, "path", 0, 3)
    status = _status(engine, reader)
    everything = engine.search(SearchRequest(limit=1), reader)
    view = HomeView(
        counts=counts,
        newest=newest,
        paths=paths,
        status=status,
        questions=services().examples.offered(engine, reader, status.generation) if status and counts else (),
        facets={facet.field: facet for facet in everything.facets},
    )
    return render_template("home.html", view=view)


def _status(engine: Finder, reader: Reader) -> IndexStatus | None:
    try:
        return engine.status(reader)
    except IndexMissing:
        return None
