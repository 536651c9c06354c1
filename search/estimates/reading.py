"""A table becomes a history: which column is what, and what keeps it from being one.

Nothing is guessed silently: what was left out is told in `notices`, what could be read in two ways or
gives the answer away is an error that names file, line and column and says what to do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from search.estimates.columns import Ambiguous, NotNumbers, dates, examples, kind_of, numbers
from search.estimates.history import MIN_PROJECTS, History
from search.estimates.leaks import leaks
from search.estimates.tables import BadTable, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from search.estimates.columns import Decimal, Kind
    from search.estimates.tables import Table

_LISTED = 5


@dataclass(frozen=True)
class Choices:
    """What a person says about the columns; content decides where nothing is said."""

    target: str
    unit: str = ""
    drop: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    """Columns to use though they look like the answer."""
    numeric: frozenset[str] = frozenset()
    category: frozenset[str] = frozenset()
    text: frozenset[str] = frozenset()
    id: str = ""
    date: str = ""
    """When each project finished, for the time protocol; a date or a year."""
    decimal: Decimal | None = None


@dataclass
class Reading:
    """A history, and what a person should know of how it was read."""

    history: History
    kinds: dict[str, Kind]
    notices: list[str] = field(default_factory=list)


def read_history(table: Table, choices: Choices) -> Reading:
    """The history in a table. Raises BadTable."""
    _check_names(table, choices)
    rows, truth, notices = _targets(table, choices)
    usable = _rows(table, rows)
    named = {choices.target, *choices.drop, choices.date} - {""}
    kinds = {name: _kind(usable, name, choices) for name in table.columns if name not in named}
    found = {name: _numbers(usable, name, choices) for name, kind in kinds.items() if kind == "number"}
    _refuse_leaks(usable, choices, kinds, found, truth)
    ids, names = _labels(usable, kinds, choices)
    history = History(
        target=choices.target,
        unit=choices.unit,
        ids=ids,
        truth=truth,
        numbers=found,
        categories={
            name: np.array(usable.cells(name), np.str_) for name, kind in kinds.items() if kind == "category"
        },
        texts=_texts(usable, kinds),
        names=names,
        order=_order(usable, choices),
    )
    notices += _told(usable, kinds, history)
    return Reading(history, kinds, notices)


def _check_names(table: Table, choices: Choices) -> None:
    asked = {
        "--target": {choices.target}, "--drop": choices.drop, "--keep": choices.keep,
        "--numeric": choices.numeric, "--category": choices.category, "--text": choices.text,
        "--id": {choices.id} - {""}, "--date": {choices.date} - {""},
    }  # fmt: skip
    problems = [
        Problem(f"{option} names {name!r}, and there is no such column. Columns: {', '.join(table.columns)}")
        for option, names in asked.items()
        for name in sorted(names - set(table.columns))
    ]
    said = Counter(name for names in (choices.numeric, choices.category, choices.text) for name in names)
    problems += [Problem("is given two kinds", column=name) for name, count in said.items() if count > 1]
    if choices.target in choices.drop:
        problems.append(Problem("is the target and dropped at once", column=choices.target))
    if problems:
        raise BadTable(table.file, problems)


def _rows(table: Table, rows: NDArray[np.intp]) -> Table:
    return replace(
        table,
        rows=tuple(table.rows[row] for row in rows),
        lines=tuple(table.lines[row] for row in rows),
    )


def _targets(
    table: Table, choices: Choices
) -> tuple[NDArray[np.intp], NDArray[np.float64], list[str]]:  # fmt: skip
    """Rows with a known target, the targets, and what was left out."""
    name = choices.target
    values = _numbers(table, name, choices)
    problems = [
        Problem(
            f"is {table.cells(name)[row]}; what a project took is above 0. Correct it, or empty the cell "
            "to leave the project out",
            table.lines[row],
            name,
        )
        for row in np.flatnonzero(values <= 0)
    ]
    if problems:
        raise BadTable(table.file, problems)
    rows = np.flatnonzero(~np.isnan(values))
    if len(rows) < MIN_PROJECTS:
        message = (
            f"has {len(rows)} projects with a known {name}, and {MIN_PROJECTS} are the least: with fewer a "
            "range that holds eight times in ten would be a guess"
        )
        raise BadTable(table.file, [Problem(message)])
    if len(np.unique(values[rows])) == 1:
        raise BadTable(table.file, [Problem("has the same value in all rows", column=name)])
    missing = [table.lines[row] for row in np.flatnonzero(np.isnan(values))]
    notices = []
    if missing:
        notices.append(f"{len(missing)} rows without {name} were left out (lines {_few(missing)}).")
    return rows, values[rows], notices


def _few(items: Iterable[object]) -> str:
    listed = [str(item) for item in items]
    more = len(listed) - _LISTED
    return ", ".join(listed[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _kind(table: Table, name: str, choices: Choices) -> Kind:
    if name in choices.numeric:
        return "number"
    if name in choices.category:
        return "category"
    if name in choices.text:
        return "text"
    return "id" if name == choices.id else kind_of(name, table.cells(name))


def _numbers(table: Table, name: str, choices: Choices) -> NDArray[np.float64]:
    cells = table.cells(name)
    try:
        return numbers(cells, choices.decimal)
    except Ambiguous:
        cell, point, comma = examples(cells)
        message = (
            f"can be read in two ways: is {cell} the number {point:,g} or {comma:,g}? "
            f"Pass --decimal point for {point:g}, --decimal comma for {comma:g}"
        )
        raise BadTable(table.file, [Problem(message, column=name)]) from None
    except NotNumbers as error:
        advice = "correct the cell" if name == choices.target else f"correct it, or pass --category '{name}'"
        problems = [
            Problem(f"{cells[row][:40]!r} is no number; {advice}", table.lines[row], name)
            for row in error.rows
        ]
        raise BadTable(table.file, problems) from None


def _refuse_leaks(
    table: Table, choices: Choices, kinds: dict[str, Kind], found: dict[str, NDArray[np.float64]],
    truth: NDArray[np.float64],
) -> None:  # fmt: skip
    names = [name for name, kind in kinds.items() if kind in {"number", "category"}]
    suspicious = [
        leak for leak in leaks(found, names, choices.target, truth) if leak.column not in choices.keep
    ]
    if not suspicious:
        return
    problems = [Problem(leak.why, column=leak.column) for leak in suspicious]
    message = (
        "These columns may give the answer away. Drop with --drop what is not known before a project "
        "starts, or say --keep for what is"
    )
    raise BadTable(table.file, [Problem(message), *problems])


def _labels(
    table: Table, kinds: dict[str, Kind], choices: Choices
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids (line numbers where no column tells projects apart) and names."""
    columns = [name for name, kind in kinds.items() if kind == "id"]
    ids = tuple(f"line {line}" for line in table.lines)
    for name in [choices.id] if choices.id else columns:
        cells = table.cells(name)
        if len(set(cells)) == len(cells):
            ids = tuple(cell or f"line {line}" for cell, line in zip(cells, table.lines, strict=True))
            break
        if choices.id:
            cell, count = Counter(cells).most_common(1)[0]
            message = f"{cell!r} stands in {count} rows; an id belongs to one project"
            raise BadTable(table.file, [Problem(message, column=name)])
    named = [name for name, kind in kinds.items() if kind == "name"]
    if not named:
        return ids, ()
    cells = table.cells(named[0])
    return ids, tuple(cell or each for cell, each in zip(cells, ids, strict=True))


