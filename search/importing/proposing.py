"""A first mapping of a table, from the columns' names and contents, for a person to correct."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from search.estimates.columns import Ambiguous, NotNumbers, dates, kind_of, numbers
from search.importing.mapping import ATTRIBUTE, CHOICES, LEAVE_OUT, TARGETS, Column, ColumnMapping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from search.estimates.columns import Kind
    from search.estimates.tables import Table
    from search.importing.mapping import DateForm, Target, Unit

_PLAN = r"\b(?:plan|planned|estim\w*|budget\w*|baseline|forecast|target)\b"
_ACTUAL = r"\b(?:actual|act|real|final)\b"
_AS = r"(?: (?:in|k|m|thousands?|millions?|[€£$]|eur|usd|gbp|chf|hours?|days?|weeks?|months?|person|man))*$"
"""What may stand behind the name of a measure."""
_NAMES: tuple[tuple[str, str], ...] = (
    ("baseline.cost", rf"{_PLAN}.*\bcosts?\b|^budget{_AS}"),
    ("baseline.effort_hours", rf"{_PLAN}.*\beffort\b"),
    ("baseline.duration_months", rf"{_PLAN}.*\bduration\b"),
    ("actuals.cost", rf"{_ACTUAL}.*\bcosts?\b|^(?:total )?costs?{_AS}"),
    ("actuals.effort_hours", rf"{_ACTUAL}.*\beffort\b|^effort{_AS}"),
    ("actuals.duration_months", rf"{_ACTUAL}.*\bduration\b|^duration{_AS}"),
    ("approved_scope_change", r"\bscope change\b"),
    ("title", r"^(?:project )?(?:name|title)$|^project$|\bproject (?:name|title)\b"),
    ("summary", r"^summary$"),
    ("body", r"\bdescription\b"),
    ("currency", r"^currency$"),
    ("price_year", r"^price year$|\bprices of\b"),
    (
        "size",
        r"^(?:fp )?size$|^fp$|\b(?:functional|estimated|project) size\b|\bk?s?loc\b|physkloc",
    ),
    ("team_size", r"^(?:team size|size of team|staff)$"),
    ("started_on", r"^(?:start|started|start date|begin|started on)$"),
    ("finished_on", r"^(?:finish|finished|end date|finish date|completion date.*|finished on)$|\bgo live\b"),
    ("sector", r"^sector$|^industry$|\bbusiness domain\b"),
    ("type", r"^(?:project )?type$|^development type$"),
    ("region", r"^region$|^country$"),
    ("outcome", r"^outcome$"),
    ("methods", r"^(?:delivery |development )?method(?:ology)?$"),
    ("complexity", r"^complexity$"),
    ("novelty", r"^novelty$"),
    ("source", r"^source$"),
)
_NUMBERS = {name for name, target in TARGETS.items() if target.shape in {"number", "whole"}}
_UNITS: tuple[tuple[Unit, str], ...] = (
    ("hours", r"\bhours?\b"), ("person-months", r"\b(?:person|man)[ -]?months?\b"),
    ("person-days", r"\b(?:person|man)[ -]?days?\b"), ("months", r"\bmonths?\b"), ("weeks", r"\bweeks?\b"),
    ("days", r"\bdays?\b"), ("million", r"\bmillions?\b|\bm\b"), ("thousand", r"\bthousands?\b|\bk\b"),
)  # fmt: skip
_CURRENCIES = {"eur": "EUR", "usd": "USD", "gbp": "GBP", "chf": "CHF", "€": "EUR", "£": "GBP", "$": "USD"}
_FALLBACK_STAGE = "plan"
_LONG = 300


def propose(table: Table, name: str) -> ColumnMapping:
    """What the columns seem to be. Every column is in it, and each thing that may be there once is once."""
    kinds = {column: kind_of(column, table.cells(column)) for column in table.columns}
    key = _key(table, kinds)
    taken: set[str] = set()
    columns = []
    for column in table.columns:
        to = "key" if column == key else _target(column, table.cells(column), kinds[column], taken)
        taken |= {to} if to not in {ATTRIBUTE, LEAVE_OUT, "body"} else set()
        columns.append(_column(column, to, table.cells(column), kinds[column]))
    return ColumnMapping(
        name=name, columns=columns, currency=_currency(columns), size_unit=_size_unit(columns)
    )


def _key(table: Table, kinds: dict[str, Kind]) -> str:
    """The column that tells projects apart: the last one with an id's name that does, else the first id."""

    def distinct(column: str) -> bool:
        cells = table.cells(column)
        return all(cells) and len(set(cells)) == len(cells)

    named = [
        each for each in table.columns if re.search(r"\b(?:id|num|no|nr|key)\b|^project$", words_of(each))
    ]
    candidates = [each for each in named if distinct(each)] or [
        each for each, kind in kinds.items() if kind == "id" and distinct(each)
    ]
    unique = [each for each in candidates if "unique" in words_of(each)]
    return (unique or candidates or [""])[0]


