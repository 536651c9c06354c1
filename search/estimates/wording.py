"""Numbers and sentences of an answer."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search.estimates.answers import Measured, Range

_DIGITS = 3


def rounded(value: float) -> float:
    """The value with three digits that count: an estimate is no more exact than that."""
    if not value:
        return 0.0
    return float(round(value, _DIGITS - 1 - floor(log10(abs(value)))))


def amount(value: float, unit: str = "") -> str:
    """`1,230,000 EUR`, `7.25 months`."""
    text = f"{rounded(value):,.10f}".rstrip("0").rstrip(".")
    return f"{text} {unit}".strip()


def figure(value: float) -> str:
    """`1,850,000` or `0.0625`: a number as it was stated."""
    return f"{value:,.15g}"


def percent(share: float) -> str:
    """`81 %`."""
    return f"{100 * share:.0f} %"


def change(share: float) -> str:
    """`+12 %` or `-8 %`."""
    return f"{100 * share:+.0f} %"


def range_words(
    target: str, unit: str, year: int | None, found: Range, n: int, measured: Measured | None
) -> str:
    """The answer in sentences."""
    held = (
        f"On this very history such ranges held {percent(measured.inside_p10_p90)} of the time "
        f"({measured.protocol}); 80 % is promised."
        if measured
        else "How often such ranges held on this history is not measured yet."
    )
    prices = f", in prices of {year}" if year else ""
    return (
        f"{target.capitalize()}{prices}: as likely above {amount(found.p50, unit)} as below; 8 in 10 from "
        f"{amount(found.p10, unit)} to {amount(found.p90, unit)}, and 8 in 10 stay under "
        f"{amount(found.p80, unit)}. Based on {n:,} finished projects. {held}"
    )
