"""A plan for a document, guessed from what its headings and columns are called, each with the reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kb.importing import words
from kb.importing.document import Document, Section
from kb.importing.plans import (
    ITEM,
    ITEMS,
    LESSON,
    LESSON_FIELDS,
    RECORD,
    ROWS,
    SKIP,
    STRONG,
    Plan,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.importing.plans import Shape

_LABEL = re.compile(
    r"(?:\*\*(?P<bold>[^*\n]{2,60}?):?\*\*:?|(?P<plain>[A-Z][\w' /-]{2,40}?):)[ \t\n]*(?P<rest>.*)", re.DOTALL
)


def split_labels(document: Document) -> Document:
    """The document with paragraphs that begin with a field's name as sections of their own."""
    found: list[Section] = []
    for section in document.sections:
        found += _labelled(section) if section.table is None else [section]
    document.sections = found
    return document


def _labelled(section: Section) -> list[Section]:
    pieces: list[tuple[str, list[str]]] = [("", [])]
    for paragraph in re.split(r"\n\s*\n", section.text):
        match = _LABEL.match(paragraph.strip())
        label = (match["bold"] or match["plain"] or "").strip() if match else ""
        if match and label and words.lesson_field(label):
            pieces.append((label, [match["rest"].strip()]))
        else:
            pieces[-1][1].append(paragraph)
    if len(pieces) < 2:
        return [section]
    texts = [(label, "\n\n".join(filter(str.strip, kept)).strip()) for label, kept in pieces]
    level, place = section.level or 1, section.place
    first = Section(section.heading, section.level, place, texts[0][1])
    below = [Section(label, level + 1, place, text) for label, text in texts[1:]]
    return ([first] if first.heading or first.text else []) + below


def guess(document: Document, name: str) -> Plan:
    """Where everything goes, as far as headings tell. `name` is the file's."""
    guesser = _Guesser(document)
    for at in range(len(document.sections)):
        guesser.look(at)
    plan = Plan(
        _shape(document, name, guesser.targets), _title(document, name), guesser.targets,
        reasons=guesser.reasons,
    )  # fmt: skip
    plan.guess_columns(document)
    return plan


def _title(document: Document, name: str) -> str:
    """The document's own title; else the heading that everything stands under or a presentation begins with;
    else the file's name.
    """
    tops = [section for section in document.sections if section.level == 1]
    is_slides = document.form == "pptx" and document.sections[:1] == tops[:1]
    named = tops and document.form not in {"csv", "xlsx"}
    is_first = len(tops) == 1 or (is_slides and named and not _is_known(tops[0].heading))
    heading = tops[0].heading if named and is_first else ""
    stem = re.sub(r"[_\s]+", " ", name.rpartition(".")[0] or name).strip()
    return (document.title or heading or stem)[:300]


def _is_known(heading: str) -> bool:
    """Whether a heading says what stands below it rather than what all of it is about."""
    return bool(words.lesson_field(heading) or words.review_field(heading) or words.holds_lessons(heading))


def _shape(document: Document, name: str, targets: Sequence[str]) -> Shape:
    begun = sum(target in {LESSON, ITEMS, ROWS, RECORD} for target in targets)
    named = any(target.startswith("review.") and target != "review.body" for target in targets)
    if document.form in {"csv", "xlsx"} or (begun and not named and "review.body" not in targets):
        return "lessons"
    said = words.plain(f"{document.title} {name}")
    if not begun and not named:
        if "template" in said or "form" in said.split():
            return "template"
        if document.form == "pptx" or any(
            word in said for word in ("training", "guide", "course", "workshop")
        ):
            return "training"
    return "review"


