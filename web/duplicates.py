"""Entries that look alike, in the browser: the list, two texts side by side, and what is decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, redirect, render_template, request, url_for
from pydantic import Field

from kb.duplicates.deciding import Verdict, decide, reconsider
from kb.duplicates.listing import list_decisions, list_pairs, looked_at
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

    from werkzeug.wrappers import Response as BaseResponse

    from kb.duplicates.listing import DecisionView, PairView
    from kb.reading import EntryView

blueprint = Blueprint("duplicates", __name__)
PAGE_SIZE = 50
Done = Literal["", "apart", "recurrence", "superseded", "reconsidered"]


class PairsParameters(Parameters):
    """Which page of the pairs, and what was just done."""

    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    done: Done = ""


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
    done: Done

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-self.total // PAGE_SIZE))

    def url(self, page: int) -> str:
        """The address of another page of the list."""
        return url_for("duplicates.duplicates", page=page if page > 1 else None)


@blueprint.get("/duplicates")
def duplicates() -> str:
    """Renders a page of the pairs that wait for a decision."""
    require_tender()
    asked = parse_page(PairsParameters, request.args)
    reader = current().reader
    with services().database.read() as session:
        total, pairs = list_pairs(session, reader, (asked.page - 1) * PAGE_SIZE, PAGE_SIZE)
        view = PairsView(
            asked.page, total, pairs, list_decisions(session, reader), looked_at(session), asked.done
        )
    return render_template("duplicates/list.html", view=view)


@blueprint.get("/duplicates/compare")
def compare() -> str:
    """Renders two entries side by side, and the ways to decide."""
    require_tender()
    asked = parse_page(PairParameters, request.args)
    reader = current().reader
    with services().database.read() as session:
        sides = [get_entry(session, ref, reader) for ref in (asked.first, asked.second)]
    parts = [_parts(side) for side in sides]
    prepare_markdown([text for part in parts for _, text in part])
    return render_template("duplicates/compare.html", sides=list(zip(sides, parts, strict=True)))


@blueprint.post("/duplicates/decide")
def decide_now() -> BaseResponse:
    """Decides about two entries."""
    require_tender()
    said = {name: request.form.get(name, "") for name in ("ref", "other", "decision")}
    decided = decide(services().database, origin(), validate(Verdict, said))
    return redirect(url_for("duplicates.duplicates", done=decided.decision), 303)


@blueprint.post("/duplicates/reconsider")
def reconsider_now() -> BaseResponse:
    """Takes a decision back."""
    require_tender()
    refs = (request.form.get(name, "") for name in ("ref", "other"))
    reconsider(services().database, origin(), *refs)
    return redirect(url_for("duplicates.duplicates", done="reconsidered"), 303)


def _parts(view: EntryView) -> list[tuple[str, str]]:
    return list(sections(view.content))
