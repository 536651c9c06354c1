"""The curated lists in the browser: looked through, added to, renamed, merged after a look, and undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.errors import InvalidRecord
from kb.people.roles import require
from kb.taxonomy.changing import Merge, apply, plan, undo
from kb.taxonomy.dimensions import DIMENSIONS, dimension_of
from kb.taxonomy.listing import TEND, ListChanged, add_value, remove_value
from kb.taxonomy.reading import list_changes, list_values, suggestions
from kb.text import Line
from kb.validation import validate
from web.context import current
from web.forms import Form, refilled, typed
from web.identity import origin, signed_in
from web.parameters import Parameters, Values, Whole, parse_page
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.taxonomy.changing import Plan
    from kb.taxonomy.dimensions import Dimension
    from kb.taxonomy.reading import ChangeView, ValueView

blueprint = Blueprint("taxonomy", __name__)
PAGE_SIZE = 100
Show = Literal["all", "unused", "unlisted"]
DONE = {
    "merged": "Done. Searches know it within a second.",
    "undone": "Undone: the list and the entries are as they were.",
    "added": "The value is in the list.",
    "removed": "The value is out of the list. Entries keep what they hold.",
}
"""What was done, as the address names it."""


class ListParameters(Parameters):
    """Which list, and what of it."""

    list: Annotated[str, Field(max_length=20)] = "tag"
    show: Show = "all"
    q: Annotated[Line, Field(max_length=80)] = ""
    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    done: Annotated[str, Field(max_length=20)] = ""
    left: Annotated[Whole, Field(ge=0, le=1_000_000)] = 0
    """Entries that an undo left as they were."""


class MergeParameters(Parameters):
    """What is to become one, and what that is; empty until somebody has chosen."""

    list: Annotated[str, Field(max_length=20)] = "tag"
    values: Values = []
    into: Annotated[str, Field(max_length=300)] = ""


@dataclass(frozen=True)
class ListView:
    """Everything the template shows of a list."""

    dimension: Dimension
    asked: ListParameters
    values: Sequence[ValueView]
    found: Sequence[ValueView]
    """Those that the filter leaves."""
    suggested: Sequence[tuple[ValueView, ValueView]]
    changes: Sequence[ChangeView]
    form: Form = field(default_factory=Form)

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-len(self.found) // PAGE_SIZE))

    @property
    def shown(self) -> Sequence[ValueView]:
        """This page's values."""
        return self.found[(self.asked.page - 1) * PAGE_SIZE : self.asked.page * PAGE_SIZE]

    def count(self, show: Show) -> int:
        """How many values there are of a kind."""
        return sum(_is(value, show) for value in self.values)

    def url(self, page: int = 1, show: str = "") -> str:
        """The address of another part of the same list."""
        show = show or self.asked.show
        return url_for(
            "taxonomy.taxonomy", list=self.dimension.name, show=show if show != "all" else None,
            q=self.asked.q or None, page=page if page > 1 else None,
        )  # fmt: skip


@blueprint.get("/taxonomy")
def taxonomy() -> str:
    """Renders a list."""
    require_tender()
    return _page(parse_page(ListParameters, request.args), Form())


@blueprint.post("/taxonomy/values")
def add() -> str | BaseResponse:
    """Puts a value into a list."""
    require_tender()
    name = request.form.get("list", "")
    try:
        add_value(services().database, origin(), name, request.form.get("value", ""))
    except InvalidRecord as error:
        return Response(_page(ListParameters(list=name), refilled(error)), status=400)
    return redirect(url_for("taxonomy.taxonomy", list=name, done="added"), 303)


@blueprint.post("/taxonomy/values/remove")
def remove() -> BaseResponse:
    """Takes a value out of a list."""
    require_tender()
    name = request.form.get("list", "")
    remove_value(services().database, origin(), name, request.form.get("value", ""))
    return redirect(url_for("taxonomy.taxonomy", list=name, done="removed"), 303)


@blueprint.get("/taxonomy/merge")
def merge() -> str | BaseResponse:
    """Renders what is to become one, and once that is chosen exactly what would change."""
    require_tender()
    asked = parse_page(MergeParameters, request.args)
    form = Form({"into": asked.into, "values": "\n".join(asked.values)})
    if not asked.values or not asked.into:
        return _merge_page(asked.list, asked.values, form)
    try:
        wanted = _wanted(asked.list, asked.values, asked.into)
        return _merge_page(asked.list, asked.values, form, plan(services().database, origin(), wanted))
    except InvalidRecord as error:
        refused = Form(form.values, error.problems)
        return Response(_merge_page(asked.list, asked.values, refused), status=400)


@blueprint.post("/taxonomy/merge")
def merge_now() -> str | BaseResponse:
    """Does what was shown; where that is no longer what would happen, shows it anew."""
    require_tender()
    name, values, into = (
        request.form.get("list", ""),
        request.form.getlist("values"),
        request.form.get("into", ""),
    )
    try:
        wanted = _wanted(name, values, into)
        apply(services().database, origin(), wanted, request.form.get("fingerprint", ""))
    except InvalidRecord as error:
        return Response(_merge_page(name, values, Form(typed(), error.problems)), status=400)
    except ListChanged:
        planned = plan(services().database, origin(), wanted)
        return Response(_merge_page(name, values, Form(typed()), planned, is_overtaken=True), status=409)
    return redirect(url_for("taxonomy.taxonomy", list=name, done="merged"), 303)


@blueprint.post("/taxonomy/changes/<int:number>/undo")
def undo_now(number: int) -> BaseResponse:
    """Takes a change back."""
    require_tender()
    change, left = undo(services().database, origin(), min(number, 2**31 - 1))
    where = url_for("taxonomy.taxonomy", list=change.dimension, done="undone", left=len(left) or None)
    return redirect(where, 303)


def require_tender() -> None:
    """Raises SignInNeeded or NotAllowed unless the person who asks may tend the repository."""
    require(signed_in(), TEND)


def _wanted(name: str, values: Sequence[str], into: str) -> Merge:
    return validate(Merge, {"dimension": name, "values": list(values), "into": into})


def _page(asked: ListParameters, form: Form) -> str:
    dimension = dimension_of(asked.list)
    with services().database.read() as session:
        values = list_values(session, dimension, current().reader)
        suggested = [] if dimension.is_fixed else suggestions(session, values)
        changes = list_changes(session, dimension)
    words = asked.q.casefold()
    found = [value for value in values if _is(value, asked.show) and words in value.value.casefold()]
    view = ListView(dimension, asked, values, found, suggested, changes, form)
    return render_template(
        "taxonomy/list.html", view=view, dimensions=DIMENSIONS, done=DONE.get(asked.done, "")
    )


def _is(value: ValueView, show: Show) -> bool:
    match show:
        case "unused":
            return value.count == 0
        case "unlisted":
            return not value.is_listed
        case _:
            return True


def _merge_page(
    name: str, values: Sequence[str], form: Form, planned: Plan | None = None, *, is_overtaken: bool = False
) -> str:
    return render_template(
        "taxonomy/merge.html", dimension=dimension_of(name), values=list(dict.fromkeys(values)), form=form,
        plan=planned, is_overtaken=is_overtaken, most=100,
    )  # fmt: skip
