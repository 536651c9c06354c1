"""Plans: which section and column of a document goes to which field of which entry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from kb.importing import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kb.importing.document import Document, Section, Table

Shape = Literal["review", "lessons", "template", "training"]
SHAPES: dict[str, str] = {
    "review": "A review, with the lessons in it",
    "lessons": "Lessons only",
    "template": "A template",
    "training": "Training material",
}
SKIP, LESSON, ITEMS, ROWS, RECORD, BODY = "skip", "lesson", "items", "rows", "record", "body"
"""Left out; begins a lesson; each item or row is one; labels stand beside their text; an entry's text."""
REVIEW_FIELDS: dict[str, str] = {
    "summary": "Summary", "went_well": "What went well", "went_badly": "What went badly",
    "estimate_accuracy": "Estimate accuracy", "body": "Text, under its heading",
}  # fmt: skip
LESSON_FIELDS: dict[str, str] = {
    "happened": "What happened", "recommendation": "Recommendation", "lesson": "Lesson",
    "expected": "What was expected", "context": "Context", "causes": "Root causes", "impact": "Impact",
    "warning_signs": "Early-warning signs",
    "conditions": "Applies to", "evidence": "Evidence", "references": "References", "summary": "Summary",
    "body": "Text, under its heading",
}  # fmt: skip
COLUMN_FIELDS: dict[str, str] = {
    "title": "Title", **LESSON_FIELDS, "type": "Type", "priority": "Priority", "tags": "Tags",
    "phases": "Phases",
    "sector": "Sector", "region": "Region", "occurred_on": "Date", "unit": "Organisation unit",
    "programme": "Programme",
}  # fmt: skip
STRONG = {"happened", "recommendation", "lesson"}
"""Fields that no other kind of document names."""
ITEM = re.compile(r"(?:[-*+]|[0-9]{1,3}[.)])[ \t]+")


@dataclass
class Plan:
    """What becomes of a document."""

    shape: Shape
    title: str
    targets: list[str]
    """Of each section."""
    columns: dict[int, list[str]] = field(default_factory=dict)
    """Of each table, by the section's number: the field of every column."""
    reasons: list[str] = field(default_factory=list)
    """Why each section was guessed to go there."""
    column_reasons: dict[int, list[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What is kept of it."""
        return {"shape": self.shape, "title": self.title, "targets": self.targets,
                "columns": {str(at): names for at, names in self.columns.items()}}  # fmt: skip

    def changed(self, said: Mapping[str, Any], document: Document) -> Plan:
        """The plan with what somebody chose instead. What fits nothing is passed over."""
        shape = next((each for each in get_args(Shape) if each == said.get("shape")), self.shape)
        known, targets = set(options()), list(self.targets)
        for at, target in enumerate(said.get("targets", [])[: len(targets)]):
            targets[at] = target if target in known else targets[at]
        plan = Plan(shape, str(said.get("title") or self.title)[:300], targets, reasons=self.reasons)
        plan.guess_columns(document)
        for key, names in said.get("columns", {}).items():
            held = plan.columns.get(int(key), [])
            for at, name in enumerate(names[: len(held)]):
                held[at] = name if name in COLUMN_FIELDS or name == SKIP else held[at]
        return plan

    def guess_columns(self, document: Document) -> None:
        """Says where the columns of each table go, or the labels of its first column."""
        for at, section in enumerate(document.sections):
            if section.table:
                guesses = [_column(label) for label in labels_of(section.table, self.targets[at])]
                self.columns[at] = [name for name, _ in guesses]
                self.column_reasons[at] = [reason for _, reason in guesses]


def _column(heading: str) -> tuple[str, str]:
    if words.names_people(heading):
        return SKIP, "names people, whom lessons leave out"
    if words.is_identity(heading):
        return SKIP, "numbers the rows, or says their state"
    if name := words.lesson_field(heading):
        return name, f"is called “{heading}”"
    return "body", "no field is called like that"


def options() -> dict[str, str]:
    """Every place where a section may go, in words."""
    return {
        SKIP: "Leave out",
        **{f"review.{name}": f"Review: {label}" for name, label in REVIEW_FIELDS.items()},
        LESSON: "A lesson begins here",
        **{f"lesson.{name}": f"Lesson above: {label}" for name, label in LESSON_FIELDS.items()},
        ITEMS: "Each item is a lesson",
        ROWS: "Each row is a lesson",
        RECORD: "One lesson, labels in the first column",
        BODY: "The text",
    }


def choices(shape: Shape, section: Section) -> dict[str, str]:
    """Where this section may go when the document becomes that."""
    if shape in {"template", "training"}:
        return {BODY: "The text", SKIP: "Leave out"}
    fits = {SKIP, *(f"lesson.{name}" for name in LESSON_FIELDS)}
    fits |= {ROWS, RECORD} if section.table else {LESSON, ITEMS}
    if shape == "review":
        fits |= {f"review.{name}" for name in REVIEW_FIELDS}
    return {name: label for name, label in options().items() if name in fits}


def labels_of(table: Table, target: str) -> list[str]:
    """What names the fields of a table: its header, or its first column."""
    if target == RECORD:
        return [row[0] for row in (table.header, *table.rows)]
    return table.header
