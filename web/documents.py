"""Entries as files: one entry, a list of results, a report of lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from flask import Blueprint, Response, request
from pydantic import Field

from kb.people.audit import audited
from kb.people.limits import CONVERSION_OF_ADDRESS, CONVERSION_OF_PERSON
from kb.text import NO_NUL, Described, Ref
from search.results import Mode, SearchRequest, Sort
from web.context import current
from web.identity import origin
from web.parameters import Facets, NoParameters, parse_page
from web.proxies import client_network
from web.services import services
from web.taking import FileForm, Shape, Source, Wanted, take_away

if TYPE_CHECKING:
    from web.taking import Taken

blueprint = Blueprint("documents", __name__)
MOST_NAMED = 200


class DocumentParameters(Facets):
    """What is to be taken away, and as what."""

    format: Annotated[FileForm, Field(description="Kind of file.")]
    shape: Annotated[
        Shape,
        Field(
            description="The whole entries, or a report of the lessons among them; as a table, these lessons."
        ),
    ] = "entries"
    entry: Annotated[
        list[Ref], Field(max_length=MOST_NAMED, description="Ids; without any, what the search finds.")
    ] = []
    q: Annotated[
        str, Field(description="A search, as on the results page."), Described("pattern", NO_NUL)
    ] = ""
    mode: Mode = "hybrid"
    sort: Sort = "relevance"

    @property
    def wanted(self) -> Wanted:
        """The same for the verb."""
        asked = SearchRequest(text=self.q, filters=self.filters, mode=self.mode, sort=self.sort)
        return Wanted(self.format, tuple(dict.fromkeys(self.entry)), asked, self.shape == "report")


@blueprint.get("/documents")
def document() -> Response:
    """Sends what a search finds, or the entries named, as a file."""
    return answer(parse_page(DocumentParameters, request.args).wanted)


@blueprint.get("/entries/<ref>.<any(docx, pdf):form>")
def entry_file(ref: str, form: FileForm) -> Response:
    """Sends one entry as a file."""
    from web.entries import checked_ref

    parse_page(NoParameters, request.args)
    return answer(Wanted(form, (checked_ref(ref),)))


def answer(wanted: Wanted) -> Response:
    """The file, to be saved. That somebody took it stands in the audit log."""
    here, context = services(), current()
    count_file()
    source = Source(
        here.database, here.renderer, here.engine, context.reader, here.settings.base_url, context.today
    )
    with audited(here.database, origin(), "take document", wanted.form) as act:
        taken = take_away(source, wanted)
        act.thing = taken.name
        act.detail |= {"entries": taken.count, "report": wanted.is_report}
    return sent(taken)


def count_file() -> None:
    """Counts a conversion. Raises TooMany."""
    here, person = services(), current().person
    if person.id is None:
        here.leases.spend(here.database, CONVERSION_OF_ADDRESS, client_network())
    else:
        here.leases.spend(here.database, CONVERSION_OF_PERSON, f"#{person.id}")


def sent(taken: Taken) -> Response:
    """The file as an answer that browsers save."""
    response = Response(taken.data, content_type=taken.media)
    response.headers["Content-Disposition"] = f'attachment; filename="{taken.name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
