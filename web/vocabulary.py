"""The vocabulary: which terms mean the same here, as a list that can be narrowed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, render_template, request, url_for
from pydantic import Field

from kb.text import NO_NUL, Described, Line
from kb.vocabulary import Group, list_groups, matching
from kb.vocabulary_text import term_key
from search.query import parse
from search.vocabulary import Rewriting, Vocabulary
from web.parameters import Parameters, Whole, parse_page
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE_SIZE = 100
MAX_LIMIT = 2_000


class GroupParameters(Parameters):
    """A stretch of the vocabulary, or of the groups that hold some words."""

    q: Annotated[
        str,
        Field(max_length=200, description="Words that a group's terms or note hold."),
        Described("pattern", NO_NUL),
    ] = ""
    offset: Annotated[Whole, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = PAGE_SIZE


class VocabularyParameters(Parameters):
    """What the address of the page states."""

    q: Annotated[Line, Field(max_length=200)] = ""
    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    test: Annotated[Line, Field(max_length=300)] = ""
    """A search whose other names are shown."""
    done: Literal["", "added", "changed"] = ""


@dataclass(frozen=True)
class VocabularyView:
    """Everything the template shows."""

    q: str
    page: int
    total: int
    """Groups of the whole vocabulary."""
    found: Sequence[Group]
    """Those that the filter leaves."""
    done: str = ""
    """What has just happened."""
    test: str = ""
    """A search to be shown as the vocabulary understands it."""
    meanings: Sequence[Rewriting] = ()
    """What else is searched for then."""

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-len(self.found) // PAGE_SIZE))

    @property
    def shown(self) -> Sequence[Group]:
        """This page's groups."""
        return self.found[(self.page - 1) * PAGE_SIZE : self.page * PAGE_SIZE]

    @property
    def letters(self) -> list[tuple[str, list[Group]]]:
        """This page's groups under the letters they begin with; a filtered list needs none."""
        by_letter = groupby(self.shown, lambda group: "" if self.q else _letter(group))
        return [(letter, list(groups)) for letter, groups in by_letter]

    def url(self, page: int) -> str:
        """The address of another page of the same list."""
        return url_for("vocabulary.vocabulary", q=self.q or None, page=page if page > 1 else None)


blueprint = Blueprint("vocabulary", __name__)


@blueprint.get("/vocabulary")
def vocabulary() -> str:
    """Renders one page of the list."""
    parameters = parse_page(VocabularyParameters, request.args)
    with services().database.read() as session:
        groups = list_groups(session)
    found = matching(groups, parameters.q)
    view = VocabularyView(
        parameters.q,
        parameters.page,
        len(groups),
        found,
        parameters.done,
        parameters.test,
        meanings(groups, parameters.test),
    )
    return render_template("vocabulary/list.html", view=view)


def meanings(groups: Sequence[Group], query: str) -> list[Rewriting]:
    """What a search for the query also looks for, by this vocabulary."""
    return Vocabulary(groups).rewritings(parse(query).words)


def _letter(group: Group) -> str:
    first = term_key(group.terms[0])[:1].upper()
    return "0–9" if first.isdigit() else first