def _target(column: str, cells: list[str], kind: Kind, taken: set[str]) -> str:
    if kind == "empty":
        return LEAVE_OUT
    for to, pattern in _NAMES:
        if to not in taken and re.search(pattern, words_of(column)) and _fits(to, cells, kind):
            return to
    if kind == "text" or max(map(len, cells)) > _LONG:
        return "body"
    return "title" if kind == "name" and "title" not in taken else ATTRIBUTE


def _fits(to: str, cells: list[str], kind: Kind) -> bool:
    """Whether the cells could be that: numbers for a number, dates or years for a date, words of a choice."""
    if to in _NUMBERS:
        return kind in {"number", "constant", "id"}
    if TARGETS[to].shape == "date":
        return kind == "date" or _are_years(cells)
    if to in CHOICES:
        return {cell.lower() for cell in cells if cell} <= {word.lower() for word in CHOICES[to]}
    return kind != "number" or to == "type"


def _are_years(cells: Sequence[str]) -> bool:
    known = [cell for cell in cells if cell]
    return bool(known) and all(re.fullmatch(r"(?:19|20)\d\d(?:\.0)?", cell) for cell in known)


def _column(column: str, to: str, cells: list[str], kind: Kind) -> Column:
    target = TARGETS[to]
    words = words_of(column)
    unit = unit_of_name(target, column)
    if not unit and "single" in target.units and _are_full_amounts(cells):
        unit = "single"
    form: DateForm = ""
    if target.shape == "date":
        form = "year" if _are_years(cells) else _date_form(cells)
    return Column(
        column=column, to=to, stage=_FALLBACK_STAGE if target.staged else "", unit=unit, dates=form,
        decimal=_decimal(cells) if target.shape == "number" else "",
        kind=_kind(kind, words, cells) if to == ATTRIBUTE else "",
    )  # fmt: skip


def unit_of_name(target: Target, column: str) -> Unit:
    """The unit that a column's name states, if it is one of the target's."""
    words = words_of(column)
    return next((unit for unit, pattern in _UNITS if unit in target.units and re.search(pattern, words)), "")


def is_named(to: str, column: str) -> bool:
    """Whether the column's name is one that this usually has."""
    return any(name == to and re.search(pattern, words_of(column)) for name, pattern in _NAMES)


def _kind(kind: Kind, words: str, cells: list[str]) -> Literal["number", "category"]:
    is_number = kind in {"number", "constant", "id"} and all(re.search(r"\d", cell) for cell in cells if cell)
    return "number" if is_number and not _are_codes(words, cells) else "category"


def _are_codes(words: str, cells: list[str]) -> bool:
    """Whether cells of an id's column are mostly digits and not all: codes, not amounts."""
    try:
        numbers(cells)
    except NotNumbers:
        return bool(re.search(r"\b(?:id|num|no|nr|key|code)\b", words))
    except Ambiguous:
        return False
    return False


def _are_full_amounts(cells: list[str]) -> bool:
    """Whether half of the amounts or more have five digits: hardly thousands or millions of a currency."""
    digits = sorted(len(re.sub(r"[.,]\d{1,2}$|\D", "", cell)) for cell in cells if cell)
    return bool(digits) and digits[len(digits) // 2] >= 5


def _decimal(cells: list[str]) -> Literal["", "point", "comma"]:
    """The decimal sign, where the column has one and it can only be that."""
    if not any("," in cell or "." in cell for cell in cells):
        return ""
    signs: tuple[Literal["point", "comma"], ...] = ("point", "comma")
    for sign in signs:
        try:
            numbers(cells)
            numbers(cells, sign)
        except (Ambiguous, NotNumbers):
            continue
        return sign
    return ""


def _date_form(cells: list[str]) -> DateForm:
    known = [cell for cell in cells if cell]
    if known and all(re.match(r"\d{4}[-/]", cell) for cell in known):
        return "ymd"
    if known and all(re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}", cell) for cell in known):
        return "dmy"
    try:
        if dates(cells) is None:
            return ""
    except Ambiguous:
        return ""
    return "mdy" if any(int(cell.split("/")[1]) > 12 for cell in known) else "dmy"


def _currency(columns: Sequence[Column]) -> str | None:
    """The currency that the names of the columns of money state, if it is one."""
    money = [each for each in columns if each.to in {"actuals.cost", "baseline.cost"}]
    if any(each.to == "currency" for each in columns):
        return None
    found = {
        code for each in money for sign, code in _CURRENCIES.items()
        if re.search(rf"(?<![a-z]){re.escape(sign)}(?![a-z])", each.column.lower().replace("_", " "))
    }  # fmt: skip
    return found.pop() if len(found) == 1 else None


def _size_unit(columns: Sequence[Column]) -> str:
    """In what the size is measured, where its column's name says so."""
    words = " ".join(words_of(each.column) for each in columns if each.to == "size")
    if re.search(r"\bfp\b|\bfunction points?\b", words):
        return "function points"
    return "thousand lines of code" if re.search(r"\bkloc\b|\bksloc\b|physkloc", words) else ""


def words_of(column: str) -> str:
    """A column's name as words: `Actual_costEUR` is `actual cost eur`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    return " ".join(re.findall(r"[^\W_]+|[€£$]", spaced)).lower()
