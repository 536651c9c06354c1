"""Values of a lesson's fields out of words: dates, choices, lists. What fits no field is told, not bent."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

from kb.kinds import CauseCode
from kb.markup import plain_text
from kb.text import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LINES = {"sector", "region", "unit", "programme"}
_LISTS = {"tags", "phases", "warning_signs"}
_TYPES = (
    ("near miss", ("near miss", "near-miss")),
    ("opportunity", ("opportunit",)),
    ("good practice", ("positive", "success", "good", "strength", "went well", "best practice", "+")),
    ("problem", ("negative", "fail", "problem", "weak", "issue", "bad", "improve", "-")),
)
_PRIORITIES = {"high": ("high", "critical", "urgent", "major", "must"), "low": ("low", "minor", "could"),
               "medium": ("medium", "moderate", "normal", "should")}  # fmt: skip
_DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%Y/%m/%d")


def value_of(name: str, text: str) -> Any:
    """The value of a lesson's field; None for a text that the field has no place for."""
    plain = " ".join(plain_text(text).split())
    if name in _LINES:
        return plain if len(plain) <= MAX_LINE else None
    if name in _LISTS:
        return _listed(name, text)
    match name:
        case "type":
            return _chosen(plain, dict(_TYPES))
        case "priority":
            return _chosen(plain, _PRIORITIES)
        case "occurred_on":
            return _day(plain)
        case "causes":
            return (
                [{"code": code, "words": plain}]
                if (code := _cause(plain)) and len(plain) <= MAX_LINE
                else None
            )
        case "impact":
            return {"quality": plain} if len(plain) <= MAX_LINE else None
        case _:
            return text


def _listed(name: str, text: str) -> list[str] | None:
    apart = r"[;,|\n]" if name != "warning_signs" else r"[;\n]"
    parts = [" ".join(plain_text(part).split()) for part in re.split(apart, text)]
    most = 80 if name == "tags" else MAX_LINE
    found = list(dict.fromkeys(part.lower() if name == "tags" else part for part in parts if part))
    return found if all(len(part) <= most for part in found) else None


def _chosen(text: str, known: Mapping[str, Sequence[str]]) -> str | None:
    said = text.casefold()
    return next((value for value, marks in known.items() if any(mark in said for mark in marks)), None)


def _cause(text: str) -> str | None:
    said = text.casefold()
    return next((code for code in get_args(CauseCode) if code.rstrip("s") in said), None)


def _day(text: str) -> str | None:
    for form in _DATES:
        try:
            found = datetime.strptime(text.removesuffix(" 00:00"), form)  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return found.date().isoformat()
    return None
