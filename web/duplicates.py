"""Entries that look alike, in the browser: the list, two texts side by side, and what is decided."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.adoptions.keeping import count_adoptions
from kb.desk.comparing import differences_of
from kb.duplicates.deciding import PairDecided, Verdict, decide, reconsider
from kb.duplicates.listing import list_decisions, list_pairs, looked_at
from kb.errors import EditConflict
from kb.neighbours import neighbours
from kb.reading import get_entry
from kb.sections import sections
from kb.text import Ref
from kb.validation import validate
from web.context import current
from web.identity import origin
from web.parameters import Parameters, Whole, parse_page
from web.services import services
from web.taxonomy import require_tender
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response as BaseResponse

    from kb.duplicates.listing import DecisionView, PairView
    from kb.reading import EntryView, Reader

blueprint = Blueprint("duplicates", __name__)
PAGE_SIZE = 50
Done = Literal["", "apart", "recurrence", "superseded", "reconsidered"]


class PairsParameters(Parameters):
    """Which page of the pairs, and what was just done."""

    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    done: Done = ""
    ref: Ref | None = None
    other: Ref | None = None
    """The two about which something was just decided, so that it can be undone at once."""


class PairParameters(Parameters):
    """Which two entries."""

    first: Ref
    second: Ref


@dataclass(frozen=True)
class PairsView:
    """A page of the pairs that wait, and the latest decisions."""

    page: int
    total: int
    pairs: Sequence[PairView]
    decisions: Sequence[DecisionView]
    looked_at: datetime | None
    asked: PairsParameters
    behind: int = 0
    """How many entries are not looked through yet, as the index does not hold them."""

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-self.total // PAGE_SIZE))

    def url(self, page: int) -> str:
        """The address of another page of the list."""
        return url_for("duplicates.duplicates", page=page if page > 1 else None)


@dataclass(frozen=True)
class Side:
    """One of two entries that look alike, and what hangs on it."""

    view: EntryView
    parts: Sequence[tuple[str, str]]
    links: int
    """Entries that link to it."""
    recurrences: int
    adopted: int


@blueprint.get("/duplicates")
def duplicates() -> str:
    """Renders a page of the pairs that wait for a decision."""
    require_tender()
    asked = parse_page(PairsParameters, request.args)
    reader = current().reader
    with services().database.read() as session:
        total, pairs = list_pairs(session, reader, (asked.page - 1) * PAGE_SIZE, PAGE_SIZE)
        decisions, looked = list_decisions(session, reader), looked_at(session)
    view = PairsView(asked.page, total, pairs, decisions, looked, asked, _behind() if not total else 0)
    return render_template("duplicates/list.html", view=view)


@blueprint.get("/duplicates/compare")
def compare() -> str:
    """Renders two entries side by side, and the ways to decide."""
    require_tender()
    asked = parse_page(PairParameters, request.args)
    return _compared(asked.first, asked.second)


@blueprint.post("/duplicates/decide")
def decide_now() -> BaseResponse:
    """Decides about two entries; where that cannot be, their page says why."""
    require_tender()
    said = validate(Verdict, {name: request.form.get(name, "") for name in ("ref", "other", "decision")})
    try:
        decide(services().database, origin(), said)
    except (EditConflict, PairDecided) as error:
        return Response(_compared(said.ref, said.other, str(error)), status=409)
    place = url_for("duplicates.duplicates", done=said.decision, ref=said.ref, other=said.other)
    return redirect(place, 303)


@blueprint.post("/duplicates/reconsider")
def reconsider_now() -> BaseResponse:
    """Takes a decision back; where that cannot be, the page of the two says why."""
    require_tender()
    ref, other = (request.form.get(name, "") for name in ("ref", "other"))
    try:
        reconsider(services().database, origin(), ref, other)
    except EditConflict as error:
        return Response(_compared(ref, other, str(error)), status=409)
    return redirect(url_for("duplicates.duplicates", done="reconsidered"), 303)


def _compared(first: str, second: str, problem: str = "") -> str:
    reader = current().reader
    with services().database.read() as session:
        sides = [_side(session, ref, reader) for ref in (first, second)]
        one, two = (side.view.stored for side in sides)
        differing = differences_of(session, one, two, reader)
    named = {each.field for each in differing}
    same = [name for name in one if name in two and name not in named]
    prepare_markdown([text for side in sides for _, text in side.parts])
    return render_template(
        "duplicates/compare.html", sides=sides, differing=differing, same=same, problem=problem
    )


def _side(session: Session, ref: str, reader: Reader) -> Side:
    view = get_entry(session, ref, reader)
    incoming = neighbours(session, view, reader).incoming
    again = sum(link.relation == "recurrence of" for link in incoming)
    adopted = count_adoptions(session, ref)
    return Side(view, list(sections(view.content)), len({link.ref for link in incoming}), again, adopted)


def _behind() -> int:
    """How many entries the index does not hold yet; 0 where nobody can tell."""
    with suppress(Exception):  # the list works without, whatever breaks in the index
        return services().engine.status(current().reader).behind
    return 0
