"""What a row of each reference table says, and what makes two rows the same."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from kb.kinds import Amount, Currency, Positive, Year
from kb.strict import Strict
from kb.text import SOMETHING, Described, Line

if TYPE_CHECKING:
    from collections.abc import Mapping

TableName = Literal["rates", "indices", "uplifts"]
Said = Annotated[Line, StringConstraints(min_length=1), Described("pattern", SOMETHING)]
Measure = Literal["cost", "duration", "effort"]


class RowText(Strict):
    """What every row says beside its figures."""

    source: Said
    """Who published it, and where."""
    note: Line = ""

    @property
    @abstractmethod
    def key(self) -> str:
        """What makes two rows the same: only one of them can be in the table."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What the row is about, in a few words."""


class Rate(RowText):
    """An exchange rate, the mean of a year."""

    currency: Currency
    year: Year
    rate: Positive
    """Units of the currency that one unit of the reference currency bought."""
    reference: Annotated[Currency, Field(validate_default=True)] = "EUR"

    @field_validator("reference")
    @classmethod
    def _check_reference(cls, reference: str, info: ValidationInfo) -> str:
        if reference == info.data.get("currency"):
            raise ValueError("must be another currency than the one it is the rate of")
        return reference

    @property
    def key(self) -> str:
        """Currency, reference currency and year."""
        return f"{self.currency}/{self.reference} {self.year}"

    @property
    def name(self) -> str:
        """Such as `GBP per EUR in 2016`."""
        return f"{self.currency} per {self.reference} in {self.year}"


class PriceIndex(RowText):
    """How high prices stood in a year."""

    currency: Currency
    region: Line = ""
    """Where the prices hold; empty for the currency as a whole."""
    year: Year
    index: Positive
    base: Said
    """When it was 100, such as `2015 = 100`. Only figures of one base can be compared."""

    @property
    def key(self) -> str:
        """Currency, region and year."""
        return f"{self.currency} {self.region.casefold()} {self.year}"

    @property
    def name(self) -> str:
        """Such as `prices in EUR, Austria, in 2016`."""
        place = f", {self.region}," if self.region else ""
        return f"prices in {self.currency}{place} in {self.year}"


class Uplift(RowText):
    """By how much estimates of a class of projects were exceeded, as somebody published it."""

    project_type: Said
    measure: Measure
    p50_percent: Amount | None = None
    """On top of the estimate, so that half of the projects keep it."""
    p80_percent: Annotated[Amount | None, Field(validate_default=True)] = None
    """On top of the estimate, so that eight in ten keep it."""
    n: Annotated[int, Field(gt=0, le=10_000_000)] | None = None
    """Projects that it rests on."""
    year: Year
    """Of the publication."""

    @field_validator("p80_percent")
    @classmethod
    def _check_order(cls, high: float | None, info: ValidationInfo) -> float | None:
        low = info.data.get("p50_percent")
        if low is None and high is None:
            raise ValueError("or p50_percent must be given")
        if low is not None and high is not None and high < low:
            raise ValueError(f"must be at least as high as p50_percent, {low:g}")
        return high

    @property
    def key(self) -> str:
        """Project type, measure and source."""
        return f"{self.project_type} | {self.measure} | {self.source}".casefold()

    @property
    def name(self) -> str:
        """Such as `cost of rail`."""
        return f"{self.measure} of {self.project_type}"


@dataclass(frozen=True)
class Table:
    """One of the tables."""

    name: TableName
    model: type[RowText]
    title: str
    row: str
    """What one row is called."""
    help: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields in the order of a file: what it is about, figures, then source and note."""
        names = [name for name in self.model.model_fields if name not in RowText.model_fields]
        return (*names, *RowText.model_fields)


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table("rates", Rate, "Exchange rates", "exchange rate",
              "Units of a currency that one unit of the reference currency bought, on average over a year."),
        Table("indices", PriceIndex, "Price indices", "price index",
              "How high prices stood in a year. Amounts of one year become those of another by the ratio."),
        Table("uplifts", Uplift, "Published uplifts", "uplift",
              "By how much finished projects of a class exceeded their estimates, as others published it."),
    )
}  # fmt: skip
