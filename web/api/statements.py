"""/api/v1/statements: what the record store is told."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.statements import outbox
from kb.strict import Strict
from web.api.mail import MAX_LIMIT
from web.api.models import Answer
from web.api.operations import Operation, number_of
from web.identity import origin
from web.parameters import Parameters, Whole
from web.services import services

if TYPE_CHECKING:
    from kb.statements.outbox import StatementView
    from web.parameters import NoParameters

State = Literal["waiting", "sent", "given up"]


class StatementsParameters(Parameters):
    """A stretch of the statements."""

    state: State | None = None
    offset: Annotated[Whole, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = 50


class StatementPart(Answer):
    """A statement: what it is about, and what became of it. Whose it is is not told."""

    id: int
    name: Annotated[str, Field(description="The statement's own id in the record store.")]
    verb: Literal["registered", "initialized", "completed", "passed", "failed", "earned"]
    path: str
    step: Annotated[str, Field(description="The entry that it is about; empty: the whole path.")]
    state: State
    created_at: datetime
    due_at: Annotated[datetime, Field(description="When it is tried next, or when it was settled.")]
    attempts: int
    problem: Annotated[str, Field(description="What the store said the last time, or why it was given up.")]
    sent_at: datetime | None

    @classmethod
    def of(cls, view: StatementView) -> StatementPart:
        """The statement as the API shows it."""
        return cls.model_validate(vars(view))


class StatementsAnswer(Answer):
    """How telling goes, and a stretch of the statements, newest first."""

    tells: Annotated[bool, Field(description="Whether a record store is set.")]
    counts: Annotated[dict[str, int], Field(description="Statements in each state.")]
    overdue: Annotated[int, Field(description="Statements that should have been told by now.")]
    last_sent: datetime | None
    problem: str
    statements: list[StatementPart]


class StatementBody(Strict):
    """What becomes of a statement."""

    state: Literal["waiting", "given up"]


def statements(parameters: StatementsParameters) -> StatementsAnswer:
    """How telling the record store goes, and the newest statements."""
    with services().database.read() as session:
        found = outbox.look(session)
        asked = (parameters.state or "", parameters.offset, parameters.limit)
        rows = outbox.list_statements(session, *asked)
    return StatementsAnswer(
        tells=services().settings.records_learning,
        counts=dict(found.counts),
        overdue=found.overdue,
        last_sent=found.last_sent,
        problem=found.problem,
        statements=[StatementPart.of(each) for each in rows],
    )


def set_statement(_: NoParameters, body: StatementBody, number: str) -> StatementPart:
    """Tells the record store again (`waiting`), or gives up what waits."""
    verb = outbox.retry if body.state == "waiting" else outbox.drop
    with services().database.write_aside() as session:
        return StatementPart.of(verb(session, origin(), number_of(number, "statement")))


STATEMENTS = (
    Operation("GET", "/statements", statements, StatementsAnswer, "See what the record store is told",
              StatementsParameters, action="see operation"),
    Operation("PUT", "/statements/<number>", set_statement, StatementPart,
              "Tell the record store again, or no more", body=StatementBody, action=outbox.MANAGE),
)  # fmt: skip
"""The calls about the record store."""
