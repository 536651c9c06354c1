"""The steps of a learning path: an entry of the repository, or a link that leads elsewhere.

A step is told from the others of its path by its id: that of the entry, or one made of the address. So it
stays the same wherever it is moved to, and in every later revision of the path that leads to the same.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from kb.strict import Strict
from kb.text import REF_PATTERN, Line, Ref, Title, WebAddress
from kb.validation import VARIANT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STEP_PATTERN = rf"(?:{REF_PATTERN}|W-[0-9]{{10}})"
"""The id of a step."""
Completion = Literal["Completed", "Passed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable"]
"""When a step is done, in cmi5's words (moveOn)."""
Unscored = Literal["Completed", "NotApplicable"]
"""The same of what nobody scores."""
Minutes = Annotated[int, Field(gt=0, le=100_000)]
ENTRY, LINK = f"{VARIANT}entry", f"{VARIANT}link"


def link_id(address: str) -> str:
    """The id of the step that leads to an address."""
    digest = hashlib.sha256(address.encode()).digest()
    return f"W-{int.from_bytes(digest) % 10**10:010}"


def is_link_id(step: str) -> bool:
    """Whether an id is that of a step that is a link."""
    return step.startswith("W-")


class EntryStep(Strict):
    """A step that is an entry, pinned at a revision where `revision` is given."""

    entry: Ref
    revision: Annotated[int, Field(gt=0)] | None = None
    required: bool = True
    completion: Completion = "Completed"
    minutes: Minutes | None = None
    note: Line = ""

    @property
    def id(self) -> str:
        """What tells it from the other steps of its path."""
        return self.entry


def _unscored(value: Any) -> Any:
    if isinstance(value, str) and "Passed" in value:
        raise ValueError(
            "must be Completed or NotApplicable: nothing is scored behind a link, so nobody passes it"
        )
    return value


class LinkStep(Strict):
    """A step that is a link to somewhere else: whoever has been there says so."""

    link: WebAddress
    title: Title
    required: bool = True
    completion: Annotated[Unscored, BeforeValidator(_unscored)] = "Completed"
    minutes: Minutes | None = None
    note: Line = ""

    @model_validator(mode="before")
    @classmethod
    def _is_no_entry(cls, data: Any) -> Any:
        if isinstance(data, dict) and "entry" in data:
            raise ValueError("names an entry and a link: a step is one of the two")
        if isinstance(data, dict) and "revision" in data:
            raise ValueError("pins a revision, and a link has none: take the revision out")
        return data

    @property
    def id(self) -> str:
        """What tells it from the other steps of its path."""
        return link_id(self.link)

    @property
    def host(self) -> str:
        """Where it leads, as people read it."""
        return urlsplit(self.link).netloc


def leads_elsewhere(step: Mapping[str, Any]) -> bool:
    """Whether a step is meant to be a link, whatever may be wrong with it."""
    return "link" in step or ("title" in step and "entry" not in step)


def _variant(step: Any) -> str:
    is_link = leads_elsewhere(step) if isinstance(step, dict) else isinstance(step, LinkStep)
    return LINK if is_link else ENTRY


Step = Annotated[
    Annotated[EntryStep, Tag(ENTRY)] | Annotated[LinkStep, Tag(LINK)],
    Discriminator(_variant),
]


def stored_steps(path: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All steps of a path as it is stored, in their order."""
    return (step for stage in path.get("stages", ()) for step in stage.get("steps", ()))


def stored_id(step: Mapping[str, Any]) -> str:
    """The id of a step as it is stored."""
    return link_id(step["link"]) if "link" in step else str(step.get("entry", ""))


def stored_entries(path: Mapping[str, Any]) -> set[str]:
    """The entries among the steps of a path as it is stored."""
    return {step["entry"] for step in stored_steps(path) if "entry" in step}
