"""Links in the builder of learning paths: what is typed to add one, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.errors import InvalidRecord
from kb.steps import LinkStep
from kb.validation import validate
from web.desk.stages import Arranged, places_of, put

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from werkzeug.datastructures import MultiDict

ADDRESS, TITLE = "link_address", "link_title"
"""The fields of the form, which are the builder's own."""
_FIELDS = {"link": ADDRESS, "title": TITLE}


@dataclass(frozen=True)
class TypedLink:
    """A link that is typed and no step yet."""

    address: str = ""
    title: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)
    """Field of the form -> what is wrong with it."""

    @classmethod
    def of(cls, form: MultiDict[str, str]) -> TypedLink:
        """What the form says."""
        return cls(form.get(ADDRESS, "").strip(), form.get(TITLE, "").strip())

    @property
    def is_typed(self) -> bool:
        """Whether there is anything to add."""
        return bool(self.address or self.title)


def add_link(data: dict[str, Any], typed: TypedLink, into: int) -> tuple[Arranged, TypedLink]:
    """Puts a typed link at the end of a stage (from 1): what came of it, and what is left to type."""
    try:
        step = validate(LinkStep, {"link": typed.address, "title": typed.title})
    except InvalidRecord as error:
        wrong = {_FIELDS[each.field]: each.message for each in error.problems}
        return _refused(typed, wrong)
    if standing := places_of(data).get(step.id):
        return _refused(typed, {ADDRESS: f"is in this path already: {standing}"})
    done = put(data, {"link": step.link, "title": step.title, "required": True}, into)
    if not done.focus:
        return _refused(typed, {ADDRESS: f"cannot be added: {done.said.rstrip('.')}"})
    return Arranged(done.said, f"field-{ADDRESS}"), TypedLink()


def _refused(typed: TypedLink, wrong: Mapping[str, str]) -> tuple[Arranged, TypedLink]:
    said = Arranged("The link was not added: see what is marked.", f"field-{next(iter(wrong))}")
    return said, TypedLink(typed.address, typed.title, wrong)
