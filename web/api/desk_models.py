"""The shapes of what the API says and takes of writing and reviewing."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from kb.content import make_content
from kb.desk.colleagues import others_at_work
from web.api.models import Answer, ProblemError, RevisionAnswer, RevisionPart, revision_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from kb.desk.colleagues import OpenWork
    from kb.desk.comments import CommentView
    from kb.desk.differences import Difference
    from kb.desk.lists import QueueItem
    from kb.people.roles import Person
    from web.desk.revision_views import RevisionView


class NamedPart(Answer):
    """A person, by number and name."""

    id: int
    name: str


class OpenWorkPart(Answer):
    """What somebody else is doing with an entry, and has not published."""

    author: Annotated[str, Field(description="`A contributor` where one may not know who it is.")]
    confidential: Annotated[bool, Field(description="Whether the author is named to curators alone.")]
    state: Annotated[
        Literal["draft", "submitted", "changes requested", "unsaved"],
        Field(description="`unsaved`: typed into the editor, and not saved as a draft."),
    ]
    since: Annotated[
        datetime, Field(description="When it was begun; what is unsaved: when it was last kept.")
    ]
    revision: Annotated[int | None, Field(description="Its number, where one may read it.")]

    @classmethod
    def of(cls, work: OpenWork) -> OpenWorkPart:
        """The work as the API shows it."""
        return cls(
            author=work.author, confidential=work.is_confidential, state=work.state,  # type: ignore[arg-type]
            since=work.since, revision=work.number,
        )  # fmt: skip


class CommentPart(Answer):
    """A comment in the margin of a revision."""

    id: int
    field: str
    author: str
    text: str
    created_at: datetime
    settled: bool

    @classmethod
    def of(cls, view: CommentView) -> CommentPart:
        """The comment as the API shows it."""
        return cls(
            id=view.number, field=view.field, author=view.author, text=view.text,
            created_at=view.created_at, settled=view.is_settled,
        )  # fmt: skip


class PiecePart(Answer):
    """A stretch of text that both revisions have, or one of them."""

    change: Literal["same", "added", "removed"]
    text: str


class DifferencePart(Answer):
    """A field that two revisions fill differently."""

    field: str
    old: str
    new: str
    pieces: Annotated[list[PiecePart], Field(description="The old and the new text in one.")]

    @classmethod
    def of(cls, found: Difference) -> DifferencePart:
        """The difference as the API shows it."""
        pieces = [PiecePart(change=each.change, text=each.text) for each in found.inline]
        return cls(field=found.field, old=found.old, new=found.new, pieces=pieces)


class ComparisonAnswer(Answer):
    """What two revisions of an entry say differently."""

    id: str
    old: int
    new: int
    fields: list[DifferencePart]
    revisions: Annotated[list[RevisionPart], Field(description="All that one may see, newest first.")]


class QueuePart(RevisionPart):
    """A revision that is worked on or waits for a decision."""

    replaces: Annotated[int | None, Field(description="The published revision whose place it would take.")]
    submitted_on: date
    working_days: Annotated[int, Field(description="Since it was submitted.")]
    decide_by: date
    overdue: bool
    priority: str
    reviewer: NamedPart | None
    open_comments: int
    overtaken: Annotated[bool, Field(description="Whether another text was published since it was begun.")]
    own: Annotated[bool, Field(description="Whether one wrote a part of it, so that somebody else decides.")]
    others: Annotated[list[OpenWorkPart], Field(description="Who else is at work on the entry.")]


class QueueAnswer(Answer):
    """Revisions in an order that says what is to be done first."""

    revisions: list[QueuePart]


class WorkAnswer(RevisionAnswer):
    """A revision with its text and all that its author and reviewers need to go on with it."""

    replaces: int | None
    submitted_on: date
    decide_by: date
    priority: str
    reviewer: NamedPart | None
    own: bool
    others: Annotated[list[OpenWorkPart], Field(description="Who else is at work on the entry.")]
    may_decide: Annotated[bool, Field(description="Whether one may publish it, or send it back.")]
    overtaken: Annotated[bool, Field(description="Whether another text was published since it was begun.")]
    reason: Annotated[str, Field(description="Why it was sent back, or rejected.")]
    lacks: Annotated[list[ProblemError], Field(description="What it must still say before it is submitted.")]
    against: Annotated[int | None, Field(description="The revision that it is compared with.")]
    differences: list[DifferencePart]
    comments: list[CommentPart]
    reviewers: Annotated[list[NamedPart], Field(description="Who may review; told to those who may.")]


class SupersededPart(Answer):
    """An entry and the one that stands in its place."""

    id: str
    by: str
    told: Annotated[int, Field(description="How many people who built on it were told.")]


class DuePart(RevisionPart):
    """A published entry that is to be verified again."""

    opened: Annotated[int, Field(description="How often it was opened within a year.")]


class DueAnswer(Answer):
    """Published entries whose verification has run out or runs out soon: what is overdue first, and of that
    what is opened most.
    """

    never_verified: Annotated[int, Field(description="Published entries that nobody has verified yet.")]
    entries: list[DuePart]


class AdvicePart(Answer):
    """A piece of advice on a lesson."""

    field: str
    advice: str
    reason: str


class AlikePart(Answer):
    """A published lesson that a text looks like."""

    id: str
    title: str
    learned: Annotated[int, Field(description="How often it was learned, itself included.")]
    url: str


class AdviceAnswer(Answer):
    """Advice on a lesson, and published lessons that it looks like. Nothing of it is an error."""

    advice: list[AdvicePart]
    alike: list[AlikePart]


def queue_answer(session: Session, person: Person, items: Sequence[QueueItem], today: date) -> QueueAnswer:
    """A list as the API shows it, with who else is at work on the same entries."""
    others = others_at_work(session, person, {each.view.ref for each in items})
    parts = [_queue_part(each, others.get(each.view.ref, ()), today) for each in items]
    return QueueAnswer(revisions=parts)


def _queue_part(item: QueueItem, others: Sequence[OpenWork], today: date) -> QueuePart:
    said = {
        "replaces": item.replaces, "submitted_on": item.submitted_on, "working_days": item.age,
        "decide_by": item.due_on, "overdue": item.is_overdue(today), "priority": item.priority,
        "reviewer": _reviewer(item), "open_comments": item.comments, "overtaken": item.is_behind,
        "own": item.is_mine,
        "others": [OpenWorkPart.of(each) for each in others if each.number != item.view.number],
    }  # fmt: skip
    return QueuePart.model_validate(revision_data(item.view, today) | said)


def work_answer(view: RevisionView, stored: Mapping[str, Any], today: date) -> WorkAnswer:
    """A revision as the API shows it; `stored` is its text as far as whoever asks may see it."""
    item, shown = view.item, view.page.view
    said = {
        "content": make_content(shown.kind, stored), "source_withheld": shown.source_withheld,
        "replaces": item.replaces, "submitted_on": item.submitted_on, "decide_by": item.due_on,
        "priority": item.priority, "reviewer": _reviewer(item), "own": item.is_mine,
        "others": [OpenWorkPart.of(each) for each in view.colleagues],
        "may_decide": view.may_judge, "overtaken": view.is_overtaken, "reason": view.reason,
        "lacks": [ProblemError(field=each.field, message=each.message) for each in view.lacking],
        "against": view.against, "differences": [DifferencePart.of(each) for each in view.fields],
        "comments": [CommentPart.of(each) for each in view.comments],
        "reviewers": [NamedPart(id=number, name=name) for number, name in view.reviewers],
    }  # fmt: skip
    return WorkAnswer.model_validate(revision_data(shown, today) | said)


def _reviewer(item: QueueItem) -> NamedPart | None:
    return NamedPart(id=item.assignee_id, name=item.assignee) if item.assignee_id else None
