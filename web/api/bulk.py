"""/api/v1/bulk: one change of many entries, looked at first, done, and undone within days."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kb.desk import bulk
from kb.desk.bulk import Wanted
from web.api.models import Answer
from web.api.operations import Operation, Reply, number_of
from web.context import current
from web.identity import origin
from web.parameters import Kind, NoParameters  # noqa: TC001 - pydantic reads it
from web.services import services

if TYPE_CHECKING:
    from kb.desk.bulk import ChangeView


class PlannedPart(Answer):
    """An entry that would change."""

    id: str
    kind: Kind
    title: str
    revision: int
    change: Annotated[str, Field(description="What becomes of it.")]


class LeftPart(Answer):
    """An entry with which nothing would happen."""

    id: str
    why: str


class BulkPlanAnswer(Answer):
    """Exactly what would change."""

    entries: list[PlannedPart]
    left_out: list[LeftPart]
    fingerprint: Annotated[str, Field(description="Stands for all of it: send it with what is to be done.")]


class BulkBody(Wanted):
    """What is to be done with which entries."""

    fingerprint: Annotated[
        str | None,
        Field(max_length=64, description="Of the plan: where that has changed, nothing is done."),
    ] = None


class BulkChangePart(Answer):
    """A change of many entries."""

    id: int
    action: str
    words: Annotated[str, Field(description="What was done with each.")]
    entries: list[str]
    author: str
    at: datetime
    undone_by: str | None
    undone_at: datetime | None
    can_be_undone: bool
    left: Annotated[
        list[str], Field(description="Of one just undone: what somebody has changed since stays as it is.")
    ]

    @classmethod
    def of(cls, view: ChangeView) -> BulkChangePart:
        """The change as the API shows it."""
        said = vars(view) | {"id": view.number, "entries": list(view.entries), "left": list(view.left)}
        return cls.model_validate({name: said[name] for name in cls.model_fields})


class BulkChangesAnswer(Answer):
    """The latest changes, newest first."""

    changes: list[BulkChangePart]


def bulk_changes(_: NoParameters) -> BulkChangesAnswer:
    """One's own, and those of others for who tends the repository."""
    with services().database.read() as session:
        found = bulk.changes(session, current().person)
    return BulkChangesAnswer(changes=[BulkChangePart.of(each) for each in found])


def bulk_plan(_: NoParameters, body: Wanted) -> BulkPlanAnswer:
    """What would become of each entry, and which would stay as they are, with the reason. Nothing is done."""
    found = bulk.plan(services().database, origin(), body)
    return BulkPlanAnswer(
        entries=[
            PlannedPart.model_validate(
                {"id": each.ref, "kind": each.kind, "title": each.title, "revision": each.number,
                 "change": each.change}
            )
            for each in found.entries
        ],
        left_out=[LeftPart(id=each.ref, why=each.why) for each in found.left_out],
        fingerprint=found.fingerprint,
    )  # fmt: skip


def change_in_bulk(_: NoParameters, body: BulkBody) -> Reply:
    """Archives, verifies, assigns or tags many entries in one transaction; those that do not fit are left
    out. Each action needs the right to do it with one entry.
    """
    wanted = Wanted.model_validate(body.model_dump(exclude={"fingerprint"}))
    made = bulk.apply(services().database, origin(), wanted, body.fingerprint)
    return Reply(BulkChangePart.of(made), location=f"/bulk/{made.number}")


def get_bulk_change(_: NoParameters, number: str) -> BulkChangePart:
    """One change."""
    with services().database.read() as session:
        return BulkChangePart.of(bulk.find_change(session, current().person, number_of(number, "change")))


def undo_bulk_change(_: NoParameters, number: str) -> BulkChangePart:
    """Gives each entry back what it was, unless somebody has changed that since."""
    return BulkChangePart.of(bulk.undo(services().database, origin(), number_of(number, "change")))


REVIEW = "review"
BULK = (
    Operation("GET", "/bulk", bulk_changes, BulkChangesAnswer, "List changes of many entries", action=REVIEW),
    Operation("POST", "/bulk/plan", bulk_plan, BulkPlanAnswer, "See what a change of many entries would do",
              body=Wanted, action=REVIEW, makes=False),
    Operation("POST", "/bulk", change_in_bulk, BulkChangePart, "Change many entries", body=BulkBody,
              action=REVIEW,
              conflict="Entries have changed since the plan was made, or nothing would come of it."),
    Operation("GET", "/bulk/<number>", get_bulk_change, BulkChangePart, "Read a change of many entries",
              action=REVIEW),
    Operation("PUT", "/bulk/<number>/undo", undo_bulk_change, BulkChangePart, "Undo a change of many entries",
              action=REVIEW, conflict="It was undone already, or too long ago."),
)  # fmt: skip
"""The calls about many entries at once."""
