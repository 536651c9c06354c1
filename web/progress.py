"""How a path goes, in the browser: who is where, at which step people stop, what they say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from flask import Blueprint, Response, render_template, request
from pydantic import Field

from kb.assigning.cohorts import list_cohorts
from kb.assigning.listing import AssignmentFilter, list_assignments
from kb.learning.progress import Progress, Whom, progress
from kb.learning.tables import ProgressTable, progress_table
from web.charts import steps_chart
from web.context import current
from web.entries import checked_ref
from web.parameters import Parameters, Whole, parse_page
from web.services import services
from web.sheets import SheetForm, allow_export, sheet
from web.teaching import trainer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

blueprint = Blueprint("progress", __name__)
LARGEST = 2**31 - 1
STATE_WORDS = {"active": "On it", "left": "Left it", "completed": "Completed"}


class WhomParameters(Parameters):
    """Whose progress: everybody's unless a cohort or an assignment is named."""

    cohort: Annotated[Whole, Field(ge=0, le=LARGEST)] = 0
    assignment: Annotated[Whole, Field(ge=0, le=LARGEST)] = 0

    @property
    def whom(self) -> Whom:
        """The same for the verb."""
        return Whom(self.cohort, self.assignment)


class ExportParameters(WhomParameters):
    """Which table, as what."""

    table: ProgressTable = "steps"
    format: SheetForm = "csv"


@blueprint.get("/teaching/paths/<path>")
def look(path: str) -> str:
    """Renders how a path goes."""
    person, here = trainer(), current()
    asked = parse_page(WhomParameters, request.args)
    with services().database.read() as session:
        found = load(session, checked_ref(path), asked.whom)
        cohorts = list_cohorts(session, person)
        standing = list_assignments(session, person, here.reader, AssignmentFilter(ref=found.view.ref))
    return render_template(
        "teaching/path.html", found=found, asked=asked, cohorts=cohorts, assignments=standing,
        state_words=STATE_WORDS, chart=steps_chart(found) if found.learners else None,
    )  # fmt: skip


@blueprint.post("/teaching/paths/<path>/export")
def export(path: str) -> Response:
    """Sends one of the tables as a file."""
    trainer()
    asked = parse_page(ExportParameters, request.form)
    with services().database.read() as session:
        found = load(session, checked_ref(path), asked.whom)
    allow_export()
    header, rows = progress_table(found, asked.table)
    return sheet("export path progress", f"{found.view.ref}-{asked.table}", header, rows, asked.format)


def load(session: Session, ref: str, whom: Whom) -> Progress:
    """How the path goes, for whoever asks."""
    return progress(session, trainer(), current().reader, ref, whom)
