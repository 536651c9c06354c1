"""The parts of an entry's text in reading order, with headings in the practice's own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kb.content import Content

HEADINGS = {
    "summary": "Summary",
    "audience": "Audience",
    "purpose": "Purpose",
    "goal": "Goal",
    "context": "Context",
    "expected": "What was expected",
    "happened": "What happened",
    "lesson": "What we learned",
    "recommendation": "Recommendation",
    "causes": "Root causes",
    "impact": "Impact",
    "warning_signs": "Early-warning signs",
    "applicability": "Applies to",
    "evidence": "Evidence",
    "objectives": "Objectives",
    "went_well": "What went well",
    "went_badly": "What went badly",
    "variances": "Variance by cause",
    "estimate_accuracy": "Accuracy of the estimate",
    "actions": "Actions",
    "stages": "Stages",
    "competencies": "Competencies",
    "assessment": "Assessment",
    "provenance": "Why clauses are there",
    "form": "Fields to fill in",
    "body": "Text",
    "references": "References",
}
"""Field name to heading, in the order in which a reader meets them."""


BODY = HEADINGS["body"]
# Codes that a form fills in, and addresses: not words that somebody wrote.
_CODES = {"type", "completion", "currency", "confidence", "required", "ordered", "link"}
_BODY_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


def sections(content: Content) -> Iterator[tuple[str, str]]:
    """(heading, Markdown) of every part that has text; the body comes apart at its own headings."""
    for name, heading in HEADINGS.items():
        text = "\n\n".join(_texts(getattr(content, name, None)))
        if name == "body":
            yield from _body_sections(text)
        elif text:
            yield heading, text


def _body_sections(text: str) -> Iterator[tuple[str, str]]:
    before, *rest = _BODY_HEADING.split(text)
    for heading, part in zip([BODY, *rest[::2]], [before, *rest[1::2]], strict=True):
        if part.strip():
            yield heading, part.strip()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, BaseModel):
        parts = [text for name, part in value if name not in _CODES for text in _texts(part)]
        if parts:
            yield "; ".join(parts)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _texts(part)
