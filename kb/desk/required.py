"""What an entry must say before it is submitted; a draft may lack anything but its title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.errors import InvalidRecord
from kb.kinds import Path
from kb.validation import Problem

if TYPE_CHECKING:
    from kb.content import Content

REQUIRED: dict[str, tuple[str, ...]] = {
    "lesson": ("summary", "happened", "lesson", "recommendation", "applicability"),
    "review": ("summary", "held_on", "went_well", "went_badly"),
    "template": ("summary", "purpose", "body"),
    "training": ("summary", "level", "minutes", "objectives"),
    "path": ("summary", "audience", "goal", "stages"),
    "project": ("summary", "sector", "started_on", "finished_on", "actuals"),
}
"""The fields of each kind that are asked for at submit."""


def missing(kind: str, content: Content) -> list[Problem]:
    """What must still be said, a problem for each field."""
    found = [
        Problem(name, "is needed before it can be submitted")
        for name in REQUIRED[kind]
        if getattr(content, name) in ("", None, [], {})
    ]
    if isinstance(content, Path) and content.stages and not any(stage.steps for stage in content.stages):
        found.append(Problem("stages", "hold no step yet: add at least one before it can be submitted"))
    return found


def check_complete(kind: str, content: Content) -> None:
    """Raises InvalidRecord naming each field that is missing."""
    if problems := missing(kind, content):
        raise InvalidRecord(problems)
