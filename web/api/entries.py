"""GET /api/v1/entries and what is below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb import reading
from kb.errors import NotFound
from kb.neighbours import neighbours
from kb.recurring import recurring
from kb.visibility import stated_readers
from web.api.models import (
    EntryAnswer,
    EntryList,
    HistoryAnswer,
    HitPart,
    LinkPart,
    OccurrencePart,
    RevisionAnswer,
    RevisionPart,
    SimilarAnswer,
    revision_data,
)
from web.context import current
from web.entries import checked_ref
from web.searches import count_one, instead_of
from web.services import services

if TYPE_CHECKING:
    from kb.reading import EntryView
    from web.parameters import ListParameters, NoParameters, SimilarParameters

MAX_REVISION_DIGITS = 7


def list_entries(parameters: ListParameters) -> EntryList:
    """A stretch of the list."""
    reader, today = current().reader, current().today
    with services().database.read() as session:
        counts = reading.counts(session, reader)
        views = reading.list_entries(session, reader, parameters.kind, parameters.offset, parameters.limit)
    total = counts.get(parameters.kind, 0) if parameters.kind else sum(counts.values())
    parts = [RevisionPart.of(view, today) for view in views]
    return EntryList(total=total, offset=parameters.offset, entries=parts)


def get_entry(_: NoParameters, ref: str) -> EntryAnswer:
    """The published revision with its links."""
    reader = current().reader
    with services().database.read() as session:
        view = reading.get_entry(session, checked_ref(ref), reader)
        around = neighbours(session, view, reader)
        readers = stated_readers(session, view.readers)
        learned = recurring(session, view, reader) if view.kind == "lesson" else None
    data = _whole(view) | {
        "readers": readers,
        "links": [LinkPart.of(link) for link in around.outgoing],
        "linked_from": [LinkPart.of(link) for link in around.incoming],
        "superseded_by": [link.ref for link in around.incoming if link.relation == "supersedes"],
        "learned": [OccurrencePart.model_validate(each) for each in learned.times] if learned else [],
    }
    return EntryAnswer.model_validate(data)


def get_revision(_: NoParameters, ref: str, number: str) -> RevisionAnswer:
    """One revision that is or was published."""
    if not (number.isascii() and number.isdigit() and len(number) <= MAX_REVISION_DIGITS and int(number)):
        raise NotFound(f"{ref} has no such revision; revisions are numbered from 1.")
    with services().database.read() as session:
        view = reading.get_entry(session, checked_ref(ref), current().reader, int(number))
    return RevisionAnswer.model_validate(_whole(view))


def _whole(view: EntryView) -> dict[str, Any]:
    """The values of RevisionAnswer."""
    said = {"content": view.content, "source_withheld": view.source_withheld}
    return revision_data(view, current().today) | said


def history(_: NoParameters, ref: str) -> HistoryAnswer:
    """The revisions of an entry."""
    with services().database.read() as session:
        views = reading.history(session, checked_ref(ref), current().reader)
    parts = [RevisionPart.of(view, current().today) for view in views]
    return HistoryAnswer(id=views[0].ref, revisions=parts)


def similar(parameters: SimilarParameters, ref: str) -> SimilarAnswer:
    """The nearest entries; the entry itself must exist."""
    ref = checked_ref(ref)
    with services().database.read() as session:
        reading.get_entry(session, ref, current().reader)
    count_one()
    hits = services().engine.similar(ref, current().reader, parameters.limit)
    instead = instead_of(hits)
    return SimilarAnswer(hits=[HitPart.of(hit, current().today, instead) for hit in hits])
