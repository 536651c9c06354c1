"""The results page, and the fragments of it that its script asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template, request

from kb.people.roles import can
from kb.taxonomy.listing import TEND
from search.results import MAX_DEPTH, SearchRequest
from web.context import current
from web.desk.bulk import actions_for
from web.facets import Chip, FacetGroup, chips, facet_groups
from web.labels import RANKING_NAMES
from web.links import SearchState
from web.parameters import LAST_PAGE, PAGE_SIZE, ResultsParameters, parse_page
from web.searches import instead_of, search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

    from search.results import SearchPage

blueprint = Blueprint("results", __name__)

FRAGMENTS = {"results": "parts/results.html", "palette": "parts/palette_hits.html"}
FEWER_WORDS = 3


@dataclass(frozen=True)
class Tip:
    """A next step where nothing was found."""

    words: str
    url: str


@dataclass(frozen=True)
class ResultsView:
    """Everything the results template shows."""

    page: SearchPage
    state: SearchState
    facets: list[FacetGroup]
    chips: list[Chip]
    instead: Mapping[str, tuple[str, ...]]
    """Hits in whose place others stand, with the ids of those."""

    @property
    def last_page(self) -> int:
        """The last page that can be opened."""
        return max(1, min(-(-self.page.total // PAGE_SIZE), LAST_PAGE))

    @property
    def cut_off(self) -> bool:
        """Whether hits lie beyond the last page."""
        return self.page.total > LAST_PAGE * PAGE_SIZE

    @property
    def first(self) -> int:
        """The number of this page's first hit."""
        return (self.state.page - 1) * PAGE_SIZE + 1

    @property
    def degraded(self) -> str:
        """What is missing, as a sentence's beginning with its verb; empty when all is there."""
        names = [RANKING_NAMES.get(name, name) for name in self.page.degraded]
        return " and ".join(names) + (" are" if len(names) > 1 else " is") if names else ""

    @property
    def tips(self) -> list[Tip]:
        """What to try where nothing was found."""
        return _tips(self.page, self.state, self.chips)


@blueprint.get("/search")
def results() -> Response:
    """Parses the address, searches, renders the page or the part that was asked for."""
    parameters = parse_page(ResultsParameters, request.args)
    page = search(_request(parameters))
    state = SearchState.of(parameters, page.query.source)
    view = ResultsView(
        page, state, facet_groups(page, state), chips(page.query, state), instead_of(page.hits)
    )
    template = FRAGMENTS.get(current().fragment)
    response = make_response(
        render_template(
            template or "results.html", view=view, state=state, actions=_actions(), choice=parameters.choice
        )
    )
    # One address, two answers: a cache must not show the fragment as the page.
    response.headers["Vary"] = "X-Fragment"
    response.headers["Cache-Control"] = "no-store" if template else "no-cache"
    return response


def _actions() -> dict[str, str]:
    """What curators may do with several of the hits."""
    person = current().person
    return actions_for(person) if can(person, TEND) else {}


def _request(parameters: ResultsParameters) -> SearchRequest:
    return SearchRequest(
        text=parameters.q,
        filters=parameters.filters,
        mode=parameters.mode,
        sort=parameters.sort,
        offset=min((parameters.page - 1) * PAGE_SIZE, MAX_DEPTH),
        limit=PAGE_SIZE,
    )


def _tips(page: SearchPage, state: SearchState, active: list[Chip]) -> list[Tip]:
    query = page.query
    found = [Tip(f"Search without “{chip.words}”", chip.url) for chip in active]
    if len(active) > 1:
        bare = replace(query, filters=(), after=None, before=None)
        found.append(Tip("Search without any filter", replace(state, filters=()).url_asking(bare)))
    if state.mode == "keyword" and not query.is_empty:
        found.append(Tip("Search by meaning as well as by words", state.url_with(mode="hybrid")))
    if query.excluded:
        words = " and ".join(f"“{each}”" for each in query.excluded)
        found.append(Tip(f"Do not leave out {words}", state.url_asking(query, excluded=())))
    if query.phrases:
        loose = (*query.words, *" ".join(query.phrases).split())
        url = state.url_asking(query, words=loose, phrases=())
        found.append(Tip("Search for the words without the quotes", url))
    if len(query.words) > FEWER_WORDS:
        # Long words carry most of the meaning; they are kept in the order typed.
        longest = tuple(sorted(sorted(query.words, key=len)[-FEWER_WORDS:], key=query.words.index))
        url = state.url_asking(query, words=longest)
        found.append(Tip(f"Ask with fewer words: {' '.join(longest)}", url))
    return found
