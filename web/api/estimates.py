"""/api/v1/estimates: what comparable projects really took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from kb.quality import Letter
from kb.text import Line
from search.estimates.request import EstimateRequest
from search.estimates.targets import LOWEST, Aim
from web.context import current
from web.parameters import Parameters, Whole
from web.searches import count_one
from web.services import services

if TYPE_CHECKING:
    from search.estimates.answers import EstimateAnswer
    from search.estimates.checked import BacktestAnswer
    from search.estimates.offering import EstimateFields
    from web.parameters import NoParameters


class EstimateBody(EstimateRequest):
    """A planned project. What is not known stays out, or null; something has to be known."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="before")
    @classmethod
    def _says_something(cls, data: Any) -> Any:
        if data == {}:
            raise ValueError("must say something of the planned project")
        return data


def estimate(_: NoParameters, body: EstimateBody) -> EstimateAnswer:
    """Comparables, a range whose hit rate on this history is measured, or a refusal that says why.
    Nothing is stored.
    """
    count_one()
    return services().estimates.answer(body, current().reader)


class BacktestParameters(Parameters):
    """Which estimates are looked at."""

    target: Annotated[Line, Field(max_length=300, description="cost, effort, duration, or an attribute.")] = (
        "cost"
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    price_year: Annotated[Whole, Field(ge=1900, le=2200)] | None = None
    least_grade: Annotated[
        Letter, Field(description="Projects whose figures have a lower grade do not count.")
    ] = LOWEST


def estimate_backtest(parameters: BacktestParameters) -> BacktestAnswer:
    """Each finished project that the caller may see, estimated without itself, beside other methods. It is
    begun when first asked for, and kept while the projects stay the same: ask again until it is done.
    """
    count_one()
    currency = parameters.currency or ""
    aim = Aim(parameters.target, currency, parameters.price_year, parameters.least_grade)
    return services().estimates.backtest(aim, current().reader)


def estimate_options(_: NoParameters) -> EstimateFields:
    """The targets, fields and values that the finished projects have."""
    count_one()
    here = services()
    with here.database.read() as session:
        projects = here.estimates.projects(session, current().reader)
        return here.estimates.offered(projects, here.estimates.figures(session))