class _Guesser:
    """Goes through the sections in order, knowing under which headings each stands."""

    def __init__(self, document: Document) -> None:
        self._sections = document.sections
        self._is_table = document.form in {"csv", "xlsx"}
        self._above: list[tuple[int, str]] = []
        """(level, target) of the headings that the section stands under."""
        self._lessons_level: int | None = None
        self._has_lesson = False
        self.targets: list[str] = []
        self.reasons: list[str] = []

    def look(self, at: int) -> None:
        """Guesses where the next section goes."""
        section = self._sections[at]
        if section.level:
            self._above = [each for each in self._above if each[0] < section.level]
            if self._lessons_level is not None and section.level <= self._lessons_level:
                self._lessons_level, self._has_lesson = None, False
        target, reason = self._table(section) if section.table else self._text(at, section)
        self._has_lesson |= target == LESSON
        if section.level:
            self._above.append((section.level, target))
        self.targets.append(target)
        self.reasons.append(reason)

    def _table(self, section: Section) -> tuple[str, str]:
        table = section.table
        assert table is not None  # noqa: S101 - the caller looked
        named = {name for cell in table.header if (name := words.lesson_field(cell))}
        beside = {name for row in (table.header, *table.rows) if (name := words.lesson_field(row[0]))}
        if (
            len(table.header) == 2
            and len(beside) > 1
            and beside & STRONG
            and not (len(named) > 1 and named & STRONG)
        ):
            return RECORD, f"its first column says “{table.header[0]}” and more"
        is_lessons = named & STRONG and (len(named) > 1 or self._lessons_level is not None)
        if is_lessons or self._is_table:
            shown = next((cell for cell in table.header if words.lesson_field(cell)), table.header[0])
            return ROWS, f"a column is called “{shown}”"
        return self._inherited("a table that names no fields of a lesson")

    def _text(self, at: int, section: Section) -> tuple[str, str]:
        if not section.level:
            return self._inherited("goes on above" if at else "stands before any heading")
        said = f"its heading says “{section.heading}”"
        if words.is_left_out(section.heading):
            return SKIP, said
        if words.BEGINS_LESSON.match(words.plain(section.heading)):
            return LESSON, said
        if words.holds_lessons(section.heading) and not self._has_fields_below(at):
            self._lessons_level, self._has_lesson = section.level, False
            return (ITEMS if is_list(section.text) else "review.body" if section.text else SKIP), said
        if self._has_fields_below(at):
            return LESSON, f"“{self._sections[at + 1].heading}” stands below it"
        name = words.lesson_field(section.heading)
        if self._lessons_level is not None:
            if name and self._has_lesson:
                return f"lesson.{_text_field(name)}", said
            return LESSON, "stands below “lessons”"
        if name and self._above and self._above[-1][1] == LESSON:
            return f"lesson.{_text_field(name)}", said
        if review := words.review_field(section.heading):
            return f"review.{review}", said
        return self._inherited("no field is called like its heading")

    def _inherited(self, why: str) -> tuple[str, str]:
        """As the heading above it, if there is one."""
        if not self._above:
            return "review.body", why
        target = self._above[-1][1]
        if target == LESSON:
            return "lesson.body", why
        return (
            "review.body" if target in {ITEMS, ROWS, RECORD} else target
        ), "stands below the heading above"

    def _has_fields_below(self, at: int) -> bool:
        """Whether the next headings, one level down, are fields of a lesson and not the parts of a report."""
        level = self._sections[at].level
        below = []
        for section in self._sections[at + 1 :]:
            if section.level and section.level <= level:
                break
            below += [section.heading] if section.level == level + 1 else []
        fields = {words.lesson_field(heading) for heading in below if not words.holds_lessons(heading)}
        return bool(fields & STRONG) and words.lesson_field(below[0]) is not None and not _is_report(below)


def _is_report(headings: Sequence[str]) -> bool:
    """Whether some of them are parts that a review has and a lesson does not."""
    return any(words.review_field(each) and not words.lesson_field(each) for each in headings)


def _text_field(name: str) -> str:
    return name if name in LESSON_FIELDS else "body"


def is_list(text: str) -> bool:
    """Whether a text is little more than a list of two items or more."""
    lines = [line for line in text.split("\n") if line.strip()]
    items = sum(bool(ITEM.match(line)) for line in lines)
    return (
        items > 1 and sum(bool(ITEM.match(line)) or line.startswith("  ") for line in lines) >= len(lines) - 1
    )
