"""The audit log in the browser: read, narrowed, exported."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Blueprint, Response, render_template, request
from pydantic import Field, ValidationInfo, field_validator

from kb.people.audit import AuditFilter
from kb.people.roles import require
from kb.text import Day, Line
from web.audit_files import TYPES, send_log
from web.audit_views import audit_view
from web.forms import Form
from web.identity import signed_in
from web.parameters import BadParameters, Parameters, Whole, parse_page

blueprint = Blueprint("audit", __name__)


class AuditParameters(Parameters):
    """Which lines, and which page of them."""

    person: Annotated[Line, Field(max_length=100)] = ""
    action: Annotated[Line, Field(max_length=60)] = ""
    object: Annotated[Line, Field(max_length=300)] = ""
    outcome: Literal["", "done", "refused"] = ""
    since: Day | None = None
    until: Day | None = None
    page: Annotated[Whole, Field(ge=1, le=10_000_000)] = 1

    @field_validator("until")
    @classmethod
    def _not_before(cls, until: Day | None, info: ValidationInfo) -> Day | None:
        since = info.data.get("since")
        if since is not None and until is not None and until < since:
            raise ValueError("must not be before From")
        return until

    @property
    def filter(self) -> AuditFilter:
        """The lines that are wanted."""
        return AuditFilter(
            self.person.strip(), self.action, self.object.strip(), self.outcome, self.since, self.until
        )


@blueprint.get("/audit")
def audit() -> str | Response:
    """Renders a page of the log; what was asked wrongly is shown again beside all of it."""
    require(signed_in(), "see audit")
    try:
        given = parse_page(AuditParameters, request.args)
    except BadParameters as error:
        return Response(_page(AuditFilter(), 1, Form(request.args.to_dict(), error.problems)), status=400)
    return _page(given.filter, given.page, Form())


@blueprint.post("/audit/export")
def export() -> Response:
    """Sends the lines as a file."""
    require(signed_in(), "see audit")
    wanted, form = parse_page(AuditParameters, request.form).filter, request.form.get("format", "csv")
    try:
        return send_log(wanted, form if form in TYPES else "csv")  # type: ignore[arg-type]
    except BadParameters as error:
        return Response(_page(wanted, 1, Form({}, error.problems)), status=400)


def _page(wanted: AuditFilter, page: int, form: Form) -> str:
    view = audit_view(wanted, page)
    return render_template("people/audit.html", view=view, form=form, outcomes=("done", "refused"))
