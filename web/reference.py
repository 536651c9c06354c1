"""Money and uplifts: the reference tables as anybody may read them, and a converter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from flask import Blueprint, render_template, request
from pydantic import BeforeValidator, Field

from kb.kinds import Currency
from kb.reference.money import CannotConvert, Money
from kb.reference.rows import list_rows
from kb.reference.texts import TABLES, PriceIndex, Rate
from kb.text import Line
from web.parameters import Parameters, Whole, parse_page
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.reference.rows import Row

blueprint = Blueprint("reference", __name__)


def _amount(value: object) -> object:
    """The number, also with commas between thousands."""
    return value.replace(",", "").replace(" ", "") if isinstance(value, str) else value


class MoneyPage(Parameters):
    """What the address of the page states: an amount to convert."""

    amount: Annotated[float | None, BeforeValidator(_amount), Field(allow_inf_nan=False)] = None
    currency: Annotated[Currency, BeforeValidator(lambda value: str(value).strip().upper())] = "GBP"
    price_year: Annotated[Whole, Field(ge=1900, le=2200)] = 2016
    to_currency: Annotated[Currency, BeforeValidator(lambda value: str(value).strip().upper())] = "EUR"
    to_year: Annotated[Whole, Field(ge=1900, le=2200)] = 2024
    region: Annotated[Line, Field(max_length=300)] = ""


@dataclass(frozen=True)
class Series:
    """Figures of several years side by side: a column each currency, a row each year."""

    title: str
    heads: tuple[str, ...]
    under: tuple[str, ...]
    """A second line of each head, such as the base."""
    years: tuple[int, ...]
    cells: dict[tuple[int, str], tuple[Row, float]]
    """By year and head."""

    @property
    def sources(self) -> dict[str, list[str]]:
        """The sources, each with the columns it is of."""
        found: dict[str, list[str]] = {}
        for (_, head), (row, _) in self.cells.items():
            heads = found.setdefault(row.text.source, [])
            if head not in heads:
                heads.append(head)
        return found


@blueprint.get("/money")
def money() -> str:
    """Renders exchange rates and price indices, and what becomes of an amount."""
    asked = parse_page(MoneyPage, request.args)
    with services().database.read() as session:
        rates, indices = (list_rows(session, TABLES[name]) for name in ("rates", "indices"))
    converted, refused = "", ""
    if asked.amount is not None:
        tables = Money.of(
            (row.text for row in rates if isinstance(row.text, Rate)),
            (row.text for row in indices if isinstance(row.text, PriceIndex)),
        )
        try:
            converted = tables.normalise(
                asked.amount, asked.currency, asked.price_year, asked.to_currency, asked.to_year, asked.region
            ).how
        except CannotConvert as error:
            refused = str(error)
    return render_template(
        "reference/money.html", asked=asked, converted=converted, refused=refused, tables=TABLES,
        rates=_rates(rates), indices=_indices(indices),
    )  # fmt: skip


@blueprint.get("/uplifts")
def uplifts() -> str:
    """Renders the published uplifts."""
    with services().database.read() as session:
        rows = list_rows(session, TABLES["uplifts"])
    return render_template("reference/uplifts.html", table=TABLES["uplifts"], rows=rows)


def _rates(rows: Sequence[Row]) -> list[Series]:
    """One series for each reference currency."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if isinstance(row.text, Rate):
            found.setdefault(row.text.reference, []).append(row)
    return [
        _series(
            f"Units of a currency for one {reference}",
            [(row.text.currency, "", row.text.year, row, row.text.rate) for row in of
             if isinstance(row.text, Rate)],
        )
        for reference, of in sorted(found.items())
    ]  # fmt: skip


def _indices(rows: Sequence[Row]) -> list[Series]:
    parts = []
    for row in rows:
        if isinstance(row.text, PriceIndex):
            head = " ".join(part for part in (row.text.currency, row.text.region) if part)
            parts.append((head, row.text.base, row.text.year, row, row.text.index))
    return [_series("Prices of a year", parts)] if parts else []


def _series(title: str, parts: Sequence[tuple[str, str, int, Row, float]]) -> Series:
    heads = {head: under for head, under, _, _, _ in parts}
    return Series(
        title, tuple(heads), tuple(heads.values()),
        tuple(sorted({year for _, _, year, _, _ in parts}, reverse=True)),
        {(year, head): (row, figure) for head, _, year, row, figure in parts},
    )  # fmt: skip
