"""The words of the editor's forms, and the order in which they ask."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


class Text(NamedTuple):
    """How a field is explained."""

    label: str
    help: str = ""
    example: str = ""


WORDING = Path(__file__).with_name("wording.yaml")


@cache
def texts() -> Mapping[str, Text]:
    """Every field's words, by its name."""
    said = yaml.safe_load(WORDING.read_text("utf-8"))
    return {name: Text(**text) for name, text in said.items()}


def text_of(where: str, name: str) -> Text:
    """The words of a field of a kind, or of a part of a group."""
    found = texts()
    return found.get(f"{where}.{name}") or found.get(name) or Text(name.replace("_", " ").capitalize())


CORE: dict[str, tuple[str, ...]] = {
    "lesson": ("title", "type", "summary", "happened", "lesson", "recommendation", "applicability"),
    "review": ("title", "type", "summary", "project", "held_on", "outcome", "went_well", "went_badly"),
    "template": ("title", "summary", "purpose", "mandatory", "body", "form"),
    "training": ("title", "type", "summary", "level", "minutes", "objectives", "url", "body"),
    "path": ("title", "summary", "audience", "goal", "competencies", "stages", "prerequisites"),
    "project": (
        "title", "summary", "type", "sector", "started_on", "finished_on", "currency", "price_year",
        "baselines", "actuals", "outcome",
    ),
}  # fmt: skip
"""The fields of each kind that a form begins with; all others stand below, folded away."""
PLACING = ("tags", "sector", "region", "phases", "methods", "links")
"""Fields that say where an entry belongs."""
CHOICES = {
    "high": "High", "medium": "Medium", "low": "Low", "A": "A, audited", "B": "B", "C": "C",
    "D": "D, remembered",
    "Completed": "Completed: read or done", "Passed": "Passed: its questions are",
    "CompletedAndPassed": "CompletedAndPassed: both", "CompletedOrPassed": "CompletedOrPassed: either",
    "NotApplicable": "NotApplicable: for reference only",
    "related": "Related to", "supersedes": "In place of", "recurrence of": "The same again as",
    "embedded in": "Built into", "source": "Comes from", "evidence": "Rests on",
}  # fmt: skip
"""Values of choices that do not speak for themselves."""
