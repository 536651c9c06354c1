"""/api/v1/mail: the outbox."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.notices import outbox
from kb.strict import Strict
from web.api.models import Answer
from web.api.operations import Operation, number_of
from web.identity import origin
from web.parameters import Parameters, Whole
from web.services import services

if TYPE_CHECKING:
    from kb.notices.outbox import MailView
    from web.parameters import NoParameters

MAX_LIMIT = 200
State = Literal["waiting", "sent", "needless", "given up"]


class OutboxParameters(Parameters):
    """A stretch of the mails."""

    state: State | None = None
    offset: Annotated[Whole, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = 50


class MailPart(Answer):
    """A mail: to whom, and what became of it."""

    id: int
    email: str
    name: str
    kind: Literal["at once", "daily", "weekly"]
    state: State
    created_at: datetime
    due_at: Annotated[datetime, Field(description="When it is tried next, or when it was settled.")]
    attempts: int
    problem: Annotated[
        str, Field(description="What the mail server said the last time, or why it was given up.")
    ]
    sent_at: datetime | None

    @classmethod
    def of(cls, view: MailView) -> MailPart:
        """The mail as the API shows it."""
        return cls.model_validate(vars(view))


class OutboxAnswer(Answer):
    """How sending goes, and a stretch of the mails, newest first."""

    sends: Annotated[bool, Field(description="Whether a mail server is set.")]
    counts: Annotated[dict[str, int], Field(description="Mails in each state.")]
    overdue: Annotated[int, Field(description="Mails that should have gone by now.")]
    last_sent: datetime | None
    problem: str
    mails: list[MailPart]


class MailBody(Strict):
    """What becomes of a mail."""

    state: Literal["waiting", "given up"]


def mails(parameters: OutboxParameters) -> OutboxAnswer:
    """How sending goes, and the newest mails. What they say is not told."""
    with services().database.read() as session:
        found = outbox.look(session)
        rows = outbox.list_mails(session, parameters.state or "", parameters.offset, parameters.limit)
    return OutboxAnswer(
        sends=services().settings.sends_mail,
        counts=dict(found.counts),
        overdue=found.overdue,
        last_sent=found.last_sent,
        problem=found.problem,
        mails=[MailPart.of(each) for each in rows],
    )


def set_mail(_: NoParameters, body: MailBody, number: str) -> MailPart:
    """Sends a mail again (`waiting`), or gives one up that waits."""
    verb = outbox.retry if body.state == "waiting" else outbox.drop
    with services().database.write_aside() as session:
        return MailPart.of(verb(session, origin(), number_of(number, "mail")))


OUTBOX = (
    Operation(
        "GET", "/mail", mails, OutboxAnswer, "See the outbox", OutboxParameters, action="see operation"
    ),
    Operation(
        "PUT", "/mail/<number>", set_mail, MailPart, "Send a mail again, or give it up", body=MailBody,
        action="manage mail",
    ),
)  # fmt: skip
