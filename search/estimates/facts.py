"""What is known of a project before it starts, as numbers and categories by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import TypeGuard

    from numpy.typing import NDArray

SIZE = "size"
UNIT = "size unit"
CATEGORIES = ("type", "sector", "region", "method", "novelty", "complexity", UNIT)
"""The typed fields that are categories, under the names that people see."""
FIELDS = {"method": "methods", UNIT: "size_unit"}
"""Their names in the record, where those are others."""


def category_of(content: Mapping[str, Any], name: str) -> str:
    """The value of a typed field; several methods are one value. Empty is not known."""
    value = content.get(FIELDS.get(name, name))
    if isinstance(value, list):
        return ", ".join(sorted(str(each) for each in value))
    return str(value) if value else ""


def is_late(content: Mapping[str, Any], name: str) -> bool:
    """Whether the project says that it knows this only since it has finished."""
    return FIELDS.get(name, name) in content.get("known_after", ())


def attributes(
    contents: Sequence[Mapping[str, Any]], taken: Collection[str]
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.str_]]]:
    """The further attributes by name: numbers where all that is known is one, else categories.

    Names of typed fields, those in `taken`, and what any project says is known only afterwards are passed
    over.
    """
    after = {name for content in contents for name in content.get("known_after", ())}
    names = dict.fromkeys(name for content in contents for name in content.get("attributes", {}))
    numbers: dict[str, NDArray[np.float64]] = {}
    categories: dict[str, NDArray[np.str_]] = {}
    for name in sorted(names):
        if name in taken or name in CATEGORIES or name in after:
            continue
        values = [content.get("attributes", {}).get(name) for content in contents]
        if all(is_number(value) for value in values if value is not None):
            numbers[name] = np.array([np.nan if value is None else value for value in values], float)
        else:
            categories[name] = np.array([words_of(value) for value in values], np.str_)
    return numbers, categories


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a number: true and false are words."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def words_of(value: object) -> str:
    """An attribute's value as a category; empty is not known."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.15g}" if is_number(value) else str(value or "")
