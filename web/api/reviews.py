"""/api/v1/reviews: what waits for a decision, comments in its margin, and what is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.desk import comments, reviewing, superseding
from kb.desk.access import find_case
from kb.desk.comments import CommentText, comments_on
from kb.desk.comparing import compared
from kb.desk.lists import QueueFilter, due, never_verified, queue
from kb.desk.reviewing import CHANGES, REJECTED, Judgement
from kb.errors import InvalidRecord
from kb.validation import Problem
from web.api.desk_models import (
    CommentPart,
    ComparisonAnswer,
    DifferencePart,
    DueAnswer,
    DuePart,
    QueueAnswer,
    SupersededPart,
    WorkAnswer,
    queue_answer,
)
from web.api.drafts import work_of
from web.api.models import RevisionPart, revision_data
from web.api.operations import Reply, number_of
from web.context import current
from web.entries import checked_ref
from web.identity import origin
from web.parameters import Kind, NoParameters, Parameters, Whole
from web.services import services

if TYPE_CHECKING:
    from kb.desk.writing import Saved
    from web.api.desk_bodies import (
        ArchiveBody,
        CommentBody,
        JudgementBody,
        RestoreBody,
        ReviewerBody,
        SettledBody,
        SupersedeBody,
    )

Number = Annotated[Whole | None, Field(ge=1, le=1_000_000)]


class QueueParameters(Parameters):
    """Which of what is in review."""

    kind: Kind | None = None
    state: Literal["submitted", "changes requested", "rejected"] = "submitted"
    assigned: Annotated[
        Literal["me", "nobody"] | None, Field(description="Who is to review it; all unless given.")
    ] = None
    overdue: Annotated[
        Literal["yes"] | None, Field(description="Only what has waited for longer than it should.")
    ] = None


class ComparisonParameters(Parameters):
    """Which two revisions; the two newest unless given."""

    old: Number = None
    new: Number = None


def reviews(parameters: QueueParameters) -> QueueAnswer:
    """What is in review, what is due first at the top."""
    today = current().today
    wanted = QueueFilter(
        parameters.kind or "", parameters.state, parameters.assigned or "", overdue=bool(parameters.overdue)
    )
    mask_below = services().settings.mask_below
    with services().database.read() as session:
        items = queue(session, current().person, today, wanted, mask_below=mask_below)
        return queue_answer(session, current().person, items, today)


def due_entries(_: NoParameters) -> DueAnswer:
    """What has to be verified again within a month, or had to be before."""
    today = current().today
    with services().database.read() as session:
        items = due(session, current().person, today, mask_below=services().settings.mask_below)
        never = never_verified(session, current().person)
    entries = [
        DuePart.model_validate(revision_data(item.view, today) | {"opened": item.opened}) for item in items
    ]
    return DueAnswer(never_verified=never, entries=entries)


def get_review(_: NoParameters, ref: str, revision: str) -> WorkAnswer:
    """A revision for its author and those who review it: what it changes, what is said of it, and what it
    still lacks.
    """
    return _standing(ref, revision)


def decide_review(_: NoParameters, body: JudgementBody, ref: str, revision: str) -> WorkAnswer:
    """Publishes what is submitted, or sends it back with the reason. Nobody decides on a text of which they
    wrote a part.
    """
    ref, number = checked_ref(ref), number_of(revision, "revision")
    saved = _decided(body, ref, number)
    return _standing(saved.ref, str(saved.number))


def _decided(body: JudgementBody, ref: str, number: int) -> Saved:
    database, who = services().database, origin()
    if body.decision == "publish":
        return reviewing.publish(database, who, ref, number, Judgement(body.typographic, body.verify))
    if body.decision == "reconsider":
        return reviewing.reconsider(database, who, ref, number)
    if not body.reason:
        raise InvalidRecord([Problem("reason", "is needed: the author has to know why")])
    to = CHANGES if body.decision == "request changes" else REJECTED
    return reviewing.refuse(database, who, ref, number, to=to, reason=body.reason)


def assign_review(_: NoParameters, body: ReviewerBody, ref: str, revision: str) -> WorkAnswer:
    """Says who is to review it, who is told; nobody who wrote a part of it can be."""
    number = number_of(revision, "revision")
    reviewing.assign(services().database, origin(), checked_ref(ref), number, body.person)
    return _standing(ref, revision)


def comment_review(_: NoParameters, body: CommentBody, ref: str, revision: str) -> Reply:
    """Says something in the margin of a revision; its author and those who take part are told."""
    ref, number = checked_ref(ref), number_of(revision, "revision")
    said = CommentText.model_construct(field=body.field, text=body.text)
    made = comments.comment(services().database, origin(), ref, number, said)
    return Reply(_comment(ref, number, made), location=f"/reviews/{ref}/{number}")


def settle_comment(_: NoParameters, body: SettledBody, ref: str, revision: str, comment: str) -> CommentPart:
    """Says that a comment is dealt with, or is not."""
    ref, number = checked_ref(ref), number_of(revision, "revision")
    which = number_of(comment, "comment")
    comments.settle(services().database, origin(), ref, number, which, settled=body.settled)
    return _comment(ref, number, which)


def compare_revisions(parameters: ComparisonParameters, ref: str) -> ComparisonAnswer:
    """Field by field, of all revisions that one may see."""
    with services().database.read() as session:
        person, reader = current().person, current().reader
        found = compared(session, person, checked_ref(ref), parameters.old, parameters.new, reader)
    return ComparisonAnswer(
        id=found.ref, old=found.old.number, new=found.new.number,
        fields=[DifferencePart.of(each) for each in found.fields],
        revisions=[RevisionPart.of(view, current().today) for view in found.revisions],
    )  # fmt: skip


def verify_entry(_: NoParameters, ref: str) -> None:
    """Vouches, as of today, that what is published still holds."""
    reviewing.verify(services().database, origin(), checked_ref(ref))


def archive_entry(_: NoParameters, body: ArchiveBody, ref: str) -> WorkAnswer:
    """Takes an entry out of the readers' sight; its text and history are kept, and can be published again."""
    saved = reviewing.archive(services().database, origin(), checked_ref(ref), reason=body.reason)
    return _standing(saved.ref, str(saved.number))


def supersede_entry(_: NoParameters, body: SupersedeBody, ref: str) -> SupersededPart:
    """Another entry stands in its place from now on. It stays readable and leads there, searches put it
    further down, and those who wrote it, built on it or learn it are told.
    """
    database, who = services().database, origin()
    done = superseding.supersede(database, who, checked_ref(ref), body.by, reason=body.reason)
    return SupersededPart(id=done.ref, by=done.by, told=done.told)


def reinstate_entry(_: NoParameters, ref: str, other: str) -> None:
    """Takes that back: the other entry no longer says that it stands in its place."""
    superseding.reinstate(services().database, origin(), checked_ref(ref), checked_ref(other))


def restore_entry(_: NoParameters, body: RestoreBody, ref: str) -> WorkAnswer:
    """Readers see the text of a revision again that once was published. It has to be verified again."""
    saved = reviewing.restore(services().database, origin(), checked_ref(ref), body.revision)
    return _standing(saved.ref, str(saved.number))


def _standing(ref: str, revision: str) -> WorkAnswer:
    with services().database.read() as session:
        number = number_of(revision, "revision")
        return work_of(session, find_case(session, current().person, checked_ref(ref), number))


def _comment(ref: str, number: int, which: int) -> CommentPart:
    with services().database.read() as session:
        case = find_case(session, current().person, ref, number)
        found = comments_on(session, current().person, case)
    return next(CommentPart.of(each) for each in found if each.number == which)
