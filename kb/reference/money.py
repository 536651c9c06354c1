"""Amounts of money made comparable: another currency, and the prices of another year.

First the currency, at the mean rate of the year whose prices the amount is in; then the prices, by the
ratio of the target currency's index. Nothing is guessed: where a figure is missing, the answer is in
words which one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kb.errors import KbError
from kb.reference.rows import list_rows
from kb.reference.texts import TABLES, PriceIndex, Rate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session


class CannotConvert(KbError):
    """An exchange rate or a price index is missing, or what the amount is in is not known."""


class Converted(NamedTuple):
    """An amount in another currency and the prices of another year."""

    amount: float
    how: str
    """What was done, in a sentence that names every figure and its source."""


@dataclass(frozen=True)
class Money:
    """Exchange rates and price indices, to convert with."""

    rates: dict[tuple[str, str, int], Rate]
    """By currency, reference currency and year."""
    indices: dict[tuple[str, str, int], PriceIndex]
    """By currency, region in small letters, and year."""

    @classmethod
    def of(cls, rates: Iterable[Rate], indices: Iterable[PriceIndex]) -> Money:
        """With these rows."""
        return cls(
            {(each.currency, each.reference, each.year): each for each in rates},
            {(each.currency, each.region.casefold(), each.year): each for each in indices},
        )

    def normalise(
        self,
        amount: float,
        currency: str | None,
        price_year: int | None,
        to_currency: str,
        to_year: int,
        region: str = "",
    ) -> Converted:
        """`amount` of `currency` in prices of `price_year` as one of `to_currency` in prices of `to_year`.

        A region's own price index goes before that of the currency where it has both years. Raises
        CannotConvert, in words, when anything that it takes is not known.
        """
        if not currency:
            raise CannotConvert("The currency of the amount is not known: state it.")
        if price_year is None:
            if currency == to_currency:
                asked = f"it cannot be told what it is in prices of {to_year}"
            else:
                asked = "there is no year to take the exchange rate of"
            raise CannotConvert(f"The year whose prices the amount is in is not known, so {asked}: state it.")
        factor, steps = 1.0, []
        if currency != to_currency:
            rate, words = self._rate(currency, to_currency, price_year)
            factor *= rate
            steps.append(words)
        if price_year != to_year:
            ratio, words = self._ratio(to_currency, price_year, to_year, region)
            factor *= ratio
            steps.append(words)
        found = amount * factor
        said = f"{in_short(amount)} {currency} of {price_year}"
        if not steps:
            return Converted(amount, f"{said}, as it is stated")
        return Converted(found, f"{said} = {in_short(found)} {to_currency} of {to_year}: {', '.join(steps)}")

    def _rate(self, currency: str, to_currency: str, year: int) -> tuple[float, str]:
        """Units of `to_currency` for one of `currency`, and the words for it."""
        references = sorted({reference for _, reference, _ in self.rates} | {currency, to_currency})
        # A rate between the two themselves goes before one by way of a third.
        references.sort(key=lambda each: each not in {currency, to_currency})
        for reference in references:
            one, other = (
                1.0 if each == reference else self._units(each, reference, year)
                for each in (currency, to_currency)
            )
            if one is not None and other is not None:
                used = [self.rates.get((each, reference, year)) for each in (currency, to_currency)]
                source = "; ".join(dict.fromkeys(each.source for each in used if each is not None))
                rate = other / one
                return rate, f"rate {rate:.4g} {to_currency} per {currency} ({year}, {source})"
        raise CannotConvert(self._no_rate(currency, to_currency, year))

    def _units(self, currency: str, reference: str, year: int) -> float | None:
        found = self.rates.get((currency, reference, year))
        return None if found is None else found.rate

    def _no_rate(self, currency: str, to_currency: str, year: int) -> str:
        references = {reference for _, reference, _ in self.rates}
        dated = {one for one, _, of in self.rates if of == year} | references
        missing = [each for each in (currency, to_currency) if each not in dated]
        missing = missing or [each for each in (currency, to_currency) if each not in references]
        named = " and of ".join(missing or [f"{currency} in {to_currency}"])
        years = sorted({of for one, reference, of in self.rates if currency in {one, reference}})
        known = f" {currency} has rates of {_years(years)}." if years else ""
        return f"There is no exchange rate of {named} for {year}.{known} A curator can add it."

    def _ratio(self, currency: str, year: int, to_year: int, region: str) -> tuple[float, str]:
        """Prices of `to_year` over those of `year`, and the words for it."""
        for place in dict.fromkeys((region.casefold(), "")):
            one, other = (self.indices.get((currency, place, each)) for each in (year, to_year))
            if one is None or other is None:
                continue
            if one.base != other.base:
                raise CannotConvert(
                    f"The price indices of {currency} for {year} and {to_year} have other bases "
                    f"({one.base}; {other.base}) and cannot be compared. A curator can bring them to one."
                )
            source = "; ".join(dict.fromkeys((one.source, other.source)))
            where = f" {one.region}" if one.region else ""
            return other.index / one.index, f"index{where} {one.index:g} -> {other.index:g} ({source})"
        missing = [each for each in (year, to_year) if (currency, "", each) not in self.indices]
        named = " and ".join(str(each) for each in missing)
        years = sorted({of for one, place, of in self.indices if one == currency and not place})
        known = f" There are those of {_years(years)}." if years else ""
        raise CannotConvert(
            f"There is no price index of {currency} for {named}.{known} A curator can add it."
        )


def read_money(session: Session) -> Money:
    """The rates and indices as they stand."""
    rates, indices = ([row.text for row in list_rows(session, TABLES[name])] for name in ("rates", "indices"))
    return Money.of(
        (each for each in rates if isinstance(each, Rate)),
        (each for each in indices if isinstance(each, PriceIndex)),
    )


def in_short(amount: float) -> str:
    """`1.2 M`, `310 k` or `950`: an amount as it is said."""
    for size, unit in ((1e9, "bn"), (1e6, "M"), (1e4, "k")):
        if abs(amount) >= size:
            return f"{amount / min(size, 1e3 if unit == 'k' else size):.4g} {unit}"
    return f"{amount:,.6g}"


def _years(years: list[int]) -> str:
    """`2005 to 2024`, or all of them where some between are missing."""
    if len(years) > 2 and years[-1] - years[0] == len(years) - 1:
        return f"{years[0]} to {years[-1]}"
    return ", ".join(str(year) for year in years)
