"""A number as a person types it: never a silent guess about commas and points."""

from __future__ import annotations

from kb.errors import InvalidRecord
from kb.validation import Problem, shorten
from search.estimates.columns import Ambiguous, NotNumbers, examples, numbers


def read_number(text: str, field: str = "") -> float:
    """`1200`, `1,200.5`, `1.200,5` or `1 200`. Raises InvalidRecord for what is none or could be two."""
    plain = text.strip()
    try:
        return float(numbers([plain])[0])
    except Ambiguous:
        _, point, comma = examples([plain])
        message = f"can be read as {point:g} or as {comma:g}; write {point:.10g} or {comma:.10g}"
    except NotNumbers:
        message = f"must be a number such as 1200 or 3.5, not {shorten(plain)}"
    raise InvalidRecord([Problem(field, message)])


def looks_like_number(text: str) -> bool:
    """Whether the text would be read as a number, or could be."""
    try:
        numbers([text.strip()])
    except Ambiguous:
        return True
    except NotNumbers:
        return False
    return bool(text.strip())
