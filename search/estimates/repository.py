"""Finished projects of the repository, as far as a reader may see them, as histories to estimate from.

An attribute is used only if it is known before a project starts: the typed fields that describe it (type,
size and so on, not its plan, team or outcome) and the further attributes, without any that looks like
the target under another name. A size counts against those in the same unit.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from sqlalchemy import func, select

from kb.content import make_content
from kb.model import PUBLISHED, Entry, Revision
from kb.quality import grade
from search.estimates.facts import CATEGORIES, FIELDS, SIZE, UNIT, attributes, category_of, is_late
from search.estimates.history import History
from search.estimates.leaks import leaks
from search.estimates.targets import LOWEST, Aim, Target, outcome_of, target_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from kb.kinds import Project
    from kb.quality import Letter
    from kb.reading import Reader
    from kb.reference.money import Money

CANCELLED = "cancelled"
_LISTED = 5


@dataclass(frozen=True)
class Finished:
    """A published project: its id, title and content as it is stored."""

    revision_id: int
    ref: str
    title: str
    content: Mapping[str, Any] = field(repr=False)

    @property
    def text(self) -> str:
        """Title, summary and description."""
        parts = (self.title, self.content.get("summary", ""), self.content.get("body", ""))
        return "\n".join(part for part in parts if part)

    @property
    def size_unit(self) -> str:
        """Unit of its size; empty where not known."""
        return str(self.content.get("size_unit", ""))

    @property
    def size(self) -> float | None:
        """Its size, as far as that was known before it started."""
        size = self.content.get("size")
        return float(size) if size and not is_late(self.content, SIZE) else None

    @cached_property
    def grade(self) -> Letter:
        """How good its figures are, from A to D."""
        return grade(cast("Project", make_content("project", self.content))).letter

    @property
    def is_cancelled(self) -> bool:
        """Whether it was given up: what it took is not what finishing takes."""
        return self.content.get("outcome") == CANCELLED


@dataclass(frozen=True)
class Projects:
    """The published projects that somebody may see, in the order of their ids."""

    digest: str
    """Equal for the same projects with the same content."""
    rows: tuple[Finished, ...]

    @cached_property
    def place(self) -> dict[str, int]:
        """Row by id."""
        return {each.ref: row for row, each in enumerate(self.rows)}

    @cached_property
    def usual_sizes(self) -> dict[str, float]:
        """Median size by unit, of the units that have one."""
        sizes: dict[str, list[float]] = {}
        for each in self.rows:
            if each.size is not None:
                sizes.setdefault(each.size_unit, []).append(each.size)
        return {unit: median(values) for unit, values in sorted(sizes.items())}

    @cached_property
    def late_sizes(self) -> tuple[str, ...]:
        """The projects whose size is known only afterwards."""
        return tuple(
            each.ref for each in self.rows if each.content.get("size") and is_late(each.content, SIZE)
        )

    @property
    def has_one_unit(self) -> bool:
        """Whether all sizes are in the same unit, so that they compare as they are."""
        return len(self.usual_sizes) == 1

    @property
    def size_name(self) -> str:
        """What the size is called among the attributes."""
        if not self.has_one_unit:
            return f"{SIZE} (1 is usual for its unit)"
        (unit,) = self.usual_sizes
        return f"{SIZE} ({unit})" if unit else SIZE

    def size_of(self, size: float | None, unit: str) -> float | None:
        """The size as attributes hold it; None where no finished project has this unit."""
        if size is None or unit not in self.usual_sizes:
            return None
        return float(size) if self.has_one_unit else float(size) / self.usual_sizes[unit]


def projects_digest(session: Session, reader: Reader) -> tuple[str, list[int]]:
    """What identifies the projects that the reader may see, and their revisions."""
    query = select(Revision.id, Revision.digest).join(Entry)
    query = query.where(PUBLISHED, Entry.kind == "project", reader.visible).order_by(Revision.id)
    rows = session.execute(query).all()
    made = hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()
    return made, [row.id for row in rows]


def read_projects(session: Session, reader: Reader, digest: str) -> Projects:
    """The projects that the reader may see."""
    query = select(Revision.id, Entry.ref, Revision.title, Revision.content).join(Entry)
    query = query.where(PUBLISHED, Entry.kind == "project", reader.visible)
    found = session.execute(query.order_by(func.length(Entry.ref), Entry.ref))
    return Projects(digest, tuple(Finished(*row) for row in found))


@dataclass(frozen=True)
class Prepared:
    """A history, what was left out of it and why, and the projects of its rows."""

    target: Target
    history: History
    projects: tuple[Finished, ...]
    notices: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()
    """Attributes that look like the target under another name."""
    how: Mapping[str, str] = field(default_factory=dict)
    """How the amount of a project, by its id, was made comparable, where it had to be."""


def prepare(projects: Projects, aim: Aim, money: Money) -> Prepared:
    """The history for a target. Raises UnknownTarget."""
    target = target_of(projects.rows, aim.target, money, aim.currency, aim.price_year)
    rows, truth, how, notices = _usable(projects.rows, target, money, aim.least_grade)
    numbers, categories = _columns(projects, rows, target.name)
    history = History(
        target=target.name,
        unit=target.unit,
        ids=tuple(each.ref for each in rows),
        truth=truth,
        numbers=numbers,
        categories=categories,
        texts=tuple(each.text for each in rows),
        names=tuple(each.title for each in rows),
        order=np.array([_finished_on(each) for each in rows], float),
    )
    suspicious = leaks(numbers, [*numbers, *categories], target.name, truth) if len(rows) else []
    if suspicious:
        notices += [f"Not used: {leak.column}, because {leak.why}." for leak in suspicious]
        history = without_attributes(history, {leak.column for leak in suspicious})
    notices += [*_late(rows), *_told(history)]
    leaking = frozenset(leak.column for leak in suspicious)
    return Prepared(target, history, rows, tuple(notices), leaking, how)


def without_attributes(history: History, names: Iterable[str]) -> History:
    """The history as if nobody had noted these attributes."""
    from dataclasses import replace

    gone = set(names)
    return replace(
        history,
        numbers={name: values for name, values in history.numbers.items() if name not in gone},
        categories={name: values for name, values in history.categories.items() if name not in gone},
    )


def _usable(
    rows: Sequence[Finished], target: Target, money: Money, least_grade: Letter
) -> tuple[tuple[Finished, ...], NDArray[np.float64], dict[str, str], list[str]]:
    """The projects whose outcome counts, the outcomes, how they were converted, and what was left out."""
    kept: list[Finished] = []
    truth: list[float] = []
    how: dict[str, str] = {}
    out: dict[str, list[str]] = {}
    for each in rows:
        found = outcome_of(each.content, target, money)
        why = found.why_not
        if found.value is not None and each.is_cancelled:
            why = "cancelled, and what was given up says not what finishing takes"
        elif found.value is not None and least_grade != LOWEST and each.grade > least_grade:
            why = f"its figures are of grade {each.grade}, and {least_grade} or better is to count"
        if why:
            out.setdefault(why, []).append(each.ref)
        elif found.value is not None:
            kept.append(each)
            truth.append(found.value)
            how |= {each.ref: found.how} if found.how else {}
    notices = [f"Left out: {_few(refs)} ({why})." for why, refs in sorted(out.items())]
    if target.is_money and target.price_year is None and kept:
        notices.append(f"Costs are in the prices of their years: there is no price index of {target.unit}.")
    return tuple(kept), np.array(truth, float), how, notices


def _columns(
    projects: Projects, rows: Sequence[Finished], target: str
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.str_]]]:
    numbers: dict[str, NDArray[np.float64]] = {}
    sizes = [projects.size_of(each.size, each.size_unit) for each in rows]
    if any(size is not None for size in sizes):
        numbers[projects.size_name] = np.array([np.nan if size is None else size for size in sizes], float)
    categories = {
        name: np.array([_known_before(each, name) for each in rows], np.str_) for name in CATEGORIES
    }
    if len(projects.usual_sizes) < 2:
        del categories[UNIT]
    more_numbers, more_categories = attributes([each.content for each in rows], {target, *numbers})
    return numbers | more_numbers, categories | more_categories


def _known_before(project: Finished, name: str) -> str:
    """The value of a typed field; empty where it is not known, or known only afterwards."""
    is_of_late_size = name == UNIT and project.size is None
    return "" if is_of_late_size or is_late(project.content, name) else category_of(project.content, name)


def _late(rows: Sequence[Finished]) -> Iterator[str]:
    """The typed fields that some projects know only afterwards, in sentences."""
    for name in (SIZE, *CATEGORIES):
        late = [
            each.ref
            for each in rows
            if each.content.get(FIELDS.get(name, name)) and is_late(each.content, name)
        ]
        if late:
            yield f"Not used: the {name} of {_few(late)}, because it is known only afterwards."


def _finished_on(project: Finished) -> float:
    from datetime import date

    stated = project.content.get("finished_on")
    return float(date.fromisoformat(stated).toordinal()) if stated else np.nan


def _told(history: History) -> list[str]:
    """What of a history should be known, in sentences."""
    found = []
    names = {**history.numbers, **history.categories}
    if 0 < len(history) < len(names):
        found.append(f"There are {len(history)} projects and {len(names)} attributes to tell them apart.")
    dull = [name for name, values in names.items() if len(history) > 1 and _has_one_value(values)]
    if dull:
        found.append(f"One value in all projects, so that they tell none apart: {_few(dull)}.")
    columns = [[str(cell) for cell in values] for values in (*names.values(), history.truth)]
    cells = [(*each, text) for *each, text in zip(*columns, history.texts, strict=True)]
    twice = [ref for ref, each in zip(history.ids, cells, strict=True) if Counter(cells)[each] > 1] if len(
        set(cells)
    ) < len(cells) else []  # fmt: skip
    if twice:
        found.append(
            f"{_few(twice)} say the same under different ids: repeated projects make ranges look better."
        )
    return found


def _has_one_value(values: NDArray[Any]) -> bool:
    distinct = {str(value) for value in values}
    return len(distinct) == 1 and not distinct & {"", "nan"}


def _few(items: Sequence[str]) -> str:
    more = len(items) - _LISTED
    return ", ".join(items[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")
