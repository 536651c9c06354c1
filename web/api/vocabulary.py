"""GET /api/v1/vocabulary."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kb.vocabulary import list_groups, matching
from kb.vocabulary_text import GroupKind  # noqa: TC001 - pydantic reads it
from web.api.models import Answer
from web.services import services

if TYPE_CHECKING:
    from web.vocabulary import GroupParameters


class GroupPart(Answer):
    """Terms that mean the same. Of an acronym the first is the short form."""

    kind: GroupKind
    terms: list[str]
    note: str
    version: Annotated[int, Field(description="Counted up by every change.")]
    author: Annotated[str, Field(description="Who changed it last.")]
    changed_at: datetime


class VocabularyAnswer(Answer):
    """A stretch of the vocabulary, in alphabetical order."""

    total: int
    offset: int
    groups: list[GroupPart]


def vocabulary(parameters: GroupParameters) -> VocabularyAnswer:
    """The groups of terms that mean the same to a search."""
    with services().database.read() as session:
        found = matching(list_groups(session), parameters.q)
    shown = found[parameters.offset : parameters.offset + parameters.limit]
    parts = [GroupPart.model_validate(group, from_attributes=True) for group in shown]
    return VocabularyAnswer(total=len(found), offset=parameters.offset, groups=parts)
