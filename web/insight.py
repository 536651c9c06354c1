"""How the repository does, in the browser: figures, charts with their tables, and the entries behind each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from flask import Blueprint, Response, render_template, request, url_for
from pydantic import Field

from kb.actions.listing import tally
from kb.insight.activity import (
    contributors,
    most_used,
    opened_entries,
    quarters,
    top_searches,
)
from kb.insight.health import MEASURES, health
from web.charts import health_chart, quarters_chart
from web.context import current
from web.labels import kind_name
from web.parameters import Parameters, Whole, parse_page
from web.services import services
from web.sheets import SheetForm, allow_export, sheet
from web.taxonomy import require_tender

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kb.insight.activity import Quarter, Used
    from kb.insight.health import Health, Item
    from kb.spreadsheets import Cell
    from web.charts import Chart

blueprint = Blueprint("insight", __name__)
PAGE_SIZE = 100
Measure = Literal[
    "verified", "due", "overdue", "unverified", "orphans", "broken", "silent", "clauses", "unopened"
]  # fmt: skip
Table = Literal["health", "used", "contributors", "quarters", "searches"]


class EntriesParameters(Parameters):
    """Which figure's entries, and which page of them."""

    which: Measure = "overdue"
    kind: Annotated[str, Field(max_length=12)] = ""
    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1


class ExportParameters(Parameters):
    """Which table, as what."""

    table: Table = "health"
    format: SheetForm = "csv"


@dataclass(frozen=True)
class InsightView:
    """Everything that the page shows."""

    health: Health
    used: Sequence[Used]
    contributors: Sequence[tuple[str, int]]
    quarters: Sequence[Quarter]
    searches: Sequence[tuple[str, int, int]]
    actions: Mapping[str, int]
    """Actions that come of lessons, by their state."""

    @property
    def health_chart(self) -> Chart:
        """How much of each kind of entry can be trusted."""
        return health_chart(self.health, {kind: kind_name(kind, 2) for kind in self.health.kinds})

    @property
    def quarters_chart(self) -> Chart:
        """How much was published when."""
        return quarters_chart(self.quarters)


@dataclass(frozen=True)
class EntriesView:
    """A page of the entries behind a figure."""

    asked: EntriesParameters
    items: Sequence[Item]

    @property
    def last_page(self) -> int:
        """The list's last page."""
        return max(1, -(-len(self.items) // PAGE_SIZE))

    @property
    def shown(self) -> Sequence[Item]:
        """This page's entries."""
        return self.items[(self.asked.page - 1) * PAGE_SIZE : self.asked.page * PAGE_SIZE]

    def url(self, page: int) -> str:
        """The address of another page of the list."""
        return url_for(
            "insight.entries", which=self.asked.which, kind=self.asked.kind or None,
            page=page if page > 1 else None,
        )  # fmt: skip


@blueprint.get("/insight")
def insight() -> str:
    """Renders all figures."""
    require_tender()
    return render_template("tending/insight.html", view=insight_view(), measures=MEASURES)


@blueprint.get("/insight/entries")
def entries() -> str:
    """Renders the entries behind a figure."""
    require_tender()
    asked = parse_page(EntriesParameters, request.args)
    found = measured_health().items[asked.which]
    items = [item for item in found if not asked.kind or item.kind == asked.kind]
    return render_template("tending/entries.html", view=EntriesView(asked, items), measures=MEASURES)


@blueprint.post("/insight/export")
def export() -> Response:
    """Sends one of the tables as a file."""
    require_tender()
    asked = parse_page(ExportParameters, request.form)
    allow_export()
    header, rows = table_of(insight_view(), asked.table)
    return sheet("export insight", asked.table, header, rows, asked.format)


def measured_health() -> Health:
    """What the person who asks may know of the entries' health."""
    context = current()
    with services().database.read() as session:
        return health(session, context.reader, context.today, opened_entries(session))


def insight_view() -> InsightView:
    """All figures for the person who asks."""
    reader, found = current().reader, measured_health()
    with services().database.read() as session:
        return InsightView(
            found, most_used(session, reader), contributors(session, reader), quarters(session, reader),
            top_searches(session), tally(session, reader, current().today),
        )  # fmt: skip


def table_of(view: InsightView, table: Table) -> tuple[Sequence[str], list[Sequence[Cell]]]:
    """The header and rows of a table."""
    rows: list[Any]
    match table:
        case "health":
            header: Sequence[str] = ("measure", "id", "kind", "title", "detail")
            rows = [
                (MEASURES[name], item.ref, item.kind, item.title, item.detail)
                for name, items in view.health.items.items()
                for item in items
            ]
        case "used":
            header = ("id", "kind", "title", "found by searches", "opened")
            rows = [(each.ref, each.kind, each.title, each.surfaced, each.opened) for each in view.used]
        case "contributors":
            header, rows = ("contributor", "entries"), list(view.contributors)
        case "quarters":
            header = ("quarter", "published", "median days to publish")
            rows = [(each.name, each.published, each.days) for each in view.quarters]
        case "searches":
            header, rows = ("search", "times", "without result"), list(view.searches)
    return header, rows
