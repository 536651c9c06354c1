"""Drafts out of a document and a plan: what each entry would say, before anything is saved."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kb.content import make_content
from kb.errors import InvalidRecord
from kb.importing.document import PICTURE
from kb.importing.plans import (
    BODY,
    COLUMN_FIELDS,
    ITEM,
    ITEMS,
    LESSON,
    RECORD,
    ROWS,
    SKIP,
    choices,
    labels_of,
)  # fmt: skip
from kb.importing.values import value_of
from kb.importing.words import lesson_title
from kb.markup import plain_text
from kb.text import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kb.content import Content
    from kb.importing.document import Document, Section, Table
    from kb.importing.plans import Plan
    from kb.validation import Problem

MAX_DRAFTS = 500
LONGEST_TITLE = 120
UNTITLED = "Untitled"
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PICTURE = re.compile(rf"\]\({PICTURE}(\d+)\)")
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


@dataclass
class Made:
    """An entry that would be made."""

    kind: str
    data: dict[str, Any]
    place: str
    """Where in the document it begins."""
    problems: list[Problem] = field(default_factory=list)
    """Why it cannot be saved as it is."""
    pictures: set[int] = field(default_factory=set)

    @property
    def title(self) -> str:
        """Its title."""
        return str(self.data["title"])

    @property
    def lacks(self) -> list[str]:
        """Fields of a lesson that it says nothing of, in words."""
        wanted = ("happened", "lesson", "recommendation") if self.kind == "lesson" else ()
        return [COLUMN_FIELDS[name].lower() for name in wanted if name not in self.data]

    def content(self, addresses: Mapping[int, str]) -> Content:
        """What it says, with the pictures at their addresses. Raises InvalidRecord."""
        return make_content(self.kind, {name: _placed(value, addresses) for name, value in self.data.items()})


def make(document: Document, plan: Plan) -> list[Made]:
    """The entries that the plan makes: the review first, then the lessons as they stand in the document."""
    maker = _Maker(plan)
    for at, section in enumerate(document.sections):
        target = plan.targets[at]
        maker.take(at, section, target if target in choices(plan.shape, section) else SKIP)
    return [_checked(made) for made in maker.finished()]


class _Maker:
    """Goes through the sections in order, filling the entry that each belongs to."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._whole = _Draft("lesson" if plan.shape == "lessons" else plan.shape, plan.title, "")
        self._lessons: list[_Draft] = []
        self._left_out = 0
        """The level of the heading that is left out with what stands below it; 0 for none."""
        self._levels: dict[str, int] = {}
        """Of each field of the review, the level of the heading that stands for it."""

    def take(self, at: int, section: Section, target: str) -> None:
        """Puts a section where it goes. Below a heading that is left out nothing goes to the lesson above."""
        if section.level:
            self._left_out = self._left_out if section.level > self._left_out else 0
            if target == SKIP:
                self._left_out = self._left_out or section.level
        if target == LESSON:
            self._left_out = 0
        if not (self._left_out and target.startswith("lesson.")):
            self._put(at, section, target)

    def _put(self, at: int, section: Section, target: str) -> None:
        if target in {ROWS, RECORD} and section.table:
            self._lessons += _rows(section, target, self._plan.columns.get(at, []))
        elif target == ITEMS:
            self._lessons += _items(section)
        elif target == LESSON:
            title = lesson_title(section.heading)
            self._lessons.append(_Draft("lesson", title, section.place or section.heading))
            self._lessons[-1].add("happened", _text(section))
        elif target == BODY:
            self._whole.add("body", _text(section), section.heading if section.level else "", section.level)
        elif target.startswith("review."):
            self._review(target.removeprefix("review."), section)
        elif target.startswith("lesson."):
            if not self._lessons:
                self._lessons.append(_Draft("lesson", "", section.place or section.heading))
            self._add(self._lessons[-1], target.removeprefix("lesson."), section)

    def _review(self, name: str, section: Section) -> None:
        """Adds to a field of the review; what has a heading of its own within the field keeps that."""
        if name != "body" and 0 < self._levels.get(name, 0) < section.level:
            self._whole.add(name, _text(section), section.heading, max(3, section.level))
        else:
            self._levels[name] = section.level or self._levels.get(name, 0)
            self._add(self._whole, name, section)

    @staticmethod
    def _add(draft: _Draft, name: str, section: Section) -> None:
        heading = section.heading if name == "body" and section.level else ""
        draft.add(name, _text(section), heading, section.level)

    def finished(self) -> Iterator[Made]:
        """The entries that say something."""
        if self._plan.shape != "lessons":
            yield self._whole.made()
        yield from (draft.made() for draft in self._lessons if draft.texts)


