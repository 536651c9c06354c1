"""What a record says beside its content: identity, history, judgement, verification."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from kb.strict import Strict
from kb.text import Day, Line, Ref, Words
from kb.visibility import checked_reader

State = Literal["draft", "submitted", "changes requested", "rejected", "published", "superseded", "archived"]
IMPORTER = "import"
MAX_REVISION = 1_000_000


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a moment written as 2026-03-01T14:02:00+00:00") from None
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("needs its time zone, as in 2026-03-01T14:02:00+00:00")
    if not 1900 <= value.year <= 2200:
        raise ValueError("must lie between 1900 and 2200")
    return value.astimezone(UTC)


def _distinct(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Moment = Annotated[datetime, BeforeValidator(_moment)]
Named = Annotated[Line, AfterValidator(checked_reader)]
"""A role or person as a file states it: `role:estimator`, `person:anna@example.org`."""


class Meta(Strict):
    """What a record says beside its content. Everything may be left out."""

    id: Ref | None = None
    key: Annotated[Line, Field(min_length=1)] | None = None
    revision: Annotated[int, Field(gt=0, le=MAX_REVISION)] | None = None
    state: State = "published"
    author: Line = IMPORTER
    anonymous: bool = False
    note: Words = ""
    reviewer: Line | None = None
    reason: Words = ""
    created_at: Moment | None = None
    decided_at: Moment | None = None
    owner: Line = ""
    visibility: Literal["public", "signed-in", "restricted"] = "public"
    readers: Annotated[list[Named], AfterValidator(_distinct), Field(max_length=500)] = []
    mask_source: bool = False
    verified_on: Day | None = None
    verifier: Line = ""
    verify_months: Annotated[int, Field(gt=0, le=600)] | None = None
