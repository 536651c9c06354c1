"""What people did as statements of the Experience API.

Source: xAPI 1.0.3, part 2 (ADL), and IEEE 9274.1.1: sections on statement ids, actors by account, verbs,
activities, results and context. Verbs and types of activities are those of ADL's vocabulary.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

from kb.steps import is_link_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kb.steps import LinkStep

_ADL = "http://adlnet.gov/expapi"
VERB_IDS = {
    **{
        name: f"{_ADL}/verbs/{name}"
        for name in ("registered", "initialized", "completed", "passed", "failed")
    },
    "earned": "http://id.tincanapi.com/verb/earned",
}
TYPES = {
    "path": f"{_ADL}/activities/course", "step": f"{_ADL}/activities/lesson",
    "link": f"{_ADL}/activities/link",
    "questions": f"{_ADL}/activities/assessment", "badge": "http://activitystrea.ms/schema/1.0/badge",
}  # fmt: skip
LANGUAGE = "en"


@dataclass(frozen=True)
class Happening:
    """Something that a person did on a path."""

    verb: str
    enrolment_id: int
    user_id: int
    path: str
    revision: int
    """Of the path."""
    enrolled_at: datetime
    at: datetime
    step: str = ""
    number: int = 0
    score: int | None = None
    """Percent."""

    def name(self, base: str) -> str:
        """The statement's id: of the same happening always the same."""
        return str(uuid.uuid5(self._registration(base), f"{self.verb} {self.step} {self.number}"))

    def registration(self, base: str) -> str:
        """What ties together the statements of one enrolment."""
        return str(self._registration(base))

    def _registration(self, base: str) -> uuid.UUID:
        since = self.enrolled_at.astimezone(UTC).isoformat()
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{base}/learning/{self.path}#{self.enrolment_id} {since}")


@dataclass(frozen=True)
class Teller:
    """What statements are made with."""

    base: str
    """The repository's address: ids begin with it."""
    titles: Mapping[str, str]
    """Of entries that are restricted to nobody; of others only the id is told."""
    links: Mapping[tuple[str, str], LinkStep] = field(default_factory=dict)
    """(path, id of a step) -> the link that it is, of the same paths."""

    def statement(self, happening: Happening, actor: dict[str, Any]) -> dict[str, Any]:
        """The whole statement."""
        verb = happening.verb
        found: dict[str, Any] = {
            "id": happening.name(self.base),
            "actor": actor,
            "verb": {"id": VERB_IDS[verb], "display": {LANGUAGE: verb}},
            "object": self._object(happening),
            "context": self._context(happening),
            "timestamp": f"{happening.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:23] + "Z",
        }
        if happening.score is not None:
            score = {"scaled": happening.score / 100, "raw": happening.score, "min": 0, "max": 100}
            found["result"] = {"score": score, "success": verb == "passed", "completion": True}
        elif verb == "completed":
            found["result"] = {"completion": True}
        return found

    def _object(self, happening: Happening) -> dict[str, Any]:
        if happening.verb == "earned":
            return self._activity(happening.path, "badge")
        if not happening.step:
            return self._activity(happening.path, "path")
        if is_link_id(happening.step):
            return self._link(happening)
        return self._activity(happening.step, "step" if happening.score is None else "questions")

    def _activity(self, ref: str, kind: str) -> dict[str, Any]:
        part = f"#{kind}" if kind in {"questions", "badge"} else ""
        definition: dict[str, Any] = {"type": TYPES[kind]}
        if ref in self.titles:
            definition["name"] = {LANGUAGE: self.titles[ref]}
        return {"objectType": "Activity", "id": f"{self.base}/entries/{ref}{part}", "definition": definition}

    def _link(self, happening: Happening) -> dict[str, Any]:
        """The step as an activity of the path, under an id of our own as section 3.1 of part 2 asks for: the
        address belongs to somebody else, and says nothing of the step. Where it leads is its `moreInfo`.
        """
        definition: dict[str, Any] = {"type": TYPES["link"]}
        if step := self.links.get((happening.path, happening.step)):
            definition |= {"name": {LANGUAGE: step.title}, "moreInfo": step.link}
        id_ = f"{self.base}/entries/{happening.path}#step-{happening.step}"
        return {"objectType": "Activity", "id": id_, "definition": definition}

    def _context(self, happening: Happening) -> dict[str, Any]:
        found: dict[str, Any] = {
            "registration": happening.registration(self.base),
            "platform": "Precedent",
            "revision": str(happening.revision),
        }
        if happening.step or happening.verb == "earned":
            found["contextActivities"] = {"parent": [self._activity(happening.path, "path")]}
        return found


def actor_of(base: str, name: str, person: tuple[str, str] | None) -> dict[str, Any]:
    """Who did it: an account here under an opaque name, or, where `person` is given, name and e-mail."""
    if person is not None:
        return {"objectType": "Agent", "name": person[0], "mbox": f"mailto:{person[1]}"}
    return {"objectType": "Agent", "account": {"homePage": base, "name": name}}
