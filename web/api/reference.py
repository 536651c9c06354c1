"""/api/v1/rates, /indices, /uplifts: the reference tables, read and changed; /money converts by them."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from kb.errors import InvalidRecord, Taken
from kb.kinds import Amount, Currency, Positive, Year
from kb.reference import curating
from kb.reference.money import read_money
from kb.reference.rows import RowChanged, get_row, list_rows
from kb.reference.texts import TABLES, Measure, Said, Table
from kb.strict import Strict
from kb.text import Line
from kb.validation import validate
from web.api.models import Answer
from web.api.operations import Operation, Reply, number_of
from web.identity import origin
from web.parameters import Parameters, Whole
from web.services import services
from web.versions import VersionGone, etag_of, is_conditional, version_to_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.reference.rows import Row
    from web.parameters import NoParameters

READ = "The version that was read, unless If-Match names it."
TAKEN = "There is a row about the same, no room, or the figures contradict each other."
STALE = "The row is no longer of that `version`, another is about the same, or its figures contradict."
OTHER = "The row is no longer of that `version`."
MISSING = "A rate or an index that it takes is missing; `detail` says which."
Version = Annotated[int | None, Field(ge=1, le=999_999_999, description=READ)]


class MoneyParameters(Parameters):
    """An amount, what it is in, and what it should be in."""

    amount: Annotated[float, Field(allow_inf_nan=False, ge=-1e18, le=1e18)]
    currency: Currency
    price_year: Annotated[Whole, Field(ge=1900, le=2200)]
    to_currency: Currency
    to_year: Annotated[Whole, Field(ge=1900, le=2200)]
    region: Annotated[Line, Field(description="Whose own price index goes first.")] = ""


class MoneyAnswer(Answer):
    """The amount, and what was done with which figures."""

    amount: float
    how: str


class TableParameters(Parameters):
    """A stretch of a table."""

    offset: Annotated[Whole, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[Whole, Field(ge=1, le=5_000)] = 1_000


class RowVersion(Parameters):
    """Which version of a row is meant."""

    version: Annotated[Whole | None, Field(ge=1, le=999_999_999, description=READ)] = None


class _Row(Answer):
    id: int
    version: Annotated[int, Field(description="Counted up by every change.")]
    author: Annotated[str, Field(description="Who changed it last.")]
    changed_at: datetime
    source: str
    note: str


class _Body(Strict):
    source: Said
    note: Line = ""
    version: Version = None


class RatePart(_Row):
    """An exchange rate: units of the currency for one of the reference currency, the mean of a year."""

    currency: str
    year: int
    rate: float
    reference: str


class RateBody(_Body):
    """What an exchange rate is to say."""

    currency: Currency
    year: Year
    rate: Positive
    reference: Currency = "EUR"


class IndexPart(_Row):
    """A price index of a year; only those of one base can be compared."""

    currency: str
    region: str
    year: int
    index: float
    base: str


class IndexBody(_Body):
    """What a price index is to say."""

    currency: Currency
    region: Line = ""
    year: Year
    index: Positive
    base: Said


class UpliftPart(_Row):
    """A published uplift, in per cent on top of the estimate."""

    project_type: str
    measure: Measure
    p50_percent: float | None
    p80_percent: float | None
    n: int | None
    year: int


class UpliftBody(_Body):
    """What an uplift is to say; at least one of its two figures."""

    project_type: Said
    measure: Measure
    p50_percent: Amount | None = None
    p80_percent: Amount | None = None
    n: Annotated[int, Field(gt=0, le=10_000_000)] | None = None
    year: Year


class RatesAnswer(Answer):
    """A stretch of the exchange rates."""

    total: int
    rows: list[RatePart]


class IndicesAnswer(Answer):
    """A stretch of the price indices."""

    total: int
    rows: list[IndexPart]


class UpliftsAnswer(Answer):
    """A stretch of the uplifts."""

    total: int
    rows: list[UpliftPart]


def money(parameters: MoneyParameters) -> MoneyAnswer:
    """An amount in another currency and the prices of another year, by the tables that curators keep."""
    with services().database.read() as session:
        tables = read_money(session)
    asked = parameters
    found = tables.normalise(
        asked.amount, asked.currency, asked.price_year, asked.to_currency, asked.to_year, asked.region
    )
    return MoneyAnswer(amount=found.amount, how=found.how)


def operations() -> tuple[Operation, ...]:
    """The calls of all tables."""
    convert = Operation(
        "GET", "/money", money, MoneyAnswer, "Convert an amount of money", MoneyParameters, conflict=MISSING
    )
    return (
        convert,
        *_of_table(TABLES["rates"], "rate", RatePart, RatesAnswer, RateBody),
        *_of_table(TABLES["indices"], "index", IndexPart, IndicesAnswer, IndexBody),
        *_of_table(TABLES["uplifts"], "uplift", UpliftPart, UpliftsAnswer, UpliftBody),
    )


def _of_table(
    table: Table, one: str, part: type[_Row], answer: type[Any], body: type[_Body]
) -> tuple[Operation, ...]:
    verbs = _Verbs(table, part, answer)
    path, edit = f"/{table.name}", curating.EDIT
    words, row = table.title.lower(), table.row
    listed, added = _named(verbs.rows, table.name, table.help), _named(verbs.add, f"add_{one}", "")
    read, changed = _named(verbs.get, f"get_{one}", ""), _named(verbs.change, f"change_{one}", "")
    removed = _named(verbs.remove, f"remove_{one}", "")
    return (
        Operation("GET", path, listed, answer, f"List {words}", TableParameters),
        Operation("POST", path, added, part, f"Add: {row}", body=body, conflict=TAKEN, action=edit),
        Operation("GET", f"{path}/<number>", read, part, f"Read: {row}", has_versions=True),
        Operation("PUT", f"{path}/<number>", changed, part, f"Change: {row}", body=body, has_versions=True,
                  conflict=STALE, action=edit),
        Operation("DELETE", f"{path}/<number>", removed, None, f"Remove: {row}", RowVersion,
                  has_versions=True, conflict=OTHER, action=edit),
    )  # fmt: skip


def _named(verb: Callable[..., Any], name: str, words: str) -> Callable[..., Any]:
    """The verb under the name that the description gives it."""

    def named(*asked: object, **path: str) -> Any:
        return verb(*asked, **path)

    named.__name__, named.__doc__ = name, words or verb.__doc__
    return named


class _Verbs:
    """The verbs of one table."""

    def __init__(self, table: Table, part: type[_Row], answer: type[Any]) -> None:
        self.table, self.part, self.answer = table, part, answer

    def rows(self, parameters: TableParameters) -> Answer:
        """The rows in the order of what they are about."""
        with services().database.read() as session:
            found = list_rows(session, self.table)
        shown = found[parameters.offset : parameters.offset + parameters.limit]
        answer: Answer = self.answer(total=len(found), rows=[self._part(row) for row in shown])
        return answer

    def get(self, _: NoParameters, number: str) -> Reply:
        """One row, with its version as ETag."""
        return self._reply(self._standing(number))

    def add(self, _: NoParameters, body: _Body) -> Reply:
        """Estimates take it into account at once."""
        row = curating.add(services().database, origin(), self.table, self._text(body))
        location = f"/{self.table.name}/{row.id}"
        return Reply(self._part(row), location=location, etag=etag_of(row))

    def change(self, _: NoParameters, body: _Body, number: str) -> Reply:
        """The row says this from now on. What it says already is no change and makes no version."""
        standing = self._standing(number)
        version = version_to_change(standing, body.version)
        text = self._text(body)
        database = services().database
        try:
            row = curating.change(database, origin(), self.table, standing.id, text, version=version)
        except RowChanged as error:
            raise _overtaken(error) from None
        return self._reply(row)

    def remove(self, parameters: RowVersion, number: str) -> None:
        """What was worked out with it stays as it is."""
        standing = self._standing(number)
        version = version_to_change(standing, parameters.version)
        try:
            curating.remove(services().database, origin(), self.table, standing.id, version=version)
        except RowChanged as error:
            raise _overtaken(error) from None

    def _text(self, body: _Body) -> Any:
        try:
            return validate(self.table.model, body.model_dump(exclude={"version"}))
        except InvalidRecord as error:  # each field is right, and together they are not
            raise Taken(error.problems) from None

    def _standing(self, number: str) -> Row:
        with services().database.read() as session:
            return get_row(session, self.table, number_of(number, self.table.row))

    def _part(self, row: Row) -> _Row:
        said = {"id": row.id, "version": row.version, "author": row.author, "changed_at": row.changed_at}
        return self.part.model_validate(said | row.text.model_dump())

    def _reply(self, row: Row) -> Reply:
        return Reply(self._part(row), etag=etag_of(row))


def _overtaken(error: RowChanged) -> RowChanged | VersionGone:
    """What a caller hears who was overtaken: by the header, when the header named the version."""
    return VersionGone(str(error)) if is_conditional() else error
