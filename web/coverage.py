"""What is taught and what is not, in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request

from kb.learning.coverage import FEWEST, HEADER, coverage, coverage_rows
from web.context import current
from web.parameters import Parameters, parse_page
from web.services import services
from web.sheets import SheetForm, allow_export, sheet
from web.teaching import trainer

if TYPE_CHECKING:
    from kb.learning.coverage import Line

blueprint = Blueprint("coverage", __name__)


class ExportParameters(Parameters):
    """As what."""

    format: SheetForm = "csv"


@blueprint.get("/teaching/coverage")
def look() -> str:
    """Renders competencies and recurring themes against published paths."""
    lines = load()
    gaps = sum(each.is_gap for each in lines)
    return render_template("teaching/coverage.html", lines=lines, gaps=gaps, fewest=FEWEST)


@blueprint.post("/teaching/coverage/export")
def export() -> Response:
    """Sends the table as a file."""
    lines, asked = load(), parse_page(ExportParameters, request.form)
    allow_export()
    return sheet("export coverage", "coverage", HEADER, coverage_rows(lines), asked.format)


def load() -> list[Line]:
    """The table for whoever asks. Raises NotAllowed."""
    person = trainer()
    with services().database.read() as session:
        return coverage(session, person, current().reader)
