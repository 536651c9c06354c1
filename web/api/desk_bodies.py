"""What the API takes of writing and reviewing; the content of each kind is described exactly."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from kb.content import CONTENT
from kb.strict import Strict
from kb.text import SEVERAL_LINES, Described, Line, Ref, Words
from web.api.operations import LARGEST
from web.bodies import ByKind

if TYPE_CHECKING:
    from collections.abc import Mapping

RevisionNumber = Annotated[int, Field(ge=1, le=1_000_000)]
Reason = Annotated[Words, Field(max_length=10_000)]
_LINES = SEVERAL_LINES.removeprefix("^").removesuffix("*$")
NOT_BLANK = rf"^{_LINES}*[^\s\u0000-\u001f\u007f-\u009f]{_LINES}*$"
"""Several lines that hold something."""
_SENT_BACK: dict[str, Any] = {
    "if": {"properties": {"decision": {"enum": ["request changes", "reject"]}}},
    "then": {"required": ["reason"], "properties": {"reason": {"pattern": NOT_BLANK}}},
}


class DraftParts(Strict):
    """What is said of a new entry beside its text."""

    anonymous: Annotated[bool, Field(description="Whether only curators are told who wrote it.")] = False


class EditParts(Strict):
    """What is said of an edit beside its text."""

    anonymous: Annotated[
        bool | None,
        Field(description="Whether only curators are told who wrote it; null: as before, of what is yours."),
    ] = None
    base: Annotated[
        RevisionNumber | None,
        Field(description="The revision whose text was edited, unless If-Match names it."),
    ] = None
    note: Annotated[Line, Field(description="What the edit is about, in a sentence.")] = ""


class MaskableParts(DraftParts):
    """What is said of a new lesson beside its text."""

    mask_source: Annotated[
        bool, Field(description="Whether its project is withheld while few projects are like it.")
    ] = False


def _of_kind(kind: str, word: str, base: type[Strict]) -> Any:
    """A body for entries of one kind: its content is that of the kind, exactly."""
    fields: dict[str, Any] = {
        "kind": (Literal[kind], Field()),
        "content": (CONTENT[kind], Field()),
    }
    name = f"{kind.capitalize()}{word}"
    return create_model(name, __base__=base, __doc__=f"The text of a {kind}.", **fields)


NEW = {kind: _of_kind(kind, "Draft", MaskableParts if kind == "lesson" else DraftParts) for kind in CONTENT}
EDITS = {kind: _of_kind(kind, "Edit", EditParts) for kind in CONTENT}
_ANY_NEW: Any = reduce(or_, NEW.values())
_ANY_EDIT: Any = reduce(or_, EDITS.values())


class DraftBody(ByKind):
    """A new entry of one of the kinds; a draft needs nothing but a title."""

    root: Annotated[_ANY_NEW, Field(discriminator="kind")]

    @classmethod
    def shapes(cls) -> Mapping[str, type[BaseModel]]:
        """The shape of each kind."""
        return NEW


class EditBody(ByKind):
    """The whole text of an entry, as it is to be."""

    root: Annotated[_ANY_EDIT, Field(discriminator="kind")]

    @classmethod
    def shapes(cls) -> Mapping[str, type[BaseModel]]:
        """The shape of each kind."""
        return EDITS


LessonContent = CONTENT["lesson"]


class AdviceBody(Strict):
    """A lesson as far as it is written."""

    content: LessonContent  # type: ignore[valid-type]
    id: Annotated[Ref | None, Field(description="The lesson itself, which is not like itself.")] = None


class JudgementBody(Strict):
    """What becomes of what is in review."""

    model_config = ConfigDict(json_schema_extra=_SENT_BACK)

    decision: Annotated[
        Literal["publish", "request changes", "reject", "reconsider"],
        Field(description="`reconsider` brings what was sent back or rejected into review again."),
    ]
    reason: Annotated[
        Reason, Field(description="For its author: needed where changes are asked for, or it is rejected.")
    ] = ""
    typographic: Annotated[
        bool, Field(description="Published: it changes no meaning, so that verification stands.")
    ] = False
    verify: Annotated[bool, Field(description="Published: vouch also that it holds, as of today.")] = False


class ReviewerBody(Strict):
    """Who is to review it."""

    person: Annotated[
        Annotated[int, Field(ge=1, le=LARGEST)] | None,
        Field(description="Number of a person who may review; null: nobody in particular."),
    ]


class CommentBody(Strict):
    """A comment in the margin of a revision."""

    text: Annotated[Words, Field(min_length=1, max_length=4_000), Described("pattern", NOT_BLANK)]
    field: Annotated[Line, Field(max_length=100, description="The field it is about; empty: the whole.")] = ""


class SettledBody(Strict):
    """Whether a comment is dealt with."""

    settled: bool


class ArchiveBody(Strict):
    """Why an entry is taken out of sight."""

    reason: Annotated[Line, Field(description="For the log.")] = ""


class SupersedeBody(Strict):
    """Which entry stands in its place."""

    by: Annotated[Ref, Field(description="A published entry of the same kind.")]
    reason: Annotated[Line, Field(description="For those who built on it, and for the log.")] = ""


class RestoreBody(Strict):
    """Which text readers are to see again."""

    revision: Annotated[RevisionNumber, Field(description="One that was published once.")]