class _Draft:
    """An entry while its fields fill."""

    def __init__(self, kind: str, title: str, place: str) -> None:
        self.kind, self.title, self.place = kind, title, place
        self.texts: dict[str, list[str]] = {}

    def add(self, name: str, text: str, heading: str = "", level: int = 2) -> None:
        """Adds to a field what a section says, in the body below its heading."""
        marked = f"{'#' * max(2, min(level, 6))} {heading}" if heading else ""
        if said := "\n\n".join(filter(None, (marked, text.strip()))):
            self.texts.setdefault(name, []).append(said)

    def made(self) -> Made:
        """The entry, its values as the kind wants them. What fits no field stays in the text."""
        data: dict[str, Any] = {}
        kept = {name: "\n\n".join(texts) for name, texts in self.texts.items()}
        for name, text in kept.items():
            value = value_of(name, text) if self.kind == "lesson" else text
            if value is None:
                self.add("body", f"**{COLUMN_FIELDS[name]}:** {text}")
            elif name == "conditions":
                data["applicability"] = {"conditions": text}
            elif name != "body":
                data[name] = value
        if self.texts.get("body"):
            data["body"] = "\n\n".join(self.texts["body"])
        data["title"] = self._titled(data)
        clean = {name: _cleaned(value) for name, value in data.items()}
        numbers = {int(number) for text in kept.values() for number in _PICTURE.findall(text)}
        return Made(self.kind, clean, self.place, pictures=numbers)

    def _titled(self, data: Mapping[str, Any]) -> str:
        """Its title; where it has none, how its lesson begins."""
        given = " ".join(plain_text(self.title or str(data.get("title", ""))).split())
        if given:
            return given[:MAX_LINE]
        names = ("lesson", "recommendation", "happened", "summary", "body")
        text = next((plain_text(str(data[name])) for name in names if data.get(name)), "")
        text = " ".join(_PICTURE.sub("", text).split())
        sentence = _SENTENCE.match(text)
        first = (sentence[1] if sentence else text).rstrip(".")
        if len(first) > LONGEST_TITLE:
            first = first[:LONGEST_TITLE].rpartition(" ")[0] + " …"
        return first or UNTITLED


def _rows(section: Section, target: str, columns: Sequence[str]) -> Iterator[_Draft]:
    """A lesson of each row; of a table with labels in its first column a single one."""
    table = section.table
    assert table is not None  # noqa: S101 - the caller looked
    headings = labels_of(table, target)
    joined = [" ".join(row[1:]) for row in (table.header, *table.rows)]
    rows = [joined] if target == RECORD else table.rows
    for number, row in enumerate(rows, 2):
        place = section.place or section.heading
        draft = _Draft("lesson", "", f"{place}, row {number}" if target == ROWS and place else place)
        for name, heading, cell in zip(columns, headings, row, strict=False):
            if name == "body" and cell:
                draft.add("body", f"**{heading}:** {cell}")
            elif name != SKIP:
                draft.add(name, cell)
        if target == RECORD and "title" not in draft.texts and section.level:
            draft.title = section.heading
        yield draft


def _items(section: Section) -> Iterator[_Draft]:
    """A lesson of each item of the list."""
    items: list[list[str]] = []
    for line in section.text.split("\n"):
        mark = ITEM.match(line)
        if mark:
            items.append([line[mark.end() :]])
        elif items:
            items[-1].append(line.removeprefix("    "))
    for lines in items:
        draft = _Draft("lesson", "", section.place or section.heading)
        draft.add("lesson", "\n".join(lines))
        yield draft


def _text(section: Section) -> str:
    """What a section says as Markdown, its table too."""
    table = _table(section.table) if section.table else ""
    return "\n\n".join(filter(None, (section.text, table)))


def _table(table: Table) -> str:
    lines = [table.header, ["---"] * len(table.header), *table.rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"\s*\n\s*", "<br>", re.sub(r"(?<!\\)\|", r"\\|", text.strip()))


def _cleaned(value: Any) -> Any:
    """Without characters that cannot be stored: files of others hold many."""
    if isinstance(value, str):
        return _REFUSED.sub(" ", value.replace("\r\n", "\n").replace("\r", "\n"))
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    return {name: _cleaned(each) for name, each in value.items()} if isinstance(value, dict) else value


def _placed(value: Any, addresses: Mapping[int, str]) -> Any:
    if not isinstance(value, str):
        return value
    return _PICTURE.sub(lambda match: f"]({addresses.get(int(match[1]), '')})", value)


def _checked(made: Made) -> Made:
    try:
        made.content({})
    except InvalidRecord as error:
        made.problems = error.problems
    return made
