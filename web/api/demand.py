"""/api/v1/demand: what people look for in vain."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.people.texts import Email
from kb.strict import Strict
from kb.usage.demand import give, list_demands, settle
from web.api.models import Answer
from web.api.operations import number_of
from web.identity import origin
from web.parameters import Parameters
from web.services import services

if TYPE_CHECKING:
    from kb.usage.demand import DemandView
    from web.parameters import NoParameters

State = Literal["open", "given", "answered", "dismissed"]


class DemandParameters(Parameters):
    """Which demands."""

    state: State = "open"


class DemandQuery(Answer):
    """A search without result."""

    words: str
    searches: int


class DemandPart(Answer):
    """Searches without result that mean the same."""

    id: int
    words: Annotated[str, Field(description="The search that stands for the others.")]
    queries: list[DemandQuery]
    searches: int
    state: State
    given_to: str
    author: Annotated[str, Field(description="Who decided about it last.")]
    at: datetime

    @classmethod
    def of(cls, view: DemandView) -> DemandPart:
        """The demand as the API shows it."""
        queries = [DemandQuery(words=words, searches=count) for words, count in view.queries]
        return cls.model_validate(vars(view) | {"queries": queries})


class DemandAnswer(Answer):
    """Demands in a state, the most wanted first."""

    demands: list[DemandPart]


class DemandBody(Strict):
    """What becomes of a demand."""

    state: Literal["open", "answered", "dismissed"]


class WriterBody(Strict):
    """Who is to write about it."""

    email: Email


def demand(parameters: DemandParameters) -> DemandAnswer:
    """What people look for in vain."""
    with services().database.read() as session:
        return DemandAnswer(demands=[DemandPart.of(each) for each in list_demands(session, parameters.state)])


def set_demand(_: NoParameters, body: DemandBody, number: str) -> DemandPart:
    """Says that a demand is answered, dismissed or open again."""
    return DemandPart.of(settle(services().database, origin(), number_of(number, "demand"), body.state))


def give_demand(_: NoParameters, body: WriterBody, number: str) -> DemandPart:
    """Gives a demand to somebody to write about, who is told."""
    return DemandPart.of(give(services().database, origin(), number_of(number, "demand"), body.email))
