"""Lists of entries by kind, in the order of their ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request, url_for

from kb import reading
from web.context import current
from web.parameters import BROWSE_SIZE, BrowseParameters, parse_page
from web.services import services

if TYPE_CHECKING:
    from kb.reading import EntryView

blueprint = Blueprint("browse", __name__)


@dataclass(frozen=True)
class BrowseView:
    """Everything the browse template shows."""

    kind: str | None
    page: int
    counts: dict[str, int]
    entries: list[EntryView]

    @property
    def total(self) -> int:
        """How many entries the list has."""
        return self.counts.get(self.kind, 0) if self.kind else sum(self.counts.values())

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-self.total // BROWSE_SIZE))

    def url_to_take(self, form: str) -> str:
        """The address of the whole list as a file."""
        return url_for("documents.document", kind=self.kind, format=form)

    def url(self, page: int) -> str:
        """The address of another page of the same list."""
        return url_for("browse.browse", kind=self.kind, page=page if page > 1 else None)


@blueprint.get("/browse")
def browse() -> str:
    """Renders one page of the list."""
    parameters = parse_page(BrowseParameters, request.args)
    reader = current().reader
    with services().database.read() as session:
        counts = reading.counts(session, reader)
        offset = (parameters.page - 1) * BROWSE_SIZE
        entries = reading.list_entries(session, reader, parameters.kind, offset, BROWSE_SIZE)
    return render_template("browse.html", view=BrowseView(parameters.kind, parameters.page, counts, entries))
