"""/api/v1/taxonomy: the values by which entries are ordered, renamed and merged."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kb.taxonomy.changing import Merge, Name, apply, plan, undo
from kb.taxonomy.dimensions import DIMENSIONS, dimension_of
from kb.taxonomy.reading import list_changes, list_values
from kb.validation import validate
from web.api.models import Answer
from web.api.operations import Reply, number_of
from web.context import current
from web.identity import origin
from web.parameters import Parameters, Value, Values
from web.services import services

if TYPE_CHECKING:
    from kb.taxonomy.changing import Touched
    from kb.taxonomy.reading import ChangeView
    from web.parameters import NoParameters

MOST = 1_000
"""Entries that a plan names."""


class TaxonomyValuePart(Answer):
    """A value, and how it is used."""

    value: str
    count: Annotated[int, Field(description="Published entries that hold it and that the caller may see.")]
    is_listed: Annotated[bool, Field(description="Whether curators have put it into the list.")]
    synonyms: Annotated[list[str], Field(description="Spellings that become it when somebody writes them.")]


class TaxonomyAnswer(Answer):
    """One list, by name."""

    dimension: Name
    is_fixed: Annotated[bool, Field(description="Whether the record format gives the values.")]
    values: list[TaxonomyValuePart]


class ChangePart(Answer):
    """A rename or merge that was done."""

    id: int
    dimension: Name
    sources: list[str]
    target: str
    entries: Annotated[int, Field(description="Entries that got a new revision.")]
    author: str
    at: datetime
    undone_by: str | None
    undone_at: datetime | None
    left: Annotated[list[str], Field(description="Of an undo: entries that somebody has changed since.")] = []


class ChangesAnswer(Answer):
    """The latest changes of all lists, newest first."""

    changes: list[ChangePart]


class TouchedPart(Answer):
    """An entry that a change is about."""

    ref: str
    title: str
    revision: int
    held: list[str]


class PlanAnswer(Answer):
    """Exactly what a change would do."""

    entries: list[TouchedPart]
    waiting: Annotated[list[TouchedPart], Field(description="Entries that follow when work on them is done.")]
    entries_total: int
    before: Annotated[int, Field(description="Entries that hold the target now.")]
    after: Annotated[int, Field(description="Entries that hold it then.")]
    fingerprint: Annotated[str, Field(description="Sent along to have just this done.")]


class PlanParameters(Parameters):
    """Values that are to become one."""

    dimension: Name
    values: Annotated[Values, Field(min_length=1)]
    into: Annotated[Value, Field(max_length=80)]


class MergeBody(Merge):
    """Values that become one, as a plan has shown it."""

    fingerprint: Annotated[
        str | None,
        Field(max_length=64, description="That of the plan: what it showed is done, or nothing."),
    ] = None


def taxonomy(_: NoParameters, name: str) -> TaxonomyAnswer:
    """One of the lists: tag, sector, region, phase, project-type, competency, cause."""
    dimension = dimension_of(name)
    with services().database.read() as session:
        values = list_values(session, dimension, current().reader)
    parts = [
        TaxonomyValuePart.model_validate(vars(each) | {"synonyms": list(each.synonyms)}) for each in values
    ]
    return TaxonomyAnswer.model_validate({"dimension": name, "is_fixed": dimension.is_fixed, "values": parts})


def taxonomy_plan(parameters: PlanParameters) -> PlanAnswer:
    """What a rename or merge would change. Nothing is changed."""
    wanted = {"dimension": parameters.dimension, "values": list(parameters.values), "into": parameters.into}
    found = plan(services().database, origin(), validate(Merge, wanted))
    return PlanAnswer(
        entries=[_touched(each) for each in found.entries[:MOST]],
        waiting=[_touched(each) for each in found.waiting[:MOST]],
        entries_total=len(found.entries),
        before=found.before,
        after=found.after,
        fingerprint=found.fingerprint,
    )


def taxonomy_changes(_: NoParameters) -> ChangesAnswer:
    """Renames and merges, newest first."""
    with services().database.read() as session:
        found = [each for dimension in DIMENSIONS.values() for each in list_changes(session, dimension)]
    found.sort(key=lambda change: -change.id)
    return ChangesAnswer(changes=[_change(each) for each in found])


def merge_taxonomy_values(_: NoParameters, body: MergeBody) -> Reply:
    """Renames or merges, if that still changes what the plan has shown."""
    wanted = Merge(dimension=body.dimension, values=body.values, into=body.into)
    change = apply(services().database, origin(), wanted, body.fingerprint)
    return Reply(_change(change), location="/taxonomy/changes")


def undo_taxonomy_change(_: NoParameters, number: str) -> ChangePart:
    """Takes a change back; entries that somebody has changed since stay as they are."""
    change, left = undo(services().database, origin(), number_of(number, "change"))
    return _change(change).model_copy(update={"left": left})


def _touched(entry: Touched) -> TouchedPart:
    return TouchedPart(ref=entry.ref, title=entry.title, revision=entry.number, held=list(entry.held))


def _change(change: ChangeView) -> ChangePart:
    said = vars(change) | {"sources": list(change.sources)}
    return ChangePart.model_validate({name: said[name] for name in ChangePart.model_fields if name != "left"})
