"""/api/v1/vocabulary: terms that mean the same, read and changed."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kb import curating
from kb.vocabulary import GroupChanged, get_group, list_groups, matching
from kb.vocabulary_text import GroupKind, GroupText
from web.api.models import Answer
from web.api.operations import Reply, number_of
from web.identity import origin
from web.parameters import Parameters, Whole
from web.services import services
from web.versions import VersionGone, etag_of, is_conditional, version_to_change

if TYPE_CHECKING:
    from kb.vocabulary import Group
    from web.parameters import NoParameters
    from web.vocabulary import GroupParameters

READ = "The version that was read, unless If-Match names it."


class GroupPart(Answer):
    """Terms that mean the same. Of an acronym the first is the short form."""

    id: int
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


class GroupBody(GroupText):
    """What a group is to say from now on."""

    version: Annotated[int | None, Field(ge=1, le=999_999_999, description=READ)] = None


class VersionParameters(Parameters):
    """Which version of a group is meant."""

    version: Annotated[Whole | None, Field(ge=1, le=999_999_999, description=READ)] = None


def vocabulary(parameters: GroupParameters) -> VocabularyAnswer:
    """The groups of terms that mean the same to a search."""
    with services().database.read() as session:
        found = matching(list_groups(session), parameters.q)
    shown = found[parameters.offset : parameters.offset + parameters.limit]
    return VocabularyAnswer(
        total=len(found), offset=parameters.offset, groups=[_part(each) for each in shown]
    )


def get_vocabulary_group(_: NoParameters, group: str) -> Reply:
    """One group, with its version as ETag."""
    return _reply(_standing(group))


def add_vocabulary_group(_: NoParameters, body: GroupText) -> Reply:
    """Searches know the group at once."""
    group = curating.add(services().database, origin(), body)
    return Reply(_part(group), location=f"/vocabulary/{group.id}", etag=etag_of(group))


def change_vocabulary_group(_: NoParameters, body: GroupBody, group: str) -> Reply:
    """The group says this from now on. What it says already is no change and makes no version."""
    standing = _standing(group)
    version = version_to_change(standing, body.version)
    text = GroupText(kind=body.kind, terms=body.terms, note=body.note)
    try:
        return _reply(curating.change(services().database, origin(), standing.id, text, version=version))
    except GroupChanged as error:
        raise _overtaken(error) from None


def remove_vocabulary_group(parameters: VersionParameters, group: str) -> None:
    """Searches take each of its terms as it is typed from now on."""
    standing = _standing(group)
    version = version_to_change(standing, parameters.version)
    try:
        curating.remove(services().database, origin(), standing.id, version=version)
    except GroupChanged as error:
        raise _overtaken(error) from None


def _standing(group: str) -> Group:
    with services().database.read() as session:
        return get_group(session, number_of(group, "group"))


def _overtaken(error: GroupChanged) -> GroupChanged | VersionGone:
    """What a caller hears who was overtaken: by the header, when the header named the version."""
    return VersionGone(str(error)) if is_conditional() else error


def _part(group: Group) -> GroupPart:
    return GroupPart.model_validate(group, from_attributes=True)


def _reply(group: Group) -> Reply:
    return Reply(_part(group), etag=etag_of(group))