def _texts(table: Table, kinds: dict[str, Kind]) -> tuple[str, ...]:
    columns = [table.cells(name) for name, kind in kinds.items() if kind in {"text", "name"}]
    if not any(kind == "text" for kind in kinds.values()):
        return ()
    return tuple("\n".join(cell for cell in cells if cell) for cells in zip(*columns, strict=True))


def _order(table: Table, choices: Choices) -> NDArray[np.float64] | None:
    if not choices.date:
        return None
    cells = table.cells(choices.date)
    try:
        days = dates(cells)
    except Ambiguous:
        message = "day and month cannot be told apart in any cell; write dates as 2024-03-31"
        raise BadTable(table.file, [Problem(message, column=choices.date)]) from None
    return days if days is not None else _numbers(table, choices.date, choices)


def _told(table: Table, kinds: dict[str, Kind], history: History) -> list[str]:
    """What was left out or looks odd, in sentences."""
    found = []
    why = {
        "empty": "They are empty", "constant": "They have one value", "date": "They hold dates",
        "id": "They name projects",
    }  # fmt: skip
    for kind, reason in why.items():
        columns = [name for name, each in kinds.items() if each == kind]
        if columns:
            found.append(f"Not used: {_few(columns)}. {reason}.")
    compared = [place for place, name in enumerate(table.columns) if kinds.get(name) != "id"]
    seen: dict[tuple[str, ...], int] = {}
    twice = []
    for line, row in zip(table.lines, table.rows, strict=True):
        first = seen.setdefault(tuple(row[place] for place in compared), line)
        if first != line:
            twice.append(f"{line} repeats {first}")
    if twice:
        found.append(
            f"{len(twice)} rows repeat others in everything but their id (line {_few(twice)}). "
            "Repeated projects make a back-test look better than it is."
        )
    count = len(history.numbers) + len(history.categories)
    if len(history) < count:
        found.append(f"There are {len(history)} projects and {count} attributes: drop those that say little.")
    return found
