"""The course structure of a path, as learning systems import it.

Source: cmi5 specification (ADL, 2016), sections 13 (data model), 14 (XSD: order of elements, required
attributes) and 10.2.4 (moveOn).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.etree import ElementTree as ET

from kb.markup import plain_text
from kb.steps import LinkStep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.kinds import Path
    from kb.reading import EntryView
    from kb.steps import Step

NAMESPACE = "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"
LANGUAGE = "en"
_LONGEST = 1_000
_NOT_XML = re.compile("[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for."""


Material: TypeAlias = "EntryView | LinkStep"
"""What a step leads to: an entry, or where its link leads."""


def content_of(material: Material) -> Any:
    """What the entry says, of whatever kind it is; None of a link."""
    return None if isinstance(material, LinkStep) else material.content


@dataclass(frozen=True)
class Unit:
    """An assignable unit: a step with its material."""

    step: Step
    material: Material
    file: str
    """Where its page is in the package."""
    name: str
    """What tells it from the other units of the course, also in later revisions of the path."""
    scored: int
    """How many of its questions a program can score."""

    @property
    def move_on(self) -> str:
        """When it is done. What asks nothing has nothing to pass; cmi5 knows no optional units, and one that
        need not be done holds nothing up.
        """
        if not self.step.required:
            return "NotApplicable"
        is_asking = self.scored or self.step.completion == "NotApplicable"
        return self.step.completion if is_asking else "Completed"

    @property
    def mastery(self) -> float | None:
        """The share of points that passes; None where none is asked for."""
        mark = getattr(content_of(self.material), "pass_mark", None)
        return mark / 100 if self.scored and mark is not None else None


@dataclass(frozen=True)
class Block:
    """A stage with the units that are in the package."""

    title: str
    ordered: bool
    units: Sequence[Unit]


def course_structure(view: EntryView, path: Path, blocks: Sequence[Block], base: str) -> bytes:
    """The file cmi5.xml. Every id is an IRI below the repository's address."""
    here = f"{base}/entries/{view.ref}"
    root = ET.Element("courseStructure", {"xmlns": NAMESPACE})
    course = ET.SubElement(root, "course", {"id": here})
    _described(course, view.title, plain_text(view.content.summary or path.goal) or view.title)
    if path.competencies:
        objectives = ET.SubElement(root, "objectives")
        for number, words in enumerate(path.competencies, 1):
            objective = ET.SubElement(objectives, "objective", {"id": f"{here}#competency-{number}"})
            _described(objective, words or f"Competency {number}", words or f"Competency {number}")
    for number, stage in enumerate(blocks, 1):
        block = ET.SubElement(root, "block", {"id": f"{here}#stage-{number}"})
        order = "The steps are meant to be taken in this order." if stage.ordered else "Steps in any order."
        _described(block, stage.title or f"Stage {number}", order)
        for unit in stage.units:
            _unit(block, unit, here)
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _unit(block: ET.Element, unit: Unit, here: str) -> None:
    said = {
        "id": f"{here}#step-{unit.name}",
        "moveOn": unit.move_on,
        "launchMethod": "AnyWindow",
    }
    if unit.mastery is not None:
        said["masteryScore"] = f"{unit.mastery:g}"
    element = ET.SubElement(block, "au", said)
    title, content = unit.material.title, content_of(unit.material)
    _described(element, title, unit.step.note or plain_text(content.summary if content else "") or title)
    ET.SubElement(element, "url").text = unit.file


def _described(element: ET.Element, title: str, description: str) -> None:
    for name, text in (("title", title), ("description", description)):
        inner = ET.SubElement(ET.SubElement(element, name), "langstring", {"lang": LANGUAGE})
        inner.text = _NOT_XML.sub("\ufffd", " ".join(text.split())[:_LONGEST])
