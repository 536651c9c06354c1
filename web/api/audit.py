"""/api/v1/audit: who did or tried what."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from kb.desk.veiling import unnamed_lines
from kb.people import audit as log
from kb.people.audit import AuditFilter
from kb.text import Day, Line
from web.api.models import Answer
from web.audit_files import TYPES, Form, send_log
from web.context import current
from web.parameters import Parameters, Whole
from web.services import services

if TYPE_CHECKING:
    from flask import Response

    from kb.people.model import AuditLine

MAX_LIMIT = 500
FILES = tuple(TYPES.values())


class LogParameters(Parameters):
    """Which lines of the log; what is not given does not narrow."""

    person: Annotated[Line, Field(max_length=100, description="A part of the name, or `#17` for an id.")] = ""
    action: Annotated[Line, Field(max_length=60, description="The whole of it, such as `set roles`.")] = ""
    object: Annotated[Line, Field(max_length=300, description="A part of what it was done to.")] = ""
    outcome: Literal["done", "refused"] | None = None
    since: Annotated[Day | None, Field(description="The first day, in UTC.")] = None
    until: Annotated[Day | None, Field(description="The last day, in UTC.")] = None

    @property
    def filter(self) -> AuditFilter:
        """The lines that are wanted."""
        return AuditFilter(self.person, self.action, self.object, self.outcome or "", self.since, self.until)


class LogFileParameters(LogParameters):
    """Which lines, and as what file."""

    format: Annotated[Form, Field(description="A line of text for each line of the log, or a workbook.")] = (
        "csv"
    )


class AuditParameters(LogParameters):
    """A stretch of the log."""

    offset: Annotated[Whole, Field(ge=0, le=100_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = 100


class AuditPart(Answer):
    """A line of the log."""

    id: int
    at: datetime
    person_id: int | None
    person: Annotated[str, Field(description="The name at the time.")]
    action: str
    object: str
    outcome: Literal["done", "refused"]
    detail: dict[str, Any]
    address: str
    request_id: str

    @classmethod
    def of(cls, line: AuditLine) -> AuditPart:
        """The line as the API shows it."""
        return cls.model_validate({name: getattr(line, name) for name in cls.model_fields})


class AuditAnswer(Answer):
    """A stretch of the log, newest first."""

    total: int
    offset: int
    lines: list[AuditPart]


def audit_log(parameters: AuditParameters) -> AuditAnswer:
    """Who did or tried what, when, from where. Lines are never changed."""
    with services().database.read() as session:
        unnamed = unnamed_lines(current().person)
        total, found = log.find(session, parameters.filter, parameters.offset, parameters.limit, unnamed)
        lines = [AuditPart.of(line) for line in found]
    return AuditAnswer(total=total, offset=parameters.offset, lines=lines)


def take_audit_log(parameters: LogFileParameters) -> Response:
    """The lines that fit, oldest first, as one file: csv or xlsx, in which no text is taken for a formula, or
    jsonl, an object a line as `GET /audit` shows it. That it was taken stands in the log.
    """
    return send_log(parameters.filter, parameters.format)
